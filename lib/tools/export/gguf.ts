/** Exports a GGUF file, for llama.cpp, Ollama and programs based on them. */
import { dirname, join } from "@std/path";
import { readCheckpoint } from "../../checkpoint/checkpoint.ts";
import { isGguf } from "../../checkpoint/gguf/path.ts";
import { EXPORT_TYPES, type ExportType, writeGguf } from "../../checkpoint/gguf/write.ts";
import { UserError } from "../../errors.ts";
import { count } from "../../progress.ts";
import type { ExportFormat } from "./format.ts";

/** The types that matrices can be stored in. */
export const GGUF_TYPES = Object.keys(EXPORT_TYPES) as ExportType[];

function typeOf(as = "f16"): ExportType {
  const type = GGUF_TYPES.find((type) => type === as.toLowerCase());
  if (!type) {
    throw new UserError(`--as ${as}: expected ${GGUF_TYPES.slice(0, -1).join(", ")} or ${GGUF_TYPES.at(-1)}`);
  }
  return type;
}

/** The model's folder, or the folder that its file is in. */
const folderOf = (model: string) => isGguf(model) ? dirname(model) : model;

export const gguf: ExportFormat = {
  place: ({ model, as }) => join(folderOf(model), `model-${typeOf(as)}.gguf`),
  isExport: async (path) => isGguf(path) && (await Deno.stat(path)).isFile,
  async write({ model, checkpoint: path, as: given }, out) {
    const as = typeOf(given), checkpoint = await readCheckpoint(path);
    const bytes = await writeGguf(out, checkpoint, { as, model, name: folderOf(model) });
    return `${count(checkpoint.info.parameters)} parameters in ${as}, ${count(bytes)} bytes`;
  },
};
