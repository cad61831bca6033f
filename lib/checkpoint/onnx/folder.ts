/**
 * Folders with a model in ONNX, laid out as transformers.js expects:
 *
 *   onnx/model.onnx        the model, for ONNX Runtime
 *   onnx/model.onnx_data   its weights, if they do not fit into one protobuf
 *   config.json            what transformers.js needs: the labels, or the cache's size
 *   tokenizer.json         and the other files that describe how the model reads and writes text
 *   export.json            what it was made from
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
  /** Number of weights. */
  readonly parameters: number;
  /** Size of the ONNX model. */
  readonly bytes: number;
}

/**
 * Writes a model as such a folder.
 * @param folder a checkpoint of ours, or a folder from Hugging Face
 * @param largest bytes above which weights get a separate file
 * @throws {UserError} if there is no model, the model is damaged, or the disk has no room
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
    // transformers.js only runs language models of a type that it knows. From the config it needs only the size of the
    // cache, for which we use Llama's names, so our own models pass as Llama. All else is in the graph.
    ...!head && json.model_type === own.modelType && { model_type: "llama" },
    ...head && { model_type: own.modelType },
    torch_dtype: "float32",
    "transformers.js_config": { dtype: "fp32", ...external && { use_external_data_format: true } },
  };
}
