/**
 * Quantised copies of checkpoints: matrices in blocks of 8 or 4 bits, with biases and norms unchanged. They take less
 * memory, and are faster where reading weights takes longer than computing with them, as in writing a text token by
 * token. Only adapters can be trained on them.
 */
import { BLOCK, type BlockKind, quantise } from "../device/blocks.ts";
import { UserError } from "../errors.ts";
import { hashContent } from "../files.ts";
import { writeFolderAtomic } from "../folders.ts";
import { headSpecs } from "../model/classifier.ts";
import { parameterSpecs } from "../model/decoder.ts";
import type { BlockMatrix, ParameterSpec } from "../model/parameters.ts";
import { tokenizerFiles } from "../text/huggingface_files.ts";
import { isWeights } from "./average.ts";
import { blockShape, rowsOfBlocks } from "./block_tensors.ts";
import { type CheckpointInfo, readCheckpoint, refuseQuantised } from "./checkpoint.ts";
import { huggingFaceFiles } from "./huggingface.ts";

/** The kinds of blocks for each role of a matrix. */
const PLANS = {
  q8: { matrix: "q8_0", embedding: "q8_0", head: "q8_0" },
  q4: { matrix: "q4_0", embedding: "q4_0", head: "q4_0" },
} as const satisfies Record<string, Record<"matrix" | "embedding" | "head", BlockKind>>;

export type Target = keyof typeof PLANS;
export const TARGETS = Object.keys(PLANS) as Target[];

export interface Quantised {
  readonly info: CheckpointInfo;
  /** Bytes of all weights in float32, and as they are stored now. */
  readonly before: number;
  readonly after: number;
  /** Names of the matrices left in float32, because their rows are not a multiple of 32 numbers. */
  readonly left: readonly string[];
}

/**
 * Writes a quantised copy of a checkpoint.
 * @throws {UserError} if it is damaged or already quantised, or has no matrix that can be quantised
 */
export async function quantiseCheckpoint(folder: string, to: Target, out: string): Promise<Quantised> {
  const { config, head, values, tokenizer, info } = await readCheckpoint(folder);
  refuseQuantised(info, folder, "quantised again");
  const matrices = parameterSpecs(config).filter(({ role }) => role !== "vector");
  const specs = [...parameterSpecs(config), ...head ? headSpecs(config, head) : []];
  const quantised = quantiseMatrices(matrices, values, to, folder);
  const rest = specs.filter(({ name }) => !quantised.has(name));
  const others = new Map(rest.map((spec) => [spec.name, values(spec)]));
  const left = matrices.map(({ name }) => name).filter((name) => !quantised.has(name));
  if (quantised.size === 0) {
    throw new UserError(
      `${folder} has no matrix whose rows are a multiple of ${BLOCK} numbers (its width is ${config.width}), ` +
        "so nothing of it can be quantised; use it as it is",
    );
  }
  const files = {
    ...huggingFaceFiles({
      ...{ config, specs, values: others, quantised, special: tokenizer.special },
      head,
    }),
    ...tokenizerFiles(tokenizer, { context: config.context, chat: info.format === "chat" }),
  };
  const { run: _run, weights: _weights, average: _average, adapter: _adapter, ...kept } = info;
  const full: CheckpointInfo = {
    ...kept,
    ...{ stage: "quantise", finished: true, validation: null, best: null },
    quantised: {
      folder,
      to,
      files: Object.fromEntries(Object.entries(info.files).filter(([name]) => isWeights(name))),
    },
    files: Object.fromEntries(Object.entries(files).map(([name, file]) => [name, hashContent(file)])),
  };
  await writeFolderAtomic(out, { ...files, "checkpoint.json": JSON.stringify(full, null, 1) + "\n" });
  const floats = [...others.values()].reduce((n, { byteLength }) => n + byteLength, 0);
  const blocks = [...quantised.values()].reduce((n, { bytes }) => n + bytes.length, 0);
  const numbers = specs.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b), 0);
  return { info: full, before: 4 * numbers, after: floats + blocks, left };
}

/**
 * Quantises the matrices of a decoder whose rows fill whole blocks. Returns them by name.
 * @param model its name in messages
 * @throws {UserError} if a weight is too large
 */
export function quantiseMatrices(
  specs: readonly ParameterSpec[],
  values: (spec: ParameterSpec) => Float32Array,
  to: Target,
  model: string,
): Map<string, BlockMatrix> {
  const quantised = new Map<string, BlockMatrix>();
  for (const spec of specs) {
    if (spec.role === "vector" || blockShape(spec).width % BLOCK !== 0) continue;
    const kind = PLANS[to][spec.role];
    try {
      const bytes = quantise(rowsOfBlocks(spec, values(spec)), kind, { scales: "searched" });
      quantised.set(spec.name, { kind, bytes });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(`${model}: ${spec.name}: ${error.message}; use the model as it is`);
    }
  }
  return quantised;
}
