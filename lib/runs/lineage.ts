/**
 * Traces what a folder was made from, back to the raw text: through the manifests that stages leave, and what
 * unfinished runs and averaged, quantised and merged models record about themselves.
 */
import { dirname } from "@std/path";
import { type CheckpointInfo, readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import type { CorpusOptions } from "../data/corpus/options.ts";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import type { PresetWith } from "../run/config.ts";
import { type Manifest, readManifest } from "../run/manifest.ts";
import type { Stage } from "../run/stage.ts";
import { readRunFile, type RunFile } from "../train/run_file.ts";

/** The parts of stages that are needed to tell which of them makes a folder. */
export type StageFolders = readonly Pick<Stage, "name" | "out">[];

export interface Missing {
  readonly path: string;
  readonly command: string | null;
  readonly sources: string[];
}

/** What something is, and what it was made from. */
export interface Origin {
  readonly folder: string;
  /** The stage that made it, or what else did. */
  readonly by: string;
  /** When it was finished, in ISO 8601; null if it is unfinished, or does not say. */
  readonly made: string | null;
  readonly seconds: number | null;
  readonly device: string | null;
  readonly seed: number | null;
  /** Whether it already appears elsewhere in the same chain. */
  readonly repeated: boolean;
  /** Facts that `deno task teach` taught it. */
  readonly taught: { instruction: string; response: string }[];
  /** For an average, a quantised or a merged model: its sources, one line each. */
  readonly parts: string[];
  /** Files that no stage made; `bytes` is null for an address. */
  readonly files: { path: string; bytes: number | null; sha256: string }[];
  /** What no longer exists: files; and folders, with the command that makes them again and what it makes them from. */
  readonly missing: Missing[];
  readonly from: Origin[];
}

/** How a checkpoint was made from others: by averaging, merging or quantising. */
interface Derived {
  readonly by: string;
  readonly sources: readonly {
    readonly folder: string;
    /** Hashes of its weights, by file. */
    readonly files: Readonly<Record<string, string>>;
    /** Its part in the result, as a line of text. */
    readonly line: string;
  }[];
}

function derivedFrom({ average, quantised, merged }: CheckpointInfo): Derived | null {
  if (merged) {
    const { folder, files } = merged;
    return { by: "merge", sources: [{ folder, files, line: `of the adapter ${folder} and its base` }] };
  }
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

/** What a stage has made or is making, or a checkpoint made from others. */
type Made =
  & { readonly folder: string }
  & ({ readonly manifest: Manifest } | { readonly unfinished: RunFile } | { readonly derived: Derived });

/** What is known about a folder, or else about the nearest folder above it. */
async function nearest(path: string): Promise<Made> {
  for (let folder = path.replace(/\/+$/, ""); folder !== "." && folder !== "/"; folder = dirname(folder)) {
    const info = await readCheckpointInfo(folder).catch(() => null);
    const derived = info && derivedFrom(info);
    if (derived) return { folder, derived };
    const manifest = await readManifest(folder);
    if (manifest) return { folder, manifest };
    // A folder inside a stage's folder has no manifest of its own.
    const whole = await readManifest(dirname(folder));
    const unfinished = whole ? null : await readRunFile(folder);
    if (unfinished) return { folder, unfinished };
  }
  throw new UserError(
    `${path}: no manifest.json there or above, and no average, quantised or merged model; give a folder that a stage, ` +
      "average, quantise or merge has made",
  );
}

type Preset = PresetWith<{ "prepare-corpus": typeof CorpusOptions }>;

/** The facts that `deno task teach` taught a model. */
function taughtIn({ stage, preset }: Manifest): Origin["taught"] {
  if (stage !== "teach") return [];
  const { facts } = preset.teach as { facts: Origin["taught"] };
  return facts.map(({ instruction, response }) => ({ instruction, response }));
}

/** Longer chains are cut off, since manifests may come from anyone. */
const DEEPEST = 32;

class Chain {
  readonly #stages: StageFolders;
  readonly #seen = new Set<string>();

  constructor(stages: StageFolders) {
    this.#stages = stages;
  }

  async of(made: Made, depth = 0): Promise<Origin> {
    const { folder } = made;
    const repeated = this.#seen.has(folder) || depth > DEEPEST;
    this.#seen.add(folder);
    const nothing = { taught: [], parts: [], files: [], missing: [], from: [] };
    const unsaid = { made: null, seconds: null, device: null, seed: null };
    if ("derived" in made) {
      const { by } = made.derived;
      const rest = repeated ? nothing : { ...nothing, ...await this.#sources(made.derived, depth) };
      return { folder, by, repeated, ...unsaid, ...rest };
    }
    if ("unfinished" in made) {
      const { stage, device, inputs, preset } = made.unfinished;
      const rest = repeated ? nothing : { ...nothing, ...await this.#inputs(inputs, preset, depth) };
      return { folder, by: stage, repeated, ...unsaid, device, ...rest };
    }
    const { manifest } = made;
    const { stage: by, seconds, device, seed, inputs, preset, fetched = {} } = manifest;
    const taught = taughtIn(manifest);
    const facts = { folder, by, made: manifest.made, seconds, device, seed, repeated };
    if (repeated) return { ...facts, ...nothing, taught };
    const found = await this.#inputs(inputs, preset, depth);
    const addresses = Object.entries(fetched).map(([path, sha256]) => ({ path, bytes: null, sha256 }));
    return { ...facts, ...nothing, taught, ...found, files: [...found.files, ...addresses] };
  }

  async #sources({ sources }: Derived, depth: number): Promise<Pick<Origin, "parts" | "from">> {
    const parts: string[] = [];
    const made = new Map<string, Made>();
    for (const { folder, files, line } of sources) {
      const info = await readCheckpointInfo(folder).catch(() => null);
      const replaced = Object.entries(files).some(([name, hash]) => info?.files[name] !== hash);
      const now = !info
        ? "; not here any more"
        : replaced
        ? "; replaced since, its weights are others now"
        : "";
      parts.push(line + now);
      const source = info && await nearest(folder).catch(() => null);
      if (source) made.set(source.folder, source);
    }
    return { parts, from: await this.#each(made, depth) };
  }

  async #inputs(
    inputs: Manifest["inputs"],
    preset: Manifest["preset"],
    depth: number,
  ): Promise<Pick<Origin, "files" | "missing" | "from">> {
    const sources = new Map<string, Made>(), lost = new Map<string, Missing>();
    const files: Origin["files"] = [];
    for (const [path, sha256] of Object.entries(inputs)) {
      const source = await nearest(dirname(path)).catch(() => null);
      const info = await Deno.stat(path).catch(() => null);
      if (source) sources.set(source.folder, source);
      else if (info) files.push({ path, bytes: info.size, sha256 });
      else {
        const missing = await this.#missing(path, preset as unknown as Preset);
        lost.set(missing.path, missing);
      }
    }
    return { files, missing: [...lost.values()], from: await this.#each(sources, depth) };
  }

  async #each(sources: ReadonlyMap<string, Made>, depth: number): Promise<Origin[]> {
    const origins: Origin[] = [];
    for (const source of sources.values()) origins.push(await this.of(source, depth + 1));
    return origins;
  }

  /** Describes a path that no longer exists: a stage's folder, with the command that makes it again, or a file. */
  async #missing(path: string, preset: Preset): Promise<Missing> {
    const stage = this.#stages.find((stage) => path.startsWith(`${stage.out(preset)}/`));
    if (!stage) return { path, command: null, sources: [] };
    const { name, "prepare-corpus": { sources } } = preset;
    const config = `configs/${name}.yaml`;
    const command = `deno task ${stage.name} ` +
      (await exists(config) ? `--config ${config}` : `with the preset ${name}`);
    const from = sources.map((source) =>
      typeof source === "string" ? source : source.path ?? source.url ?? source.huggingface ?? "data/world"
    );
    return { path: stage.out(preset), command, sources: stage.name === "prepare-corpus" ? from : [] };
  }
}

/**
 * What a folder was made from, or the nearest folder above it about which anything is known.
 * @throws {UserError} if nothing is known
 */
export async function lineageOf(path: string, stages: StageFolders): Promise<Origin> {
  return await new Chain(stages).of(await nearest(path));
}
