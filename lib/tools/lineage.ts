/**
 * The chain from a checkpoint back to the raw text, by the manifests that stages leave.
 *
 *   deno task lineage models/mini/pretrain
 */
import { dirname } from "@std/path";
import { pipeline } from "../../stages/pipeline.ts";
import { prepareCorpus } from "../../stages/prepare-corpus.ts";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { count, duration } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import type { CorpusOptions } from "../data/corpus/options.ts";
import type { PresetWith } from "../run/config.ts";
import { runProgram } from "../run/flags.ts";
import { type Manifest, readManifest } from "../run/manifest.ts";

const HELP = `Usage: deno task lineage FOLDER

Prints from what a folder was made, back to the raw text: deno task lineage models/mini/pretrain
What is not there any more is named with the command that makes it again.

  -h, --help   this text`;

/** The manifest of a folder or of the nearest one above it. */
async function nearest(path: string): Promise<[folder: string, manifest: Manifest]> {
  for (let folder = path.replace(/\/+$/, ""); folder !== "." && folder !== "/"; folder = dirname(folder)) {
    const manifest = await readManifest(folder);
    if (manifest) return [folder, manifest];
  }
  throw new UserError(`${path}: no manifest.json there or above; give a folder that a stage has made`);
}

type Preset = PresetWith<{ "prepare-corpus": typeof CorpusOptions }>;

/** What is missing where a path was: a stage's folder, with the command that makes it again, or the file. */
async function missing(path: string, preset: Preset): Promise<string> {
  const stage = pipeline.stages.find((stage) => path.startsWith(`${stage.out(preset)}/`));
  if (!stage) return `${path}  missing`;
  const { name, "prepare-corpus": { sources } } = preset;
  const config = `configs/${name}.yaml`;
  const command = `deno task ${stage.name} ` +
    (await exists(config) ? `--config ${config}` : `with the preset ${name}`);
  const from = sources.map((source) =>
    typeof source === "string" ? source : source.path ?? source.url ?? source.huggingface
  );
  return `${stage.out(preset)}  not here; made again by ${command}` +
    (stage === prepareCorpus ? `, from ${from.join(", ")}` : "");
}

async function print(folder: string, manifest: Manifest, depth: number, seen: Set<string>): Promise<void> {
  const indent = "  ".repeat(depth);
  const { stage, seconds, device, seed, made } = manifest;
  const where = device ? ` on ${device}` : "";
  console.log(`${indent}${folder}`);
  console.log(`${indent}  by ${stage}, ${made}, ${duration(seconds)}${where}, seed ${seed}`);
  if (seen.has(folder)) return console.log(`${indent}  (see above)`);
  seen.add(folder);
  const folders = new Set<string>(), lost = new Set<string>();
  for (const [path, hash] of Object.entries(manifest.inputs)) {
    const source = await nearest(dirname(path)).catch(() => null);
    const size = await Deno.stat(path).then((info) => `${count(info.size)} bytes`, () => null);
    if (source) folders.add(source[0]);
    else if (size) console.log(`${indent}  ${path}  ${size}  sha256 ${hash.slice(0, 16)}…`);
    else lost.add(await missing(path, manifest.preset as unknown as Preset));
  }
  for (const line of lost) console.log(`${indent}  ${line}`);
  for (const [address, hash] of Object.entries(manifest.fetched ?? {})) {
    console.log(`${indent}  ${address}  sha256 ${hash.slice(0, 16)}…`);
  }
  for (const path of folders) await print(path, (await readManifest(path))!, depth + 1, seen);
}

await runProgram({ name: "lineage", help: HELP, operands: true }, async (_, operands) => {
  if (operands.length !== 1) throw new UserError("lineage: give one folder, such as models/mini/pretrain");
  const [folder, manifest] = await nearest(callerPath(operands[0]));
  await print(folder, manifest, 0, new Set());
});
