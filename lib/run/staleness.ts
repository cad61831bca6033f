/** Whether a stage's result is what it would make now, as in make, and if not, why. */
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

/** A preset, the command that asks for it, and what is known of the files. */
export interface Request {
  readonly preset: Preset;
  /** What presets may say, for those that results were made with. */
  readonly schema: PresetSchema;
  readonly invocation: Invocation;
  readonly hashes: FileHashes;
  /** Manifests of the stages that were found to be up to date, by folder; later stages need not look again. */
  readonly finished: Map<string, Manifest>;
  readonly terminal: Terminal;
  /** The processes that share the work. */
  readonly ranks: Ranks;
}

export type Staleness =
  | { readonly why: "absent" | "unfinished" }
  | ({ readonly manifest: Manifest } & Outdated);

/** Why a finished result is not what the stage would make now. */
type Outdated =
  | { readonly why: "settings"; readonly differences: Difference[] }
  | { readonly why: "input"; readonly path: string }
  | { readonly why: "output"; readonly path: string; readonly state: "is missing" | "was altered" }
  | { readonly why: "code"; readonly files: string[] | null };

export type Inputs = Readonly<Record<string, string>>;

/**
 * Why a stage must run, or null when its folder is up to date.
 * @param own whether it is asked for the stage itself: later stages do not mind older code, and need only
 *   the files that they read
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
  // Older manifests list every file of the earlier stages.
  const relevant = new Set([...before.filter((path) => !made(path)), ...handedOn(before.filter(made))]);
  // Files of earlier stages that it did not read when it was made: later stages do not mind that, as it is older code.
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
