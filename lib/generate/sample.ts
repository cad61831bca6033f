/** The log-probabilities reported with a chosen token, and checks on its logits. */
import { UserError } from "../errors.ts";
import { allFinite, highest } from "../ops/sample.ts";

/** The error when no token can be chosen. */
export const notFinite = () =>
  new UserError(
    "the model's logits are not finite: its weights are damaged, or its training diverged; train it again",
  );

/** @throws {UserError} if a logit is NaN or infinite: no token can be chosen then */
export function checkFinite(logits: Float32Array): void {
  if (!allFinite(logits)) throw notFinite();
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
  // The best so far, most probable first. Few tokens of a vocabulary ever enter such a short list.
  const best: number[] = [];
  for (let id = 0; id < logits.length && n > 0; id++) {
    if (best.length === n && logits[id] <= logits[best[n - 1]]) continue;
    const at = best.findIndex((other) => logits[id] > logits[other]);
    best.splice(at < 0 ? best.length : at, 0, id);
    if (best.length > n) best.pop();
  }
  return { own: of(chosen), top: best.map(of) };
}
