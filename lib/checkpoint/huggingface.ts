/**
 * Hugging Face's folders: `config.json` beside `model.safetensors`, or beside several of those and their index. Our
 * checkpoints are such.
 */
import { basename, join } from "@std/path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { type Content, exists, readText } from "../files.ts";
import { readFolder } from "../folders.ts";
import type { HeadConfig } from "../model/classifier.ts";
import { ConfigError, type ModelConfig } from "../model/config.ts";
import type { Family, Piece } from "../model/families/family.ts";
import { probability } from "../model/families/keys.ts";
import { cut, gather, theirShape } from "./layout.ts";
import { own } from "../model/families/own.ts";
import { families, familyOf } from "../model/families/table.ts";
import { parameterSpecs } from "../model/decoder.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import {
  bytesOf,
  encodeSafetensors,
  type Precision,
  readSafetensors,
  type Weight,
  type Weights,
} from "./safetensors.ts";

/** Keys of a classifier, of any family; the last two are ours. */
const HeadKeys = z.object({
  id2label: z.record(z.string(), z.string()).optional(),
  problem_type: z.literal("single_label_classification").nullish(),
  classifier_dropout: probability.nullish(),
  classifier_pooling: z.enum(["last", "mean"]).default("last"),
  classifier_norm: z.boolean().default(false),
});

/** `architectures` of a classifier, whose model_type is ours too. */
const CLASSIFIER = "DesdeCeroForSequenceClassification";

/** `model.safetensors.index.json`: which file has which tensor. */
const Index = z.object({ weight_map: z.record(z.string(), z.string()) });

const REMEDY = "a model's folder holds config.json and model.safetensors";

/** Bytes of weights that one file holds at most, as transformers has it. */
const LARGEST_FILE = 5e9;

export interface LoadedModel {
  readonly config: ModelConfig;
  /** Of a classifier's folder; null for a language model's. */
  readonly head: HeadConfig | null;
  /** For `Decoder.load`. */
  readonly values: (spec: ParameterSpec) => Float32Array;
}

/** Something of a model that can be saved as a folder. */
export interface SavedWeights {
  readonly config: ModelConfig;
  /** Of a classifier. */
  readonly head?: HeadConfig | null | undefined;
  readonly specs: readonly ParameterSpec[];
  /** Ids of special tokens. */
  readonly special?: { readonly bos: number; readonly eos: number; readonly pad: number };
  /** By our names. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** What config.json tells of a model. */
type SavedConfig = Pick<SavedWeights, "config" | "head" | "special">;

/** The files of a folder: config.json and the weights, in as many files as it takes. */
export function huggingFaceFiles(
  model: SavedWeights,
  precision: Precision = "float32",
  largest = LARGEST_FILE,
): Record<string, Content> {
  return {
    "config.json": JSON.stringify(configJson(model, precision), null, 1) + "\n",
    ...weightFiles(theirWeights(savedFamily(model).family, model, precision), largest),
  };
}

/**
 * The family that a model is saved as. A classifier is of none of theirs: their classifiers have no bias, and would leave
 * ours out with a warning at most.
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

/** Weights by the family's names, in its layout. What is no part of the decoder keeps its name. */
export function theirWeights(
  family: Family,
  { config, specs, values }: SavedWeights,
  dtype: Precision,
): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  for (const piece of family.pieces(config)) {
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

function weightFiles(weights: Weights, largest: number): Record<string, Content> {
  const shards: [string, Weight][][] = [[]];
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
  const total_size = [...weights.values()].reduce((n, { dtype, data }) => n + bytesOf(dtype, data.length), 0);
  files["model.safetensors.index.json"] =
    JSON.stringify({ metadata: { total_size }, weight_map: map }, null, 1) + "\n";
  return files;
}

/**
 * Reads a folder of one of the families.
 * @throws {UserError} if a file is missing, broken, or of another architecture
 */
export async function readHuggingFace(folder: string): Promise<LoadedModel> {
  const path = join(folder, "config.json");
  const json = await readJson(path, REMEDY);
  const family = familyNamed(json.model_type, path);
  const { file, weights } = await readWeights(folder);
  const find = (name: string) => {
    const names = [name, ...family.aliases?.(name) ?? []];
    return names.map((name) => weights.get(name)).find((weight) => weight !== undefined);
  };
  const told = family.keysFrom?.((name) => find(name)?.shape) ?? {};
  for (const [key, value] of Object.entries(told)) json[key] ??= value;
  const parsed = parseConfig(json, family, path);
  // Any config may name labels; only a classifier's folder has the weights that score them, and no other head.
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
  // Before anyone makes room for what the config promises: whether the weights are there, and of that size.
  const pieces = new Map<string, { piece: Piece; data: Float32Array }[]>();
  const one = new Map(
    parameterSpecs({ ...config, layers: 1 }).map(({ name, shape }) => [name, shape]),
  );
  for (const piece of family.pieces(config)) {
    const shape = one.get(piece.ours.replace(/^blocks\.\d+\./, "blocks.0."))!;
    const data = expect(piece.theirs, theirShape(piece, shape));
    const known = pieces.get(piece.ours);
    if (known) known.push({ piece, data });
    else pieces.set(piece.ours, [{ piece, data }]);
  }
  return {
    config,
    head,
    values: (spec) => {
      const parts = pieces.get(spec.name);
      if (parts) return gather(spec, parts);
      // Scores of theirs have no bias.
      if (spec.name === "score.bias" && family !== own && !find(spec.name)) {
        return new Float32Array(spec.shape[0]);
      }
      return expect(spec.name, spec.shape);
    },
  };
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

/** @throws {UserError} if no family is called so */
function familyNamed(name: unknown, path: string): Family {
  const family = families.find(({ modelType }) => modelType === name);
  if (family) return family;
  const known = families.map(({ modelType }) => modelType).join(", ");
  throw new UserError(
    `${path}: model_type: ${JSON.stringify(name) ?? "missing"} is none of ${known}, which are read`,
  );
}

/**
 * @param path of the config.json, for messages
 * @throws {UserError} if a key is missing, or would change the numbers
 */
function parseConfig(json: Record<string, unknown>, family: Family, path: string) {
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

/** The tensors of a folder, from one file or from those that its index names. */
export async function readWeights(folder: string): Promise<{ file: string; weights: Weights }> {
  const file = join(folder, "model.safetensors"), index = `${file}.index.json`;
  if (await exists(file) || !await exists(index)) {
    return { file, weights: (await readSafetensors(file)).tensors };
  }
  const parsed = Index.safeParse(await readJson(index, "restore the folder"));
  if (!parsed.success) throw new UserError(`${index} has no weight_map of names; restore the folder`);
  const map = parsed.data.weight_map;
  const weights = new Map<string, Weight>();
  for (const name of new Set(Object.values(map))) {
    if (name !== basename(name)) throw new UserError(`${index}: ${name} is not in this folder`);
    for (const [tensor, weight] of (await readSafetensors(join(folder, name))).tensors) {
      if (map[tensor] === name) weights.set(tensor, weight);
    }
  }
  return { file: index, weights };
}

/**
 * Reads a folder's config.json alone.
 * @throws {UserError} if there is none that can be read, or it is of another architecture
 */
export async function readConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, "config.json");
  const json = await readFolder(folder, (place) => readJson(join(place, "config.json"), REMEDY));
  return parseConfig(json, familyNamed(json.model_type, path), path).config;
}
