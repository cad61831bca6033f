/** Long computations beside a server: when the event loop may serve others. */

/** How long computations may keep new data from the network out, in milliseconds. */
const LONGEST_STRETCH = 75;

let rested = performance.now();
let resting: Promise<void> | null = null;

/** How long others are let in, as a part of the time that they were kept out. */
const REST = 1 / 40;

/**
 * Lets others run between two computations. `setImmediate` takes some 20 µs and is enough for timers and for streams
 * that write, but Deno looks for new data from the network only when it waits for a timer or for another thread: with
 * computations of 300 ms in between, no request was served in 3 s. A timer takes 2 ms at least, whatever its delay, so
 * it is set only if none was for some time.
 */
export function letOthersIn(): Promise<void> {
  const stretch = performance.now() - rested;
  if (!resting && stretch < LONGEST_STRETCH) {
    return new Promise((resolve) => setImmediate(resolve));
  }
  return resting ??= new Promise((resolve) => {
    setTimeout(() => {
      rested = performance.now();
      resting = null;
      resolve();
    }, Math.min(stretch, 1000) * REST);
  });
}
