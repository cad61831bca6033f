/** Writes a model as a GGUF file, tensor by tensor. */
import { UserError } from "../../errors.ts";
import { AtomicWriter } from "../../files.ts";
import { parameterSpecs } from "../../model/decoder.ts";
import { chatTemplateOf } from "../../text/huggingface_files.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { cut, theirShape } from "../layout.ts";
import { configKeys } from "./config.ts";
import {
  aligned,
  encodeStart,
  type Key,
  TENSOR_FORMATS,
  type TensorEntry,
  type TensorType,
} from "./format.ts";
import { familyFor } from "./families.ts";
import { type GgufPiece, ggufPieces, pairRows } from "./names.ts";
import { vocabularyKeys } from "./vocabulary.ts";

/** What a file's matrices can be stored in, with the file's `llama_ftype`. */
export const EXPORT_TYPES = { f32: 0, f16: 1, q8_0: 7, q4_0: 2 } as const satisfies Partial<
  Record<TensorType, number>
>;
export type ExportType = keyof typeof EXPORT_TYPES;

/** Version of the blocks' layout. */
const QUANTISATION_VERSION = 2;

/**
 * @param options.model the checkpoint's name in messages
 * @param options.name the model's name in the file
 * @returns bytes written
 * @throws {UserError} if GGUF has no such model or vocabulary, a number is too large, or the system refuses
 */
export async function writeGguf(
  path: string,
  { config, head, tokenizer, values, info }: Checkpoint,
  { as, model, name }: { as: ExportType; model: string; name: string },
): Promise<number> {
  if (head) {
    throw new UserError(`${model} is a classifier, and GGUF has none; export it --to onnx`);
  }
  const family = familyFor(config, model);
  const chat = info.format === "chat";
  const specs = new Map(parameterSpecs(config).map((spec) => [spec.name, spec]));
  const pieces = [...ggufPieces(family, config)];
  const entries = pieces.map((piece): TensorEntry => {
    const shape = shapeOf(piece, specs.get(piece.ours)!.shape);
    return { name: piece.theirs, shape, type: typeOf(piece.theirs, shape, as) };
  });
  const keys: Key[] = [
    ["general.architecture", { string: family.modelType }],
    ["general.type", { string: "model" }],
    ["general.name", { string: name }],
    ["general.file_type", { uint32: EXPORT_TYPES[as] }],
    ["general.quantization_version", { uint32: QUANTISATION_VERSION }],
    ...configKeys(family, config),
    ...vocabularyKeys(tokenizer, { vocab: config.vocab, chat, model }),
  ];
  if (chat) keys.push(["tokenizer.chat_template", { string: chatTemplateOf(tokenizer) }]);
  await using file = await AtomicWriter.open(path);
  const start = encodeStart(keys, entries);
  file.write(start);
  let written = start.length;
  for (const [i, piece] of pieces.entries()) {
    const { name, shape, type } = entries[i];
    const ours = piece.absent ? new Float32Array(shape[0]) : values(specs.get(piece.ours)!);
    const theirs = piece.absent ? ours : cut(piece, specs.get(piece.ours)!.shape, ours);
    const data = piece.paired ? pairRows(theirs, piece.paired, shape[1] ?? 1, "there") : theirs;
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = TENSOR_FORMATS[type].encode(data);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(`${model}: ${name}: ${error.message}; export it --as f32`);
    }
    file.write(bytes);
    file.write(new Uint8Array(aligned(bytes.length) - bytes.length));
    written += aligned(bytes.length);
  }
  await file.commit();
  return written;
}

function shapeOf(piece: GgufPiece, ours: readonly number[]): number[] {
  return piece.absent ? [ours.at(-1)!] : theirShape(piece, ours);
}

/**
 * The type that a tensor is stored in, as in llama.cpp's own files: float32 for vectors and positions, float16 for rows
 * that do not fill whole blocks, and 8 bits instead of 4 for the token embedding and the head, where errors hurt most.
 */
function typeOf(name: string, shape: readonly number[], as: ExportType): ExportType {
  if (shape.length === 1 || name.startsWith("position_embd")) return "f32";
  if (shape.at(-1)! % TENSOR_FORMATS[as].block !== 0) return "f16";
  return as === "q4_0" && /^(token_embd|output)\./.test(name) ? "q8_0" : as;
}
