/** The encoded corpus: one stream of tokens to train on, and one that is held out. */
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { Shard } from "./shard.ts";

/**
 * @param folder of the shards
 * @param context tokens of a sequence
 * @throws {UserError} if the training text is shorter than a sequence, or there is no held-out text
 */
export async function openStreams(folder: string, tokenizer: Tokenizer, context: number) {
  const open = (part: string) => Shard.open(join(folder, `${part}.safetensors`), tokenizer);
  using opened = new DisposableStack();
  const train = opened.use(await open("train")), validation = opened.use(await open("validation"));
  if (train.length <= context) {
    throw new UserError(
      `model.context: ${context} tokens are more than the training text's ` +
        `${train.length}; lower it to at most ${train.length - 1}, or add text`,
    );
  }
  if (validation.length < 2) {
    throw new UserError("prepare-corpus.validation.share: no text is held out; raise it, or add text");
  }
  const files = opened.move();
  return { train, validation, [Symbol.dispose]: () => files.dispose() };
}
