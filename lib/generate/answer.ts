/** Generates a model's answer to an instruction. */
import type { Decoder } from "../model/decoder.ts";
import { encodePrompt, type Turn } from "../text/prompt.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { generate } from "./generate.ts";
import type { Sampling } from "../ops/sample.ts";

export interface AnswerOptions extends Sampling {
  readonly maxNewTokens: number;
  readonly seed: number;
  /** Earlier turns of the conversation. */
  readonly past?: readonly Turn[];
}

export interface Answer {
  /** The answer, without markers. */
  readonly text: string;
  /** The whole sequence, prompt and answer, with its markers. */
  readonly raw: string;
  /** Tokens of the answer. */
  readonly tokens: number;
}

/** The part of the context that a prompt leaves free for the start of the answer. */
const ANSWER_ROOM = 1 / 4;

/** The most tokens in a prompt: a quarter of the context stays free. */
export const promptLimit = (context: number) => Math.max(2, Math.floor(context * (1 - ANSWER_ROOM)));

/** The tokens of the prompt that a model is to answer, cut to the prompt's limit. */
export function promptTokens(
  tokenizer: Tokenizer,
  context: number,
  instruction: string,
  past: readonly Turn[] = [],
): Uint32Array {
  return encodePrompt(tokenizer, { past, instruction }, promptLimit(context)).ids;
}

export async function answer(
  model: Decoder,
  tokenizer: Tokenizer,
  instruction: string,
  options: AnswerOptions,
): Promise<Answer> {
  const prompt = promptTokens(tokenizer, model.config.context, instruction, options.past);
  const ids: number[] = [];
  for await (const id of generate(model, prompt, { ...options, stop: tokenizer.special.eos })) ids.push(id);
  // A model that never learned the format may generate markers; they are not part of the text.
  return {
    text: tokenizer.decode(ids).trim(),
    raw: tokenizer.decode([...prompt, ...ids], { special: true }),
    tokens: ids.length,
  };
}
