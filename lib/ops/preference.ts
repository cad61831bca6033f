/**
 * Log-probabilities of whole sequences, and the loss of direct preference optimization, which compares them. Both
 * use kernels of other ops.
 */
import { empty, type Tensor, upload } from "../tensor/tensor.ts";
import { add } from "./add.ts";
import { crossEntropy, IGNORED, tokenLosses } from "./cross_entropy.ts";
import { poolBackward, poolForward } from "./pool.ts";
import { record } from "./tape.ts";

/**
 * The natural logarithm of the probability of each sequence's targets: Σ log softmax(logits)[target].
 * @param logits (S, T, V)
 * @param targets S·T token ids, or IGNORED where a position has none
 * @returns (S), in float32
 */
export function sequenceLogprobs(logits: Tensor, targets: Uint32Array): Tensor {
  const { rows, shape: [sequences] } = logits;
  return weightedSums(tokenLosses(logits, targets), new Float32Array(rows).fill(-1), [sequences]);
}

export interface PreferenceOptions {
  /** S·T token ids, or IGNORED. */
  readonly targets: Uint32Array;
  /** The log-probability of each of the S sequences under the model that training started from. */
  readonly reference: Float32Array;
  /** β: the smaller it is, the farther the model may move from the one that training started from. */
  readonly beta: number;
  /** Weight of the chosen answers' mean token loss, which is added; 0 for none. */
  readonly sft: number;
}

/**
 * The loss of direct preference optimization (Rafailov et al., arXiv:2305.18290), the mean over all pairs of
 *
 *     -log σ(β·((log π(chosen) - log π₀(chosen)) - (log π(rejected) - log π₀(rejected))))
 *
 * which is the cross-entropy of two classes, chosen and rejected, whose logits are β·(log π - log π₀). The negative
 * log-likelihood per token of the chosen answers is added to it, as in Pang et al. (arXiv:2404.19733), because the
 * difference alone can grow while both answers become less probable.
 * @param logits (S, T, V) of S/2 pairs; chosen and rejected answers alternate
 * @returns a tensor of one element
 */
export function preferenceLoss(logits: Tensor, options: PreferenceOptions): Tensor {
  const { targets, reference, beta, sft } = options;
  const { device, rows, shape: [sequences, time] } = logits;
  const pairs = sequences / 2;
  const losses = tokenLosses(logits, targets);
  const scaled = weightedSums(losses, new Float32Array(rows).fill(-beta), [pairs, 2]);
  const offset = upload(device, [pairs, 2], reference.map((logprob) => -beta * logprob));
  const preference = crossEntropy(add(scaled, offset), new Uint32Array(pairs));
  if (sft === 0) return preference;
  const shares = chosenShares(targets, time).map((share) => sft * share);
  return add(preference, weightedSums(losses, shares, [1]));
}

/** Each token's weight in the chosen answers' loss: the mean over an answer's tokens, then over answers. */
function chosenShares(targets: Uint32Array, time: number): Float32Array {
  const shares = new Float32Array(targets.length);
  const pairs = targets.length / time / 2;
  for (let start = 0; start < targets.length; start += 2 * time) {
    const counted = targets.subarray(start, start + time).reduce((n, t) => n + Number(t !== IGNORED), 0);
    for (let t = start; t < start + time; t++) {
      if (targets[t] !== IGNORED) shares[t] = 1 / (counted * pairs);
    }
  }
  return shares;
}

/**
 * Sums of rows of equal length: out[s] = Σ_t weights[s, t] · x[s, t].
 * @param x S·T values
 * @param weights S·T constants
 * @param shape of the S sums
 */
function weightedSums(x: Tensor, weights: Float32Array, shape: readonly number[]): Tensor {
  const { device, size } = x;
  const out = empty(device, shape);
  const time = size / out.size;
  const w = upload(device, [size], weights);
  device.dispatch(poolForward, [x.buffer, w.buffer, out.buffer], { rows: out.size, time, width: 1 });
  return record({
    output: out,
    inputs: [x],
    saved: [w],
    backward(dout) {
      const dx = empty(device, x.shape);
      device.dispatch(poolBackward, [dout.buffer, w.buffer, dx.buffer], { rows: size, time, width: 1 });
      return [dx];
    },
  });
}
