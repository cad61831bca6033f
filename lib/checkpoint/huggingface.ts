/**
 * Hugging Face's folders: `config.json`, and `model.safetensors` or several weight files with an index. Our checkpoints
 * have this form.
 */
import { basename, join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { type Content, exists, readText } from "../files.ts";
import { readFolder } from "../folders.ts";
import type { AdapterWeights } from "../model/adapter.ts";
import type { HeadConfig } from "../model/classifier.ts";
import { ConfigError, type ModelConfig } from "../model/config.ts";
import type { Family, Piece } from "../model/families/family.ts";
import { probability } from "../model/families/keys.ts";
import { cut, gather, theirShape } from "./layout.ts";
import { own } from "../model/families/own.ts";
import { families, familyOf } from "../model/families/table.ts";
import { parameterSpecs } from "../model/decoder.ts";
import type { BlockMatrix, ParameterSpec } from "../model/parameters.ts";
import { cutBlocks, gatherBlocks, numbersOf, QUANT_METHOD } from "./block_tensors.ts";
import {
  bytesOf,
  type ByteTensor,
  encodeSafetensors,
  type Precision,
  SafetensorsReader,
  type Weight,
  type Weights,
} from "./safetensors.ts";

/** Keys of a classifier of any family; the last two are our own. */
const HeadKeys = z.object({
  id2label: z.record(z.string(), z.string()).optional(),
  problem_type: z.literal("single_label_classification").nullish(),
  classifier_dropout: probability.nullish(),
  classifier_pooling: z.enum(["last", "mean"]).default("last"),
  classifier_norm: z.boolean().default(false),
});

/** `architectures` of our classifiers. */
const CLASSIFIER = "DesdeCeroForSequenceClassification";

/** Our `quantization_config`, for matrices in blocks; any other is refused when the family's keys are checked. */
const Quantised = z.object({ quantization_config: z.object({ quant_method: z.literal(QUANT_METHOD) }) });

/** `model.safetensors.index.json`: the file of each tensor. */
const Index = z.object({ weight_map: z.record(z.string(), z.string()) });

const REMEDY = "a model's folder holds config.json and model.safetensors";

/** The most bytes of weights in a file, as in transformers. */
const LARGEST_FILE = 5e9;

export interface LoadedModel {
  readonly config: ModelConfig;
  /** A classifier's head; null for a language model. */
  readonly head: HeadConfig | null;
  /** For `Decoder.load`; quantised matrices are dequantised. */
  readonly values: (spec: ParameterSpec) => Float32Array;
  /** The quantised matrices, by our names. */
  readonly quantised?: ReadonlyMap<string, BlockMatrix>;
  /** The base and the adapter of a model that has one; `values` above are those of both merged. */
  readonly unmerged?: { readonly base: LoadedModel; readonly adapter: AdapterWeights };
}

/** The parts of a model that are saved as a folder. */
export interface SavedWeights {
  readonly config: ModelConfig;
  /** A classifier's head. */
  readonly head?: HeadConfig | null | undefined;
  readonly specs: readonly ParameterSpec[];
  /** Ids of special tokens. */
  readonly special?: { readonly bos: number; readonly eos: number; readonly pad: number };
  /** The weights by our names. */
  readonly values: ReadonlyMap<string, Float32Array>;
  /** The decoder's matrices that are stored in blocks instead of numbers. */
  readonly quantised?: ReadonlyMap<string, BlockMatrix>;
}

/** The parts of a model that config.json describes. */
type SavedConfig = Pick<SavedWeights, "config" | "head" | "special">;

/** The files of a folder: config.json and the weights, in as many files as it takes. */
export function huggingFaceFiles(
  model: SavedWeights,
  precision: Precision = "float32",
  largest = LARGEST_FILE,
): Record<string, Content> {
  const { family } = savedFamily(model), { quantised } = model;
  const json = {
    ...configJson(model, precision),
    ...quantised && { quantization_config: quantisedKeys(quantised) },
  };
  return {
    "config.json": JSON.stringify(json, null, 1) + "\n",
    // Blocks come last, because their sizes are not multiples of a float's four bytes.
    ...weightFiles([...theirWeights(family, model, precision), ...theirBlocks(family, model)], largest),
  };
}

const quantisedKeys = (quantised: ReadonlyMap<string, BlockMatrix>) => ({
  quant_method: QUANT_METHOD,
  blocks: [...new Set([...quantised.values()].map(({ kind }) => kind))],
});

/**
 * The family that a model is saved as. Classifiers are saved as our own family: Hugging Face's have no bias, and would
 * drop ours with a warning at most.
 */
const savedFamily = ({ config, head }: SavedConfig) =>
  head ? { family: own, config: own.toConfig(config) } : familyOf(config);

/** The keys of config.json. */
export function configJson(
  { config, head, special }: SavedConfig,
  precision: Precision,
): Record<string, unknown> {
  const { family, config: keys } = savedFamily({ config, head });
  return {
    architectures: [head ? CLASSIFIER : family.architecture],
    model_type: family.modelType,
    ...head && headKeys(head),
    ...keys,
    ...special && {
      bos_token_id: special.bos,
      eos_token_id: special.eos,
      pad_token_id: special.pad,
    },
    torch_dtype: precision,
  };
}

function headKeys(head: HeadConfig): Record<string, unknown> {
  return {
    num_labels: head.labels.length,
    id2label: Object.fromEntries(head.labels.map((label, id) => [id, label])),
    label2id: Object.fromEntries(head.labels.map((label, id) => [label, id])),
    classifier_dropout: head.dropout,
    classifier_pooling: head.pooling,
    classifier_norm: head.norm,
  };
}

/**
 * Weights by the family's names and in its layout, without quantised ones. Tensors that do not belong to the decoder
 * keep their names.
 */
export function theirWeights(
  family: Family,
  { config, specs, values, quantised }: SavedWeights,
  dtype: Precision,
): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  for (const piece of family.pieces(config)) {
    if (quantised?.has(piece.ours)) continue;
    const shape = shapes.get(piece.ours)!;
    const data = cut(piece, shape, values.get(piece.ours)!);
    weights.set(piece.theirs, { dtype, shape: theirShape(piece, shape), data });
  }
  const decoder = new Set(parameterSpecs(config).map(({ name }) => name));
  for (const { name, shape } of specs) {
    if (!decoder.has(name)) weights.set(name, { dtype, shape, data: values.get(name)! });
  }
  return weights;
}

/** The quantised matrices by the family's names. */
function* theirBlocks(family: Family, { config, specs, quantised }: SavedWeights) {
  const named = new Map(specs.map((spec) => [spec.name, spec]));
  for (const piece of family.pieces(config)) {
    const matrix = quantised?.get(piece.ours);
    if (matrix) yield [piece.theirs, cutBlocks(piece, named.get(piece.ours)!, matrix)] as const;
  }
}

function weightFiles(
  weights: readonly (readonly [name: string, Weight | ByteTensor])[],
  largest: number,
): Record<string, Content> {
  const shards: (readonly [string, Weight | ByteTensor])[][] = [[]];
  let room = largest;
  for (const entry of weights) {
    const bytes = bytesOf(entry[1].dtype, entry[1].data.length);
    if (bytes > room && shards.at(-1)!.length > 0) {
      shards.push([]);
      room = largest;
    }
    room -= bytes;
    shards.at(-1)!.push(entry);
  }
  if (shards.length === 1) return { "model.safetensors": encodeSafetensors(weights) };
  const files: Record<string, Content> = {}, map: Record<string, string> = {};
  const number = (n: number) => String(n).padStart(5, "0");
  shards.forEach((shard, i) => {
    const name = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    files[name] = encodeSafetensors(shard);
    for (const [tensor] of shard) map[tensor] = name;
  });
  const total_size = weights.reduce((n, [, { dtype, data }]) => n + bytesOf(dtype, data.length), 0);
  files["model.safetensors.index.json"] =
    JSON.stringify({ metadata: { total_size }, weight_map: map }, null, 1) + "\n";
  return files;
}

/**
 * Reads a folder of one of the families.
 * @throws {UserError} if a file is missing or broken, or the architecture is not supported
 */
export async function readHuggingFace(folder: string): Promise<LoadedModel> {
  const path = join(folder, "config.json");
  const json = await readJson(path, REMEDY);
  const family = familyNamed(json.model_type, path);
  const { file, weights, bytes } = await readWeights(folder, Quantised.safeParse(json).success);
  const find = (name: string) => {
    const names = [name, ...family.aliases?.(name) ?? []];
    return names.map((name) => weights.get(name)).find((weight) => weight !== undefined);
  };
  const told = family.keysFrom?.((name) => find(name)?.shape) ?? {};
  for (const [key, value] of Object.entries(told)) json[key] ??= value;
  const parsed = parseConfig(json, family, path);
  // Any config may name labels, but only a classifier has `score.weight`, and it has no language model's head.
  const head = find("score.weight") ? parsed.head : null;
  const config = head ? { ...parsed.config, tied: true } : parsed.config;
  const expect = (name: string, shape: readonly number[]): Float32Array => {
    const stored = find(name);
    if (!stored) throw new UserError(`${file} lacks ${name}, which ${path} asks for`);
    if (stored.shape.join() !== shape.join()) {
      throw new UserError(`${file}: ${name} is [${stored.shape}], by ${path} it should be [${shape}]`);
    }
    return stored.data;
  };
  // Checks that all weights exist with the config's sizes, before memory is allocated for the model.
  const pieces = new Map<string, { piece: Piece; data: Float32Array }[]>();
  const inBlocks = new Map<string, { piece: Piece; tensor: ByteTensor }[]>();
  const one = new Map(parameterSpecs({ ...config, layers: 1 }).map((spec) => [spec.name, spec]));
  const specOf = (ours: string) => one.get(ours.replace(/^blocks\.\d+\./, "blocks.0."))!;
  for (const piece of family.pieces(config)) {
    const tensor = bytes.get(piece.theirs);
    if (tensor) append(inBlocks, piece.ours, { piece, tensor });
    else {
      const data = expect(piece.theirs, theirShape(piece, specOf(piece.ours).shape));
      append(pieces, piece.ours, { piece, data });
    }
  }
  const refuse = (name: string, why: string) =>
    new UserError(`${file}: ${name} ${why}; restore the folder, or quantise the model again`);
  const quantised = new Map(
    [...inBlocks].map(([ours, parts]) => {
      const [{ piece }] = pieces.get(ours) ?? parts;
      if (pieces.has(ours)) throw refuse(piece.theirs, "is not quantised as the rest of its matrix is");
      return [ours, gatherBlocks(specOf(ours), parts, refuse)];
    }),
  );
  return {
    config,
    head,
    values: (spec) => {
      const parts = pieces.get(spec.name), matrix = quantised.get(spec.name);
      if (parts) return gather(spec, parts);
      if (matrix) return numbersOf(spec, matrix);
      // Hugging Face's classifiers have no bias.
      if (spec.name === "score.bias" && family !== own && !find(spec.name)) {
        return new Float32Array(spec.shape[0]);
      }
      return expect(spec.name, spec.shape);
    },
    quantised,
  };
}

function append<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list) list.push(item);
  else lists.set(name, [item]);
}

async function readJson(path: string, remedy: string): Promise<Record<string, unknown>> {
  const text = await readText(path, remedy);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is no JSON; restore the folder, or make it anew`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UserError(`${path} is no JSON object; restore the folder, or make it anew`);
  }
  return json as Record<string, unknown>;
}

/** @throws {UserError} if no family has this name */
function familyNamed(name: unknown, path: string): Family {
  const family = families.find(({ modelType }) => modelType === name);
  if (family) return family;
  const known = families.map(({ modelType }) => modelType).join(", ");
  throw new UserError(
    `${path}: model_type: ${JSON.stringify(name) ?? "missing"} is none of ${known}, which are read`,
  );
}

/**
 * @param path the config.json's, for messages
 * @throws {UserError} if a key is missing, or has a value that would change results
 */
function parseConfig(given: Record<string, unknown>, family: Family, path: string) {
  const json = Quantised.safeParse(given).success ? { ...given, quantization_config: undefined } : given;
  const refuse = (key: string, why: string) =>
    new UserError(`${path}: ${key}: ${why}; no variant of ${family.modelType} with other results is read`);
  const parse = <T>(schema: z.ZodType<T, unknown>): T => {
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const { path: key, message } = parsed.error.issues[0];
    throw refuse(key.join("."), message);
  };
  try {
    const keys = parse(HeadKeys);
    const head: HeadConfig | null = keys.id2label
      ? {
        labels: Object.keys(keys.id2label).map((_, id) => keys.id2label![id] ?? String(id)),
        pooling: keys.classifier_pooling,
        norm: keys.classifier_norm,
        dropout: keys.classifier_dropout ?? 0,
      }
      : null;
    return { config: parse(family.config), head };
  } catch (error) {
    if (error instanceof ConfigError) throw refuse(error.key, error.why);
    throw error;
  }
}

/** The tensors of a folder, from one file or from those that its index names; byte tensors only if asked for. */
async function readWeights(
  folder: string,
  withBytes: boolean,
): Promise<{ file: string; weights: Weights; bytes: ReadonlyMap<string, ByteTensor> }> {
  const weights = new Map<string, Weight>(), bytes = new Map<string, ByteTensor>();
  const read = async (path: string, wanted: (tensor: string) => boolean) => {
    using file = await SafetensorsReader.open(path);
    // Reads tensors one at a time, so that each array is aligned.
    for (const [name, { dtype, shape }] of file.tensors) {
      if (wanted(name)) weights.set(name, { dtype, shape, data: await file.read(name) });
    }
    for (const [name, { shape }] of withBytes ? file.bytes : []) {
      if (wanted(name)) bytes.set(name, { dtype: "uint8", shape, data: await file.readBytes(name) });
    }
  };
  const file = join(folder, "model.safetensors"), index = `${file}.index.json`;
  if (await exists(file) || !await exists(index)) {
    await read(file, () => true);
    return { file, weights, bytes };
  }
  const parsed = Index.safeParse(await readJson(index, "restore the folder"));
  if (!parsed.success) throw new UserError(`${index} has no weight_map of names; restore the folder`);
  const map = parsed.data.weight_map;
  for (const name of new Set(Object.values(map))) {
    if (name !== basename(name)) throw new UserError(`${index}: ${name} is not in this folder`);
    await read(join(folder, name), (tensor) => map[tensor] === name);
  }
  return { file: index, weights, bytes };
}

/**
 * Reads a folder's config.json alone.
 * @throws {UserError} if it is missing or cannot be read, or the architecture is not supported
 */
export async function readConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, "config.json");
  const json = await readFolder(folder, (place) => readJson(join(place, "config.json"), REMEDY));
  return parseConfig(json, familyNamed(json.model_type, path), path).config;
}
