/**
 * Measures how the loss falls as a model has read more, and whether it stays low beyond the context that the model was
 * trained with. Models with learned positions cannot read beyond it.
 */
import { validationBatches } from "../data/batches.ts";
import type { TokenStream } from "../data/token_stream.ts";
import type { Decoder } from "../model/decoder.ts";
import { IGNORED, tokenLosses } from "../ops/cross_entropy.ts";
import { scope } from "../tensor/tensor.ts";

export interface PositionLoss {
  /** The middle of a range of positions, counted from 1. */
  readonly position: number;
  /** Mean cross-entropy in that range, in nats per token. */
  readonly loss: number;
}

/** The number of ranges that one context is divided into. */
const RANGES = 16;
/** Tokens per pass, and in all: enough for a curve, and few enough to take less than about a minute. */
const TOKENS = { batch: 2048, all: 65_536 };

/** @param stream held-out tokens; windows of twice the context are cut from it, if positions allow that */
export async function lossByPosition(model: Decoder, stream: TokenStream): Promise<PositionLoss[]> {
  const { device } = model.parameters;
  const { context } = model.config;
  const time = Math.min(model.longest(), 2 * context);
  const batch = Math.max(1, Math.floor(TOKENS.batch / time));
  const limit = Math.max(1, Math.floor(TOKENS.all / (batch * time)));
  const sums = new Float64Array(time), counts = new Uint32Array(time);
  for (const { tokens, targets } of validationBatches(stream, { batch, time, limit })) {
    const losses = await scope(() => device.read(tokenLosses(model.logits(tokens), targets).buffer));
    targets.forEach((target, i) => {
      if (target === IGNORED) return;
      sums[i % time] += losses[i];
      counts[i % time]++;
    });
  }
  const size = Math.max(1, Math.floor(context / RANGES));
  const ranges: PositionLoss[] = [];
  for (let from = 0; from < time; from += size) {
    const sum = sums.subarray(from, from + size).reduce((a, b) => a + b, 0);
    const count = counts.subarray(from, from + size).reduce((a, b) => a + b, 0);
    if (count > 0) ranges.push({ position: from + (size + 1) / 2, loss: sum / count });
  }
  return ranges;
}
