/** Reads models from GGUF files, of the families for which llama.cpp computes the same as we do. */
import { UserError } from "../../errors.ts";
import { parameterSpecs } from "../../model/decoder.ts";
import type { ModelConfig } from "../../model/config.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import type { LoadedModel } from "../huggingface.ts";
import { gather, theirShape } from "../layout.ts";
import { withRows } from "../rows.ts";
import { configFrom } from "./config.ts";
import type { GgufFamily } from "./families.ts";
import { ggufPieces, pairRows } from "./names.ts";
import { GgufReader, REMEDY } from "./reader.ts";
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
 * Reads a model; weights in 8 or 4 bits become float32.
 * @throws {UserError} if it is damaged, or its architecture, a type or its vocabulary is not supported
 */
export async function readGguf(path: string): Promise<GgufModel> {
  using file = await GgufReader.open(path);
  const { family, config } = configFrom(file, path);
  checkTensors(file, path, { family, config });
  const tokenizer = vocabularyFrom(file.keys, path, config.vocab);
  const parts = new Map<string, Parameters<typeof gather>[1][number][]>();
  for (const piece of ggufPieces(family, config)) {
    const stored = await file.read(piece.theirs);
    const columns = file.tensors.get(piece.theirs)!.shape[1] ?? 1;
    const data = piece.paired ? pairRows(stored, piece.paired, columns, "back") : stored;
    parts.set(piece.ours, [...parts.get(piece.ours) ?? [], { piece, data }]);
  }
  const values: LoadedModel["values"] = (spec) => gather(spec, parts.get(spec.name)!);
  return { tokenizer, ...withRows({ config, head: null, values }, tokenizer, path) };
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
