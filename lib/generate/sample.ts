/** Choosing the next token from logits. */
import { UserError } from "../errors.ts";

export interface Sampling {
  /** 0 always takes the most probable token. */
  readonly temperature: number;
  /** Only the k most probable tokens; 0 for all. */
  readonly topK: number;
  /** Only the most probable tokens that together reach this probability; 1 by default, for all. */
  readonly topP?: number;
}

/**
 * Draws a token. Sorting a vocabulary of objects would cost more than a small model's pass, so tokens are
 * walked in the order of their ids, and only a cut needs their order, which a typed array sorts fast.
 * @param draw uniform in [0, 1)
 */
export function sampleToken(logits: Float32Array, options: Sampling, draw: number): number {
  const { temperature, topK, topP = 1 } = options;
  const top = highest(logits);
  if (temperature === 0) return logits.indexOf(top);
  const { threshold, ties } = cut(logits, top, { temperature, topK, topP });
  if (weights.length < logits.length) weights = new Float64Array(logits.length);
  let total = 0, left = ties;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id];
    const kept = logit > threshold || (logit === threshold && left-- > 0);
    total += weights[id] = kept ? Math.exp((logit - top) / temperature) : 0;
  }
  let rest = draw * total, last = 0;
  for (let id = 0; id < logits.length; id++) {
    if (weights[id] === 0) continue;
    rest -= weights[id];
    last = id;
    if (rest < 0) break;
  }
  return last;
}

/** Of the tokens, one after the other; kept for the next draw, as a new array each time costs a fifth of it. */
let weights = new Float64Array(0);

/** @throws {UserError} if a logit is NaN or infinite: no token can be chosen then */
export function checkFinite(logits: Float32Array): void {
  // A finite number times zero is zero; anything else makes the sum NaN.
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += 0 * logits[id];
  if (sum === 0) return;
  throw new UserError(
    "the model's logits are not finite: its weights are damaged, or its training diverged; train it again",
  );
}

function highest(logits: Float32Array): number {
  let top = -Infinity;
  for (let id = 0; id < logits.length; id++) if (logits[id] > top) top = logits[id];
  return top;
}

/**
 * The lowest logit that is kept, and how many of the tokens that have just this one: the k most probable,
 * and of those the nucleus (Holtzman et al., arXiv:1904.09751), the fewest that reach `topP`.
 */
function cut(logits: Float32Array, top: number, { temperature, topK, topP }: Required<Sampling>) {
  if ((topK === 0 || topK >= logits.length) && topP >= 1) return { threshold: -Infinity, ties: Infinity };
  const sorted = logits.toSorted().reverse();
  const weight = (logit: number) => Math.exp((logit - top) / temperature);
  let n = topK > 0 ? Math.min(topK, sorted.length) : sorted.length;
  if (topP < 1) {
    let total = 0, reached = 0, nucleus = 0;
    for (let i = 0; i < n; i++) total += weight(sorted[i]);
    while (nucleus < n && reached < topP * total) reached += weight(sorted[nucleus++]);
    n = Math.max(1, nucleus);
  }
  const threshold = sorted[n - 1];
  return { threshold, ties: n - sorted.indexOf(threshold) };
}

export interface Candidate {
  readonly id: number;
  /** Natural logarithm of its probability, before penalties, temperature and cuts. */
  readonly logprob: number;
}

/** The chosen token and the `n` most probable ones, with their log-probabilities. */
export function candidates(
  logits: Float32Array,
  chosen: number,
  n: number,
): { own: Candidate; top: Candidate[] } {
  const most = highest(logits);
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += Math.exp(logits[id] - most);
  const lse = most + Math.log(sum);
  const of = (id: number) => ({ id, logprob: logits[id] - lse });
  // The best so far, the most probable first; a vocabulary has few that make it into so short a list.
  const best: number[] = [];
  for (let id = 0; id < logits.length && n > 0; id++) {
    if (best.length === n && logits[id] <= logits[best[n - 1]]) continue;
    const at = best.findIndex((other) => logits[id] > logits[other]);
    best.splice(at < 0 ? best.length : at, 0, id);
    if (best.length > n) best.pop();
  }
  return { own: of(chosen), top: best.map(of) };
}
