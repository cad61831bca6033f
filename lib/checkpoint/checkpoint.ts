/**
 * Checkpoints: folders, always replaced as a whole, that Hugging Face's libraries can read if the family is theirs.
 *
 *   config.json            the architecture, in Hugging Face's terms
 *   model.safetensors      the weights
 *   tokenizer.json         the vocabulary the model was trained with, with tokenizer_config.json (whose chat
 *                          template writes conversations), special_tokens_map.json and generation_config.json
 *   checkpoint.json        step, seed, metrics, and the hashes of the files beside it
 *   optimizer.safetensors  the optimizer's state and scaling; only if training can continue
 *
 * A model trained with an adapter has PEFT's adapter_config.json and adapter_model.safetensors instead of the first
 * two files; its base is elsewhere.
 */
import { basename, join } from "node:path";
import { z } from "zod";
import { SplitOrigin } from "../data/split_origin.ts";
import { UserError } from "../errors.ts";
import { type Content, exists, hashContent, hashFile, throwReadError } from "../files.ts";
import { readFolder, writeFolderAtomic } from "../folders.ts";
import type { HeadConfig } from "../model/classifier.ts";
import type { ModelConfig } from "../model/config.ts";
import { AdapterInfo, readAdapted, type SavedAdapter } from "./adapted.ts";
import { isGguf } from "./gguf/path.ts";
import { huggingFaceFiles, type LoadedModel, readHuggingFace } from "./huggingface.ts";
import { CONFIG_FILE, peftFiles } from "./peft.ts";
import type { Parameters } from "../model/parameters.ts";
import { encodeSafetensors, type Precision, readSafetensors, type Weights } from "./safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { tokenizerFiles } from "../text/huggingface_files.ts";
import { readTokenizer, type Tokenizer } from "../text/tokenizer.ts";

/** The run that made a checkpoint. */
const Run = z.object({
  /** Begins with the run's start time, so that ids sort by it. */
  id: z.string(),
  /** The whole preset, with defaults and overrides. */
  preset: z.record(z.string(), z.unknown()),
  /** Hashes of the files that the run read. */
  inputs: z.record(z.string(), z.string()),
  /** What the stage picked where the preset leaves the choice to it, so that a resumed run uses the same. */
  picked: z.unknown().optional(),
});
export type Run = z.infer<typeof Run>;

/** What a model does with a text: answers it, continues it, or labels it. */
const Format = z.enum(["chat", "text", "labels"]);
export type Format = z.infer<typeof Format>;

/** Formats of old checkpoints, which do not record one, by their stage. */
const formerFormats: Record<string, Format> = { "finetune-instruct": "chat", "finetune-classify": "labels" };

/** Whether weights are the trained ones or their moving average. */
const WeightsKind = z.enum(["raw", "average"]);
export type WeightsKind = z.infer<typeof WeightsKind>;

/** A checkpoint that is part of an average. */
const Averaged = z.object({
  folder: z.string(),
  share: z.number(),
  step: z.number(),
  files: z.record(z.string(), z.string()),
});

/** The checkpoint that a quantised one was made from, and what its matrices are now stored in. */
const QuantisedFrom = z.object({
  folder: z.string(),
  /** `q8` or `q4`. */
  to: z.string(),
  /** Hashes of its weights. */
  files: z.record(z.string(), z.string()),
});

/** The adapter that was merged with its base to make a model. */
const MergedFrom = z.object({
  folder: z.string(),
  /** Hashes of its weights. */
  files: z.record(z.string(), z.string()),
});

/** Facts that `deno task teach` taught a model. */
const Taught = z.object({
  /** The checkpoint that was taught. */
  model: z.string(),
  facts: z.array(z.object({
    past: z.array(z.object({ instruction: z.string(), response: z.string() })),
    instruction: z.string(),
    response: z.string(),
  })),
});

const CheckpointFile = z.object({
  stage: z.string(),
  format: Format.optional(),
  /** Number of updates made. */
  step: z.number(),
  seed: z.number(),
  finished: z.boolean(),
  validation: z.object({ loss: z.number() }).catchall(z.number()).nullable(),
  best: z.object({ step: z.number(), loss: z.number() }).catchall(z.number()).nullable(),
  parameters: z.number(),
  /** Which of the two this holds, if the run averages its weights. */
  weights: WeightsKind.optional(),
  /** The averaged checkpoints, with their shares and the hashes of their weights. */
  average: z.array(Averaged).optional(),
  /** Present if the model is quantised and therefore cannot be trained. */
  quantised: QuantisedFrom.optional(),
  /** Present if an adapter was merged into its base. */
  merged: MergedFrom.optional(),
  /** Present if this is an adapter: its base. */
  adapter: AdapterInfo.optional(),
  /** A classifier's training data. */
  origin: SplitOrigin.optional(),
  /** The facts that the model was taught, one entry for each teaching, the latest last. */
  taught: z.array(Taught).optional(),
  files: z.record(z.string(), z.string()),
  /** Missing in older checkpoints. */
  run: Run.optional(),
});
export type CheckpointInfo = z.infer<typeof CheckpointFile> & { readonly format: Format };

/** Whether checkpoint a is from a run that started after b's. */
export function isNewer(a: CheckpointInfo | null, b: CheckpointInfo | null): boolean {
  return a !== null && b !== null && (a.run?.id ?? "") > (b.run?.id ?? "");
}

/** The parts of a model to save: a language model's, or a classifier's, which has a head. */
export interface SavedModel {
  readonly config: ModelConfig;
  readonly head?: HeadConfig;
  readonly parameters: Parameters;
}

/** The optimizer's tensors, by their names in checkpoints: on the device, or already fetched from it. */
export type OptimizerState = readonly (readonly [
  name: string,
  values: Tensor | { readonly shape: readonly number[]; readonly data: Float32Array },
])[];

/**
 * Reads the weights from the device as they are at the call, then writes the folder.
 * @param how.adapter given to save only the model's adapter
 */
export async function saveCheckpoint(
  folder: string,
  model: SavedModel,
  tokenizer: Tokenizer,
  info: Omit<CheckpointInfo, "files" | "parameters">,
  { optimizer, precision, adapter }: {
    optimizer?: OptimizerState | undefined;
    precision?: Precision | undefined;
    adapter?: SavedAdapter | undefined;
  } = {},
): Promise<void> {
  const { device, weights, specs } = model.parameters;
  const state = optimizer && Promise.all(
    optimizer.map(async ([name, values]) => {
      const data = "data" in values ? values.data : await device.read(values.buffer);
      return [name, { dtype: "float32", shape: values.shape, data }] as const;
    }),
  );
  const values = model.parameters.split(await device.read(weights.buffer));
  const { config, head } = model;
  const files: Record<string, Content> = {
    ...adapter
      ? peftFiles({
        config,
        options: adapter.options,
        base: adapter.base.folder,
        tensors: specs.map(({ name, shape }) => [name, shape, values.get(name)!]),
      }, precision)
      : huggingFaceFiles({ config, head, special: tokenizer.special, specs, values }, precision),
    ...tokenizerFiles(tokenizer, { context: config.context, chat: info.format === "chat" }),
  };
  if (state) files["optimizer.safetensors"] = encodeSafetensors(await state);
  const hashes = Object.fromEntries(Object.entries(files).map(([name, f]) => [name, hashContent(f)]));
  const full: CheckpointInfo = {
    ...info,
    parameters: model.parameters.count,
    ...adapter && { adapter: { base: adapter.base, head: head ?? null } },
    files: hashes,
  };
  files["checkpoint.json"] = JSON.stringify(full, null, 1) + "\n";
  await writeFolderAtomic(folder, files);
}

export interface Checkpoint extends LoadedModel {
  readonly info: CheckpointInfo;
  readonly tokenizer: Tokenizer;
}

/**
 * A checkpoint's checkpoint.json, or null if there is none.
 * @param folder or a GGUF file
 * @throws {UserError} if it is damaged
 */
export async function readCheckpointInfo(folder: string): Promise<CheckpointInfo | null> {
  if (isGguf(folder)) return await infoOfGguf(folder);
  return await readFolder(folder, readInfo);
}

/** Loaded only for a GGUF file: most programs do not need it, and some have to start fast. */
const ggufReader = () => import("./gguf/model.ts");

/** A GGUF file does not record its training. Size and time stand for a hash, to notice when the file is replaced. */
async function infoOfGguf(path: string): Promise<CheckpointInfo> {
  const { readGgufInfo } = await ggufReader();
  const { chat, parameters } = await readGgufInfo(path);
  const { size, mtime } = await Deno.stat(path);
  return {
    ...{ stage: "gguf", format: chat ? "chat" : "text", step: 0, seed: 0, finished: true },
    ...{ validation: null, best: null, parameters },
    files: { [basename(path)]: `${size} bytes, ${mtime?.toISOString()}` },
  };
}

async function readInfo(folder: string): Promise<CheckpointInfo | null> {
  const path = join(folder, "checkpoint.json");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throwReadError(error, path, `the checkpoint is damaged: delete ${folder} and train again`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is no JSON; the checkpoint is damaged: delete ${folder} and train again`);
  }
  const parsed = CheckpointFile.safeParse(json);
  if (!parsed.success) throw new UserError(`${path} is not a checkpoint of this version; train again`);
  const { format = formerFormats[parsed.data.stage] ?? "text", ...info } = parsed.data;
  return { ...info, format };
}

/**
 * @param folder or a GGUF file
 * @throws {UserError} if it is missing, truncated or altered
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  if (isGguf(folder)) {
    const { readGguf } = await ggufReader();
    return { info: await infoOfGguf(folder), ...await readGguf(folder) };
  }
  return await readFolder(folder, async (place) => {
    const info = await readInfo(place);
    if (!info) throw await lacksInfo(folder, place);
    const read = async () => {
      const tokenizer = await readTokenizer(join(place, "tokenizer.json"));
      const { adapter } = info;
      const model = adapter
        ? await readAdapted(folder, place, adapter, tokenizer)
        : await readHuggingFace(place);
      return { info, tokenizer, ...model };
    };
    // Hashing runs on other threads meanwhile. An altered file is reported rather than the read error that it causes.
    const [checked, checkpoint] = await Promise.allSettled([checkFiles(info, place), read()]);
    if (checked.status === "rejected") throw checked.reason;
    if (checkpoint.status === "rejected") throw checkpoint.reason;
    return checkpoint.value;
  });
}

/**
 * Compares a checkpoint's files with the hashes that it records.
 * @param place the folder they are in
 * @throws {UserError} if one is missing, truncated or altered
 */
export async function checkFiles(info: CheckpointInfo, place: string): Promise<void> {
  for (const [name, hash] of Object.entries(info.files)) {
    const path = join(place, name);
    const actual = await hashFile(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    });
    if (actual === null) throw new UserError(`${path} is missing; the checkpoint is damaged, train again`);
    if (actual !== hash) {
      throw new UserError(
        `${path} is truncated or was altered since it was saved; restore it or train again`,
      );
    }
  }
}

/**
 * Refuses a quantised checkpoint, for callers that change weights.
 * @param what the operation that is impossible, such as `trained`
 * @throws {UserError}
 */
export function refuseQuantised({ quantised }: CheckpointInfo, folder: string, what: string): void {
  if (!quantised) return;
  throw new UserError(
    `${folder} is quantised to ${quantised.to}, and cannot be ${what}; give the model that it was made from, ` +
      quantised.folder,
  );
}

/**
 * Refuses an adapter, for callers that need a whole model.
 * @param what the operation that is impossible, such as `averaged`
 * @throws {UserError}
 */
export function refuseAdapter({ adapter }: CheckpointInfo, folder: string, what: string): void {
  if (!adapter) return;
  throw new UserError(
    `${folder} is an adapter, and cannot be ${what}; merge it first: deno task merge --model ${folder}`,
  );
}

/** The error for a folder without checkpoint.json. */
export async function lacksInfo(folder: string, place = folder): Promise<UserError> {
  const others = ["config.json", "model.safetensors", "tokenizer.json", CONFIG_FILE].map((name) =>
    exists(join(place, name))
  );
  return (await Promise.all(others)).includes(true)
    ? new UserError(
      `${folder} lacks checkpoint.json, so it is damaged, or not made here; train again, or restore it`,
    )
    : new UserError(`${folder} holds no checkpoint; train one with deno task pretrain`);
}

/** The optimizer's state in a checkpoint that training can continue from, by name. */
export async function readOptimizerState(folder: string): Promise<Weights> {
  const read = (place: string) => readSafetensors(join(place, "optimizer.safetensors"));
  return (await readFolder(folder, read)).tensors;
}

/** The names of the settings in which two architectures differ. */
export function architectureDifferences(a: ModelConfig, b: ModelConfig): string[] {
  const keys = Object.keys(a) as (keyof ModelConfig)[];
  const apart: (keyof ModelConfig)[] = ["dropout", "zeroInit", "inductionInit"];
  return keys.filter((key) => !apart.includes(key) && a[key] !== b[key]).map((key) =>
    `${key} ${a[key]} → ${b[key]}`
  );
}
