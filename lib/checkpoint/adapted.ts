/** Models that consist of a base and an adapter, with the adapter kept apart or merged into the base. */
import { basename, join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { exists, hashFile } from "../files.ts";
import { locateFolder, readFolder } from "../folders.ts";
import {
  type AdapterOptions,
  adapterShape,
  adapterSpecs,
  type AdapterWeights,
  matrixNames,
} from "../model/adapter.ts";
import { initialValues, parameterSpecs } from "../model/decoder.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { isGguf } from "./gguf/path.ts";
import { type LoadedModel, readHuggingFace } from "./huggingface.ts";
import { CONFIG_FILE, readPeft } from "./peft.ts";
import { withRows } from "./rows.ts";

/** The `adapter` entry of an adapter's checkpoint.json. */
export const AdapterInfo = z.object({
  base: z.object({
    /** A checkpoint's folder, or a GGUF file. */
    folder: z.string(),
    /** Hashes of the files that the base's weights depend on. */
    files: z.record(z.string(), z.string()),
  }),
  /** A classifier's head, whose weights are saved with the adapter; null for a language model. */
  head: z.object({
    labels: z.array(z.string()).readonly(),
    pooling: z.enum(["last", "mean"]),
    norm: z.boolean(),
    dropout: z.number(),
  }).nullable(),
});
export type AdapterInfo = z.infer<typeof AdapterInfo>;
export type AdapterBase = AdapterInfo["base"];

/** How a model with an adapter is saved: the adapter, and where its base is. */
export interface SavedAdapter {
  readonly options: AdapterOptions;
  readonly base: AdapterBase;
}

/** Whether a base's weights depend on the file of this name in its folder. */
export const isOfBase = (name: string) => /^(config\.json|model.*\.safetensors(\.index\.json)?)$/.test(name);

async function hashes(
  folder: string,
  place: string,
  wanted: (name: string) => boolean,
): Promise<Record<string, string>> {
  if (isGguf(folder)) return { [basename(folder)]: await hashFile(folder) };
  const names = (await Array.fromAsync(Deno.readDir(place))).map(({ name }) => name).filter(wanted).sort();
  const pairs = names.map(async (name) => [name, await hashFile(join(place, name))] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

/**
 * A checkpoint as the base of an adapter.
 * @throws {UserError} if it is an adapter itself
 */
export function baseOf(folder: string): Promise<AdapterBase> {
  return readFolder(folder, async (place) => {
    if (!isGguf(folder) && await exists(join(place, CONFIG_FILE))) {
      throw new UserError(
        `${folder} is an adapter, and another one cannot be put on it; merge it first: deno task merge --model ${folder}`,
      );
    }
    return { folder, files: await hashes(folder, place, isOfBase) };
  });
}

/** @throws {UserError} if the adapter's base does not exist */
export async function requireBase(adapter: string, { folder }: AdapterBase): Promise<void> {
  if (await (isGguf(folder) ? exists(folder) : locateFolder(folder))) return;
  throw new UserError(`${adapter} is an adapter for ${folder}, which is not there; restore that`);
}

/**
 * Reads the base of an adapter.
 * @param adapter the adapter's folder, for messages
 * @throws {UserError} if the base is missing, damaged, or not the one that the adapter was trained on
 */
export async function readBase(
  adapter: string,
  base: AdapterBase,
  tokenizer: Tokenizer,
): Promise<LoadedModel> {
  await requireBase(adapter, base);
  const { folder, files } = base;
  return await readFolder(folder, async (place) => {
    const there = await hashes(folder, place, (name) => name in files);
    const changed = Object.keys(files).find((name) => there[name] !== files[name]);
    if (changed) {
      throw new UserError(
        `${adapter} is an adapter for another base: ${
          join(folder, changed)
        } is not the one that it was trained on; ` +
          "restore that, or train the adapter again",
      );
    }
    const model = isGguf(folder)
      ? await (await import("./gguf/model.ts")).readGguf(folder)
      : await readHuggingFace(place);
    return withRows(model, tokenizer, folder);
  });
}

/**
 * Reads an adapter and its base.
 * @param folder the adapter's folder, for messages; its files are at `place`
 */
export async function readAdapted(
  folder: string,
  place: string,
  { base, head }: AdapterInfo,
  tokenizer: Tokenizer,
): Promise<LoadedModel> {
  const model = await readBase(folder, base, tokenizer);
  return adapted(model, await readPeft(place, model.config, base.folder), head);
}

/** A base with an adapter. `values` are those of both merged. */
export function adapted(
  base: LoadedModel,
  adapter: AdapterWeights,
  head: LoadedModel["head"] = base.head,
): LoadedModel {
  const ranks = adapter.shape.ranks;
  const layerOf = (name: string) => name.replace(/\.weight$/, "");
  return {
    config: head ? { ...base.config, tied: true } : base.config,
    head,
    values: (spec) =>
      ranks.has(layerOf(spec.name))
        ? mergedValues(spec, base.values(spec), adapter)
        : adapter.values.get(spec.name) ?? base.values(spec),
    quantised: new Map([...base.quantised ?? []].filter(([name]) => !ranks.has(layerOf(name)))),
    unmerged: { base, adapter },
  };
}

/** W + scale·Aᵀ·B, (in, out). */
function mergedValues(
  { name, shape: [inputs, outputs] }: ParameterSpec,
  weight: Float32Array,
  { shape: { ranks, scale }, values }: AdapterWeights,
): Float32Array {
  const layer = name.replace(/\.weight$/, ""), rank = ranks.get(layer)!;
  const [a, b] = matrixNames(layer).map((name) => values.get(name)!);
  const merged = new Float32Array(weight.length), row = new Float64Array(outputs);
  for (let i = 0; i < inputs; i++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * a[r * inputs + i];
      for (let j = 0; j < outputs; j++) row[j] += factor * b[r * outputs + j];
    }
    for (let j = 0; j < outputs; j++) merged[i * outputs + j] = weight[i * outputs + j] + row[j];
  }
  return merged;
}

/**
 * A model with an adapter that adds nothing yet, to be trained.
 * @param key the prefix of `rank` in the user's settings, for messages
 * @throws {UserError} if the rank is above the model's width
 */
export function withAdapter(
  base: LoadedModel,
  options: AdapterOptions,
  seed: number,
  key: string,
): LoadedModel {
  const { config } = base;
  if (options.rank > config.width) {
    throw new UserError(
      `${key}rank: ${options.rank} is above the model's width, which is ${config.width}; lower it`,
    );
  }
  const shape = adapterShape(config, options);
  const specs = adapterSpecs(parameterSpecs(config), shape);
  const values = new Map(specs.map((spec) => [spec.name, initialValues(spec, seed)]));
  return adapted(base, { options, shape, values });
}

/** The values of a model without merging: the base's, and the adapter's by its own names. */
export function valuesApart({ values, unmerged }: LoadedModel): LoadedModel["values"] {
  return unmerged ? (spec) => unmerged.adapter.values.get(spec.name) ?? unmerged.base.values(spec) : values;
}
