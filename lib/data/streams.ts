/** The corpus as a model is trained on it: one stream of tokens to learn, one held out. */
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { readDocuments, tokenStream } from "./documents.ts";

/**
 * @param corpus the folder of its documents
 * @param context tokens of a sequence
 * @throws {UserError} if there is less training text than a sequence takes, or no held-out text
 */
export async function readStreams(corpus: string, tokenizer: Tokenizer, context: number) {
  const read = async (name: string) => tokenStream(await readDocuments(join(corpus, name)), tokenizer);
  const streams = { train: await read("train.jsonl"), validation: await read("validation.jsonl") };
  if (streams.train.length <= context) {
    throw new UserError(
      `model.context: ${context} tokens are more than the training text's ` +
        `${streams.train.length}; lower it to at most ${streams.train.length - 1}, or add text`,
    );
  }
  if (streams.validation.length < 2) {
    throw new UserError("prepare-corpus.validation.share: no text is held out; raise it, or add text");
  }
  return streams;
}
