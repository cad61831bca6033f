/** Continues plain text. */
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { GenerateOptions } from "./batch.ts";
import { generate } from "./generate.ts";

/** The model's continuation of a text that begins a document, up to the document's end. */
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
