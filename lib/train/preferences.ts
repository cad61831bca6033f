/** Learning from preferences: how probable both answers of pairs are, steps that learn from them, and figures. */
import { type EncodedPreference, preferenceBatch } from "../data/preferences.ts";
import type { Batch } from "../data/batches.ts";
import type { Decoder } from "../model/decoder.ts";
import { preferenceLoss, type PreferenceOptions, sequenceLogprobs } from "../ops/preference.ts";
import { scope } from "../tensor/tensor.ts";
import { Flight } from "./flight.ts";
import { highestLanguageLoss, type MicroBatch } from "./step.ts";

/** Log-probabilities in nats of the chosen and the rejected answers of pairs, in turn. */
export type PairLogprobs = Float32Array;

/**
 * How probable a model finds both answers of every pair. Pairs of like length go together, which saves padding.
 * @param batch pairs that go through the model together
 * @param onProgress called with how many pairs are done
 * @param signal ends it early, with zeros for the pairs that are left
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
    // Let signals in: on the cpu device nothing else here waits.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await flight.land();
  return all;
}

/** A part of a step's batch, from which a model learns to prefer. */
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

/** An even guess between two costs ln 2; with ten more, wrong answers are e¹⁰ times preferred. */
export const highestPreferenceLoss = (model: Decoder, sft: number) => 10 + sft * highestLanguageLoss(model);

/** How a model judges pairs, beside the model that its training started from. */
export interface PreferenceFigures {
  readonly [figure: string]: number;
  /** The mean of -log σ(margin). */
  readonly loss: number;
  /**
   * The share of pairs whose chosen answer gained more than its rejected one: whose implicit reward margin is above 0.
   */
  readonly accuracy: number;
  /** The mean implicit reward margin: β times what the chosen answer's log-probability gained more. */
  readonly margin: number;
  /** The share of pairs whose chosen answer is the more probable one. */
  readonly likelier: number;
  /** What the log-probability of chosen answers has gained on average, in nats per answer. */
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
