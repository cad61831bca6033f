/** Where a taught model is written: beside the original, and never over it unless asked. */
import { basename, dirname, join, relative, resolve } from "@std/path";
import { checkpointIn } from "../checkpoint/backbone.ts";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";

/** The folder of a checkpoint's run, without best/ or last/. */
export const runFolder = (model: string) => model.replace(/\/+$/, "").replace(/(?<=.)\/(?:best|last)$/, "");

/**
 * The default folder: `taught` beside a model in models/, or a folder in models/ for a model from elsewhere.
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
 * Refuses a folder that is not empty, unless it holds a model and the user asked to replace it.
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
