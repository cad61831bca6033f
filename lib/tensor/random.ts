/**
 * Counter-based random numbers: the value at (seed, index) needs no state, so all devices, a resumed
 * run and any number of threads draw the same bits.
 *
 * pcg2d from Jarzynski and Olano, "Hash Functions for GPU Rendering" (JCGT 9(3), 2020).
 */
export function hash2(x: number, y: number): [number, number] {
  x = (Math.imul(x, 1664525) + 1013904223) | 0;
  y = (Math.imul(y, 1664525) + 1013904223) | 0;
  for (let round = 0; round < 2; round++) {
    x = (x + Math.imul(y, 1664525)) | 0;
    y = (y + Math.imul(x, 1664525)) | 0;
    x ^= x >>> 16;
    y ^= y >>> 16;
  }
  return [x >>> 0, y >>> 0];
}

/** A 32-bit integer, uniform. */
export function randomBits(seed: number, index: number): number {
  return hash2(index, seed)[0];
}

/** Uniform in [0, 1). */
export function uniform(seed: number, index: number): number {
  return randomBits(seed, index) / 2 ** 32;
}

/** `n` draws from the normal distribution, by Box and Muller's transform. */
export function normals(seed: number, n: number, deviation: number): Float32Array {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const [a, b] = hash2(i, seed);
    const radius = deviation * Math.sqrt(-2 * Math.log((a + 0.5) / 2 ** 32));
    const angle = 2 * Math.PI * b / 2 ** 32;
    out[i] = radius * Math.cos(angle);
    if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** A seed for one purpose, from a run's seed and a sequence of labels or numbers. */
export function deriveSeed(seed: number, ...path: (string | number)[]): number {
  for (const part of path) {
    for (const code of String(part)) seed = hash2(code.codePointAt(0)!, seed)[0];
    seed = hash2(0, seed)[1];
  }
  return seed >>> 0;
}

/** The integers 0..n-1 in a random order that the seed decides (Fisher and Yates). */
export function permutation(seed: number, n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, i) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
