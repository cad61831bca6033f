/**
 * Makes a copy of a model with its matrices in 8 or 4 bits. Every tool can open it like any other model, and adapters
 * can be trained on it.
 *
 *   deno task quantise --model models/small/instruct --to q4
 */
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { quantiseCheckpoint, type Target, TARGETS } from "../checkpoint/quantise.ts";
import { UserError } from "../errors.ts";
import { lockFolder } from "../lock.ts";
import { count } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import { copyFolder } from "../run/copy_folder.ts";
import { runProgram } from "../run/flags.ts";

const HELP = `Copies a model with its matrices in 8 or 4 bits: it takes less memory and writes faster.

Usage: deno task quantise --model FOLDER --to q8|q4 [options]

  --model FOLDER   a checkpoint, such as models/small/instruct, or a GGUF file
  --to NAME        q8: 34 bytes for 32 numbers, hardly to be told from float32; q4: 18 bytes, which costs something
  --out FOLDER     where the copy goes, under models/ or data/ (beside the model, such as models/small/instruct-q8)
  --force          replace a quantised model that is there
  --help           this text

ask, classify, serve and evaluate open the copy as any other model; only an adapter can be trained on it. Biases and
norms stay in float32, and so do matrices whose rows are no multiple of 32 numbers. docs/quantisation.md says more.`;

const program = {
  ...{ name: "quantise", help: HELP },
  values: ["model", "to", "out"],
  switches: ["force"],
} as const;

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
  const out = await copyFolder({
    ...{ program: program.name, given: flags.out, source, suffix: to, force: flags.force },
    ...{ kind: "quantised model", isCopy: ({ quantised }) => quantised !== undefined },
  });
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
