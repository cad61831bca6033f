/** A training step that several ranks share: each computes the gradients of some micro-batches, and they are added up. */
import type { MicroBatch, Part } from "../step.ts";
import { dealt, type Ranks } from "../../ranks/ranks.ts";

/** A rank's part of a step, and what all parts have together. */
export interface Share extends Part {
  readonly batches: readonly MicroBatch[];
  /** Tokens that the model reads in all of them. */
  readonly tokens: number;
  /** Whether somebody asks to stop. */
  readonly stopping: boolean;
}

/**
 * This rank's micro-batches of a step, and what all ranks agree on before they compute it.
 * @param n micro-batches of the step, of all ranks together
 * @param stopping whether this rank was asked to stop; if one was, all of them stop
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
