/** Measures loss on held-out text. */
import type { Batch } from "../data/batches.ts";
import type { TokenStream } from "../data/token_stream.ts";
import type { Decoder } from "../model/decoder.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { scope } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { Flight } from "./flight.ts";

/** How well a model predicts text. */
export interface Prediction {
  readonly [figure: string]: number;
  /** Mean cross-entropy, in nats per token. */
  readonly loss: number;
  /** e to the power of the loss. */
  readonly perplexity: number;
  /** Bits per character: all bits, divided by the targets' characters. Special tokens cost bits and spell none. */
  readonly bpc: number;
  /** Bits per byte of the text in UTF-8: comparable between tokenizers whose vocabularies cover the text. */
  readonly bpb: number;
  /** The share of `<unk>` among the targets. It costs few bits and says little: if frequent, bpb looks too good. */
  readonly unknown: number;
}

export async function evaluateLoss(
  model: Decoder,
  batches: Iterable<Batch>,
  tokenizer: Tokenizer,
): Promise<Prediction> {
  const { device } = model.parameters;
  const flight = new Flight<Float32Array>();
  const losses: Float32Array[] = [];
  const sizes: number[] = [];
  let targets = 0, characters = 0, bytes = 0, unknowns = 0;
  for (const batch of batches) {
    const loss = scope(() => device.snapshot(model.loss(batch.tokens, batch.targets).buffer));
    device.flush();
    losses.push(...await flight.add(() => loss.data()));
    const counted = batch.targets.filter((t) => t !== IGNORED);
    sizes.push(counted.length);
    targets += counted.length;
    for (const id of counted) {
      const spelled = tokenizer.bytes(id);
      // An unknown token stands for at least one character; how many bytes it had is not known.
      const unknown = Number(id === tokenizer.special.unk);
      unknowns += unknown;
      bytes += spelled.length + unknown;
      characters += spelled.reduce((n, byte) => n + Number(!continues(byte)), unknown);
    }
  }
  losses.push(...await flight.land());
  const nats = losses.reduce((sum, [loss], i) => sum + loss * sizes[i], 0);
  const loss = nats / targets, bits = nats / Math.LN2;
  return {
    loss,
    perplexity: Math.exp(loss),
    bpc: bits / Math.max(1, characters),
    bpb: bits / Math.max(1, bytes),
    unknown: unknowns / targets,
  };
}

/** Whether a byte of UTF-8 continues a character. */
const continues = (byte: number) => (byte & 0xc0) === 0x80;

/** Tokens counted at a time. */
const COUNTED = 1 << 18;

/**
 * The loss of guessing tokens by their frequency alone, in nats per token: the entropy of the stream's tokens.
 * @param size of the vocabulary
 */
export function unigramEntropy(stream: TokenStream, size: number): number {
  const counts = new Float64Array(size), buffer = new Uint32Array(COUNTED);
  for (let at = 0; at < stream.length; at += COUNTED) {
    const ids = buffer.subarray(0, stream.length - at);
    stream.read(at, ids);
    for (let i = 0; i < ids.length; i++) counts[ids[i]]++;
  }
  let entropy = 0;
  for (const n of counts) if (n > 0) entropy -= n / stream.length * Math.log(n / stream.length);
  return entropy;
}
