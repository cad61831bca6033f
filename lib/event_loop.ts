/** Lets a server answer while long computations run beside it: they give way to the event loop. */

/** The longest time, in milliseconds, that computations may delay new data from the network. */
const LONGEST_STRETCH = 10;

/** The most looks for new data in a row; they stop earlier once a look finds none. */
const MOST_LOOKS = 8;

/** Connections of this process to itself. */
const loops = new Set<Loop>();

let looked = performance.now();
let looking: Promise<void> | null = null;
let arrivals = 0;

/** Notes that data came from the network. It takes several turns of the event loop to be processed. */
export function noteArrival(): void {
  arrivals++;
}

/**
 * Lets other work run between two computations. `setImmediate` takes some 5 µs and is enough for timers and for streams
 * that write. But Deno looks for new data from the network only when it has nothing else to do: between computations of
 * 300 ms, no request was served in 3 s. So while a server runs, this waits for the network now and then.
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
 * A connection of this process to itself. Deno can receive data sent over it only after it has looked for everything
 * that the network brought. That takes 15 µs. A timer has the same effect, but takes 2 ms, whatever its delay.
 */
class Loop {
  readonly #from: Deno.TcpConn;
  readonly #to: Deno.TcpConn;
  readonly #sent = new Uint8Array(1);
  /** Larger than the data that arrives, so that each read has to wait. */
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
      loops.delete(this); // the connection was closed
    }
  }

  close(): void {
    loops.delete(this);
    this.#from.close();
    this.#to.close();
  }
}

/** From now on, `letOthersIn` lets in data from the network, until the returned function is called. */
export async function watchNetwork(): Promise<() => void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const from = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  let to = await listener.accept();
  while (to.remoteAddr.port !== from.localAddr.port) { // some other process connected first
    to.close();
    to = await listener.accept();
  }
  const loop = new Loop(from, to);
  loops.add(loop);
  return () => loop.close();
}
