/** Tests whether a model can copy text that it never saw: random tokens, followed by the same tokens again. */
import type { TokenStream } from "../data/token_stream.ts";
import { scoreTokens } from "../generate/score.ts";
import type { Decoder } from "../model/decoder.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";

/** Mean loss in nats per token, the first time and again. Leaves out the first token of each: nothing announces it. */
export interface Copying {
  readonly first: number;
  readonly again: number;
}

/** The number of sequences, and the tokens that come twice in each, or fewer if the context is too short. */
const SEQUENCES = 8, TOKENS = 32;

/** @param stream text from which each token is drawn independently, so that tokens are as frequent as in the text */
export async function copying(model: Decoder, stream: TokenStream): Promise<Copying> {
  const length = Math.min(TOKENS, Math.floor(model.config.context / 2));
  const one = new Uint32Array(1);
  const token = (seed: number, i: number) => {
    stream.read(Math.floor(uniform(seed, i) * stream.length), one);
    return one[0];
  };
  let first = 0, again = 0;
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    const seed = deriveSeed(1, "copying", sequence);
    const once = Array.from({ length }, (_, i) => token(seed, i));
    const scores = await scoreTokens(model, Uint32Array.from([...once, ...once]), 1);
    for (let i = 0; i < length - 1; i++) {
      first -= scores[i].logprob;
      again -= scores[length + i].logprob;
    }
  }
  const counted = SEQUENCES * (length - 1);
  return { first: first / counted, again: again / counted };
}
