/**
 * Adapters in the format of Hugging Face's PEFT: `adapter_config.json`, and `adapter_model.safetensors` with two
 * matrices for each adapted layer, lora_A (rank, in) and lora_B (out, rank), named `base_model.model.` + its name.
 *
 * Layers that are one matrix here, such as queries, keys and values, share A; in the file, each has a copy. If the
 * layers of a file have different A's, we stack them, and the rank is the sum of theirs. A file has one rank for all
 * layers, so the others are filled up with zeros.
 */
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { type Content, readText } from "../files.ts";
import {
  type AdapterOptions,
  type AdapterWeights,
  matrixNames,
  type Target,
  TARGETS,
} from "../model/adapter.ts";
import type { ModelConfig } from "../model/config.ts";
import { parameterSpecs } from "../model/decoder.ts";
import type { Piece } from "../model/families/family.ts";
import { probability } from "../model/families/keys.ts";
import { familyOf } from "../model/families/table.ts";
import { cut, theirShape } from "./layout.ts";
import {
  encodeSafetensors,
  type Precision,
  readSafetensors,
  type Weight,
  type Weights,
} from "./safetensors.ts";

export const CONFIG_FILE = "adapter_config.json";
export const WEIGHTS_FILE = "adapter_model.safetensors";

const PREFIX = "base_model.model.";

/** Layers of a classifier's head, which its adapter saves whole: PEFT's `modules_to_save`. */
const HEAD = /^score(_norm)?\./;

const nothing = z.strictObject({}).nullish();

/** The keys that affect results; variants that we do not support are refused. */
const PeftConfig = z.object({
  peft_type: z.literal("LORA"),
  r: z.number().int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: probability.default(0),
  use_rslora: z.boolean().default(false),
  bias: z.literal("none").default("none"),
  use_dora: z.literal(false).optional(),
  lora_bias: z.literal(false).optional(),
  rank_pattern: nothing,
  alpha_pattern: nothing,
  layer_replication: z.null().optional(),
});

/** The pieces of a base's matrices with PEFT's names for their layers, by our layers' names. */
function layersOf(config: ModelConfig) {
  const layers = new Map<string, { readonly piece: Piece; readonly module: string }[]>();
  for (const piece of familyOf(config).family.pieces(config)) {
    const layer = piece.ours.replace(/\.weight$/, "");
    if (!TARGETS.some((target) => layer.endsWith(`.${target}`))) continue;
    const part = { piece, module: piece.theirs.replace(/\.weight$/, "") };
    layers.set(layer, [...layers.get(layer) ?? [], part]);
  }
  return layers;
}

/** The shortest names that match these layers and no others; PEFT matches the ends of names. */
function targetModules(own: readonly string[], all: readonly string[]): string[] {
  const end = (name: string, parts: number) => name.split(".").slice(-parts).join(".");
  const short = (name: string) => {
    const alike = all.filter((other) => end(other, 1) === end(name, 1));
    return end(name, alike.every((other) => own.includes(other)) ? 1 : 2);
  };
  return [...new Set(own.map(short))];
}

/** An adapter to save. */
export interface SavedPeft {
  /** The base's config. */
  readonly config: ModelConfig;
  readonly options: AdapterOptions;
  /** Where the base is. */
  readonly base: string;
  /** The adapter's matrices and a classifier's head, by our names. */
  readonly tensors: readonly (readonly [name: string, shape: readonly number[], data: Float32Array])[];
}

/** The files of an adapter. */
export function peftFiles(
  { config, options, base, tensors }: SavedPeft,
  dtype: Precision = "float32",
): Record<string, Content> {
  const named = new Map(tensors.map(([name, shape, data]) => [name, { shape, data }]));
  const weights = new Map<string, Weight>();
  const layers = [...layersOf(config)], own: string[] = [];
  for (const [layer, parts] of layers) {
    const [a, b] = matrixNames(layer).map((name) => named.get(name));
    if (!a || !b) continue;
    for (const { piece: { columns }, module } of parts) {
      own.push(module);
      const outputs = { theirs: "", ours: "", transposed: true, ...columns && { columns } };
      weights.set(`${PREFIX}${module}.lora_A.weight`, { dtype, ...a });
      weights.set(`${PREFIX}${module}.lora_B.weight`, {
        dtype,
        shape: theirShape(outputs, b.shape),
        data: cut(outputs, b.shape, b.data),
      });
    }
  }
  const head = [...named].filter(([name]) => HEAD.test(name));
  for (const [name, { shape, data }] of head) weights.set(PREFIX + name, { dtype, shape, data });
  const all = layers.flatMap(([, parts]) => parts);
  const json = {
    peft_type: "LORA",
    task_type: head.length > 0 ? "SEQ_CLS" : "CAUSAL_LM",
    base_model_name_or_path: base,
    r: options.rank,
    lora_alpha: options.alpha,
    lora_dropout: options.dropout,
    target_modules: targetModules(own, all.map(({ module }) => module)),
    // Whether the base stores its layers as (in, out), as GPT-2 does.
    fan_in_fan_out: !all[0].piece.transposed,
    modules_to_save: head.length > 0 ? [...new Set(head.map(([name]) => name.split(".")[0]))] : null,
    ...{ bias: "none", use_rslora: false, use_dora: false, rank_pattern: {}, alpha_pattern: {} },
    ...{ init_lora_weights: true, inference_mode: true, revision: null },
  };
  return {
    [CONFIG_FILE]: JSON.stringify(json, null, 1) + "\n",
    [WEIGHTS_FILE]: encodeSafetensors(weights),
  };
}

/**
 * Reads an adapter.
 * @param place the adapter's folder
 * @param config its base's
 * @param base the base's name in messages
 * @throws {UserError} if a file is missing or broken, the variant is not supported, or it is for another model
 */
export async function readPeft(place: string, config: ModelConfig, base: string): Promise<AdapterWeights> {
  const keys = await readConfig(join(place, CONFIG_FILE));
  const file = join(place, WEIGHTS_FILE);
  const { tensors } = await readSafetensors(file);
  const ranks = new Map<string, number>(),
    values = new Map<string, Float32Array>(),
    known = new Set<string>();
  const specs = new Map(parameterSpecs(config).map(({ name, shape }) => [name, shape]));
  for (const [layer, parts] of layersOf(config)) {
    const read = parts.flatMap(({ piece, module }) => {
      const names = ["A", "B"].map((which) => `${PREFIX}${module}.lora_${which}.weight`);
      const there = names.filter((name) => tensors.has(name));
      if (there.length === 0) return [];
      if (there.length === 1) {
        throw new UserError(`${file} has ${there[0]} without its other half; restore it`);
      }
      names.forEach((name) => known.add(name));
      return { piece, names };
    });
    if (read.length === 0) continue;
    const fused = fuse(read, specs.get(`${layer}.weight`)!, { tensors, rank: keys.r, file, base });
    ranks.set(layer, fused.rank);
    matrixNames(layer).forEach((name, i) => values.set(name, [fused.a, fused.b][i]));
  }
  for (const [name, { data }] of tensors) {
    const own = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
    if (HEAD.test(own)) values.set(own, data);
    else if (!known.has(name)) {
      throw new UserError(
        `${file}: ${name} is beside no layer of ${base}; it is an adapter for another base`,
      );
    }
  }
  if (ranks.size === 0) throw new UserError(`${file} has no matrices beside layers of ${base}; restore it`);
  const targets = TARGETS.filter((target) => [...ranks.keys()].some((layer) => layer.endsWith(`.${target}`)));
  const rank = Math.max(...ranks.values());
  for (const [layer, own] of ranks) {
    for (const name of matrixNames(layer)) values.set(name, filled(values.get(name)!, rank / own));
    ranks.set(layer, rank);
  }
  const { r, lora_alpha, lora_dropout: dropout, use_rslora } = keys;
  const scale = lora_alpha / (use_rslora ? Math.sqrt(r) : r);
  return {
    options: { rank, alpha: scale * rank, dropout, targets: targets as Target[] },
    shape: { ranks, scale, dropout },
    values,
  };
}

/** A matrix with so many times its rows; those that are added are zero. */
function filled(matrix: Float32Array, times: number): Float32Array {
  if (times === 1) return matrix;
  const all = new Float32Array(matrix.length * times);
  all.set(matrix);
  return all;
}

async function readConfig(path: string): Promise<z.infer<typeof PeftConfig>> {
  const text = await readText(path, "restore the adapter");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is no JSON; restore the adapter`);
  }
  const parsed = PeftConfig.safeParse(json);
  if (parsed.success) return parsed.data;
  const [{ path: key, message }] = parsed.error.issues;
  throw new UserError(`${path}: ${key.join(".") || "it"}: ${message}; only plain LoRA adapters are read`);
}

/** Builds the matrices of one of our layers from those of its pieces. Pieces with the same A share it. */
function fuse(
  pieces: readonly { readonly piece: Piece; readonly names: readonly string[] }[],
  [inputs, outputs]: readonly number[],
  { tensors, rank, file, base }: { tensors: Weights; rank: number; file: string; base: string },
) {
  const expect = (name: string, shape: readonly number[]) => {
    const stored = tensors.get(name)!;
    if (stored.shape.join() === shape.join()) return stored.data;
    throw new UserError(
      `${file}: ${name} is [${stored.shape}], beside ${base} it should be [${shape}]; it is an adapter for another base`,
    );
  };
  const blocks: Float32Array[] = [];
  const placed = pieces.map(({ piece: { columns: [from, to] = [0, outputs] }, names: [aName, bName] }) => {
    const a = expect(aName, [rank, inputs]), b = expect(bName, [to - from, rank]);
    let block = blocks.findIndex((other) => other.every((x, i) => x === a[i]));
    if (block < 0) block = blocks.push(a) - 1;
    return { from, to, b, block };
  });
  const a = new Float32Array(blocks.length * rank * inputs);
  blocks.forEach((block, i) => a.set(block, i * rank * inputs));
  const b = new Float32Array(blocks.length * rank * outputs);
  for (const { from, to, b: theirs, block } of placed) {
    for (let r = 0; r < rank; r++) {
      for (let column = from; column < to; column++) {
        b[(block * rank + r) * outputs + column] = theirs[(column - from) * rank + r];
      }
    }
  }
  return { rank: blocks.length * rank, a, b };
}
