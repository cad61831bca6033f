/**
 * A sign of life from the main thread to the thread that watches it: a counter of the work done, in shared
 * memory.
 */
export const pulse = new Int32Array(new SharedArrayBuffer(4));

/** Call this wherever work goes on for long without waiting: for every kernel, piece of a file or word. */
export function beat(): void {
  pulse[0]++;
}
