/**
 * The chain from a checkpoint back to the raw text, by the manifests that stages leave, and by what averages and
 * quantised models say of themselves.
 *
 *   deno task lineage models/mini/pretrain
 */
import { dirname } from "@std/path";
import { pipeline } from "../../stages/pipeline.ts";
import { prepareCorpus } from "../../stages/prepare-corpus.ts";
import { UserError } from "../errors.ts";
import { type CheckpointInfo, readCheckpointInfo } from "../checkpoint/checkpoint.ts";
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

/** How a checkpoint was made of others: by an average, or by quantising one. */
interface Derived {
  readonly by: string;
  readonly sources: readonly {
    readonly folder: string;
    /** Hashes of its weights. */
    readonly files: Readonly<Record<string, string>>;
    /** Its part, in a line. */
    readonly line: string;
  }[];
}

function derivedFrom({ average, quantised }: CheckpointInfo): Derived | null {
  if (quantised) {
    const { folder, files, to } = quantised;
    return { by: `quantise, to ${to}`, sources: [{ folder, files, line: `from ${folder}` }] };
  }
  if (!average) return null;
  const sources = average.map(({ folder, share, step, files }) => {
    return { folder, files, line: `${(100 * share).toFixed(1)} % of ${folder}, at step ${step}` };
  });
  return { by: `average, of ${average.length} checkpoints`, sources };
}

/** What a stage made, or what was made of checkpoints. */
type Made = { readonly folder: string } & ({ readonly manifest: Manifest } | { readonly derived: Derived });

/** What a folder is, or the nearest one above it. */
async function nearest(path: string): Promise<Made> {
  for (let folder = path.replace(/\/+$/, ""); folder !== "." && folder !== "/"; folder = dirname(folder)) {
    const info = await readCheckpointInfo(folder).catch(() => null);
    const derived = info && derivedFrom(info);
    if (derived) return { folder, derived };
    const manifest = await readManifest(folder);
    if (manifest) return { folder, manifest };
  }
  throw new UserError(
    `${path}: no manifest.json there or above, and no average or quantised model; give a folder that a stage, ` +
      "average or quantise has made",
  );
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

/** The facts that `deno task teach` taught a model. */
function taughtIn({ stage, preset }: Manifest): readonly { instruction: string; response: string }[] {
  return stage === "teach"
    ? (preset.teach as { facts: { instruction: string; response: string }[] }).facts
    : [];
}

async function print(made: Made, depth: number, seen: Set<string>): Promise<void> {
  if ("derived" in made) await printDerived(made, depth, seen);
  else await printStage(made, depth, seen);
}

async function printDerived(
  { folder, derived: { by, sources } }: { folder: string; derived: Derived },
  depth: number,
  seen: Set<string>,
): Promise<void> {
  const indent = "  ".repeat(depth);
  console.log(`${indent}${folder}`);
  console.log(`${indent}  by ${by}`);
  if (seen.has(folder)) return console.log(`${indent}  (see above)`);
  seen.add(folder);
  const made = new Map<string, Made>();
  for (const { folder, files, line } of sources) {
    const info = await readCheckpointInfo(folder).catch(() => null);
    const replaced = Object.entries(files).some(([name, hash]) => info?.files[name] !== hash);
    const now = !info
      ? "; not here any more"
      : replaced
      ? "; replaced since, its weights are others now"
      : "";
    console.log(`${indent}  ${line}${now}`);
    const source = info && await nearest(folder).catch(() => null);
    if (source) made.set(source.folder, source);
  }
  for (const source of made.values()) await print(source, depth + 1, seen);
}

async function printStage(
  { folder, manifest }: { folder: string; manifest: Manifest },
  depth: number,
  seen: Set<string>,
): Promise<void> {
  const indent = "  ".repeat(depth);
  const { stage, seconds, device, seed, made } = manifest;
  const where = device ? ` on ${device}` : "";
  console.log(`${indent}${folder}`);
  console.log(`${indent}  by ${stage}, ${made}, ${duration(seconds)}${where}, seed ${seed}`);
  for (const { instruction, response } of taughtIn(manifest)) {
    console.log(
      `${indent}  taught: ${instruction.replaceAll("\n", " ")} → ${response.replaceAll("\n", " ")}`,
    );
  }
  if (seen.has(folder)) return console.log(`${indent}  (see above)`);
  seen.add(folder);
  const sources = new Map<string, Made>(), lost = new Set<string>();
  for (const [path, hash] of Object.entries(manifest.inputs)) {
    const source = await nearest(dirname(path)).catch(() => null);
    const size = await Deno.stat(path).then((info) => `${count(info.size)} bytes`, () => null);
    if (source) sources.set(source.folder, source);
    else if (size) console.log(`${indent}  ${path}  ${size}  sha256 ${hash.slice(0, 16)}…`);
    else lost.add(await missing(path, manifest.preset as unknown as Preset));
  }
  for (const line of lost) console.log(`${indent}  ${line}`);
  for (const [address, hash] of Object.entries(manifest.fetched ?? {})) {
    console.log(`${indent}  ${address}  sha256 ${hash.slice(0, 16)}…`);
  }
  for (const source of sources.values()) await print(source, depth + 1, seen);
}

await runProgram({ name: "lineage", help: HELP, operands: true }, async (_, operands) => {
  if (operands.length !== 1) throw new UserError("lineage: give one folder, such as models/mini/pretrain");
  await print(await nearest(callerPath(operands[0])), 0, new Set());
});
