/** What a model says without some of its heads and MLPs. */
import { type Candidate, candidates, checkFinite } from "../generate/sample.ts";
import type { Ablation, Decoder } from "../model/decoder.ts";
import { scope } from "../tensor/tensor.ts";

export interface WrittenToken {
  readonly id: number;
  /** The most probable tokens there, the token itself first. */
  readonly top: readonly Candidate[];
}

export interface WriteOptions {
  readonly ablation: Ablation;
  readonly maxNewTokens: number;
  /** Ends the text; it is yielded, too. */
  readonly stop: number;
  /** How many of the most probable tokens to tell with each. */
  readonly alternatives: number;
}

/**
 * The most probable continuation of a model without some of its parts, token by token, until the stop token, the limit
 * or the end of the context.
 * @param ids at most as many as the context holds
 * @throws {UserError} if the logits are not finite
 */
export async function* writeAblated(
  model: Decoder,
  ids: Uint32Array,
  { ablation, maxNewTokens, stop, alternatives }: WriteOptions,
): AsyncGenerator<WrittenToken> {
  const { device } = model.parameters;
  const cache = model.cache(1);
  try {
    let pending = ids;
    for (let made = 0; made < maxNewTokens; made++) {
      if (cache.lengths[0] + pending.length > model.config.context) return;
      const tokens = { ids: pending, batch: 1, time: pending.length };
      const logits = await scope(() => {
        return device.read(
          model.ablating(ablation, () => model.logitsAt([pending.length - 1], tokens, cache, [0])).buffer,
        );
      });
      checkFinite(logits);
      const { top } = candidates(logits, 0, alternatives);
      yield { id: top[0].id, top };
      if (top[0].id === stop) return;
      pending = Uint32Array.of(top[0].id);
    }
  } finally {
    model.releaseCache(cache);
  }
}

/** How parts change the log-probability of the next token. */
export interface EffectsOfParts {
  /** What the whole model finds most probable. */
  readonly token: Candidate;
  /** By layer and head, each switched off alone: its log-probability then, less that of the whole model. */
  readonly heads: number[][];
  /** The same by layer, for the MLP. */
  readonly mlps: number[];
}

/**
 * What each head and each MLP does to the most probable next token: a pass for each of them.
 * @param turn runs each pass
 */
export async function effectsOf(
  model: Decoder,
  ids: Uint32Array,
  turn: <R>(compute: () => R | Promise<R>) => Promise<R>,
): Promise<EffectsOfParts> {
  const { device } = model.parameters;
  const { layers, heads } = model.config;
  const logits = (ablation: Ablation) =>
    turn(() =>
      scope(() => {
        const pass = () => model.logitsAt([ids.length - 1], { ids, batch: 1, time: ids.length });
        return device.read(model.ablating(ablation, pass).buffer);
      })
    );
  const whole = await logits({ heads: [], mlps: [] });
  checkFinite(whole);
  const [token] = candidates(whole, 0, 1).top;
  const effect = async (ablation: Ablation) => {
    return candidates(await logits(ablation), token.id, 0).own.logprob - token.logprob;
  };
  const effects: EffectsOfParts = { token, heads: [], mlps: [] };
  for (let layer = 0; layer < layers; layer++) {
    const row: number[] = [];
    for (let head = 0; head < heads; head++) row.push(await effect({ heads: [{ layer, head }], mlps: [] }));
    effects.heads.push(row);
    effects.mlps.push(await effect({ heads: [], mlps: [layer] }));
  }
  return effects;
}
