/** Protects trainings: none is replaced, or resumed with other settings, unless the user asks for it. */
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { duration } from "../progress.ts";
import { type CheckpointInfo, isNewer, readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { commandLine } from "./command.ts";
import type { Preset } from "./config.ts";
import type { Stage } from "./stage.ts";
import { type Difference, explainDifferences, settingsDifferences, valuesBefore } from "./settings.ts";
import { explain, type Inputs, type Request, type Staleness } from "./staleness.ts";

/** A training up to this many seconds long is repeated without asking if only code has changed. */
const CHEAP = 600;

/** @throws {UserError} for a finished training, unless the user asked to replace it */
export async function refuseToReplace(
  stage: Stage,
  { preset, invocation }: Request,
  state: Extract<Staleness, { manifest: unknown }>,
): Promise<void> {
  const { seconds } = state.manifest;
  if (state.why === "code" && seconds <= CHEAP) return;
  const why = state.why === "code" ? `${explain(state)}; it took ${duration(seconds)}` : explain(state);
  const beside = await commandBeside(stage, { preset, invocation });
  const instead = commandLine(invocation, { task: stage.name, flags: ["--force"] });
  throw new UserError(
    `${stage.out(preset)} is a finished training and is kept: ${why}. ` +
      `To train another beside it, run ${beside}. To replace it, run ${instead}`,
  );
}

/** The command that trains under another name; a finetuning still starts from the same pretrained model. */
async function commandBeside(
  { name, backbone }: Stage,
  { preset, invocation }: Pick<Request, "preset" | "invocation">,
): Promise<string> {
  const values = { name: await freeName(preset) };
  if (!backbone) return commandLine(invocation, { values });
  const { key, folder } = backbone(preset);
  return commandLine(invocation, { task: name, values: { ...values, [key]: folder } });
}

/** A name derived from the preset's that no models have yet. */
async function freeName({ name }: Preset): Promise<string> {
  for (let n = 2;; n++) if (!await exists(`models/${name}-${n}`)) return `${name}-${n}`;
}

/** Whether an interrupted run may be resumed although settings differ. */
function mayGoOn(
  { goesOn }: Stage,
  { run, step }: CheckpointInfo,
  { preset, schema, differences }: Pick<Request, "preset" | "schema"> & {
    readonly differences: readonly Difference[];
  },
): boolean {
  const before = schema.safeParse(run?.preset);
  if (!goesOn || !before.success) return false;
  return goesOn({
    keys: differences.map(({ key }) => key),
    before: before.data as Preset,
    now: preset,
    step,
  });
}

/**
 * The checkpoint from which to resume an interrupted run, or null to start from the beginning.
 * @throws {UserError} if there is one and the user did not ask to resume, or asks to resume it as a different run
 */
export async function resumePoint(
  stage: Stage,
  { preset, schema, invocation, terminal }: Request,
  { resume, inputs }: { readonly resume: boolean; readonly inputs: Inputs },
): Promise<CheckpointInfo | null> {
  const folder = join(stage.out(preset), "last");
  const last = await readCheckpointInfo(folder);
  const best = await readCheckpointInfo(join(stage.out(preset), "best"));
  // If best/ is newer, its run was ended before it saved its first last/, so last/ belongs to an earlier run.
  if (!last || isNewer(best, last)) {
    if (resume) terminal.log("  nothing to resume: no checkpoint was saved; starting from the beginning");
    return null;
  }
  const differences = last.run ? settingsDifferences(stage, last.run.preset, preset, schema) : [];
  const goOn = commandLine(invocation, { values: valuesBefore(differences), flags: ["--resume"] });
  const anew = commandLine(invocation, { task: stage.name, flags: ["--force"] });
  if (!resume) {
    throw new UserError(
      `${folder} holds an unfinished run, at step ${last.step}. To go on with it, run ${goOn}. ` +
        `To start from the beginning, run ${anew}`,
    );
  }
  if (differences.length > 0 && !mayGoOn(stage, last, { preset, schema, differences })) {
    const schedule = differences.some(({ key }) => key.endsWith(".steps"))
      ? ", and the learning rate of every step follows from the number of steps"
      : "";
    throw new UserError(
      `--resume: ${folder} was started ${explainDifferences(differences)}${schedule}. ` +
        `To go on with it, run ${goOn}. To start from the beginning, run ${anew}`,
    );
  }
  const started = last.run?.inputs ?? inputs;
  const changed = Object.keys({ ...started, ...inputs }).find((path) => started[path] !== inputs[path]);
  if (changed) {
    throw new UserError(
      `--resume: ${folder} was started from another ${changed}; restore that file, or start from the ` +
        `beginning: ${anew}`,
    );
  }
  return last;
}
