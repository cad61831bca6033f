/** Estimates the memory that training takes, before it starts. */
import type { Device } from "../device/device.ts";
import { UserError } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import { parameterCount } from "./measure.ts";
import type { OptimizerOptions } from "./optimizer.ts";
import { ALONE } from "../ranks/alone.ts";
import type { Ranks } from "../ranks/ranks.ts";

/** The options that decide how many arenas a training has. */
interface Averaging extends Pick<OptimizerOptions, "ema"> {
  /** How many shards the moments are split into; 1 by default. */
  readonly shards?: number;
  /** Sizes of the trained and the frozen part, if not the whole model is trained. */
  readonly frozen?: Frozen | undefined;
}

/** A model in which only some parameters are trained. */
export interface Frozen {
  /** Parameters that are trained. */
  readonly trained: number;
  /** Bytes of the parameters that are not trained. */
  readonly bytes: number;
}

/**
 * Parameter arenas that training holds: weights, gradients, two moments, and the moving average of the weights if one
 * is kept. Ranks may each hold a part of the moments. Muon's matrices have a second moment too, which is not used.
 */
export const trainingArenas = ({ ema, shards = 1 }: Averaging): number => 2 + 2 / shards + (ema ? 1 : 0);

/**
 * Roughly the bytes that training takes: the arenas of parameters; per layer and token what the backward pass reads
 * again (norms, qkv, attention, the MLP's two sides); gradients; and logits, whose memory their gradients reuse.
 * @param batch sequences, all of the longest length
 */
export function trainingBytes(c: ModelConfig, batch: number, averaging: Averaging = {}): number {
  const { trained, bytes } = averaging.frozen ?? { trained: parameterCount(c), bytes: 0 };
  const queries = c.heads * c.headWidth, qkv = queries + 2 * c.kvHeads * c.headWidth;
  // Norms and residual sums, qkv (twice if normed), attention's output, the MLP's hidden layer.
  const block = 4 * c.width + (c.qkNorm ? 2 : 1) * qkv + queries + (c.mlp === "swiglu" ? 3 : 2) * c.hidden;
  const perToken = (c.layers + 1) * block + c.vocab;
  return bytes + 4 * (trainingArenas(averaging) * trained + batch * c.context * perToken);
}

/** Bytes that a model takes to read this many tokens at once without training: weights, residual stream and logits. */
export function readingBytes(c: ModelConfig, tokens: number): number {
  // A block adds two sums to the stream, and their norms; its inner activations are freed at its end.
  const block = (c.heads + 2 * c.kvHeads) * c.headWidth + 2 * c.hidden;
  return 4 * (parameterCount(c) + tokens * (4 * (c.layers + 1) * c.width + block + c.vocab));
}

/** A training whose memory is to be checked. */
export interface TrainingMemory extends Pick<OptimizerOptions, "ema"> {
  /** The section of the preset that says what is trained. */
  readonly section: string;
  /** Sequences of a step's micro-batch. */
  readonly sequences: number;
  /** Configs of the teachers, if it distils from any. */
  readonly teachers?: readonly ModelConfig[];
  readonly frozen?: Frozen | undefined;
  readonly ranks?: Ranks;
  /** Whether ranks split the moments. */
  readonly sharded?: boolean;
}

/** @throws {UserError} if training takes more memory than the device has */
export function requireMemory(
  device: Device,
  config: ModelConfig,
  { section, sequences, teachers = [], ema = 0, frozen, ranks = ALONE, sharded = false }: TrainingMemory,
): void {
  const tokens = sequences * config.context;
  // The teachers' distribution is kept until the backward pass.
  const distribution = teachers.length > 0 ? 4 * tokens * config.vocab : 0;
  const bytes = teachers.reduce(
    (sum, teacher) => sum + readingBytes(teacher, tokens),
    trainingBytes(config, sequences, { ema, shards: sharded ? ranks.size : 1, frozen }) + distribution,
  );
  // Ranks on one machine share its memory.
  const { onHost } = ranks.neighbours;
  const reach = device.memory().reach / onHost;
  if (bytes <= reach) return;
  const [needed, there] = [bytes, reach].map((n) => `${(n / 2 ** 30).toFixed(1)} GiB`);
  const [beside, smaller] = teachers.length > 0
    ? [" beside its teachers", "take smaller teachers, "]
    : ["", ""];
  // A finetuning cannot change the model's sizes.
  const sizes = section === "pretrain" ? ", model.context, model.width or model.layers" : "";
  throw new UserError(
    `training this model${beside} takes about ${needed}, the ${device.name} device reaches ${there} here${
      onHost > 1 ? ` for each of ${onHost} ranks` : ""
    }; ` +
      `${smaller}lower ${section}.batch${sizes}, or use a GPU`,
  );
}
