/** Learning from preferences: the probabilities of both answers in pairs, training batches, and figures. */
import { type EncodedPreference, preferenceBatch } from "../data/preferences.ts";
import type { Batch } from "../data/batches.ts";
import type { Decoder } from "../model/decoder.ts";
import { preferenceLoss, type PreferenceOptions, sequenceLogprobs } from "../ops/preference.ts";
import { scope } from "../tensor/tensor.ts";
import { Flight } from "./flight.ts";
import { highestLanguageLoss, type MicroBatch } from "./step.ts";

/** Log-probabilities in nats of the chosen and the rejected answer of each pair, alternating. */
export type PairLogprobs = Float32Array;

/**
 * The log-probabilities that a model gives to both answers of every pair. Pairs of similar length are batched together,
 * which saves padding.
 * @param batch pairs that go through the model together
 * @param onProgress called with how many pairs are done
 * @param signal stops early, with zeros for the remaining pairs
 */
export async function pairLogprobs(
  model: Decoder,
  pairs: readonly EncodedPreference[],
  { batch, pad, onProgress = () => {}, signal }: {
    readonly batch: number;
    readonly pad: number;
    readonly onProgress?: (done: number) => void;
    readonly signal?: AbortSignal;
  },
): Promise<PairLogprobs> {
  const { config: { context }, parameters: { device } } = model;
  const all = new Float32Array(2 * pairs.length);
  const order = [...pairs.keys()].sort((a, b) => pairs[a].ids.length - pairs[b].ids.length);
  const flight = new Flight<void>();
  for (let at = 0; at < order.length && !signal?.aborted; at += batch) {
    const rows = order.slice(at, at + batch);
    const { tokens, targets } = preferenceBatch(rows.map((i) => pairs[i]), context, pad);
    const sums = scope(() => device.snapshot(sequenceLogprobs(model.logits(tokens), targets).buffer));
    device.flush();
    await flight.add(async () => {
      const values = await sums.data();
      rows.forEach((i, row) => all.set(values.subarray(2 * row, 2 * row + 2), 2 * i));
    });
    onProgress(at + rows.length);
    // Let signals run: on the cpu device nothing else in this loop waits.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await flight.land();
  return all;
}

/** A micro-batch from which a model learns preferences. */
export function preferenceMicroBatch(
  model: Decoder,
  { tokens, targets }: Batch,
  options: Omit<PreferenceOptions, "targets">,
): MicroBatch {
  const loss = () => scope(() => preferenceLoss(model.logits(tokens), { ...options, targets }));
  return {
    loss: (seed) => model.training(seed, loss),
    targets: tokens.batch / 2,
    tokens: tokens.ids.length,
  };
}

/** An even guess costs ln 2; a loss 10 above that means that wrong answers are preferred e¹⁰ to 1. */
export const highestPreferenceLoss = (model: Decoder, sft: number) => 10 + sft * highestLanguageLoss(model);

/** How a model judges pairs, compared with the model that its training started from. */
export interface PreferenceFigures {
  readonly [figure: string]: number;
  /** The mean of -log σ(margin). */
  readonly loss: number;
  /**
   * The share of pairs with a positive implicit reward margin: the chosen answer gained more than the rejected one.
   */
  readonly accuracy: number;
  /** The mean implicit reward margin: β times how much more the chosen answer's log-probability gained. */
  readonly margin: number;
  /** The share of pairs in which the chosen answer is more probable than the rejected one. */
  readonly likelier: number;
  /** The average gain in log-probability of chosen answers, in nats per answer. */
  readonly chosen: number;
}

export function preferenceFigures(
  now: PairLogprobs,
  reference: PairLogprobs,
  beta: number,
): PreferenceFigures {
  const pairs = Array.from({ length: now.length / 2 }, (_, i) => {
    const [chosen, rejected] = [2 * i, 2 * i + 1].map((at) => now[at] - reference[at]);
    return { chosen, margin: beta * (chosen - rejected), likelier: now[2 * i] > now[2 * i + 1] };
  });
  const mean = (of: (pair: typeof pairs[number]) => number) =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  return {
    loss: mean(({ margin }) => Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(0, -margin)),
    accuracy: mean(({ margin }) => Number(margin > 0)),
    margin: mean(({ margin }) => margin),
    likelier: mean(({ likelier }) => Number(likelier)),
    chosen: mean(({ chosen }) => chosen),
  };
}
