/**
 * A training step in two halves, gradients and update, so that other work can be awaited between them. Both only
 * submit work to the device; the figures of a step are fetched later.
 */
import type { Batch } from "../data/batches.ts";
import type { Snapshot } from "../device/device.ts";
import { DivergenceError } from "../errors.ts";
import type { Decoder } from "../model/decoder.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { differentiate } from "../ops/tape.ts";
import { SCALING } from "../ops/update_scaling.ts";
import { deriveSeed } from "../tensor/random.ts";
import { type Parameter, scope, type Tensor } from "../tensor/tensor.ts";
import type { SavedModel } from "../checkpoint/checkpoint.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Teachers } from "./teachers.ts";

/** A micro-batch: a part of a step's batch. */
export interface MicroBatch {
  /** The mean loss of the micro-batch. `seed` decides what dropout drops. */
  loss(seed: number): Tensor;
  /** The number of targets that the mean is over: the weight of this loss in the step's loss. */
  readonly targets: number;
  /** Tokens that the model reads, for the speed in the log. */
  readonly tokens: number;
}

/**
 * A batch of text, from which a language model learns the next token.
 * @param teachers if given, the model learns their distributions as well
 */
export function languageBatch(
  model: Decoder,
  { tokens, targets }: Batch,
  teachers: Teachers | null = null,
): MicroBatch {
  const loss = () => teachers ? teachers.loss(model, tokens, targets) : model.loss(tokens, targets);
  return {
    loss: (seed) => model.training(seed, loss),
    targets: targets.reduce((n, t) => n + Number(t !== IGNORED), 0),
    tokens: tokens.ids.length,
  };
}

/**
 * Guessing evenly costs ln V; three times that is worse than knowing nothing. With teachers, both the text and the
 * teachers' distributions can cost that much, each times its weight in the loss.
 */
export function highestLanguageLoss({ config }: Decoder, teachers: Teachers | null = null): number {
  const { weight, temperature } = teachers?.options ?? { weight: 0, temperature: 1 };
  return 3 * Math.log(config.vocab) * (1 - weight + weight * temperature ** 2);
}

/** The micro-batches of a step that one rank computes. */
export interface Part {
  /** The numbers of these micro-batches within the step, which decide what dropout drops. */
  readonly micros: readonly number[];
  /** Number of targets in the whole step. */
  readonly targets: number;
  /** Called with each parameter as soon as its gradient on this rank is complete. */
  readonly complete?: (parameter: Parameter) => void;
}

/** What can be fetched after the first half of a step. */
export interface Gradients {
  /** Tokens that the model read. */
  readonly tokens: number;
  /** Fetches the loss: the whole step's, or this rank's part of it. Call it once. */
  loss(): Promise<number>;
}

/** What can be fetched after the second half of a step. */
interface Update {
  /** The squared norm of the gradients, times the square of the loss scale. */
  readonly norm: Snapshot;
  /** With mixed precision: how the update was scaled, laid out as in `SCALING`. */
  readonly scaling: Snapshot | null;
}

type PendingStep = Gradients & Update & { readonly step: number; readonly lr: number };

/** A part that covers the whole step. */
const whole = (batches: readonly MicroBatch[]): Part => ({
  micros: [...batches.keys()],
  targets: batches.reduce((n, batch) => n + batch.targets, 0),
});

/**
 * The first half of a step: replaces the gradients in the arena with those of the mean loss over all targets.
 * @param seed decides what dropout drops
 * @param part which of the step's micro-batches `batches` are; all of them by default
 */
export function computeGradients(
  optimizer: Optimizer,
  batches: readonly MicroBatch[],
  seed: number,
  { micros, targets, complete }: Part = whole(batches),
): Gradients {
  return scope(() => {
    optimizer.zeroGradients();
    const losses = batches.map((batch, i) => {
      const share = batch.targets / Math.max(1, targets);
      const own = deriveSeed(seed, micros[i]);
      const told = complete && i === batches.length - 1 ? { complete } : {};
      // Lets a GPU start on the earlier micro-batches now. The last one needs a new recording, so that its parts reach
      // the GPU one by one: a recording that becomes full is handed over as a whole.
      if ("complete" in told && i > 0) optimizer.m.device.flush();
      const loss: Tensor = scope(() =>
        differentiate(() => batch.loss(own), optimizer.lossGradient(share), told)
      );
      return { share, value: loss.device.snapshot(loss.buffer) };
    });
    return {
      tokens: batches.reduce((n, batch) => n + batch.tokens, 0),
      async loss() {
        const values = await Promise.all(losses.map(({ value }) => value.data()));
        return losses.reduce((sum, { share }, i) => sum + share * values[i][0], 0);
      },
    };
  });
}

/** The second half of a step: updates the weights from the gradients in the arena. `decay` scales the weight decay. */
export function updateWeights(optimizer: Optimizer, step: number, lr: number, decay: number): Update {
  return scope(() => {
    const norm = optimizer.step(step, lr, decay);
    const { scaling } = optimizer;
    return {
      norm: norm.device.snapshot(norm.buffer),
      scaling: scaling && scaling.device.snapshot(scaling.buffer),
    };
  });
}

export interface FinishedStep extends Pick<PendingStep, "step" | "lr" | "tokens"> {
  readonly loss: number;
  /** Norm of the gradient before clipping. */
  readonly norm: number;
  /** Whether the scaled gradient overflowed float16, so that the step changed nothing. */
  readonly overflowed: boolean;
}

/**
 * Fetches a step's figures, and checks that they are sound.
 * @param stage the preset's section to name in messages
 * @throws {DivergenceError} if the loss or a gradient is not finite, or the loss is too high
 */
export async function finishStep(
  pending: PendingStep,
  { model, highestLoss }: { readonly model: SavedModel; readonly highestLoss: number },
  stage: string,
): Promise<FinishedStep> {
  const { step, lr, tokens, norm, scaling } = pending;
  const [[squared], loss, scales] = await Promise.all([norm.data(), pending.loss(), scaling?.data()]);
  const scale = scales?.[SCALING.current] ?? 1;
  if (Number.isFinite(loss) && loss <= highestLoss) {
    const overflowed = !Number.isFinite(squared);
    // At scale 1 an overflow is a real one.
    if (!overflowed || scale > 1) {
      return { step, lr, tokens, loss, norm: Math.sqrt(squared) / scale, overflowed };
    }
  }
  const where = await firstBroken(model);
  const what = loss > highestLoss
    ? `the loss ran away (${loss.toFixed(2)})`
    : "the loss or a gradient is not finite";
  throw new DivergenceError(
    `step ${step}: ${what}${where ? `, first in ${where}` : ""}; the last good checkpoint is kept: lower ` +
      `${stage}.lr or raise ${stage}.warmup, then run again`,
  );
}

/** Names the first tensor, in the model's order, that has a value which is not finite. */
async function firstBroken(model: SavedModel): Promise<string | null> {
  const { device, weights, gradients } = model.parameters;
  for (const [kind, tensor] of [["weight", weights], ["gradient", gradients]] as const) {
    for (const [name, values] of model.parameters.split(await device.read(tensor.buffer))) {
      if (!values.every(Number.isFinite)) return `the ${kind} of ${name}`;
    }
  }
  return null;
}
