/** The memory that training takes, estimated before it starts. */
import type { Device } from "../device/device.ts";
import { UserError } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import { parameterCount } from "./measure.ts";
import type { OptimizerOptions } from "./optimizer.ts";
import { ALONE } from "../ranks/alone.ts";
import type { Ranks } from "../ranks/ranks.ts";

/** What of a training decides how many arenas it has. */
interface Averaging extends Pick<OptimizerOptions, "ema"> {
  /** Parts that the moments are split into; 1 by default. */
  readonly shards?: number;
  /** What is trained and what stays as it is, where that is not all and nothing. */
  readonly frozen?: Frozen | undefined;
}

/** A model of which only a part is trained. */
export interface Frozen {
  /** Parameters that are trained. */
  readonly trained: number;
  /** Bytes of those that are not. */
  readonly bytes: number;
}

/**
 * Arenas of parameters that training holds: weights, gradients, two moments (the second of Muon's matrices is there and
 * not used), of which ranks may have a part each, and the moving average of the weights if one is kept.
 */
export const trainingArenas = ({ ema, shards = 1 }: Averaging): number => 2 + 2 / shards + (ema ? 1 : 0);

/**
 * Bytes that training takes, roughly: arenas of parameters, and per layer and token what the backward pass reads again
 * (norms, qkv, attention, the MLP's two sides) besides gradients, and logits, which become theirs.
 * @param batch sequences of the longest length
 */
export function trainingBytes(c: ModelConfig, batch: number, averaging: Averaging = {}): number {
  const { trained, bytes } = averaging.frozen ?? { trained: parameterCount(c), bytes: 0 };
  const queries = c.heads * c.headWidth, qkv = queries + 2 * c.kvHeads * c.headWidth;
  // Norms and sums of the residual stream, qkv (twice if it is normed), what attention gives, the MLP's inside.
  const block = 4 * c.width + (c.qkNorm ? 2 : 1) * qkv + queries + (c.mlp === "swiglu" ? 3 : 2) * c.hidden;
  const perToken = (c.layers + 1) * block + c.vocab;
  return bytes + 4 * (trainingArenas(averaging) * trained + batch * c.context * perToken);
}

/** Bytes that a model takes which only reads so many tokens at once: weights, the residual stream, and logits. */
export function readingBytes(c: ModelConfig, tokens: number): number {
  // A block adds two sums to the stream, and their norms; its inside is freed at its end.
  const block = (c.heads + 2 * c.kvHeads) * c.headWidth + 2 * c.hidden;
  return 4 * (parameterCount(c) + tokens * (4 * (c.layers + 1) * c.width + block + c.vocab));
}

/** A training whose memory is asked for. */
export interface TrainingMemory extends Pick<OptimizerOptions, "ema"> {
  /** The section of the preset that says what is trained. */
  readonly section: string;
  /** Sequences of a step's micro-batch. */
  readonly sequences: number;
  /** Of models whose distributions are learned besides. */
  readonly teachers?: readonly ModelConfig[];
  readonly frozen?: Frozen | undefined;
  readonly ranks?: Ranks;
  /** Whether ranks split the moments. */
  readonly sharded?: boolean;
}

/** @throws {UserError} if training takes more memory than a device reaches */
export function requireMemory(
  device: Device,
  config: ModelConfig,
  { section, sequences, teachers = [], ema = 0, frozen, ranks = ALONE, sharded = false }: TrainingMemory,
): void {
  const tokens = sequences * config.context;
  // A training that learns from teachers keeps their distribution until the backward pass.
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
  // A finetuning's model is what it is.
  const sizes = section === "pretrain" ? ", model.context, model.width or model.layers" : "";
  throw new UserError(
    `training this model${beside} takes about ${needed}, the ${device.name} device reaches ${there} here${
      onHost > 1 ? ` for each of ${onHost} ranks` : ""
    }; ` +
      `${smaller}lower ${section}.batch${sizes}, or use a GPU`,
  );
}
