/** Long computations beside a server: when the event loop may serve others. */

/** How long computations may keep new data from the network out, in milliseconds. */
const LONGEST_STRETCH = 75;

/** How long others are let in at a time, as a part of the time that they were kept out. */
const REST = 1 / 40;
/** As long as requests arrive, so many times. */
const MOST_RESTS = 4;

let rested = performance.now();
let resting: Promise<void> | null = null;
let arrivals = 0;

/** Says that something came from the network, whose way through the event loop takes several steps. */
export function noteArrival(): void {
  arrivals++;
}

/**
 * Lets others run between two computations. `setImmediate` takes some 20 µs and is enough for timers and for streams
 * that write, but Deno looks for new data from the network only when it waits for a timer or for another thread: with
 * computations of 300 ms in between, no request was served in 3 s. A timer takes 2 ms at least, whatever its delay, so
 * it is set only if none was for some time.
 */
export function letOthersIn(): Promise<void> {
  const stretch = performance.now() - rested;
  if (!resting && stretch < LONGEST_STRETCH) return new Promise((resolve) => setImmediate(resolve));
  return resting ??= rest(Math.min(stretch, 1000) * REST);
}

async function rest(ms: number): Promise<void> {
  for (let i = 0, before = -1; i < MOST_RESTS && (i === 0 || arrivals !== before); i++) {
    before = arrivals;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
  rested = performance.now();
  resting = null;
}
