/**
 * A start with induction heads, which can copy: they find what followed the current token the last time (Olsson et al.,
 * arXiv:2209.11895). In training they form late: a small model had none after nine million tokens. So we build them
 * from random projections, and training starts from there. Heads in the first block attend to the previous token and
 * write down which it was. Heads in the next two blocks look for where the current token was written down, and copy the
 * token there. Like mimetic initialization (Trockman and Kolter, arXiv:2305.09828), but for a two-block circuit.
 */
import { deriveSeed, normals } from "../tensor/random.ts";
import type { ModelConfig } from "./config.ts";
import type { ParameterSpec } from "./parameters.ts";

/** The blocks whose heads copy; the heads that attend to the previous token are in block 0. */
const COPYING = [1, 2];
/** The part of an embedding's length that lies in a direction common to all tokens, for heads that ignore the token. */
const SHARED = Math.SQRT1_2;
/** Pairs of columns that single out the previous token: the ones that RoPE rotates fastest. */
const FAST_PAIRS = 3;
/** The score of the previous token in the heads that attend to it. */
const SCORE = 20;
/** Factors of projections: for writing a token down, for the queries and keys that compare tokens, and for copying. */
const WRITTEN = 0.05, COMPARED = 3, COPIED = 0.1;

/** The key to report if a config rules out such a start, and why; null if it is possible. */
export function inductionFault(c: ModelConfig): { key: keyof ModelConfig; why: string } | null {
  const why = c.position !== "rope"
    ? "heads that look at the token before are built with position: rope"
    : c.qkNorm
    ? "with qk_norm, heads cannot look as sharply as it builds them"
    : !c.tied
    ? "what is copied is read by the token embedding, so it takes tied: true"
    : c.layers <= COPYING.at(-1)!
    ? `it builds heads in ${COPYING.length + 1} blocks`
    : c.headWidth < 4 * FAST_PAIRS
    ? `a head's ${c.headWidth} columns are too few for it`
    : null;
  return why === null ? null : { key: "inductionInit", why };
}

/** Adds the heads to a parameter's random start, in place. */
export function addInduction(
  c: ModelConfig,
  { name, deviation }: ParameterSpec,
  values: Float32Array,
  seed: number,
): void {
  const { width, headWidth, heads, kvHeads } = c, group = heads / kvHeads;
  /** Random rows as wide as the residual stream, with a length of about 1. */
  const random = (what: string, rows: number) =>
    normals(deriveSeed(seed, "induction", what), rows * width, 1 / Math.sqrt(width));
  const shared = random("shared", 1);
  if (name === "embed.tokens.weight") {
    const length = deviation * Math.sqrt(width) * SHARED / Math.sqrt(1 - SHARED ** 2);
    for (let i = 0; i < values.length; i++) values[i] += length * shared[i % width];
    return;
  }
  const [, block, layer] = /^blocks\.(\d+)\.attention\.(qkv|out)\.weight$/.exec(name) ?? [];
  const looksBack = block === "0";
  if (!looksBack && !COPYING.includes(Number(block))) return;

  const all = Array.from({ length: headWidth }, (_, d) => d), half = headWidth / 2;
  /** Radians per position by which RoPE rotates a pair of columns. */
  const turn = (pair: number) => c.ropeTheta ** (-pair / half);
  // Tokens are compared in columns that RoPE rotates by less than a radian within a quarter of the context.
  const still = all.filter((d) => turn(d % half) * c.context / 4 < 1);
  for (let head = 0; head < Math.max(1, Math.floor(kvHeads / 3)); head++) {
    const token = random(`content ${head}`, headWidth), place = random(`place ${head}`, headWidth);
    const copied = random(`copied ${block} ${head}`, headWidth);
    // The query heads that share this key-value head.
    const queries = Array.from({ length: group }, (_, g) => (head * group + g) * headWidth);
    if (layer === "out") {
      const [written, columns, factor] = looksBack ? [place, still, WRITTEN] : [copied, all, COPIED];
      for (const query of queries) {
        for (const d of columns) {
          const row = values.subarray((query + d) * width, (query + d + 1) * width);
          for (let i = 0; i < width; i++) row[i] += factor / group * written[d * width + i];
        }
      }
      continue;
    }
    const key = (heads + head) * headWidth, value = key + kvHeads * headWidth;
    const columns = (heads + 2 * kvHeads) * headWidth;
    for (let i = 0; i < width; i++) {
      const row = values.subarray(i * columns, (i + 1) * columns);
      for (const d of all) row[value + d] = (looksBack ? token : copied)[d * width + i];
      if (looksBack) {
        const amplitude = Math.sqrt(SCORE * Math.sqrt(headWidth) / FAST_PAIRS / width) / SHARED * shared[i];
        for (let pair = 0; pair < FAST_PAIRS; pair++) {
          for (const query of queries) row[query + pair] += amplitude;
          // Keys are rotated one position ahead, so that they match the query of the next token.
          row[key + pair] += amplitude * Math.cos(turn(pair));
          row[key + half + pair] += amplitude * Math.sin(turn(pair));
        }
      } else {
        for (const d of still) {
          for (const query of queries) row[query + d] = COMPARED * token[d * width + i];
          row[key + d] = COMPARED * place[d * width + i];
        }
      }
    }
  }
}
