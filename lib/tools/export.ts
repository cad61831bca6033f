/**
 * Writes a model in a format that other programs read.
 *
 *   deno task export --model models/mini/instruct --to gguf --as q8_0
 */
import { dirname, join } from "@std/path";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { EXPORT_TYPES, type ExportType, writeGguf } from "../checkpoint/gguf/write.ts";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { count } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";

const TYPES = Object.keys(EXPORT_TYPES) as ExportType[];

const HELP = `Writes a model in a format that other programs read.

Usage: deno task export --model FOLDER --to gguf [options]

  --model FOLDER  a checkpoint, such as models/mini/instruct, or a GGUF file
  --to FORMAT     gguf: one file for llama.cpp, Ollama, and what is made with them
  --as TYPE       what the matrices are stored in: ${TYPES.join(", ")} (f16)
  --out FILE      where it goes, under models/ or data/ (model-TYPE.gguf in the model's folder)
  --force         replace a file that is there
  --help          this text

docs/export.md says which models there are in GGUF, and how other programs run them.`;

const program = {
  ...{ name: "export", help: HELP, operands: false },
  values: ["model", "to", "as", "out"],
  switches: ["force"],
} as const;

function typeFlag(value: string): ExportType {
  const type = TYPES.find((type) => type === value.toLowerCase());
  if (!type) {
    throw new UserError(`--as ${value}: expected ${TYPES.slice(0, -1).join(", ")} or ${TYPES.at(-1)}`);
  }
  return type;
}

async function destination(given: string | undefined, beside: string, force: boolean): Promise<string> {
  const out = given === undefined ? beside : callerPath(given);
  const { state } = await Deno.permissions.query({ name: "write", path: out });
  if (state !== "granted") {
    throw new UserError(
      `--out ${given ?? out}: export writes under models/ and data/ only; choose a file there`,
    );
  }
  if (!force && await exists(out)) {
    throw new UserError(`--out ${given ?? out} exists; choose another file, or replace it with --force`);
  }
  return out;
}

await runProgram(program, async (flags) => {
  if (!flags.model) {
    throw new UserError("--model is missing: a checkpoint's folder, such as models/mini/instruct");
  }
  if (flags.to !== "gguf") {
    throw new UserError(flags.to ? `--to ${flags.to}: expected gguf` : "--to is missing: the format, gguf");
  }
  const as = typeFlag(flags.as ?? "f16");
  const model = callerPath(flags.model).replace(/\/+$/, "");
  const folder = (await Deno.stat(model).catch(() => null))?.isFile ? dirname(model) : model;
  const out = await destination(flags.out, join(folder, `model-${as}.gguf`), flags.force);
  const checkpoint = await readCheckpoint(await findCheckpoint(model));
  const bytes = await writeGguf(out, checkpoint, { as, model: flags.model, name: folder });
  console.log(`${out}: ${count(checkpoint.info.parameters)} parameters in ${as}, ${count(bytes)} bytes`);
});
