/**
 * Folders that hold a model in ONNX, laid out as transformers.js looks for it:
 *
 *   onnx/model.onnx        the model, for ONNX Runtime
 *   onnx/model.onnx_data   its weights, if they are more than one protobuf holds
 *   config.json            what transformers.js has to know: the labels, or the cache's size
 *   tokenizer.json         and the other files that say how the model reads and writes text
 *   export.json            what it was made of
 */
import { join } from "@std/path";
import { requireDisk } from "../../disk_space.ts";
import { syncFolder, writeNewFile } from "../../files.ts";
import { replaceFolder } from "../../folders.ts";
import { headSpecs } from "../../model/classifier.ts";
import { parameterSpecs } from "../../model/decoder.ts";
import { own } from "../../model/families/own.ts";
import { type ModelFolder, readModelFolder } from "../model_folder.ts";
import { classifierGraph } from "./classifier.ts";
import { decoderGraph } from "./decoder.ts";
import { encodeOnnx, LARGEST, OPSET } from "./encode.ts";

export interface OnnxExport {
  /** Numbers that the model's weights are. */
  readonly parameters: number;
  /** Of the model, in ONNX. */
  readonly bytes: number;
}

/**
 * Writes a model as such a folder.
 * @param folder a checkpoint of ours, or a folder of Hugging Face's
 * @param largest bytes of weights above which they get a file of their own
 * @throws {UserError} if there is no model, it is damaged, or the disk has no room
 */
export async function exportOnnx(folder: string, out: string, largest = LARGEST): Promise<OnnxExport> {
  const model = await readModelFolder(folder);
  const { config, head, values } = model;
  const graph = head ? classifierGraph(config, head, values) : decoderGraph(config, values);
  const encoded = encodeOnnx(graph, { dataName: "model.onnx_data", largest });
  const files = { "model.onnx": encoded.model, ...encoded.data && { "model.onnx_data": encoded.data } };
  const bytes = Object.values(files).flat().reduce((sum, { byteLength }) => sum + byteLength, 0);
  const json = (value: unknown) => JSON.stringify(value, null, 1) + "\n";
  const texts = {
    ...model.texts,
    "config.json": json(configOf(model, encoded.data !== null)),
    "export.json": json({ to: "onnx", opset: OPSET, model: folder, files: model.info?.files ?? {} }),
  };
  await replaceFolder(out, async (partial) => {
    await requireDisk(partial, bytes, "free some, or choose a folder on another disk");
    for (const [name, text] of Object.entries(texts)) await writeNewFile(join(partial, name), text);
    await Deno.mkdir(join(partial, "onnx"));
    for (const [name, parts] of Object.entries(files)) await writeNewFile(join(partial, "onnx", name), parts);
    await syncFolder(join(partial, "onnx"));
  });
  const specs = [...parameterSpecs(config), ...head ? headSpecs(config, head) : []];
  const parameters = specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return { parameters, bytes };
}

/** config.json of the folder. */
function configOf({ head, json }: ModelFolder, external: boolean): Record<string, unknown> {
  return {
    ...json,
    // transformers.js runs language models of types that it knows. All that it asks of the config is the size of the
    // cache, under the names that Llama has for it, and so have we; the rest is in the graph.
    ...!head && json.model_type === own.modelType && { model_type: "llama" },
    ...head && { model_type: own.modelType },
    torch_dtype: "float32",
    "transformers.js_config": { dtype: "fp32", ...external && { use_external_data_format: true } },
  };
}
