/**
 * GPT-2 (Radford et al., 2019): the whole model. Shapes in comments: batch B, time T, channels C,
 * heads H, vocabulary V.
 *
 * Parameters bear the names of Hugging Face's GPT-2, so a checkpoint folder is one of theirs.
 */
import type { Device } from "../device/device.ts";
import { add } from "../ops/add.ts";
import { attention } from "../ops/attention.ts";
import { attentionWithCache, type LayerCache } from "../ops/attention_cached.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { dropout } from "../ops/dropout.ts";
import { embedding } from "../ops/embedding.ts";
import { addNorm, type Norm, norm } from "../ops/norm.ts";
import { linear } from "../ops/linear.ts";
import { mlp } from "../ops/mlp.ts";
import { pool } from "../ops/pool.ts";
import { deriveSeed, normals } from "../tensor/random.ts";
import { type Parameter, release, scope, Tensor, upload } from "../tensor/tensor.ts";
import { Parameters, type ParameterSpec } from "./parameters.ts";

export interface GptConfig {
  readonly vocab: number;
  /** Longest sequence, in tokens. */
  readonly context: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width of the MLP's hidden layer. */
  readonly hidden: number;
  /** Probability of dropping an activation or an attention weight while training. */
  readonly dropout: number;
  /** Whether linear layers and norms have a bias. */
  readonly bias: boolean;
  /** Whether the head shares the token embedding's weights. */
  readonly tied: boolean;
}

/** Token ids of B sequences of T tokens, row by row. */
export interface Tokens {
  readonly ids: Uint32Array;
  readonly batch: number;
  readonly time: number;
}

/** Keys and values of the positions that sequences have been through, a row each. */
export interface KvCache {
  readonly layers: readonly LayerCache[];
  /** Positions that each row holds; `hidden` advances them. */
  readonly lengths: number[];
}

/** What each parameter is, and how it starts: N(0, 0.02²), projections into the residual stream scaled. */
export function parameterSpecs(c: GptConfig): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  const matrix = (name: string, rows: number, columns: number, deviation = 0.02) =>
    specs.push({ name, shape: [rows, columns], deviation });
  const bias = (name: string, size: number) => {
    if (c.bias) specs.push({ name, shape: [size], deviation: 0, fill: 0 });
  };
  const norm = (name: string) => {
    specs.push({ name: `${name}.weight`, shape: [c.width], deviation: 0, fill: 1 });
    bias(`${name}.bias`, c.width);
  };
  // Each block adds to the residual stream twice; 1/√(2L) keeps the sum's variance at the start.
  const residual = 0.02 / Math.sqrt(2 * c.layers);
  matrix("transformer.wte.weight", c.vocab, c.width);
  matrix("transformer.wpe.weight", c.context, c.width);
  for (let layer = 0; layer < c.layers; layer++) {
    const block = `transformer.h.${layer}`;
    norm(`${block}.ln_1`);
    matrix(`${block}.attn.c_attn.weight`, c.width, 3 * c.width);
    bias(`${block}.attn.c_attn.bias`, 3 * c.width);
    matrix(`${block}.attn.c_proj.weight`, c.width, c.width, residual);
    bias(`${block}.attn.c_proj.bias`, c.width);
    norm(`${block}.ln_2`);
    matrix(`${block}.mlp.c_fc.weight`, c.width, c.hidden);
    bias(`${block}.mlp.c_fc.bias`, c.hidden);
    matrix(`${block}.mlp.c_proj.weight`, c.hidden, c.width, residual);
    bias(`${block}.mlp.c_proj.bias`, c.width);
  }
  norm("transformer.ln_f");
  if (!c.tied) matrix("lm_head.weight", c.vocab, c.width);
  return specs;
}

/** How a parameter starts, drawn from a seed. */
export function initialValues({ name, shape, deviation, fill }: ParameterSpec, seed: number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  if (fill !== undefined) return new Float32Array(size).fill(fill);
  return normals(deriveSeed(seed, "parameter", name), size, deviation);
}

/** Told what a pass computes on its way: each layer's queries, keys and values, (B, T, 3C). */
export type Observer = (layer: number, qkv: Tensor) => void;

export class GPT {
  readonly config: GptConfig;
  readonly parameters: Parameters;
  /** Seed of this pass's dropout masks; null while inferring, when nothing is dropped. */
  #dropoutSeed: number | null = null;
  #drops = 0;
  #observer: Observer | null = null;

  /**
   * The parameters are zero until `initialize` or `load`.
   * @param parameters those of a larger model that this one is the backbone of
   */
  constructor(device: Device, config: GptConfig, parameters?: Parameters) {
    if (config.width % config.heads !== 0) {
      throw new Error(`width ${config.width} is not divisible by ${config.heads} heads`);
    }
    this.config = config;
    this.parameters = parameters ?? new Parameters(device, parameterSpecs(config));
  }

  /** Draws GPT-2's random start. */
  initialize(seed: number): void {
    this.load((spec) => initialValues(spec, seed));
  }

  /** Sets every parameter. */
  load(values: (spec: ParameterSpec) => Float32Array): void {
    this.parameters.load(values);
  }

  /** Runs `fn` as a training pass, whose dropout masks follow from `seed`. */
  training<R>(seed: number, fn: () => R): R {
    this.#dropoutSeed = seed;
    this.#drops = 0;
    try {
      return fn();
    } finally {
      this.#dropoutSeed = null;
    }
  }

  /** Runs `fn`, whose passes tell the observer what they compute. */
  observing<R>(observer: Observer, fn: () => R): R {
    this.#observer = observer;
    try {
      return fn();
    } finally {
      this.#observer = null;
    }
  }

  /** An empty cache for `rows` sequences, as long as the context. */
  cache(rows: number): KvCache {
    const { layers, context, width } = this.config;
    const { device } = this.parameters;
    const size = rows * context * width;
    const made: Tensor[] = [];
    const make = () => {
      made.push(new Tensor(device, [rows, context, width], device.alloc(size * 4)));
      return made.at(-1)!;
    };
    try {
      return {
        layers: Array.from({ length: layers }, () => ({ keys: make(), values: make() })),
        lengths: Array.from({ length: rows }, () => 0),
      };
    } catch (error) {
      made.forEach(release);
      throw error;
    }
  }

  /** Gives a cache's memory back. */
  releaseCache({ layers }: KvCache): void {
    for (const { keys, values } of layers) [keys, values].forEach(release);
  }

  /**
   * (B, T) token ids to (B, T, C) hidden states, after the last norm. With a cache, the tokens follow
   * those that its rows hold, and are added to them.
   * @param rows the cache's row of each sequence; the first B by default
   */
  hidden(
    { ids, batch, time }: Tokens,
    cache?: KvCache,
    rows = Array.from({ length: batch }, (_, b) => b),
  ): Tensor {
    const past = rows.map((row) => cache?.lengths[row] ?? 0);
    const longest = Math.max(...past) + time;
    if (longest > this.config.context) throw new Error(`${longest} tokens exceed the context`);
    const { device } = this.parameters;
    const slots = cache &&
      upload(device, [batch, 2], Uint32Array.from(rows.flatMap((row, b) => [row, past[b]])));
    const positions = Uint32Array.from(ids, (_, i) => past[Math.floor(i / time)] + i % time);
    // Caches are in float32, and so are the passes that use one.
    const dtype = this.parameters.mixed && !cache ? "f16" : "f32";
    let x = add(
      embedding(this.#p("transformer.wte.weight"), ids, [batch, time], dtype),
      embedding(this.#p("transformer.wpe.weight"), positions, [batch, time], dtype),
    ); // (B, T, C)
    x = this.#drop(x);
    let normal = norm(x, this.#norm(0));
    for (let layer = 0; layer < this.config.layers; layer++) {
      [x, normal] = scope(() => {
        return this.#block(layer, x, normal, cache && slots && { ...cache.layers[layer], slots });
      });
    }
    if (cache) { for (const row of rows) cache.lengths[row] += time; }
    return normal;
  }

  /** (B, T) token ids to (B, T, V) logits. */
  logits(tokens: Tokens, cache?: KvCache, rows?: number[]): Tensor {
    return this.#head(this.hidden(tokens, cache, rows));
  }

  /**
   * (B, T) token ids to the logits of one position of each sequence, V a sequence.
   * @param positions from 0, below T, one a sequence
   */
  logitsAt(positions: readonly number[], tokens: Tokens, cache?: KvCache, rows?: number[]): Tensor {
    const { batch, time } = tokens;
    const hidden = this.hidden(tokens, cache, rows);
    if (time === 1) return this.#head(hidden);
    const chosen = new Float32Array(batch * time);
    positions.forEach((position, b) => chosen[b * time + position] = 1);
    return this.#head(pool(hidden, chosen)); // (B, V)
  }

  /** The mean cross-entropy of the targets that are not ignored, in nats: a tensor of one element. */
  loss(tokens: Tokens, targets: Uint32Array): Tensor {
    return scope(() => crossEntropy(this.logits(tokens), targets));
  }

  /**
   * Two residual branches: from x and its norm, both (B, T, C), to what the next block takes. The norms stand at
   * the ends of the residual connections before them, with which they share a kernel.
   */
  #block(layer: number, x: Tensor, normal: Tensor, cache?: LayerCache & { slots: Tensor }): [Tensor, Tensor] {
    const name = `transformer.h.${layer}`;
    const { heads, dropout: rate } = this.config;
    const qkv = linear(normal, ...this.#layer(`${name}.attn.c_attn`)); // (B, T, 3C)
    this.#observer?.(layer, qkv);
    const attended = cache
      ? attentionWithCache(qkv, { heads }, cache, cache.slots)
      : this.#dropoutSeed === null
      ? attention(qkv, { heads })
      : attention(qkv, { heads }, { rate, seed: this.#nextSeed() }); // (B, T, C)
    const branch = this.#drop(linear(attended, ...this.#layer(`${name}.attn.c_proj`)));
    [x, normal] = addNorm(x, branch, this.#norm(2 * layer + 1));
    const [up, upBias] = this.#layer(`${name}.mlp.c_fc`),
      [down, downBias] = this.#layer(`${name}.mlp.c_proj`);
    const through = mlp(normal, { activation: "gelu", up, upBias, down, downBias });
    return addNorm(x, this.#drop(through), this.#norm(2 * layer + 2));
  }

  #head(hidden: Tensor): Tensor {
    return linear(
      hidden,
      this.#p(this.config.tied ? "transformer.wte.weight" : "lm_head.weight"),
      null,
      true,
    );
  }

  #p(name: string): Parameter {
    return this.parameters.get(name);
  }

  /** Weight and bias of a linear layer or of a norm. */
  #layer(name: string): [Parameter, Parameter | null] {
    return [this.#p(`${name}.weight`), this.config.bias ? this.#p(`${name}.bias`) : null];
  }

  /** The model's norms in their order: two a block, and the last. */
  #norm(index: number): Norm {
    const layer = Math.floor(index / 2);
    const name = layer === this.config.layers
      ? "transformer.ln_f"
      : `transformer.h.${layer}.ln_${index % 2 + 1}`;
    const [gamma, beta] = this.#layer(name);
    return { kind: "layer", gamma, beta, epsilon: 1e-5 }; // GPT-2's
  }

  #drop(x: Tensor): Tensor {
    return this.#dropoutSeed === null ? x : dropout(x, this.config.dropout, this.#nextSeed());
  }

  #nextSeed(): number {
    return deriveSeed(this.#dropoutSeed!, "dropout", this.#drops++);
  }
}
