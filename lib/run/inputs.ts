/** What a stage reads: the results of earlier stages, and source files. */
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { commandLine } from "./command.ts";
import { handedOn, type Manifest, readManifest } from "./manifest.ts";
import { explainDifferences, valuesBefore } from "./settings.ts";
import { shareResult } from "./share.ts";
import type { Stage } from "./stage.ts";
import { explain, type Inputs, type Request, staleness } from "./staleness.ts";

/** Hashes of what a stage reads: the results of earlier stages, which must be up to date, and source files. */
export async function inputHashes(stage: Stage, request: Request): Promise<Inputs> {
  const { preset, hashes } = request;
  const inputs: Record<string, string> = {};
  for (const earlier of stage.after(preset)) {
    const manifest = await requireFinished(earlier, request);
    for (const file of handedOn(Object.keys(manifest.outputs))) {
      inputs[join(earlier.out(preset), file)] = manifest.outputs[file].hash;
    }
  }
  const known = (await readManifest(stage.out(preset)))?.sources ?? {};
  for (const path of await stage.sources?.(preset) ?? []) {
    if (path in known) hashes.know(path, known[path]);
    const { hash } = await hashes.stamp(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new UserError(
        `${path} does not exist; ${stage.name} reads it, by the preset's section of that name`,
      );
    });
    inputs[path] = hash;
  }
  return inputs;
}

/** The manifest of a stage whose result another stage reads, no matter which version of the code made it. */
async function requireFinished(stage: Stage, request: Request): Promise<Manifest> {
  const { preset, invocation } = request;
  const folder = stage.out(preset);
  const known = request.finished.get(folder);
  if (known) return known;
  const inputs = await inputHashes(stage, request);
  const state = await staleness(stage, request, { inputs, own: false });
  if (!state || state.why === "absent" && await shareResult(stage, request, inputs)) {
    const manifest = (await readManifest(folder))!;
    request.finished.set(folder, manifest);
    return manifest;
  }
  const make = commandLine(invocation, { task: stage.name });
  if (state.why !== "settings") throw new UserError(`${folder}: ${explain(state)}; run ${make} first`);
  const { differences } = state;
  const repeat = commandLine(invocation, { values: valuesBefore(differences) });
  throw new UserError(
    `${folder} was made ${explainDifferences(differences)}. To use it as it is, put ` +
      `${
        differences.length > 1 ? "those values" : "that value"
      } into ${invocation.config}, or run ${repeat}. ` +
      `To make it again, run ${make}${stage.keeps ? " --force" : ""}`,
  );
}
