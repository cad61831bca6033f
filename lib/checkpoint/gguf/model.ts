/** Reads models from GGUF files, of the families for which llama.cpp computes the same as we do. */
import { BLOCK_BYTES } from "../../device/blocks.ts";
import { UserError } from "../../errors.ts";
import { parameterSpecs } from "../../model/decoder.ts";
import type { ModelConfig } from "../../model/config.ts";
import type { BlockMatrix, ParameterSpec } from "../../model/parameters.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { gatherBlocks, numbersOf } from "../block_tensors.ts";
import type { LoadedModel } from "../huggingface.ts";
import { gather, theirShape } from "../layout.ts";
import { withRows } from "../rows.ts";
import { configFrom } from "./config.ts";
import type { GgufFamily } from "./families.ts";
import { type GgufPiece, ggufPieces, pairRows } from "./names.ts";
import { GgufReader, type GgufTensor, REMEDY } from "./reader.ts";
import { vocabularyFrom } from "./vocabulary.ts";

export interface GgufModel extends LoadedModel {
  readonly tokenizer: Tokenizer;
}

/** A file's description of its model, without the weights. */
export interface GgufInfo {
  readonly config: ModelConfig;
  /** Whether it was taught to answer in our conversation format. */
  readonly chat: boolean;
  readonly parameters: number;
}

/**
 * Reads a file's description of its model, but no weights.
 * @throws {UserError} if it is damaged, or its architecture is not supported
 */
export async function readGgufInfo(path: string): Promise<GgufInfo> {
  using file = await GgufReader.open(path);
  const { family, config } = configFrom(file, path);
  checkTensors(file, path, { family, config });
  const tokens = file.keys.get("tokenizer.ggml.tokens");
  const markers = Array.isArray(tokens) && tokens.includes("<instr>") && tokens.includes("<resp>");
  const parameters = [...file.tensors.values()].reduce((sum, { size }) => sum + size, 0);
  return { config, chat: markers && file.keys.has("tokenizer.chat_template"), parameters };
}

/**
 * Reads a model. Matrices in 8 or 4 bits stay so, unless their pieces are stored in different types.
 * @throws {UserError} if it is damaged, or its architecture, a type or its vocabulary is not supported
 */
export async function readGguf(path: string): Promise<GgufModel> {
  using file = await GgufReader.open(path);
  const { family, config } = configFrom(file, path);
  checkTensors(file, path, { family, config });
  const tokenizer = vocabularyFrom(file.keys, path, config.vocab);
  const specs = new Map(parameterSpecs(config).map((spec) => [spec.name, spec]));
  const parts = new Map<string, { piece: GgufPiece; data: Float32Array }[]>();
  const quantised = new Map<string, BlockMatrix>();
  for (const [ours, pieces] of Map.groupBy(ggufPieces(family, config), ({ ours }) => ours)) {
    const spec = specs.get(ours)!, tensors = pieces.map(({ theirs }) => file.tensors.get(theirs)!);
    if (inBlocks(spec, tensors)) quantised.set(ours, await readBlocks(file, path, { spec, pieces }));
    else parts.set(ours, await Array.fromAsync(pieces, (piece) => readNumbers(file, piece)));
  }
  const values: LoadedModel["values"] = (spec) => {
    const matrix = quantised.get(spec.name);
    return matrix ? numbersOf(spec, matrix) : gather(spec, parts.get(spec.name)!);
  };
  return { tokenizer, ...withRows({ config, head: null, values, quantised }, tokenizer, path) };
}

/** Whether the tensors of a parameter make one matrix in blocks. */
function inBlocks({ role }: ParameterSpec, tensors: readonly GgufTensor[]): boolean {
  const [{ type }] = tensors;
  return role !== "vector" && Object.hasOwn(BLOCK_BYTES, type) &&
    tensors.every((other) => other.type === type);
}

async function readBlocks(
  file: GgufReader,
  path: string,
  { spec, pieces }: { readonly spec: ParameterSpec; readonly pieces: readonly GgufPiece[] },
): Promise<BlockMatrix> {
  const stored = await Array.fromAsync(pieces, async (piece) => {
    const bytes = await file.readStored(piece.theirs), [rows] = file.tensors.get(piece.theirs)!.shape;
    const rowBytes = bytes.length / rows;
    const data = piece.paired ? pairRows(bytes, piece.paired, rowBytes, "back") : bytes;
    return { piece, tensor: { dtype: "uint8", shape: [rows, rowBytes], data } as const };
  });
  return gatherBlocks(spec, stored, (name, why) => new UserError(`${path}: ${name} ${why}; ${REMEDY}`));
}

async function readNumbers(file: GgufReader, piece: GgufPiece) {
  const stored = await file.read(piece.theirs), columns = file.tensors.get(piece.theirs)!.shape[1] ?? 1;
  return { piece, data: piece.paired ? pairRows(stored, piece.paired, columns, "back") : stored };
}

/**
 * Compares the tensors of a file with those of its architecture, before memory is allocated for them.
 * @throws {UserError} if one is missing or has another shape, or if there is an extra one, which would change results
 */
function checkTensors(
  file: GgufReader,
  path: string,
  { family, config }: { family: GgufFamily; config: ModelConfig },
): void {
  const one = new Map(parameterSpecs({ ...config, layers: 1 }).map(({ name, shape }) => [name, shape]));
  const known = new Set<string>();
  for (const piece of ggufPieces(family, config)) {
    const stored = file.tensors.get(piece.theirs);
    if (!stored) {
      throw new UserError(`${path} lacks ${piece.theirs}, which its block_count asks for; ${REMEDY}`);
    }
    const shape = theirShape(piece, one.get(piece.ours.replace(/^blocks\.\d+\./, "blocks.0."))!);
    if (stored.shape.join() !== shape.join()) {
      throw new UserError(
        `${path}: ${piece.theirs} is [${stored.shape}], by its keys it should be [${shape}]; ${REMEDY}`,
      );
    }
    known.add(piece.theirs);
  }
  const other = [...file.tensors.keys()].find((name) => !known.has(name));
  if (other !== undefined) {
    throw new UserError(
      `${path} has ${other}; no variant of ${family.modelType} with other results is read`,
    );
  }
}
