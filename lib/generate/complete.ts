/** Continuations of plain text. */
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { GenerateOptions } from "./batch.ts";
import { generate } from "./generate.ts";

/** What a model writes after a text that a document begins with, up to the document's end. */
export async function complete(
  model: Decoder,
  tokenizer: Tokenizer,
  beginning: string,
  options: Omit<GenerateOptions, "stop">,
): Promise<string> {
  const prompt = Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode(beginning));
  const ids: number[] = [];
  for await (const id of generate(model, prompt, { ...options, stop: tokenizer.special.eos })) ids.push(id);
  return tokenizer.decode(ids);
}
