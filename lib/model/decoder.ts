/**
 * The whole model: a decoder whose parts the config chooses. GPT-2 (Radford et al., 2019), Llama (Touvron et al.,
 * arXiv:2302.13971) and Qwen3 (arXiv:2505.09388) are such choices. Shapes in comments: batch B, time T, channels C,
 * query heads H, key-value heads G, head width D, hidden width F, vocabulary V.
 */
import type { Device } from "../device/device.ts";
import { add } from "../ops/add.ts";
import { attention } from "../ops/attention.ts";
import { attentionWithCache, type LayerCache } from "../ops/attention_cached.ts";
import { crossEntropy, IGNORED } from "../ops/cross_entropy.ts";
import { dropout } from "../ops/dropout.ts";
import { embedding } from "../ops/embedding.ts";
import { type HeadOptions, prepareHeads, rotaryTable } from "../ops/heads.ts";
import { linear } from "../ops/linear.ts";
import { addLowRank } from "../ops/low_rank.ts";
import { activated, mlp } from "../ops/mlp.ts";
import { addNorm, type Norm, norm } from "../ops/norm.ts";
import { pool } from "../ops/pool.ts";
import { softcap } from "../ops/softcap.ts";
import { takeRows } from "../ops/take_rows.ts";
import { deriveSeed, normals } from "../tensor/random.ts";
import { type Parameter, release, scope, Tensor, upload } from "../tensor/tensor.ts";
import { type Adapter, adaptersOf, type PassAdapter } from "./adapter.ts";
import type { ModelConfig } from "./config.ts";
import { addInduction } from "./induction_init.ts";
import { Parameters, type ParameterSpec } from "./parameters.ts";

/** Token ids of B sequences of T tokens, row by row. */
export interface Tokens {
  readonly ids: Uint32Array;
  readonly batch: number;
  readonly time: number;
  /** Each sequence's adapter, or null for none; by default all have the model's own. */
  readonly adapters?: readonly (Adapter | null)[];
}

/** The same, with ids that are on the device already, such as tokens drawn there. */
export interface DrawnTokens extends Omit<Tokens, "ids"> {
  readonly ids: Tensor;
}

/** Keys and values of the positions computed so far; a row for each sequence. */
export interface KvCache {
  readonly layers: readonly LayerCache[];
  /** Number of positions in each row; `hidden` advances it. */
  readonly lengths: number[];
}

/** If a larger share of a batch is learned, all rows are computed, because picking rows has a cost too. */
const MOST_LEARNED = 0.75;

/** All parameters and their random starts: N(0, 0.02²), with projections into the residual stream scaled down. */
export function parameterSpecs(c: ModelConfig): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  let layer: number | null = null;
  const add = (role: ParameterSpec["role"], name: string, shape: number[], start: number, parts?: number[]) =>
    specs.push({
      name: layer === null ? name : `blocks.${layer}.${name}`,
      role,
      layer,
      shape,
      ...parts && { parts },
      ...role === "vector" ? { deviation: 0, fill: start } : { deviation: start },
    });
  /** @param out widths of the layers that lie side by side */
  const linear = (name: string, width: number, out: number[], deviation = 0.02) => {
    const together = out.reduce((a, b) => a + b);
    add("matrix", `${name}.weight`, [width, together], deviation, out);
    if (c.bias) add("vector", `${name}.bias`, [together], 0);
  };
  const norm = (name: string) => {
    add("vector", `${name}.weight`, [c.width], 1);
    if (c.bias && c.norm === "layer") add("vector", `${name}.bias`, [c.width], 0);
  };
  // Each block adds to the residual stream twice; 1/√(2L) keeps the sum's variance independent of L.
  const residual = c.zeroInit ? 0 : 0.02 / Math.sqrt(2 * c.layers);
  add("embedding", "embed.tokens.weight", [c.vocab, c.width], 0.02);
  if (c.position === "learned") add("embedding", "embed.positions.weight", [c.context, c.width], 0.02);
  for (layer = 0; layer < c.layers; layer++) {
    norm("attention.norm");
    linear("attention.qkv", c.width, [c.heads, c.kvHeads, c.kvHeads].map((heads) => heads * c.headWidth));
    if (c.qkNorm) add("vector", "attention.heads.weight", [2 * c.headWidth], 1);
    linear("attention.out", c.heads * c.headWidth, [c.width], residual);
    norm("mlp.norm");
    linear("mlp.up", c.width, c.mlp === "swiglu" ? [c.hidden, c.hidden] : [c.hidden]);
    linear("mlp.down", c.hidden, [c.width], residual);
  }
  layer = null;
  norm("norm");
  if (!c.tied) add("head", "head.weight", [c.vocab, c.width], 0.02);
  return specs;
}

/** A parameter's start, drawn from a seed. */
export function initialValues({ name, shape, deviation, fill }: ParameterSpec, seed: number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  if (fill !== undefined) return new Float32Array(size).fill(fill);
  return normals(deriveSeed(seed, "parameter", name), size, deviation);
}

/**
 * The intermediate results of a pass that can be observed. For block `layer`, from 0:
 *   residual        (B, T, C): the residual stream before the block; with layer = L, after the last block
 *   attention.norm  (B, T, C): its norm, the input of attention
 *   qkv             (B, T, (H + 2G)·D): queries, keys and values as attention takes them, normed and rotated
 *   attended        (B, T, H·D): each head's mixture of values
 *   attention       (B, T, C): what attention adds to the residual stream
 *   mlp.norm        (B, T, C): the norm that is the MLP's input
 *   mlp.up          (B, T, F), for swiglu (B, T, 2F): its hidden layer before the activation
 *   mlp             (B, T, C): what the MLP adds to the residual stream
 */
export type Place =
  | "residual"
  | "attention.norm"
  | "qkv"
  | "attended"
  | "attention"
  | "mlp.norm"
  | "mlp.up"
  | "mlp";

/** Called at each of these places. The tensor has to be read or copied immediately. */
export type Observer = (place: Place, layer: number, value: Tensor) => void;

/**
 * Parts that are switched off. A head's mixture of values is set to zero; the output projection's bias, which belongs
 * to no head, is kept. An MLP adds nothing, not even its bias.
 */
export interface Ablation {
  readonly heads: readonly { readonly layer: number; readonly head: number }[];
  /** Layers whose MLP is switched off. */
  readonly mlps: readonly number[];
}

export class Decoder {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  /** The adapter of every sequence that does not name its own. */
  readonly adapter: Adapter | null;
  /** Whether its parameters belong to another decoder. */
  #borrows = false;
  /** Seed of this pass's dropout masks; null during inference, without dropout. */
  #dropoutSeed: number | null = null;
  #drops = 0;
  #observer: Observer | null = null;
  #ablation: Ablation | null = null;
  /** RoPE's table; it is replaced by a larger one when longer sequences come. */
  #rotaryTable: Tensor | null = null;

  /**
   * The parameters are zero until `initialize` or `load`.
   * @param parameters given if they are not new: those of a model whose backbone this is, partly quantised ones, or
   *   those of a model with other adapters
   */
  constructor(device: Device, config: ModelConfig, parameters?: Parameters, adapter: Adapter | null = null) {
    this.config = config;
    this.adapter = adapter;
    this.parameters = parameters ?? new Parameters(device, parameterSpecs(config));
  }

  /** Sets all parameters to their random start. */
  initialize(seed: number): void {
    this.load((spec) => {
      const values = initialValues(spec, seed);
      if (this.config.inductionInit) addInduction(this.config, spec, values, seed);
      return values;
    });
  }

  /** Sets every parameter that is not quantised. */
  load(values: (spec: ParameterSpec) => Float32Array): void {
    this.parameters.load(values);
  }

  /** The same model with an adapter. The two share the parameters' memory. */
  withAdapter(adapter: Adapter): Decoder {
    const model = new Decoder(this.parameters.device, this.config, this.parameters, adapter);
    model.#borrows = true;
    return model;
  }

  /**
   * Gives the model's memory back to the device, without what it shares with the model that it was made from. The
   * model cannot be used afterwards. Caches have to be released separately.
   */
  release(): void {
    if (!this.#borrows) this.parameters.release();
    if (this.#rotaryTable) release(this.#rotaryTable);
    this.#rotaryTable = null;
  }

  /** Runs `fn` as a training pass; `seed` decides the dropout masks. */
  training<R>(seed: number, fn: () => R): R {
    this.#dropoutSeed = seed;
    this.#drops = 0;
    try {
      return fn();
    } finally {
      this.#dropoutSeed = null;
    }
  }

  /** Runs `fn`; the observer is called during its passes. */
  observing<R>(observer: Observer, fn: () => R): R {
    this.#observer = observer;
    try {
      return fn();
    } finally {
      this.#observer = null;
    }
  }

  /** Runs `fn`; its passes leave out the parts that are switched off. Not for training. */
  ablating<R>(ablation: Ablation, fn: () => R): R {
    this.#ablation = ablation;
    try {
      return fn();
    } finally {
      this.#ablation = null;
    }
  }

  /** An empty cache for `rows` sequences of up to `capacity` positions. */
  cache(rows: number, capacity = this.config.context): KvCache {
    const { layers, kvHeads, headWidth } = this.config;
    const { device } = this.parameters;
    const width = kvHeads * headWidth, size = rows * capacity * width;
    const made: Tensor[] = [];
    const make = () => {
      made.push(new Tensor(device, [rows, capacity, width], device.alloc(size * 4)));
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
   * (B, T) token ids to (B, T, C) hidden states, after the last norm. With a cache, the tokens continue the
   * sequences in its rows, and are added to them.
   * @param rows each sequence's row of the cache; the first B by default
   * @param only the positions, b·T + t, whose states are wanted: the result is (n, C), and the last block skips others
   */
  hidden(
    { ids, batch, time, adapters }: Tokens | DrawnTokens,
    cache?: KvCache,
    rows = Array.from({ length: batch }, (_, b) => b),
    only?: Uint32Array,
  ): Tensor {
    const past = rows.map((row) => cache?.lengths[row] ?? 0);
    const longest = Math.max(...past) + time;
    if (longest > this.longest(cache)) throw new Error(`${longest} tokens exceed the context`);
    const { device } = this.parameters;
    const slots = cache &&
      upload(device, [batch, 2], Uint32Array.from(rows.flatMap((row, b) => [row, past[b]])));
    const positions = Uint32Array.from({ length: batch * time }, (_, i) => {
      return past[Math.floor(i / time)] + i % time;
    });
    // Caches are in float32, so passes with a cache are too.
    const dtype = this.parameters.mixed && !cache ? "f16" : "f32";
    let x = embedding(this.#p("embed.tokens.weight"), ids, [batch, time], dtype); // (B, T, C)
    if (this.config.position === "learned") {
      x = add(x, embedding(this.#p("embed.positions.weight"), positions, [batch, time], dtype));
    }
    x = this.#drop(x);
    const pass: Pass = {
      rotary: this.config.position === "rope"
        ? { table: this.#rotary(longest), positions: upload(device, [batch * time], positions) }
        : undefined,
      cache: cache && slots && { layers: cache.layers, slots },
      adapters: adaptersOf(
        device,
        adapters ?? Array.from({ length: batch }, () => this.adapter),
        time,
        dtype,
      ),
    };
    let normal = norm(x, this.#norm("blocks.0.attention.norm"));
    this.#observer?.("residual", 0, x);
    // Not with adapters, whose scales are made for all rows, nor with an observer, which expects all rows.
    const early = pass.adapters.length === 0 && !this.#observer ? only : undefined;
    for (let layer = 0; layer < this.config.layers; layer++) {
      const wanted = layer === this.config.layers - 1 ? early : undefined;
      [x, normal] = scope(() => this.#block(layer, x, normal, pass, wanted));
      this.#observer?.("residual", layer + 1, x);
    }
    if (cache) { for (const row of rows) cache.lengths[row] += time; }
    return only && !early ? takeRows(normal, only) : normal;
  }

  /** (B, T) token ids to (B, T, V) logits. */
  logits(tokens: Tokens, cache?: KvCache, rows?: number[]): Tensor {
    return this.#head(this.hidden(tokens, cache, rows));
  }

  /**
   * (B, T) token ids to the logits of one position of each sequence, (B, V).
   * @param positions one per sequence, from 0 to T - 1
   */
  logitsAt(
    positions: readonly number[],
    tokens: Tokens | DrawnTokens,
    cache?: KvCache,
    rows?: number[],
  ): Tensor {
    const { time } = tokens;
    if (time === 1) return this.#head(this.hidden(tokens, cache, rows));
    const only = Uint32Array.from(positions, (position, b) => b * time + position);
    return this.#head(this.hidden(tokens, cache, rows, only)); // (B, V)
  }

  /** Applies the last norm and the head to a residual stream (..., C): (..., V) logits. */
  readOut(residual: Tensor): Tensor {
    return this.#head(norm(residual, this.#norm("norm")));
  }

  /**
   * The mean cross-entropy of the targets that are not ignored, in nats: a tensor of one element. If many targets are
   * ignored, as in conversations, where only answers are learned, the last block computes only keys and values for
   * their positions, and the head skips them.
   */
  loss(tokens: Tokens, targets: Uint32Array): Tensor {
    return scope(() => {
      const learned = Uint32Array.from(targets.keys()).filter((i) => targets[i] !== IGNORED);
      if (learned.length === 0 || learned.length > MOST_LEARNED * targets.length) {
        return crossEntropy(this.logits(tokens), targets);
      }
      const hidden = this.hidden(tokens, undefined, undefined, learned);
      return crossEntropy(this.#head(hidden), learned.map((i) => targets[i]));
    });
  }

  /** The most tokens of a sequence: the context if positions are learned, and the cache's capacity if there is one. */
  longest(cache?: KvCache): number {
    const { position, context } = this.config;
    const room = cache ? cache.layers[0].keys.shape[1] : Infinity;
    return position === "learned" ? Math.min(context, room) : room;
  }

  /**
   * A block's two residual branches: from x and its norm, both (B, T, C), to the next block's x and norm. A norm shares
   * a kernel with the residual connection before it.
   * @param only the rows that are wanted, if not all; both results are then (n, C)
   */
  #block(layer: number, x: Tensor, normal: Tensor, pass: Pass, only?: Uint32Array): [Tensor, Tensor] {
    const block = `blocks.${layer}`;
    this.#observer?.("attention.norm", layer, normal);
    const branch = this.#drop(this.#attention(layer, normal, pass, only));
    this.#observer?.("attention", layer, branch);
    if (only) x = takeRows(x, only);
    [x, normal] = addNorm(x, branch, this.#norm(`${block}.mlp.norm`));
    const next = this.#norm(layer + 1 < this.config.layers ? `blocks.${layer + 1}.attention.norm` : "norm");
    if (this.#ablation?.mlps.includes(layer)) return [x, norm(x, next)];
    const through = this.#mlp(block, normal, pass);
    if (this.#observer) {
      this.#observer("mlp.norm", layer, normal);
      this.#observer("mlp.up", layer, this.#linear(`${block}.mlp.up`, normal, pass));
      this.#observer("mlp", layer, through);
    }
    return addNorm(x, this.#drop(through), next);
  }

  /** (B, T, C) to (B, T, C). */
  #mlp(block: string, normal: Tensor, pass: Pass): Tensor {
    const { mlp: activation } = this.config, [into, out] = [`${block}.mlp.up`, `${block}.mlp.down`];
    if (pass.adapters.some(({ matrices }) => matrices.has(into) || matrices.has(out))) {
      return this.#linear(out, activated(this.#linear(into, normal, pass), activation), pass);
    }
    const [up, upBias] = this.#layer(into), [down, downBias] = this.#layer(out);
    return mlp(normal, { activation, up, upBias, down, downBias });
  }

  /** (B, T, C) to (B, T, C), or to (n, C) if only some rows are wanted. */
  #attention(layer: number, normal: Tensor, pass: Pass, only?: Uint32Array): Tensor {
    const { rotary, cache } = pass;
    const { heads, kvHeads, position, qkNorm, dropout: rate } = this.config;
    const name = `blocks.${layer}.attention`;
    const options = { heads, kvHeads, alibi: position === "alibi" };
    const projected = this.#linear(`${name}.qkv`, normal, pass); // (B, T, (H + 2G)·D)
    const norm = qkNorm
      ? { gamma: this.#p(`${name}.heads.weight`), epsilon: this.config.normEpsilon }
      : undefined;
    const qkv = prepareHeads(projected, { ...options, norm, rotary });
    this.#observer?.("qkv", layer, qkv);
    const mixed = cache
      ? attentionWithCache(qkv, options, cache.layers[layer], cache.slots)
      : this.#dropoutSeed === null
      ? attention(qkv, options)
      : attention(qkv, options, { rate, seed: this.#nextSeed() }); // (B, T, H·D)
    const attended = this.#ablation ? this.#withoutHeads(layer, mixed, this.#ablation) : mixed;
    this.#observer?.("attended", layer, attended);
    return this.#linear(`${name}.out`, only ? takeRows(attended, only) : attended, pass);
  }

  /** A linear layer with the pass's adapters. */
  #linear(name: string, x: Tensor, { adapters }: Pass): Tensor {
    let y = linear(x, ...this.#layer(name));
    for (const { matrices, dropout: rate, scalesOf } of adapters) {
      const own = matrices.get(name);
      if (!own) continue;
      const dropped = this.#dropoutSeed === null ? x : dropout(x, rate, this.#nextSeed());
      y = addLowRank(y, dropped, { ...own, scales: scalesOf(own.a.shape[0]) });
    }
    return y;
  }

  /** The mixtures of all heads, (B, T, H·D), with zeros for the heads that are switched off. */
  #withoutHeads(layer: number, mixed: Tensor, ablation: Ablation): Tensor {
    const { heads, headWidth } = this.config;
    const off = ablation.heads.filter((one) => one.layer === layer).map(({ head }) => head);
    if (off.length === 0) return mixed;
    const { device, shape, buffer, rows } = mixed;
    const scales = Float32Array.from({ length: rows * heads }, (_, i) => off.includes(i % heads) ? 0 : 1);
    const byHead = new Tensor(device, [rows * heads, 1, headWidth], buffer, false);
    return new Tensor(device, shape, pool(byHead, scales).buffer, false);
  }

  #head(hidden: Tensor): Tensor {
    const { tied, softcap: cap } = this.config;
    const logits = linear(hidden, this.#p(tied ? "embed.tokens.weight" : "head.weight"), null, true);
    return cap === 0 ? logits : softcap(logits, cap);
  }

  /** RoPE's table for at least so many positions. */
  #rotary(positions: number): Tensor {
    const { device } = this.parameters;
    const { context, headWidth, ropeTheta } = this.config;
    const table = this.#rotaryTable;
    if (table && table.shape[0] >= positions) return table;
    if (table) release(table);
    const count = Math.max(context, 2 ** Math.ceil(Math.log2(positions)));
    const values = device.upload(rotaryTable(count, headWidth, ropeTheta));
    return this.#rotaryTable = new Tensor(device, [count, headWidth], values);
  }

  #p(name: string): Parameter {
    return this.parameters.get(name);
  }

  /** Weight and bias of a linear layer. */
  #layer(name: string): [Parameter, Parameter | null] {
    return [this.#p(`${name}.weight`), this.config.bias ? this.#p(`${name}.bias`) : null];
  }

  #norm(name: string): Norm {
    const { norm: kind, normEpsilon: epsilon, bias } = this.config;
    const beta = bias && kind === "layer" ? this.#p(`${name}.bias`) : null;
    return { kind, epsilon, gamma: this.#p(`${name}.weight`), beta };
  }

  #drop(x: Tensor): Tensor {
    return this.#dropoutSeed === null ? x : dropout(x, this.config.dropout, this.#nextSeed());
  }

  #nextSeed(): number {
    return deriveSeed(this.#dropoutSeed!, "dropout", this.#drops++);
  }
}

/** What all layers of a pass share. */
interface Pass {
  readonly rotary: HeadOptions["rotary"];
  readonly cache: { readonly layers: readonly LayerCache[]; readonly slots: Tensor } | undefined;
  readonly adapters: readonly PassAdapter[];
}
