/** Reads a model of ours or from Hugging Face, with everything of its folder that another program needs. */
import { join } from "@std/path";
import { readText } from "../files.ts";
import { readFolder } from "../folders.ts";
import { tokenizerFiles } from "../text/huggingface_files.ts";
import { type CheckpointInfo, readCheckpoint, readCheckpointInfo } from "./checkpoint.ts";
import { configJson, type LoadedModel, readHuggingFace } from "./huggingface.ts";

/** Files in a folder from elsewhere that describe how its model reads and writes text. */
const TEXTS = [
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"],
  ...["vocab.json", "merges.txt", "generation_config.json", "chat_template.jinja"],
];

export interface ModelFolder extends LoadedModel {
  /** The keys of config.json, with defaults filled in. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The files that describe how the model reads and writes text, such as tokenizer and chat template, by name. */
  readonly texts: Readonly<Record<string, string>>;
  /** checkpoint.json; null if the folder is from elsewhere. */
  readonly info: CheckpointInfo | null;
}

/**
 * @param folder a checkpoint, or a folder that holds config.json itself
 * @throws {UserError} if there is no model, or the model is damaged
 */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  if (await readCheckpointInfo(folder)) {
    const { info, tokenizer, config, head, values } = await readCheckpoint(folder);
    // Written anew, because older checkpoints lack some files and keys.
    return {
      ...{ info, config, head, values },
      json: configJson({ config, head, special: tokenizer.special }, "float32"),
      texts: tokenizerFiles(tokenizer, { context: config.context, chat: info.format === "chat" }),
    };
  }
  return await readFolder(folder, async (place) => {
    const model = await readHuggingFace(place);
    const names = (await Array.fromAsync(Deno.readDir(place))).map(({ name }) => name);
    const texts: Record<string, string> = {};
    for (const name of TEXTS.filter((name) => names.includes(name))) {
      texts[name] = await readText(join(place, name), "restore the folder");
    }
    const json = JSON.parse(await readText(join(place, "config.json"), "restore the folder"));
    return { ...model, json: { ...configJson(model, "float32"), ...json }, texts, info: null };
  });
}
