/** Reuses corpora and vocabularies that a preset with another name has already made. */
import { dirname, join } from "@std/path";
import { throwWriteError } from "../files.ts";
import type { Preset } from "./config.ts";
import { type Manifest, readManifest, writeManifest } from "./manifest.ts";
import { lockFolder } from "../lock.ts";
import type { Stage } from "./stage.ts";
import { type Inputs, type Request, staleness } from "./staleness.ts";

/**
 * Looks for the same result under another name. If there is one, links it into this preset's folder, by hard links.
 * @returns whether there was one; the log says where
 */
export async function shareResult(stage: Stage, request: Request, inputs: Inputs): Promise<boolean> {
  if (!stage.shared) return false;
  const { preset } = request;
  const out = stage.out(preset);
  for (const name of await otherNames(dirname(dirname(out)), preset)) {
    const other = { ...preset, name };
    const folder = stage.out(other);
    const renamed = renameInputs(inputs, dirname(out), dirname(folder));
    if (await staleness(stage, { ...request, preset: other }, { inputs: renamed, own: true })) continue;
    await linkResult(stage, other, preset);
    request.terminal.log(`${stage.name}: ${out} is the same as ${folder}, and shares its files`);
    return true;
  }
  return false;
}

/** Links a stage's result from one name's folder into another's, by hard links, whether or not it is up to date. */
export async function linkResult(
  stage: Stage,
  from: Pick<Preset, "name">,
  to: Pick<Preset, "name">,
): Promise<void> {
  const [folder, out] = [stage.out(from), stage.out(to)];
  const manifest = (await readManifest(folder))!;
  await using _lock = await lockFolder(out, stage.name);
  await link(folder, out, {
    ...manifest,
    preset: { ...manifest.preset, name: to.name },
    inputs: renameInputs(manifest.inputs, dirname(folder), dirname(out)),
  });
}

async function otherNames(folder: string, { name: own }: Preset): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory && name !== own) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** Inputs with the paths of earlier stages moved from one preset's folder to another's. */
const renameInputs = (inputs: Inputs, from: string, to: string): Inputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([path, hash]) => [
      path.startsWith(`${from}/`) ? to + path.slice(from.length) : path,
      hash,
    ]),
  );

/** Makes a folder of links to another's outputs. Files are never modified in place, so neither can change the other. */
async function link(from: string, to: string, manifest: Manifest): Promise<void> {
  const partial = `${to}.partial`;
  try {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
    const outputs = { ...manifest.outputs };
    for (const file of Object.keys(outputs)) {
      const path = join(partial, file);
      await Deno.mkdir(dirname(path), { recursive: true });
      // Some file systems have no hard links.
      await Deno.link(join(from, file), path).catch(() => Deno.copyFile(join(from, file), path));
      const { mtime } = await Deno.stat(path);
      outputs[file] = { ...outputs[file], modified: mtime?.getTime() ?? 0 };
    }
    await writeManifest(partial, { ...manifest, outputs });
    await Deno.rename(partial, to);
  } catch (error) {
    throwWriteError(error, to);
  }
}
