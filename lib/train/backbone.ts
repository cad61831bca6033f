/** Where a finetuning starts: a pretrained model and its tokenizer. */
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { type LoadedModel, readHuggingFace } from "../nn/huggingface.ts";
import { readTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { readCheckpoint } from "./checkpoint.ts";

/**
 * The checkpoint that a folder is, or that a stage left in it: the best, or else the last.
 * @throws {UserError} if there is none
 */
export async function findCheckpoint(folder: string): Promise<string> {
  for (const candidate of [folder, join(folder, "best"), join(folder, "last")]) {
    if (await exists(join(candidate, "config.json"))) return candidate;
  }
  throw new UserError(`${folder} holds no model: no config.json there, nor in best/ or last/`);
}

/** The files of a model that a run depends on. */
export async function checkpointFiles(folder: string): Promise<string[]> {
  const found = await findCheckpoint(folder);
  const files = ["config.json", "model.safetensors", "tokenizer.json"].map((name) => join(found, name));
  const there = await Promise.all(files.map(exists));
  return files.filter((_, i) => there[i]);
}

/** The files that a finetuning from a folder depends on: a foreign one comes without a tokenizer of ours. */
export async function backboneFiles(folder: string, vocabulary: string): Promise<string[]> {
  const files = await checkpointFiles(folder);
  const own = await exists(join(await findCheckpoint(folder), "checkpoint.json"));
  return own ? files : [...files, join(vocabulary, "tokenizer.json")];
}

/**
 * Reads a checkpoint of ours, or a GPT-2 folder from Hugging Face, which has no tokenizer that we read and
 * takes the preset's vocabulary.
 * @throws {UserError} if it is damaged, or does not fit its vocabulary
 */
export async function readBackbone(
  folder: string,
  vocabulary: string,
): Promise<LoadedModel & { tokenizer: Tokenizer; folder: string }> {
  const found = await findCheckpoint(folder);
  const own = await exists(join(found, "checkpoint.json"));
  const model = own
    ? await readCheckpoint(found)
    : { ...await readHuggingFace(found), tokenizer: await readTokenizer(join(vocabulary, "tokenizer.json")) };
  if (model.tokenizer.size !== model.config.vocab) {
    throw new UserError(
      `${found} was trained with ${model.config.vocab} tokens, but the vocabulary in ` +
        `${own ? found : vocabulary} has ${model.tokenizer.size}; give the backbone its own tokenizer`,
    );
  }
  return { ...model, folder: found };
}
