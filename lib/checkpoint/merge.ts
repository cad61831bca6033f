/** Merges adapters into their bases. The result is a plain model, as large as the base, that any program can read. */
import { UserError } from "../errors.ts";
import { hashContent } from "../files.ts";
import { writeFolderAtomic } from "../folders.ts";
import { headSpecs } from "../model/classifier.ts";
import { parameterSpecs } from "../model/decoder.ts";
import { tokenizerFiles } from "../text/huggingface_files.ts";
import { isWeights } from "./average.ts";
import { type CheckpointInfo, readCheckpoint } from "./checkpoint.ts";
import { huggingFaceFiles } from "./huggingface.ts";

/**
 * Writes an adapter and its base as one model in float32; a quantised base is dequantised.
 * @throws {UserError} if the model is damaged, or has no adapter
 */
export async function mergeAdapter(
  folder: string,
  out: string,
): Promise<{ readonly info: CheckpointInfo; readonly base: string }> {
  const { config, head, values, tokenizer, info } = await readCheckpoint(folder);
  if (!info.adapter) {
    throw new UserError(`${folder} is no adapter, so there is nothing to merge; use it as it is`);
  }
  const specs = [...parameterSpecs(config), ...head ? headSpecs(config, head) : []];
  const files = {
    ...huggingFaceFiles({
      ...{ config, head, specs, special: tokenizer.special },
      values: new Map(specs.map((spec) => [spec.name, values(spec)])),
    }),
    ...tokenizerFiles(tokenizer, { context: config.context, chat: info.format === "chat" }),
  };
  const { run: _run, weights: _weights, adapter: { base }, ...kept } = info;
  const full: CheckpointInfo = {
    ...kept,
    ...{ stage: "merge", finished: true, validation: null, best: null },
    parameters: specs.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b), 0),
    merged: {
      folder,
      files: Object.fromEntries(Object.entries(info.files).filter(([name]) => isWeights(name))),
    },
    files: Object.fromEntries(Object.entries(files).map(([name, file]) => [name, hashContent(file)])),
  };
  await writeFolderAtomic(out, { ...files, "checkpoint.json": JSON.stringify(full, null, 1) + "\n" });
  return { info: full, base: base.folder };
}
