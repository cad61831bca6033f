/** Fits a model's token rows to its vocabulary. */
import { UserError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { LoadedModel } from "./huggingface.ts";

/** @throws {UserError} if the tokenizer's size differs from the model's vocabulary */
export function checkFit(
  { config }: LoadedModel,
  { size }: Tokenizer,
  model: string,
  vocabulary: string,
): void {
  if (size === config.vocab) return;
  throw new UserError(
    `${model} was trained with ${config.vocab} tokens, but the vocabulary in ${vocabulary} has ${size}; ` +
      "give the backbone its own tokenizer",
  );
}

/** Number of special tokens that a vocabulary from elsewhere may lack: all but `<unk>`. */
const MOST_ADDED = 5;

/** The parameters with a row for every token. */
const TOKEN_ROWS = ["embed.tokens.weight", "head.weight"];

/**
 * A model with a row for every token. New rows are the mean of the others, so that new tokens are no more probable than
 * known ones are on average. Quantised rows then become float32.
 * @throws {UserError} if the model has far fewer tokens than its tokenizer
 */
export function withRows<M extends LoadedModel>(model: M, tokenizer: Tokenizer, folder: string): M {
  const { vocab, width } = model.config;
  const added = tokenizer.size - vocab;
  if (added > MOST_ADDED) checkFit(model, tokenizer, folder, folder);
  if (added <= 0) return model;
  return {
    ...model,
    config: { ...model.config, vocab: tokenizer.size },
    quantised: new Map([...model.quantised ?? []].filter(([name]) => !TOKEN_ROWS.includes(name))),
    values(spec) {
      if (!TOKEN_ROWS.includes(spec.name)) return model.values(spec);
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
