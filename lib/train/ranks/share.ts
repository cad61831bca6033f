/** A training step shared by ranks: each computes the gradients of some micro-batches, and the gradients are summed. */
import type { MicroBatch, Part } from "../step.ts";
import { dealt, type Ranks } from "../../ranks/ranks.ts";

/** A rank's part of a step, with what it needs to know about the whole step. */
export interface Share extends Part {
  readonly batches: readonly MicroBatch[];
  /** Tokens that the model reads in the whole step, on all ranks. */
  readonly tokens: number;
  /** Whether any rank was asked to stop. */
  readonly stopping: boolean;
}

/**
 * This rank's micro-batches of a step, and what all ranks agree on before they compute the step.
 * @param n micro-batches in the step, on all ranks together
 * @param stopping whether this rank was asked to stop; if any rank was, all of them stop
 */
export function shareOf(
  ranks: Ranks,
  n: number,
  batch: (micro: number) => MicroBatch,
  stopping: boolean,
): Share {
  const micros = dealt(ranks, n);
  const batches = micros.map(batch);
  const sum = (of: (batch: MicroBatch) => number) => batches.reduce((n, batch) => n + of(batch), 0);
  const totals = Float64Array.of(sum((b) => b.targets), sum((b) => b.tokens), Number(stopping));
  ranks.sum(totals);
  const [targets, tokens, stops] = totals;
  return { micros, batches, targets, tokens, stopping: stops > 0 };
}
