/**
 * Averages checkpoints into a new one, which every tool can open like any other.
 *
 *   deno task average models/a/pretrain models/b/pretrain --out models/soup
 */
import { relative, resolve } from "@std/path";
import { averageCheckpoints } from "../checkpoint/average.ts";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { UserError } from "../errors.ts";
import { locateFolder } from "../folders.ts";
import { lockFolder } from "../lock.ts";
import { count } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";

const HELP = `Averages checkpoints of one architecture, one vocabulary and one format into another checkpoint.

Usage: deno task average CHECKPOINT CHECKPOINT... --out FOLDER [options]

  --out FOLDER       where the average goes, under models/ or data/, such as models/mini/average
  --weights W,W,...  what each checkpoint counts, such as 2,1: two thirds and one third (all the same)
  --force            replace an average that is there
  --help             this text

A CHECKPOINT is a folder such as models/mini/pretrain, which stands for its best/, or models/mini/pretrain/last.
Weights are added up in float64, and stored as those of the checkpoints are, or in float32 if these differ.`;

const program = {
  ...{ name: "average", help: HELP, operands: true },
  values: ["out", "weights"],
  switches: ["force"],
} as const;

/** The share of each checkpoint; the sum is 1. */
function sharesOf(given: string | undefined, checkpoints: number): number[] {
  const weights = given?.split(",").map((text) => text.trim() === "" ? NaN : Number(text)) ??
    Array<number>(checkpoints).fill(1);
  if (weights.length !== checkpoints) {
    throw new UserError(
      `--weights ${given}: ${weights.length} for ${checkpoints} checkpoints; give one for each`,
    );
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!weights.every((weight) => weight > 0) || !Number.isFinite(total)) {
    throw new UserError(
      `--weights ${given}: expected positive numbers with commas between them, such as 0.5,0.5`,
    );
  }
  return weights.map((weight) => weight / total);
}

/** The folder to write the average to. */
async function destination(
  given: string | undefined,
  sources: readonly string[],
  force: boolean,
): Promise<string> {
  if (!given) throw new UserError("--out is missing: a folder for the average, such as models/mini/average");
  const out = callerPath(given).replace(/\/+$/, "");
  const { state } = await Deno.permissions.query({ name: "write", path: out });
  if (state !== "granted") {
    throw new UserError(`--out ${given}: average writes under models/ and data/ only; choose a folder there`);
  }
  const within = sources.find((source) => !relative(resolve(source), resolve(out)).startsWith(".."));
  if (within) {
    throw new UserError(`--out ${given} is in ${within}, which is to be averaged; choose another folder`);
  }
  if (await locateFolder(out) === null) return out;
  const made = (await readCheckpointInfo(out).catch(() => null))?.average;
  if (!made) throw new UserError(`--out ${given} exists, and is no average; choose another folder`);
  if (!force) throw new UserError(`--out ${given} exists; choose another folder, or replace it with --force`);
  return out;
}

await runProgram(program, async (flags, operands) => {
  if (operands.length < 2) {
    throw new UserError(
      `average: give at least two checkpoints, such as models/a/pretrain models/b/pretrain; got ${operands.length}`,
    );
  }
  const shares = sharesOf(flags.weights, operands.length);
  const sources: string[] = [];
  for (const operand of operands) sources.push(await findCheckpoint(callerPath(operand)));
  const twice = sources.find((source, i) =>
    sources.findIndex((other) => resolve(other) === resolve(source)) < i
  );
  if (twice) {
    throw new UserError(`average: ${twice} is given twice; give it once, and more of it by --weights`);
  }
  const out = await destination(flags.out, sources, flags.force);
  await using _lock = await lockFolder(out, program.name);
  const { info, precision } = await averageCheckpoints(sources, shares, out);
  console.log(`${out}: ${count(info.parameters)} parameters in ${precision}, the average of`);
  sources.forEach((source, i) => console.log(`  ${(100 * shares[i]).toFixed(1).padStart(5)} %  ${source}`));
});
