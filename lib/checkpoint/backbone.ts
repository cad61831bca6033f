/** Where a finetuning starts: a pretrained model and its tokenizer. */
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { locateFolder, readFolder } from "../folders.ts";
import { type LoadedModel, readHuggingFace } from "./huggingface.ts";
import { readFolderTokenizer, readTokenizer, type Tokenizer } from "../text/tokenizer.ts";
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
    const needed =
      /^((config|tokenizer|tokenizer_config|vocab)\.json|merges\.txt|model.*\.safetensors(\.index\.json)?)$/;
    return names.filter((name) => needed.test(name)).sort().map((name) => join(place, name));
  });
}

/** The files that a finetuning from a folder depends on: with the preset's vocabulary if the folder has none. */
export async function backboneFiles(folder: string, vocabulary: string): Promise<string[]> {
  const files = await checkpointFiles(folder);
  const own = await isOwn(folder, await findCheckpoint(folder));
  const named = files.some((file) => /(^|\/)(tokenizer|vocab)\.json$/.test(file));
  return own || named ? files : [...files, join(vocabulary, "tokenizer.json")];
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
 * Reads a checkpoint of ours, or a folder from Hugging Face with its tokenizer; one without takes the preset's
 * vocabulary. Special tokens that a vocabulary from elsewhere lacks get rows of their own in the model.
 * @throws {UserError} if it is damaged, or does not fit its vocabulary
 */
export async function readBackbone(
  folder: string,
  vocabulary: string,
): Promise<LoadedModel & { tokenizer: Tokenizer; folder: string }> {
  const found = await findCheckpoint(folder);
  if (await isOwn(folder, found)) {
    const model = await readCheckpoint(found);
    // A vocabulary from elsewhere may be smaller than its model, whose last rows are then unused.
    if (model.tokenizer.size > model.config.vocab) checkFit(model, model.tokenizer, found, found);
    return { ...model, folder: found };
  }
  const model = await readFolder(found, readHuggingFace);
  const tokenizer = await readFolder(found, readFolderTokenizer);
  if (tokenizer) return { ...withRows(model, tokenizer, found), tokenizer, folder: found };
  const other = await readTokenizer(join(vocabulary, "tokenizer.json"));
  checkFit(model, other, found, vocabulary);
  return { ...model, tokenizer: other, folder: found };
}

/** @throws {UserError} if the vocabulary is of another size than the model's */
function checkFit({ config }: LoadedModel, { size }: Tokenizer, model: string, vocabulary: string): void {
  if (size === config.vocab) return;
  throw new UserError(
    `${model} was trained with ${config.vocab} tokens, but the vocabulary in ${vocabulary} has ${size}; ` +
      "give the backbone its own tokenizer",
  );
}

/** Special tokens that a vocabulary from elsewhere may lack: all but `<unk>`. */
const MOST_ADDED = 5;

/**
 * A model with a row for every token. New rows are the mean of the others, so that no new token is more probable than
 * the known ones are on average.
 * @throws {UserError} if the model has far fewer tokens than its tokenizer
 */
function withRows(model: LoadedModel, tokenizer: Tokenizer, folder: string): LoadedModel {
  const { vocab, width } = model.config;
  const added = tokenizer.size - vocab;
  if (added > MOST_ADDED) checkFit(model, tokenizer, folder, folder);
  if (added <= 0) return model;
  return {
    ...model,
    config: { ...model.config, vocab: tokenizer.size },
    values(spec) {
      if (spec.name !== "embed.tokens.weight" && spec.name !== "head.weight") return model.values(spec);
      const known = model.values({ ...spec, shape: [vocab, width] });
      const rows = new Float32Array(tokenizer.size * width);
      rows.set(known);
      for (let column = 0; column < width; column++) {
        let sum = 0;
        for (let row = 0; row < vocab; row++) sum += known[row * width + column];
        for (let row = vocab; row < tokenizer.size; row++) rows[row * width + column] = sum / vocab;
      }
      return rows;
    },
  };
}
