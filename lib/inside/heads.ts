/** What each head of a model measurably does: scores on a sequence, and small pictures of where it looks. */
import { everyAttention } from "../model/attention_weights.ts";
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/**
 * How scores are defined: each is the mean, over the positions t that have such a place, of the attention weight that
 * position t gives to it.
 *   previous   position t - 1
 *   first      position 0, for t > 0
 *   same       all earlier positions with the same token
 *   induction  all positions right after an earlier one with the same token: what followed it last time (Olsson et
 *              al., arXiv:2209.11895, "prefix matching")
 */
export const HEAD_SCORES = ["previous", "first", "same", "induction"] as const;
export type HeadScore = typeof HEAD_SCORES[number];
/** In [0, 1]; null if no position of the sequence has such a place. */
export type HeadScores = Readonly<Record<HeadScore, number | null>>;

/** Whether position t looking at s counts for a score. */
const counts: Record<HeadScore, (ids: Uint32Array, t: number, s: number) => boolean> = {
  previous: (_, t, s) => s === t - 1,
  first: (_, t, s) => s === 0 && t > 0,
  same: (ids, t, s) => s < t && ids[s] === ids[t],
  induction: (ids, t, s) => s > 0 && s <= t && ids[s - 1] === ids[t] && s - 1 < t,
};

/** @param weight of position t for s, s ≤ t */
export function headScores(ids: Uint32Array, weight: (t: number, s: number) => number): HeadScores {
  const score = (name: HeadScore) => {
    let sum = 0, positions = 0;
    for (let t = 0; t < ids.length; t++) {
      let found = false;
      for (let s = 0; s <= t; s++) {
        if (!counts[name](ids, t, s)) continue;
        found = true;
        sum += weight(t, s);
      }
      if (found) positions++;
    }
    return positions === 0 ? null : sum / positions;
  };
  return {
    previous: score("previous"),
    first: score("first"),
    same: score("same"),
    induction: score("induction"),
  };
}

/** What a head would score that looks at all positions alike. */
export const uniformScores = (ids: Uint32Array) => headScores(ids, (t) => 1 / (t + 1));

/** A score from which on it is said what a head does. */
const CLEAR = 0.3;

/** The score that tells most of a head: the one that exceeds the uniform head's by most. Null if none is clear. */
export function mainScore(scores: HeadScores, uniform: HeadScores): HeadScore | null {
  const excess = (name: HeadScore) => (scores[name] ?? 0) - (uniform[name] ?? 0);
  const best = HEAD_SCORES.toSorted((a, b) => excess(b) - excess(a))[0];
  return (scores[best] ?? 0) >= CLEAR && (scores[best] ?? 0) >= 2 * (uniform[best] ?? 0) ? best : null;
}

const TEST_TEXT =
  "Ana vive en una casa pequeña cerca del río. Por la mañana abre la ventana, mira el cielo y llama a su perro. " +
  "Luego caminan juntos hasta el mercado, donde compran pan, queso y dos manzanas.";
/** Most tokens of the test text. */
const TEST_TOKENS = 60;

/** The sequence that heads are tested on: a short text, twice, so that everything in its second half came before. */
export function testSequence(tokenizer: Tokenizer, context: number): Uint32Array {
  const room = Math.max(1, Math.min(TEST_TOKENS, Math.floor((context - 1) / 2)));
  const text = tokenizer.encode(TEST_TEXT, { first: room }).slice(0, room);
  return Uint32Array.of(tokenizer.special.bos, ...text, ...text).slice(0, context);
}

/** Most rows and columns of a picture. */
const SIDE = 64;

/**
 * Attention weights as a square picture of at most 64 rows, from 0 to 255: each row is scaled by its largest weight, so
 * that the rows of long texts do not fade. In texts of more tokens a dot stands for several, and shows the largest.
 * @param weights (T, T)
 */
export function attentionPicture(
  weights: Float32Array,
  time: number,
): { side: number; bytes: Uint8Array<ArrayBuffer> } {
  const side = Math.min(SIDE, time);
  const bytes = new Uint8Array(side * side);
  const dot = (token: number) => Math.floor(token * side / time);
  for (let t = 0; t < time; t++) {
    const row = weights.subarray(t * time, t * time + t + 1);
    const largest = row.reduce((a, b) => Math.max(a, b), 0);
    row.forEach((weight, s) => {
      const at = dot(t) * side + dot(s);
      bytes[at] = Math.max(bytes[at], Math.round(255 * weight / largest));
    });
  }
  return { side, bytes };
}

/** Of every head, in the order of layers and heads. */
export interface HeadView {
  readonly layer: number;
  readonly head: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export async function headPictures(model: Decoder, ids: Uint32Array): Promise<HeadView[]> {
  const views: HeadView[] = [];
  for await (const { layer, head, weights } of everyAttention(model, ids)) {
    views.push({ layer, head, bytes: attentionPicture(weights, ids.length).bytes });
  }
  return views;
}

/** The scores of every head, in the order of layers and heads. */
export async function everyHeadsScores(model: Decoder, ids: Uint32Array): Promise<HeadScores[]> {
  const scores: HeadScores[] = [];
  for await (const { weights } of everyAttention(model, ids)) {
    scores.push(headScores(ids, (t, s) => weights[t * ids.length + s]));
  }
  return scores;
}
