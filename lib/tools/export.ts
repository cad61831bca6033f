/**
 * Writes a model in a format that other programs can read.
 *
 *   deno task export --model models/mini/instruct --to gguf --as q8_0
 *   deno task export --model models/mini/instruct --to onnx
 */
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { UserError } from "../errors.ts";
import { locateFolder } from "../folders.ts";
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";
import type { ExportFormat, Source } from "./export/format.ts";
import { gguf, GGUF_TYPES } from "./export/gguf.ts";
import { onnx } from "./export/onnx.ts";

const FORMATS: Readonly<Record<string, ExportFormat>> = { gguf, onnx };
const NAMES = Object.keys(FORMATS).join(" or ");

const HELP = `Writes a model in a format that other programs read.

Usage: deno task export --model FOLDER --to FORMAT [options]

  --model FOLDER  a checkpoint, such as models/mini/instruct, or a GGUF file; for onnx also a folder of Hugging Face's
  --to FORMAT     gguf: one file for llama.cpp, Ollama, and what is made with them
                  onnx: a folder for ONNX Runtime and transformers.js, in a browser, too
  --as TYPE       what the matrices of a GGUF file are stored in: ${GGUF_TYPES.join(", ")} (f16)
  --out PATH      where it goes, under models/ or data/ (model-TYPE.gguf in the model's folder, or a folder
                  beside it, such as models/mini/instruct-onnx)
  --force         replace an export that is there
  --help          this text

docs/export.md says which models there are in each format, and how other programs run them.`;

const program = {
  ...{ name: "export", help: HELP, operands: false },
  values: ["model", "to", "as", "out"],
  switches: ["force"],
} as const;

function formatOf(name: string | undefined): ExportFormat {
  if (!name) throw new UserError(`--to is missing: the format, ${NAMES}`);
  if (!Object.hasOwn(FORMATS, name)) throw new UserError(`--to ${name}: expected ${NAMES}`);
  return FORMATS[name];
}

async function destination(
  format: ExportFormat,
  source: Source,
  { out: given, force }: { out: string | undefined; force: boolean },
): Promise<string> {
  const beside = format.place(source);
  const out = given === undefined ? beside : callerPath(given).replace(/\/+$/, "");
  const flag = `--out ${given ?? out}`;
  const { state } = await Deno.permissions.query({ name: "write", path: out });
  if (state !== "granted") {
    throw new UserError(`${flag}: export writes under models/ and data/ only; choose a path there`);
  }
  if (await locateFolder(out) === null) return out;
  if (!await format.isExport(out)) {
    throw new UserError(`${flag} exists, and is no such export; choose another path`);
  }
  if (!force) throw new UserError(`${flag} exists; choose another path, or replace it with --force`);
  return out;
}

await runProgram(program, async (flags) => {
  if (!flags.model) {
    throw new UserError("--model is missing: a checkpoint's folder, such as models/mini/instruct");
  }
  const format = formatOf(flags.to);
  const model = callerPath(flags.model).replace(/\/+$/, "");
  const source = { model, checkpoint: await findCheckpoint(model), as: flags.as };
  const out = await destination(format, source, flags);
  console.log(`${out}: ${await format.write(source, out)}`);
});
