/** The manifest beside a stage's result: what it was made from, and what it consists of. */
import { join } from "@std/path";
import { z } from "zod";
import { throwWriteError, writeFileAtomic } from "../files.ts";
import { isLeftover } from "../folders.ts";
import type { FileHashes } from "./hashes.ts";

const Stamp = z.object({ hash: z.string(), bytes: z.number(), modified: z.number() });

const Manifest = z.object({
  stage: z.string(),
  /** The whole preset, with defaults and overrides. */
  preset: z.record(z.string(), z.unknown()),
  /** Hashes of the modules that computed the result, by path; in older manifests one hash of them all. */
  code: z.union([z.string(), z.record(z.string(), z.string())]),
  /** Hashes of the input files. */
  inputs: z.record(z.string(), z.string()),
  /** Sizes and times of inputs that no stage made: unchanged ones need not be hashed again. */
  sources: z.record(z.string(), Stamp).optional(),
  /** Hashes of what was downloaded, by address. */
  fetched: z.record(z.string(), z.string()).optional(),
  outputs: z.record(z.string(), Stamp),
  metrics: z.record(z.string(), z.unknown()),
  device: z.string().nullable(),
  seed: z.number(),
  seconds: z.number(),
  made: z.string(),
  versions: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof Manifest>;

const NAME = "manifest.json";

/** The manifest of a folder, or null if there is no readable one. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  try {
    const parsed = Manifest.safeParse(JSON.parse(await Deno.readTextFile(join(folder, NAME))));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFileAtomic(join(folder, NAME), JSON.stringify(manifest, null, 1) + "\n");
}

/** Marks a folder as unfinished, by removing its manifest. */
export async function removeManifest(folder: string): Promise<void> {
  try {
    await Deno.remove(join(folder, NAME));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throwWriteError(error, folder);
  }
}

/** All files of a folder, by path within it, without its manifest and leftovers of killed writers. */
export async function listOutputs(
  folder: string,
  hashes: FileHashes,
  prefix = "",
): Promise<Manifest["outputs"]> {
  const outputs: Manifest["outputs"] = {};
  for await (const entry of Deno.readDir(join(folder, prefix))) {
    const name = join(prefix, entry.name);
    if (isLeftover(name)) continue;
    if (entry.isDirectory) Object.assign(outputs, await listOutputs(folder, hashes, name));
    else if (name !== NAME) outputs[name] = await hashes.stamp(join(folder, name));
  }
  return outputs;
}

/**
 * The files of a folder that later stages read: documents, encoded or not, vocabularies and checkpoints. Later stages
 * do not depend on reports, curves and logs, and they do not read `last/` if there is a `best/`.
 */
export function handedOn(files: readonly string[]): string[] {
  return files.filter((file) => {
    const best = file.replace(/(^|\/)last\//, "$1best/");
    return READ_LATER.test(file) && !/(^|\/)snapshots\//.test(file) &&
      (best === file || !files.includes(best));
  });
}

const READ_LATER =
  /(^|\/)((train|validation)\.(jsonl|safetensors)|(tokenizer|config)\.json|model\.safetensors)$/;
