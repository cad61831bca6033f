/** Where a model that was taught something is written: beside the one that it was, and never over it unasked. */
import { basename, dirname, join, relative, resolve } from "@std/path";
import { checkpointIn } from "../checkpoint/backbone.ts";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";

/** The folder of the run that a checkpoint is of, without best/ or last/. */
export const runFolder = (model: string) => model.replace(/\/+$/, "").replace(/(?<=.)\/(?:best|last)$/, "");

/**
 * The default: `taught` beside a model in models/, and in models/ for one from elsewhere.
 * @param model a model's folder, as this process can open it
 */
export function taughtFolder(model: string): string {
  const own = relative(Deno.cwd(), resolve(runFolder(model)));
  const parent = dirname(own);
  const folder = own.startsWith("models/") && parent !== "models"
    ? join(parent, "taught")
    : join("models", `${basename(own, ".gguf")}-taught`);
  for (let n = 1;; n++) {
    const free = n === 1 ? folder : `${folder}-${n}`;
    if (free !== own) return free;
  }
}

/**
 * Refuses a folder that has something in it, unless that is a model which is to be replaced.
 * @param checkpoint the folder of the model that is taught
 * @throws {UserError}
 */
export async function checkTaughtFolder(out: string, checkpoint: string, force: boolean): Promise<void> {
  const [there, model] = [resolve(out), resolve(checkpoint)];
  const inside = (a: string, b: string) => a === b || a.startsWith(`${b}/`);
  const isRun = there === runFolder(model) && there !== model;
  if (inside(there, model) || inside(model, there) && !isRun) {
    throw new UserError(`--out ${out} holds the model that is taught, or lies in it; choose another folder`);
  }
  if (!await exists(out)) return;
  const { isDirectory } = await Deno.stat(out);
  if (!isDirectory) throw new UserError(`--out ${out} is a file; give a folder`);
  const empty = (await Array.fromAsync(Deno.readDir(out))).length === 0;
  if (empty) return;
  if (await checkpointIn(out) === null) {
    throw new UserError(`--out ${out} has files and no model in it; choose another folder`);
  }
  if (!force) {
    throw new UserError(
      `${out} holds a model already${
        isRun ? ", the one that is taught" : ""
      }; give another folder with --out, ` +
        "or --force to replace it",
    );
  }
}
