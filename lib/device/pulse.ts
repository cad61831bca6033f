/**
 * Signs of life of this process's main thread, for another thread that looks whether it still works: a count, in shared
 * memory, of what it has got done.
 */
export const pulse = new Int32Array(new SharedArrayBuffer(4));

/** Called for every kernel, and whatever else shows that work goes on. */
export function beat(): void {
  pulse[0]++;
}
