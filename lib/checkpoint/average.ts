/**
 * Averages of checkpoints: "model soups" of several trainings (Wortsman et al., arXiv:2203.05482), or averages over one
 * training (Izmailov et al., arXiv:1803.05407). Weights are read and written block by block, so that memory use
 * depends neither on the number of checkpoints nor on the size of a tensor.
 */
import { join } from "@std/path";
import { requireDisk } from "../disk_space.ts";
import { UserError } from "../errors.ts";
import { hashContent, hashFile, writeNewFile } from "../files.ts";
import { readFolder, replaceFolder } from "../folders.ts";
import type { ModelConfig } from "../model/config.ts";
import { readTokenizer } from "../text/tokenizer.ts";
import {
  architectureDifferences,
  checkFiles,
  type CheckpointInfo,
  lacksInfo,
  readCheckpointInfo,
  refuseAdapter,
  refuseQuantised,
} from "./checkpoint.ts";
import { isGguf } from "./gguf/path.ts";
import { readConfig } from "./huggingface.ts";
import {
  bytesOf,
  encodeNumbers,
  encodeStart,
  type Precision,
  SafetensorsReader,
  type StoredTensor,
} from "./safetensors.ts";

/** Numbers of a tensor that are read at a time. */
const BLOCK = 1 << 20;

/** The most checkpoints of an average, because each keeps files open. */
const MOST = 200;

/** Keys of config.json that must be the same in all checkpoints of a classifier. */
const HEAD_KEYS = ["id2label", "classifier_pooling", "classifier_norm"];

/** Whether a checkpoint's file holds weights, by its name. */
export const isWeights = (name: string) => /^(adapter_)?model.*\.safetensors$|\.gguf$/.test(name);

/** The properties of a checkpoint that decide whether it can be averaged with another. */
interface Traits {
  readonly info: CheckpointInfo;
  readonly config: ModelConfig;
  /** The keys of its head if it is a classifier. */
  readonly head: Readonly<Record<string, unknown>>;
  /** The hash of its vocabulary. */
  readonly vocabulary: string;
}

/** A checkpoint to average. Its weight files stay open, so that replacing the checkpoint meanwhile does no harm. */
class Source implements Disposable {
  /** Its tensors, and the file that each is in, by name. */
  readonly tensors: ReadonlyMap<string, StoredTensor & { readonly file: SafetensorsReader }>;

  private constructor(
    readonly folder: string,
    readonly traits: Traits,
    /** By name. */
    readonly files: ReadonlyMap<string, SafetensorsReader>,
    /** The texts of all other files but the optimizer's state, by name. */
    readonly others: Map<string, string>,
  ) {
    this.tensors = new Map(
      [...files.values()].flatMap((file) =>
        [...file.tensors].map(([name, tensor]) => [name, { ...tensor, file }])
      ),
    );
  }

  /** @throws {UserError} if it is missing or damaged */
  static async open(folder: string): Promise<Source> {
    let opened: Source | null = null;
    return await readFolder(folder, async (place) => {
      opened?.[Symbol.dispose]();
      return opened = await Source.#openAt(folder, place);
    });
  }

  static async #openAt(folder: string, place: string): Promise<Source> {
    if (isGguf(place)) {
      throw new UserError(
        `${folder} is a GGUF file, which average does not read; give the checkpoint it was made from`,
      );
    }
    const info = await readCheckpointInfo(place);
    if (!info) throw await lacksInfo(folder, place);
    refuseQuantised(info, folder, "averaged");
    refuseAdapter(info, folder, "averaged");
    await checkFiles(info, place);
    const names = Object.keys(info.files).filter((name) => name !== "optimizer.safetensors");
    const others = new Map<string, string>(), files = new Map<string, SafetensorsReader>();
    for (const name of names.filter((name) => !isWeights(name))) {
      others.set(name, await Deno.readTextFile(join(place, name)));
    }
    const json = JSON.parse(others.get("config.json") ?? "{}");
    const tokenizer = await readTokenizer(join(place, "tokenizer.json"));
    const traits = {
      info,
      config: await readConfig(place),
      head: Object.fromEntries(HEAD_KEYS.map((key) => [key, json[key]])),
      vocabulary: hashContent(JSON.stringify(tokenizer.toJson())),
    };
    for (const name of names.filter(isWeights)) {
      files.set(name, await SafetensorsReader.open(join(place, name)));
    }
    return new Source(folder, traits, files, others);
  }

  [Symbol.dispose](): void {
    for (const file of this.files.values()) file[Symbol.dispose]();
  }
}

/** @throws {UserError} if an average of the two checkpoints would make no sense */
function checkAlike(first: Source, other: Source): void {
  const why = differenceOf(first.traits, other.traits) ?? tensorDifference(first, other);
  if (why === null) return;
  throw new UserError(`${first.folder} and ${other.folder} cannot be averaged: ${why}; leave one out`);
}

function differenceOf(a: Traits, b: Traits): string | null {
  const differences = architectureDifferences(a.config, b.config);
  if (differences.length > 0) return `they differ in ${differences.join(", ")}`;
  if (a.info.format !== b.info.format) return `they differ in format, ${a.info.format} → ${b.info.format}`;
  if (a.vocabulary !== b.vocabulary) return "their vocabularies differ";
  const key = HEAD_KEYS.find((key) => JSON.stringify(a.head[key]) !== JSON.stringify(b.head[key]));
  if (key) return `their classifiers differ in ${key}`;
  if (JSON.stringify(a.info.origin) === JSON.stringify(b.info.origin)) return null;
  return "their texts were split otherwise, so that one may have learned what the other is tested on";
}

function tensorDifference(a: Source, b: Source): string | null {
  for (const name of new Set([...a.tensors.keys(), ...b.tensors.keys()])) {
    const [one, other] = [a, b].map(({ tensors }) => tensors.get(name)?.shape);
    if (!one || !other) return `only one of them has ${name}`;
    if (one.join() !== other.join()) return `${name} is [${one}] and [${other}]`;
  }
  return null;
}

export interface Average {
  readonly info: CheckpointInfo;
  /** The precision of its weights: that of the checkpoints if all have the same, otherwise float32. */
  readonly precision: Precision;
}

/**
 * Writes the average of checkpoints as a new checkpoint.
 * @param folders at least two checkpoints
 * @param shares one for each, positive, with a sum of 1
 * @throws {UserError} if they differ in kind, or one is missing or damaged; nothing is written then
 */
export async function averageCheckpoints(
  folders: readonly string[],
  shares: readonly number[],
  out: string,
): Promise<Average> {
  if (folders.length > MOST) {
    throw new UserError(`${folders.length} checkpoints are more than the ${MOST} that are averaged at once`);
  }
  using opened = new DisposableStack();
  const sources: Source[] = [];
  for (const folder of folders) {
    const source = opened.use(await Source.open(folder));
    if (sources.length > 0) checkAlike(sources[0], source);
    // The average takes its other files from the first checkpoint.
    if (sources.length > 0) source.others.clear();
    sources.push(source);
  }
  const [first] = sources;
  const kinds = new Set(sources.flatMap(({ tensors }) => [...tensors.values()].map(({ dtype }) => dtype)));
  const precision = kinds.size === 1 ? [...kinds][0] : "float32";
  const plan = { sources, shares, precision };
  const info = await replaceFolder(out, async (partial) => {
    const numbers = [...first.tensors.values()].reduce((n, { size }) => n + size, 0);
    const bytes = bytesOf(precision, numbers);
    await requireDisk(partial, bytes, "free some, or choose a folder on another disk");
    const hashes: Record<string, string> = {};
    const write = async (name: string, content: Parameters<typeof writeNewFile>[1]) => {
      await writeNewFile(join(partial, name), content);
      hashes[name] = await hashFile(join(partial, name));
    };
    for (const [name, text] of first.others) await write(name, adapted(name, text, { precision, bytes }));
    for (const name of first.files.keys()) await write(name, averagedFile(name, plan));
    const info = describe(sources, shares, hashes);
    await writeNewFile(join(partial, "checkpoint.json"), JSON.stringify(info, null, 1) + "\n");
    return info;
  });
  return { info, precision };
}

/** A file without weights of the first checkpoint, changed where the average differs. */
function adapted(
  name: string,
  text: string,
  { precision, bytes }: { precision: Precision; bytes: number },
): string {
  const json = (values: Record<string, unknown>) =>
    JSON.stringify({ ...JSON.parse(text), ...values }, null, 1) + "\n";
  if (name === "config.json") return json({ torch_dtype: precision });
  if (name === "model.safetensors.index.json") return json({ metadata: { total_size: bytes } });
  return text;
}

/** A file of averaged weights, with the same tensors as the first checkpoint's file of that name. */
async function* averagedFile(
  name: string,
  { sources, shares, precision }: {
    readonly sources: readonly Source[];
    readonly shares: readonly number[];
    readonly precision: Precision;
  },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { tensors } = sources[0].files.get(name)!;
  yield* encodeStart(
    [...tensors].map(([tensor, { shape }]) => [tensor, { dtype: precision, shape }] as const),
  );
  for (const [tensor, { size }] of tensors) {
    const files = sources.map(({ tensors }) => tensors.get(tensor)!.file);
    for (let at = 0; at < size; at += BLOCK) {
      const sum = new Float64Array(Math.min(BLOCK, size - at));
      for (const [i, file] of files.entries()) {
        const values = await file.read(tensor, at, sum.length), share = shares[i];
        for (let j = 0; j < sum.length; j++) sum[j] += share * values[j];
      }
      yield encodeNumbers(Float32Array.from(sum), precision);
    }
  }
}

/** The average's checkpoint.json. */
function describe(
  sources: readonly Source[],
  shares: readonly number[],
  files: Record<string, string>,
): CheckpointInfo {
  const [{ traits: { info: { format, seed, parameters, origin } } }] = sources;
  const average = sources.map(({ folder, traits: { info } }, i) => ({
    folder,
    share: shares[i],
    step: info.step,
    files: Object.fromEntries(Object.entries(info.files).filter(([name]) => isWeights(name))),
  }));
  const step = Math.max(...sources.map(({ traits }) => traits.info.step));
  const of = {
    stage: "average",
    format,
    step,
    seed,
    finished: true,
    validation: null,
    best: null,
    parameters,
  };
  return { ...of, ...origin && { origin }, average, files };
}
