/** Long computations beside a server: when the event loop may serve others. */

/** How long computations may keep new data from the network out, in milliseconds. */
const LONGEST_STRETCH = 10;

/** Looks for new data from the network at a time, as long as each finds some. */
const MOST_LOOKS = 8;

/** Connections of this process to itself. */
const loops = new Set<Loop>();

let looked = performance.now();
let looking: Promise<void> | null = null;
let arrivals = 0;

/** Says that something came from the network, whose way through the event loop takes several steps. */
export function noteArrival(): void {
  arrivals++;
}

/**
 * Lets others run between two computations. `setImmediate` takes some 5 µs and is enough for timers and for streams
 * that write, but Deno looks for new data from the network only when it has nothing else to do: with computations of
 * 300 ms in between, no request was served in 3 s. While a server runs, this waits now and then for the network.
 */
export function letOthersIn(): Promise<void> {
  if (!looking && (loops.size === 0 || performance.now() - looked < LONGEST_STRETCH)) {
    return new Promise((resolve) => setImmediate(resolve));
  }
  return looking ??= lookForArrivals();
}

async function lookForArrivals(): Promise<void> {
  for (let look = 0, before = -1; look < MOST_LOOKS && arrivals !== before; look++) {
    before = arrivals;
    for (const loop of loops) await loop.pass();
  }
  looked = performance.now();
  looking = null;
}

/**
 * A connection of this process to itself. Deno can receive what is sent over it only after it has looked for all that
 * the network brought. That takes 15 µs; a timer, for which it does so too, takes 2 ms, whatever its delay.
 */
class Loop {
  readonly #from: Deno.TcpConn;
  readonly #to: Deno.TcpConn;
  readonly #sent = new Uint8Array(1);
  /** Larger than what comes, so that each read has to wait. */
  readonly #received = new Uint8Array(2);

  constructor(from: Deno.TcpConn, to: Deno.TcpConn) {
    this.#from = from;
    this.#to = to;
    from.setNoDelay(true);
  }

  async pass(): Promise<void> {
    try {
      await Promise.all([this.#to.read(this.#received), this.#from.write(this.#sent)]);
    } catch {
      loops.delete(this); // it was closed
    }
  }

  close(): void {
    loops.delete(this);
    this.#from.close();
    this.#to.close();
  }
}

/** From now on, `letOthersIn` lets in what comes from the network, until what this returns is called. */
export async function watchNetwork(): Promise<() => void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const from = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  let to = await listener.accept();
  while (to.remoteAddr.port !== from.localAddr.port) { // a stranger was faster
    to.close();
    to = await listener.accept();
  }
  const loop = new Loop(from, to);
  loops.add(loop);
  return () => loop.close();
}
