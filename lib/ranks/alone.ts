/** Ranks for a single process, which shares its work with nobody. */
import type { Ranks } from "./ranks.ts";

export const ALONE: Ranks = {
  rank: 0,
  size: 1,
  host: "this machine",
  neighbours: { onHost: 1, onCores: 1 },
  step: 0,
  description: "one process",
  sum() {},
  beginSum: () => () => {},
  sumAside: () => Promise.resolve(),
  advance() {},
  broadcast() {},
  gather: (bytes) => [bytes],
  exchange: ([part]) => [part.slice()],
  barrier() {},
  watch: () => Promise.resolve({ [Symbol.dispose]() {} }),
  abort: (code) => Deno.exit(code),
  close() {},
};
