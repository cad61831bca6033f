/**
 * A start that can copy. Heads that find what followed a token the last time, induction heads (Olsson et al.,
 * arXiv:2209.11895), form late: a small model trained for ten million tokens had none. Here they are built from random
 * projections, and training goes on from them: in the first block, heads that look at the token before and write down
 * which it was; in the next two, heads that look for the place where the present token was written down, and copy what
 * stands there. As in mimetic initialization (Trockman and Kolter, arXiv:2305.09828), but for a circuit of two blocks.
 */
import { deriveSeed, normals } from "../tensor/random.ts";
import type { ModelConfig } from "./config.ts";
import type { ParameterSpec } from "./parameters.ts";

/** Blocks whose heads copy. */
const COPYING = [1, 2];
/** A direction that all embeddings share, as long as their random part: from it queries and keys take what is the same for every token. */
const SHARED = Math.SQRT1_2;
/** Pairs of columns that tell the token before from others: those that RoPE turns fastest. */
const FAST_PAIRS = 3;
/** The score of the token before, in heads that look at it. */
const SCORE = 20;
/** Factors of the projections: what is written down, queries and keys that compare it, and what is copied. */
const WRITTEN = 0.05, COMPARED = 3, COPIED = 0.1;

/** What makes such a start impossible: the key, and why; null if nothing does. */
export function inductionFault(c: ModelConfig): { key: keyof ModelConfig; why: string } | null {
  const why = c.position !== "rope"
    ? "heads that look at the token before are built with position: rope"
    : c.qkNorm
    ? "with qk_norm, heads cannot look as sharply as it builds them"
    : !c.tied
    ? "what is copied is read by the token embedding, so it takes tied: true"
    : c.layers < 3
    ? "it builds heads in three blocks"
    : c.headWidth < 4 * FAST_PAIRS
    ? `a head's ${c.headWidth} columns are too few for it`
    : null;
  return why === null ? null : { key: "inductionInit", why };
}

/** Adds the heads to a parameter's random start, in place. */
export function addInduction(
  c: ModelConfig,
  { name, shape, deviation }: ParameterSpec,
  values: Float32Array,
  seed: number,
): void {
  const { width, headWidth, heads, kvHeads } = c, half = headWidth / 2;
  const built = Math.max(1, Math.floor(kvHeads / 3));
  const random = (what: string, count: number) =>
    normals(deriveSeed(seed, "induction", what), count, 1 / Math.sqrt(width));
  /** One of a head's random projections, (D, C), rows of length 1. */
  const projection = (what: string, head: number) => random(`${what} ${head}`, headWidth * width);
  const shared = random("shared", width);
  const speed = (pair: number) => c.ropeTheta ** (-pair / half);
  // Content is compared in columns that RoPE hardly turns over a quarter of the context.
  const still = Array.from({ length: headWidth }, (_, d) => d)
    .filter((d) => speed(d % half) * c.context / 4 < 1);

  if (name === "embed.tokens.weight") {
    const length = deviation * Math.sqrt(width) * SHARED / Math.sqrt(1 - SHARED ** 2);
    for (let i = 0; i < values.length; i++) values[i] += length * shared[i % width];
    return;
  }
  const [, block, layer] = /^blocks\.(\d+)\.attention\.(qkv|out)\.weight$/.exec(name) ?? [];
  if (layer === undefined) return;
  const [, columns] = shape, group = heads / kvHeads;
  const before = block === "0", copies = COPYING.includes(Number(block));
  for (let kv = 0; kv < built && (before || copies); kv++) {
    const content = projection("content", kv), place = projection("place", kv);
    const copied = projection(`copied ${block}`, kv);
    const values_ = before ? content : copied, out = before ? place : copied;
    if (layer === "out") {
      const scale = (before ? WRITTEN : COPIED) / group;
      for (let h = kv * group; h < (kv + 1) * group; h++) {
        for (const d of before ? still : Array(headWidth).keys()) {
          for (let i = 0; i < width; i++) {
            values[(h * headWidth + d) * columns + i] += scale * out[d * width + i];
          }
        }
      }
      continue;
    }
    const q = (kv * group) * headWidth, k = (heads + kv) * headWidth, v = k + kvHeads * headWidth;
    for (let i = 0; i < width; i++) {
      const row = values.subarray(i * columns, (i + 1) * columns);
      for (let d = 0; d < headWidth; d++) row[v + d] = values_[d * width + i];
      for (let g = 0; g < group; g++) {
        if (before) {
          const amplitude = Math.sqrt(SCORE * Math.sqrt(headWidth) / FAST_PAIRS / width) / SHARED * shared[i];
          for (let pair = 0; pair < FAST_PAIRS; pair++) {
            // Keys are a turn ahead, so that they meet the queries of the token after.
            const turn = speed(pair);
            row[q + g * headWidth + pair] += amplitude;
            if (g > 0) continue;
            row[k + pair] += amplitude * Math.cos(turn);
            row[k + half + pair] += amplitude * Math.sin(turn);
          }
        } else {
          for (const d of still) {
            row[q + g * headWidth + d] = COMPARED * content[d * width + i];
            row[k + d] = COMPARED * place[d * width + i];
          }
        }
      }
    }
  }
}
