/** Where a program writes a model that it makes from another: beside that one, and never over it. */
import { basename, dirname, join, relative, resolve } from "@std/path";
import { type CheckpointInfo, readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { UserError } from "../errors.ts";
import { locateFolder } from "../folders.ts";
import { callerPath } from "./caller.ts";
import { runFolder } from "./taught_folder.ts";

/**
 * The folder to write a copy to: the one given with `--out`, or the model's folder with a suffix.
 * @throws {UserError} if it holds anything other than a copy of the same kind, or holds one and `force` is not set
 */
export async function copyFolder(
  { program, given, source, suffix, force, kind, isCopy }: {
    readonly program: string;
    readonly given: string | undefined;
    /** The checkpoint that is copied. */
    readonly source: string;
    readonly suffix: string;
    readonly force: boolean;
    /** What messages call a copy, such as `quantised model`. */
    readonly kind: string;
    readonly isCopy: (info: CheckpointInfo) => boolean;
  },
): Promise<string> {
  const run = runFolder(source);
  const out = given
    ? callerPath(given).replace(/(?<=.)\/+$/, "")
    : join(dirname(run), `${basename(run, ".gguf")}-${suffix}`);
  const what = given ? `--out ${given}` : out;
  const { state } = await Deno.permissions.query({ name: "write", path: out });
  if (state !== "granted") {
    throw new UserError(
      `${what}: ${program} writes under models/ and data/ only; ${given ? "choose" : "give"} a folder there` +
        (given ? "" : " with --out"),
    );
  }
  const inside = (a: string, b: string) => !relative(resolve(b), resolve(a)).startsWith("..");
  if (inside(out, source) || inside(source, out)) {
    throw new UserError(`${what} and the model, ${source}, hold each other; choose another folder`);
  }
  if (await locateFolder(out) === null) return out;
  const info = await readCheckpointInfo(out).catch(() => null);
  if (!info || !isCopy(info)) {
    throw new UserError(`${what} exists, and is no ${kind}; choose another folder`);
  }
  if (!force) throw new UserError(`${what} exists; choose another folder, or replace it with --force`);
  return out;
}
