/** Where a finetuning starts: a pretrained model and its tokenizer. */
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { locateFolder, readFolder } from "../folders.ts";
import { type LoadedModel, readHuggingFace } from "../nn/huggingface.ts";
import { readTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { isNewer, lacksInfo, readCheckpoint, readCheckpointInfo } from "./checkpoint.ts";

/**
 * The checkpoint that a folder is, or that a stage left in it: the best, or the last of a run without validation.
 * If a kill left the best of an earlier run beside the last of a newer one, it is the newer run's.
 * @throws {UserError} if there is none, or if the best is lost
 */
export async function findCheckpoint(folder: string): Promise<string> {
  const found = await checkpointIn(folder);
  if (found !== null) return found;
  throw new UserError(`${folder} holds no model: no config.json there, nor in best/ or last/`);
}

/**
 * The same, or null if there is none.
 * @throws {UserError} if the best is lost
 */
export function checkpointIn(folder: string): Promise<string | null> {
  return readFolder(folder, async (place) => {
    if (await exists(join(place, "config.json"))) return folder;
    const best = join(folder, "best"), last = join(folder, "last");
    const info = await readCheckpointInfo(last).catch(() => null);
    if (await locateFolder(best)) {
      return isNewer(info, await readCheckpointInfo(best).catch(() => null)) ? last : best;
    }
    if (!await locateFolder(last)) return null;
    if (!info?.best) return last;
    throw new UserError(
      `${best} is gone (it was saved at step ${info.best.step}); restore it, or give ${last} to use the last one`,
    );
  });
}

/** The files of a model that a run depends on: its weights may lie in several, with an index. */
export async function checkpointFiles(folder: string): Promise<string[]> {
  const found = await findCheckpoint(folder);
  return readFolder(found, async (place) => {
    const names = (await Array.fromAsync(Deno.readDir(place))).map(({ name }) => name);
    const needed = /^((config|tokenizer)\.json|model.*\.safetensors(\.index\.json)?)$/;
    return names.filter((name) => needed.test(name)).sort().map((name) => join(place, name));
  });
}

/** The files that a finetuning from a folder depends on: a foreign one comes without a tokenizer of ours. */
export async function backboneFiles(folder: string, vocabulary: string): Promise<string[]> {
  const files = await checkpointFiles(folder);
  const own = await isOwn(folder, await findCheckpoint(folder));
  return own ? files : [...files, join(vocabulary, "tokenizer.json")];
}

/**
 * Whether the checkpoint found in a folder is ours. One from elsewhere is that folder itself.
 * @throws {UserError} if a run's checkpoint is damaged
 */
async function isOwn(folder: string, found: string): Promise<boolean> {
  const info = await readCheckpointInfo(found);
  if (!info && found !== folder) throw await lacksInfo(found);
  return info !== null;
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
  const own = await isOwn(folder, found);
  const model = own ? await readCheckpoint(found) : {
    ...await readFolder(found, readHuggingFace),
    tokenizer: await readTokenizer(join(vocabulary, "tokenizer.json")),
  };
  if (model.tokenizer.size !== model.config.vocab) {
    throw new UserError(
      `${found} was trained with ${model.config.vocab} tokens, but the vocabulary in ` +
        `${own ? found : vocabulary} has ${model.tokenizer.size}; give the backbone its own tokenizer`,
    );
  }
  return { ...model, folder: found };
}
