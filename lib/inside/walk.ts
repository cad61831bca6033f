/** One forward pass step by step: the numbers of one position, in one layer and one of its heads. */
import { checkFinite } from "../generate/sample.ts";
import { alibiHeads, alibiSlope } from "../ops/attention.ts";
import type { ModelConfig } from "../model/config.ts";
import type { Decoder, Observer, Place } from "../model/decoder.ts";
import { scope } from "../tensor/tensor.ts";

export interface Where {
  readonly position: number;
  readonly layer: number;
  readonly head: number;
}

/** What one position computes; vectors by their lengths, of which T counts the positions up to it. */
export interface Walk {
  /** (C): the token's embedding, with that of its position if positions are learned. */
  readonly embedding: Float32Array;
  /** (C): the residual stream that enters the layer, and its norm. */
  readonly residual: Float32Array;
  readonly attentionNorm: Float32Array;
  /** (D): the head's query. */
  readonly query: Float32Array;
  /** (D) each, T of them: the keys and the values of the positions that it may look at. */
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
  /** (T): q·k, then divided by √D and with ALiBi's bias, then their softmax. */
  readonly products: Float32Array;
  readonly scores: Float32Array;
  readonly weights: Float32Array;
  /** (D): the values, mixed by the weights. */
  readonly mixture: Float32Array;
  /** (C): what all heads together add to the residual stream, and its norm with that. */
  readonly attention: Float32Array;
  readonly mlpNorm: Float32Array;
  /** (F): the MLP's hidden layer before its activation, and after. For swiglu before it are 2F, the gate first. */
  readonly up: Float32Array;
  readonly activated: Float32Array;
  /** (C): what the MLP adds, and the residual stream that leaves the layer. */
  readonly mlp: Float32Array;
  readonly leaves: Float32Array;
  /** The length of the residual stream (its Euclidean norm) at each depth, from the embedding to the last layer. */
  readonly lengths: readonly number[];
  /** (C): the last norm. (V): the logits. */
  readonly finalNorm: Float32Array;
  readonly logits: Float32Array;
}

const ACTIVATIONS: Record<ModelConfig["mlp"], (up: Float32Array) => Float32Array> = {
  gelu: (up) => up.map((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  relu2: (up) => up.map((x) => Math.max(0, x) ** 2),
  swiglu: (up) => {
    const half = up.length / 2;
    return up.subarray(0, half).map((gate, i) => gate / (1 + Math.exp(-gate)) * up[half + i]);
  },
};

/**
 * @param ids a sequence that the context has room for; nothing after the position matters
 * @throws {UserError} if the logits are not finite
 */
export async function forwardPass(model: Decoder, ids: Uint32Array, where: Where): Promise<Walk> {
  const { device } = model.parameters;
  const { config } = model;
  const { layers, heads, kvHeads, headWidth } = config;
  const { position, layer, head } = where;
  const time = position + 1;
  const reads = new Map<string, Promise<Float32Array>>();
  const look: Observer = (place, at, value) => {
    if (place === "residual" || at === layer) reads.set(`${place} ${at}`, device.read(value.buffer));
  };
  const [hidden, logits] = await scope(() => {
    const tokens = { ids: ids.slice(0, time), batch: 1, time };
    const last = model.observing(look, () => model.hidden(tokens));
    return Promise.all([device.read(last.buffer), device.read(model.logitsAt([position], tokens).buffer)]);
  });
  checkFinite(logits);
  const found = new Map<string, Float32Array>();
  for (const [name, read] of reads) found.set(name, await read);
  /** The row of a position. */
  const row = (values: Float32Array, t: number) => {
    const width = values.length / time;
    return values.subarray(t * width, (t + 1) * width);
  };
  const at = (place: Place, of = layer) => row(found.get(`${place} ${of}`)!, position);
  const qkv = (t: number, index: number) =>
    row(found.get(`qkv ${layer}`)!, t).subarray(index * headWidth, (index + 1) * headWidth);
  const group = Math.floor(head / (heads / kvHeads));
  const query = qkv(position, head);
  const keys = Array.from({ length: time }, (_, t) => qkv(t, heads + group));
  const slope = alibiSlope(config.position === "alibi" ? alibiHeads(heads) : 0, head);
  const products = Float32Array.from(keys, (key) => key.reduce((sum, k, d) => sum + k * query[d], 0));
  const scores = products.map((product, t) => product / Math.sqrt(headWidth) - slope * (position - t));
  return {
    embedding: at("residual", 0),
    residual: at("residual"),
    attentionNorm: at("attention.norm"),
    query,
    keys,
    values: Array.from({ length: time }, (_, t) => qkv(t, heads + kvHeads + group)),
    products,
    scores,
    weights: softmax(scores),
    mixture: at("attended").subarray(head * headWidth, (head + 1) * headWidth),
    attention: at("attention"),
    mlpNorm: at("mlp.norm"),
    up: at("mlp.up"),
    activated: ACTIVATIONS[config.mlp](at("mlp.up")),
    mlp: at("mlp"),
    leaves: at("residual", layer + 1),
    lengths: Array.from({ length: layers + 1 }, (_, depth) => Math.hypot(...at("residual", depth))),
    finalNorm: row(hidden, position),
    logits,
  };
}

function softmax(scores: Float32Array): Float32Array {
  const top = Math.max(...scores);
  const sum = scores.reduce((total, score) => total + Math.exp(score - top), 0);
  return scores.map((score) => Math.exp(score - top) / sum);
}
