/** The manifest beside a stage's result: from what it was made, and what it is. */
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
  /** Hashes of the modules that computed it, by path; one hash of them all in older manifests. */
  code: z.union([z.string(), z.record(z.string(), z.string())]),
  /** Hashes of the files that it was made from. */
  inputs: z.record(z.string(), z.string()),
  /** Size and time of those inputs that no stage made, so that unchanged ones need not be hashed again. */
  sources: z.record(z.string(), Stamp).optional(),
  /** What it took from the network, by address, with hashes. */
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

/** The manifest of a folder, or null if there is none that can be read. */
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

/** A folder without a manifest is unfinished. */
export async function removeManifest(folder: string): Promise<void> {
  try {
    await Deno.remove(join(folder, NAME));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throwWriteError(error, folder);
  }
}

/** Every file of a folder but its manifest and what killed writers left, by path within it. */
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
 * The files of a folder that later stages read: documents, encoded or not, vocabularies and checkpoints. Reports, curves and
 * logs do not decide what is made of them, and `last/` is not read where there is a `best/`.
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
