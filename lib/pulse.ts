/**
 * Signs of life of this process's main thread, for another thread that looks whether it still works: a count, in shared
 * memory, of what it has got done.
 */
export const pulse = new Int32Array(new SharedArrayBuffer(4));

/** To be called wherever work goes on for long without waiting: for every kernel, piece of a file or word. */
export function beat(): void {
  pulse[0]++;
}
