/** Finds a model's checkpoint, and reads the pretrained model and tokenizer that a finetuning starts from. */
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { locateFolder, readFolder } from "../folders.ts";
import { GGUF_FILE, isGguf } from "./gguf/path.ts";
import { type LoadedModel, readHuggingFace } from "./huggingface.ts";
import { CONFIG_FILE } from "./peft.ts";
import { checkFit, withRows } from "./rows.ts";
import { readFolderTokenizer, readTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { isNewer, lacksInfo, readCheckpoint, readCheckpointInfo, refuseQuantised } from "./checkpoint.ts";

/**
 * The checkpoint that a path stands for: the folder itself, the one that a stage left in it (the best, or the last if
 * the run had no validation), the `model.gguf` in it, or the path itself if it is a GGUF file. If a killed run left its
 * last checkpoint beside the best one of an earlier run, the newer run's is taken.
 * @throws {UserError} if there is none, or if the best is lost
 */
export async function findCheckpoint(folder: string): Promise<string> {
  const found = await checkpointIn(folder);
  if (found !== null) return found;
  if (isGguf(folder)) {
    throw new UserError(`${folder} does not exist; give the path of a GGUF file, or a folder`);
  }
  throw new UserError(
    `${folder} holds no model: no config.json or ${GGUF_FILE} there, nor in best/ or last/`,
  );
}

/**
 * The same, or null if there is none.
 * @throws {UserError} if the best is lost
 */
export function checkpointIn(folder: string): Promise<string | null> {
  return readFolder(folder, async (place) => {
    if (isGguf(folder) && await exists(folder)) return folder;
    if (await exists(join(place, CONFIG_FILE))) return folder;
    const gguf = await exists(join(place, GGUF_FILE)) ? join(folder, GGUF_FILE) : null;
    if (await exists(join(place, "config.json"))) {
      // A folder with a GGUF file may also have the config.json of the model that the file was made from.
      const weights = ["model.safetensors", "model.safetensors.index.json"].map((name) =>
        exists(join(place, name))
      );
      return gguf && !(await Promise.all(weights)).includes(true) ? gguf : folder;
    }
    const best = join(folder, "best"), last = join(folder, "last");
    const info = await readCheckpointInfo(last).catch(() => null);
    if (await locateFolder(best)) {
      return isNewer(info, await readCheckpointInfo(best).catch(() => null)) ? last : best;
    }
    if (!await locateFolder(last)) return gguf;
    if (!info?.best) return last;
    throw new UserError(
      `${best} is gone (it was saved at step ${info.best.step}); restore it, or give ${last} to use the last one`,
    );
  });
}

/** The files of a model that a run depends on; weights may be in several files with an index. */
export async function checkpointFiles(folder: string): Promise<string[]> {
  const found = await findCheckpoint(folder);
  if (isGguf(found)) return [found];
  return readFolder(found, async (place) => {
    const names = (await Array.fromAsync(Deno.readDir(place))).map(({ name }) => name);
    const needed =
      /^((config|adapter_config|tokenizer|tokenizer_config|vocab)\.json|merges\.txt|(adapter_)?model.*\.safetensors(\.index\.json)?)$/;
    return names.filter((name) => needed.test(name)).sort().map((name) => join(place, name));
  });
}

/** The files that a finetuning from a folder depends on, with the preset's vocabulary if the folder has none. */
export async function backboneFiles(folder: string, vocabulary: string): Promise<string[]> {
  const files = await checkpointFiles(folder);
  const own = await isOwn(folder, await findCheckpoint(folder));
  const named = files.some((file) => /(^|\/)(tokenizer|vocab)\.json$/.test(file));
  return own || named ? files : [...files, join(vocabulary, "tokenizer.json")];
}

/**
 * Whether the checkpoint found in a folder is ours. A model from elsewhere is always the folder itself.
 * @throws {UserError} if a run's checkpoint is damaged
 */
async function isOwn(folder: string, found: string): Promise<boolean> {
  const info = await readCheckpointInfo(found);
  if (!info && found !== folder) throw await lacksInfo(found);
  return info !== null;
}

/**
 * Reads a checkpoint of ours, or a folder from Hugging Face with its tokenizer; without one it gets the preset's
 * vocabulary. If a vocabulary from elsewhere lacks special tokens, the model gets new rows for them.
 * @param frozen whether its weights are not trained, and may therefore be quantised
 * @throws {UserError} if it is damaged, or does not fit its vocabulary
 */
export async function readBackbone(
  folder: string,
  vocabulary: string,
  frozen = false,
): Promise<LoadedModel & { tokenizer: Tokenizer; folder: string }> {
  const found = await findCheckpoint(folder);
  if (await isOwn(folder, found)) {
    const model = await readCheckpoint(found);
    if (!frozen) refuseQuantised(model.info, found, "learned from or trained further but by an adapter");
    // A vocabulary from elsewhere may be smaller than its model; the last rows are then unused.
    if (model.tokenizer.size > model.config.vocab) checkFit(model, model.tokenizer, found, found);
    // The blocks of a GGUF file become float32 if they are to be trained.
    return { ...model, ...!frozen && { quantised: new Map() }, folder: found };
  }
  const model = await readFolder(found, readHuggingFace);
  if (model.quantised?.size && !frozen) {
    throw new UserError(
      `${found} is quantised, and cannot be learned from or trained further but by an adapter; give the model that it ` +
        "was made from",
    );
  }
  const tokenizer = await readFolder(found, readFolderTokenizer);
  if (tokenizer) return { ...withRows(model, tokenizer, found), tokenizer, folder: found };
  const other = await readTokenizer(join(vocabulary, "tokenizer.json"));
  checkFit(model, other, found, vocabulary);
  return { ...model, tokenizer: other, folder: found };
}
