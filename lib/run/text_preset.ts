/** Makes presets for models that continue a user's own text; `train-on` and the studio write them into configs/. */
import { basename } from "@std/path";
import { parse, stringify } from "yaml";
import { listPath } from "../data/corpus/sources.ts";
import { describe, UserError } from "../errors.ts";
import { exists, throwReadError, writeFileAtomic } from "../files.ts";
import { count } from "../progress.ts";
import { parsePreset, withOverrides } from "./preset.ts";
import type { Pipeline } from "./stage.ts";

/** Sizes by name; `auto` picks one for the time and the text. Layers, heads and widths as in docs/pretraining.md. */
export const SIZES = {
  auto: null,
  tiny: { layers: 2, heads: 2, width: 64 },
  small: { layers: 4, heads: 4, width: 128 },
  medium: { layers: 6, heads: 6, width: 192 },
  large: { layers: 8, heads: 6, width: 384 },
} as const;
export type SizeName = keyof typeof SIZES;

/** Minutes of training by default. */
export const MINUTES = 10;

/** Shorter texts, in bytes, are refused: nothing can be learned from fewer than some twenty contexts. */
export const LEAST_TEXT = 2000;

/** Up to this many bytes of text, tokens are characters; for longer texts, byte pairs are learned. */
const CHARACTERS_UP_TO = 2_000_000;

/** The longest sequence, in tokens, and the largest share of the held-out text (a tenth of all) that it may take. */
const CONTEXT = 256, CONTEXT_SHARE = 0.02;

export interface TextTraining {
  /** Name of the preset and its folders. */
  readonly name: string;
  /** Files and folders, as in presets. */
  readonly sources: readonly string[];
  readonly size: SizeName;
  readonly minutes: number;
}

/** Makes a name for folders from a file name or a text: lower-case letters, digits, hyphens; "" if nothing is left. */
export function nameOf(text: string): string {
  return basename(text).replace(/(\.(txt|md|jsonl|parquet|gz|zst))+$/i, "").normalize("NFD")
    .replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
}

/** Bytes at the start of a file that are checked for being text. */
const START = 2 ** 16;

/**
 * The total bytes of all files in the sources.
 * @throws {UserError} if there are none, one is not text, or all together are too short to learn from
 */
export async function measureText(sources: readonly string[]): Promise<number> {
  let bytes = 0, packed = false;
  for (const path of (await Promise.all(sources.map(list))).flat()) {
    const { size } = await Deno.stat(path);
    bytes += size;
    if (/\.(gz|zst|parquet)$/.test(path)) packed = true;
    else refuseBinary(await startOf(path), path);
  }
  if (!packed) refuseShort(bytes, sources.join(", "));
  return bytes;
}

/** @throws {UserError} if the text is too short to learn from */
function refuseShort(bytes: number, what: string): void {
  if (bytes >= LEAST_TEXT) return;
  throw new UserError(
    `${what}: ${count(bytes)} bytes of text are too few to learn from; give at least ${count(LEAST_TEXT)}`,
  );
}

/** @throws {UserError} if the first bytes of a file are not text in UTF-8 */
function refuseBinary(start: Uint8Array, what: string): void {
  try {
    // The bytes may end in the middle of a character.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    if (!text.includes("\0")) return;
  } catch {
    // reported below
  }
  throw new UserError(`${what} is no plain text in UTF-8; convert it (a PDF or a document: save it as .txt)`);
}

async function list(source: string): Promise<string[]> {
  try {
    return await listPath(source);
  } catch (error) {
    // The message names a preset's key, and there is no preset yet.
    if (!(error instanceof UserError)) throw error;
    throw new UserError(describe(error).replace("prepare-corpus.sources: ", ""));
  }
}

async function startOf(path: string): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path);
    const bytes = new Uint8Array(START);
    return bytes.subarray(0, await file.read(bytes) ?? 0);
  } catch (error) {
    throwReadError(error, path, "choose another file");
  }
}

/** Sizes that are small enough to keep snapshots of the training: a few MB each. */
const WITH_SNAPSHOTS: readonly SizeName[] = ["tiny", "small", "medium"];

/** @param bytes size of the text */
function valuesOf({ name, sources, size, minutes }: TextTraining, bytes: number, snapshots: boolean): object {
  const shape = SIZES[size];
  const characters = bytes <= CHARACTERS_UP_TO;
  const context = Math.min(CONTEXT, Math.max(16, Math.floor(CONTEXT_SHARE * bytes)));
  return {
    name,
    "prepare-corpus": { sources: [...sources] },
    tokenizer: characters ? { kind: "char" } : { kind: "bpe", size: 2048 },
    model: { ...shape ? { ...shape, dropout: 0.1 } : { size: "auto" }, context },
    pretrain: {
      ...{ minutes, batch: 8, lr: 1.5e-3, sample: { temperature: 0.7 } },
      ...snapshots && { snapshots },
    },
  };
}

/** The path of the preset with this name. */
export const presetPath = (name: string) => `configs/${name}.yaml`;

/**
 * Writes the preset for a text, unless the same preset exists.
 * @param bytes size of the text
 * @param sets overrides to include, such as `pretrain.steps=200`
 * @returns whether it was written
 * @throws {UserError} if it is not a valid preset, or another one has this name and `replace` is not set
 */
export async function writeTextPreset(
  pipeline: Pipeline,
  training: TextTraining,
  { bytes, sets = [], replace = false }: {
    readonly bytes: number;
    readonly sets?: readonly string[];
    readonly replace?: boolean;
  },
): Promise<boolean> {
  const snapshots = WITH_SNAPSHOTS.includes(training.size);
  const values = withOverrides(pipeline, valuesOf(training, bytes, snapshots), sets);
  const path = presetPath(training.name);
  const text = "# yaml-language-server: $schema=./schema.json\n" +
    `# A model that continues a text. To train it, or to go on after a change or an interruption (--resume):\n` +
    `#   deno task pipeline --config ${path}\n` + stringify(values, { flowCollectionPadding: true });
  parsePreset(pipeline, text, path);
  if (!replace && await exists(path)) {
    const there = await Deno.readTextFile(path);
    // Presets of older versions keep no snapshots.
    const older = withOverrides(pipeline, valuesOf(training, bytes, false), sets);
    if (sameValues(there, text) || sameValues(there, stringify(older))) return false;
    throw new UserError(
      `${path} is there and says otherwise; run it with deno task pipeline --config ${path}, or give another ` +
        "name with --name",
    );
  }
  await writeFileAtomic(path, text);
  return true;
}

/** Whether two presets have the same values; one that is not YAML differs from any other. */
function sameValues(a: string, b: string): boolean {
  try {
    return JSON.stringify(parse(a)) === JSON.stringify(parse(b));
  } catch {
    return false;
  }
}
