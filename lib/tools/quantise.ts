/**
 * A copy of a model with its matrices in 8 or 4 bits, which every tool opens as any other and nothing trains.
 *
 *   deno task quantise --model models/small/instruct --to q4
 */
import { basename, dirname, join, relative, resolve } from "@std/path";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { quantiseCheckpoint, type Target, TARGETS } from "../checkpoint/quantise.ts";
import { UserError } from "../errors.ts";
import { locateFolder } from "../folders.ts";
import { lockFolder } from "../lock.ts";
import { count } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";
import { runFolder } from "../run/taught_folder.ts";

const HELP = `Copies a model with its matrices in 8 or 4 bits: it takes less memory and writes faster.

Usage: deno task quantise --model FOLDER --to q8|q4 [options]

  --model FOLDER   a checkpoint, such as models/small/instruct, or a GGUF file
  --to NAME        q8: 34 bytes for 32 numbers, hardly to be told from float32; q4: 18 bytes, which costs something
  --out FOLDER     where the copy goes, under models/ or data/ (beside the model, such as models/small/instruct-q8)
  --force          replace a quantised model that is there
  --help           this text

ask, classify, serve and evaluate open the copy as any other model; it cannot be trained. Biases and norms stay in
float32, and so do matrices whose rows are no multiple of 32 numbers. docs/quantisation.md says what it costs.`;

const program = {
  ...{ name: "quantise", help: HELP },
  values: ["model", "to", "out"],
  switches: ["force"],
} as const;

/** Where the copy goes. */
async function destination(given: string | undefined, source: string, to: string, force: boolean) {
  const run = runFolder(source);
  const out = given
    ? callerPath(given).replace(/(?<=.)\/+$/, "")
    : join(dirname(run), `${basename(run, ".gguf")}-${to}`);
  const what = given ? `--out ${given}` : out;
  const { state } = await Deno.permissions.query({ name: "write", path: out });
  if (state !== "granted") {
    throw new UserError(
      `${what}: quantise writes under models/ and data/ only; ${given ? "choose" : "give"} a folder there` +
        (given ? "" : " with --out"),
    );
  }
  const inside = (a: string, b: string) => !relative(resolve(b), resolve(a)).startsWith("..");
  if (inside(out, source) || inside(source, out)) {
    throw new UserError(`${what} and the model, ${source}, hold each other; choose another folder`);
  }
  if (await locateFolder(out) === null) return out;
  const made = (await readCheckpointInfo(out).catch(() => null))?.quantised;
  if (!made) throw new UserError(`${what} exists, and is no quantised model; choose another folder`);
  if (!force) throw new UserError(`${what} exists; choose another folder, or replace it with --force`);
  return out;
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

await runProgram(program, async (flags) => {
  if (!flags.model) {
    throw new UserError("--model is missing: a checkpoint's folder, such as models/small/instruct");
  }
  const to = flags.to as Target;
  if (!TARGETS.includes(to)) {
    throw new UserError(`--to ${flags.to ?? "is missing"}: expected ${TARGETS.join(" or ")}`);
  }
  const source = await findCheckpoint(callerPath(flags.model));
  const out = await destination(flags.out, source, to, flags.force);
  await using _lock = await lockFolder(out, program.name);
  const { info, before, after, left } = await quantiseCheckpoint(source, to, out);
  console.log(
    `${out}: ${count(info.parameters)} parameters in ${to}, ${mebibytes(after)} instead of ` +
      `${mebibytes(before)} in float32 (${(before / after).toFixed(2)} times less)`,
  );
  if (left.length > 0) {
    const rest = left.length > 3 ? ` and ${left.length - 3} more` : "";
    console.log(
      `  in float32, as their rows are no multiple of 32 numbers: ${left.slice(0, 3).join(", ")}${rest}`,
    );
  }
});
