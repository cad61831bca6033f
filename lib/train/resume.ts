/** Resumes a training that was interrupted. */
import { valuesApart } from "../checkpoint/adapted.ts";
import { architectureDifferences, readCheckpoint } from "../checkpoint/checkpoint.ts";
import { UserError } from "../errors.ts";
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/**
 * Loads the weights of an unfinished training into a model, to train it further.
 * @throws {UserError} if the checkpoint has another architecture or vocabulary
 */
export async function loadUnfinished(folder: string, model: Decoder, tokenizer: Tokenizer): Promise<void> {
  const checkpoint = await readCheckpoint(folder);
  const remedy = "undo the change, or start anew with --force";
  const differences = architectureDifferences(checkpoint.config, model.config);
  if (differences.length > 0) {
    throw new UserError(
      `--resume: ${folder} has another architecture (${differences.join(", ")}); ${remedy}`,
    );
  }
  if (JSON.stringify(checkpoint.tokenizer.toJson()) !== JSON.stringify(tokenizer.toJson())) {
    throw new UserError(`--resume: ${folder} was trained with the vocabulary of another corpus; ${remedy}`);
  }
  model.load(valuesApart(checkpoint));
}
