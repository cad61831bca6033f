/** Checks, as make does, whether a stage's result is what it would make now, and if not, why. */
import { join } from "@std/path";
import { exists } from "../files.ts";
import type { Terminal } from "../progress.ts";
import type { Ranks } from "../ranks/ranks.ts";
import { changedCode, codeHashes } from "./code.ts";
import type { Invocation } from "./command.ts";
import type { Preset, PresetSchema } from "./config.ts";
import type { FileHashes } from "./hashes.ts";
import { handedOn, type Manifest, readManifest } from "./manifest.ts";
import { type Difference, explainDifferences, settingsDifferences } from "./settings.ts";
import type { Stage } from "./stage.ts";

/** A preset, the command that asks for it, and what is already known about the files. */
export interface Request {
  readonly preset: Preset;
  /** The schema of presets, to read those that results were made with. */
  readonly schema: PresetSchema;
  readonly invocation: Invocation;
  readonly hashes: FileHashes;
  /** Manifests of stages already found to be up to date, by folder, so that later stages need not check again. */
  readonly finished: Map<string, Manifest>;
  readonly terminal: Terminal;
  /** The processes that share the work. */
  readonly ranks: Ranks;
}

export type Staleness =
  | { readonly why: "absent" | "unfinished" }
  | ({ readonly manifest: Manifest } & Outdated);

/** Why a finished result differs from what the stage would make now. */
type Outdated =
  | { readonly why: "settings"; readonly differences: Difference[] }
  | { readonly why: "input"; readonly path: string }
  | { readonly why: "output"; readonly path: string; readonly state: "is missing" | "was altered" }
  | { readonly why: "code"; readonly files: string[] | null };

export type Inputs = Readonly<Record<string, string>>;

/**
 * Why a stage must run, or null when its folder is up to date.
 * @param own whether the stage itself is to run. If only a later stage reads its result, older code does not matter,
 *   and only the files that are read do
 */
export async function staleness(
  stage: Stage,
  { preset, schema, hashes }: Request,
  { inputs, own }: { readonly inputs: Inputs; readonly own: boolean },
): Promise<Staleness | null> {
  const folder = stage.out(preset);
  const manifest = await readManifest(folder);
  if (!manifest) return { why: await exists(folder) ? "unfinished" : "absent" };
  const differences = settingsDifferences(stage, manifest.preset, preset, schema);
  if (differences.length > 0) return { manifest, why: "settings", differences };
  const before = Object.keys(manifest.inputs);
  const made = (path: string) =>
    stage.after(preset).some((earlier) => path.startsWith(`${earlier.out(preset)}/`));
  // Older manifests list all files of the earlier stages, including files that are not read.
  const relevant = new Set([...before.filter((path) => !made(path)), ...handedOn(before.filter(made))]);
  // For later stages, files that this stage did not read when it ran do not matter: they are a matter of older code.
  const read = Object.keys(inputs).filter((path) => own || path in manifest.inputs || !made(path));
  for (const path of relevant.union(new Set(read))) {
    if (inputs[path] !== manifest.inputs[path]) return { manifest, why: "input", path };
  }
  const outputs = Object.keys(manifest.outputs);
  for (const file of own ? outputs : handedOn(outputs)) {
    const path = join(folder, file), stamp = manifest.outputs[file];
    hashes.know(path, stamp);
    const now = await hashes.stamp(path).catch(() => null);
    if (now?.hash === stamp.hash) continue;
    return { manifest, why: "output", path, state: now ? "was altered" : "is missing" };
  }
  if (own) {
    const files = changedCode(manifest.code, await codeHashes(stage.module, hashes));
    if (files === null || files.length > 0) return { manifest, why: "code", files };
  }
  return null;
}

/** Files named in one message. */
const NAMED = 3;

/** Why a stage must run, in a clause. */
export function explain(state: Staleness): string {
  switch (state.why) {
    case "absent":
      return "it does not exist";
    case "unfinished":
      return "it is unfinished";
    case "settings":
      return `it was made ${explainDifferences(state.differences)}`;
    case "input":
      return `it was made from another ${state.path}`;
    case "output":
      return `${state.path} ${state.state}`;
    case "code": {
      const files = state.files ?? [];
      const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : "";
      return `its code has changed${files.length > 0 ? `: ${files.slice(0, NAMED).join(", ")}${more}` : ""}`;
    }
  }
}
