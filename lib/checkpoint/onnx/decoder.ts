/**
 * The decoder (lib/model/decoder.ts) in ONNX's operators, with inputs and outputs named as transformers.js expects
 * them. Shapes in comments: batch B, new tokens T, new and cached tokens S, channels C, query heads H, key-value heads
 * G, head width D, vocabulary V.
 */
import { alibiHeads, alibiSlope } from "../../ops/attention.ts";
import type { ModelConfig } from "../../model/config.ts";
import { parameterSpecs } from "../../model/decoder.ts";
import type { ParameterSpec } from "../../model/parameters.ts";
import { Graph, type Value } from "./graph.ts";

/** Returns the numbers of a weight. */
export type Values = (spec: ParameterSpec) => Float32Array;

/** Added to the score of a key that a query must not see. Finite, so that a row that sees no key does not give NaN. */
const HIDDEN = -1e30;

/** The tokens of a pass. */
export interface TokenInputs {
  /** (B, T) */
  readonly ids: Value;
  /** (B, S): 1 for tokens, 0 for padding. */
  readonly mask: Value;
  /** (B, T) */
  readonly positions: Value;
}

/** A layer's cached keys and values, each (B, G, S - T, D). */
export interface Past {
  readonly key: Value;
  readonly value: Value;
}

/** A language model: input_ids, attention_mask, position_ids and past_key_values.N to logits and present.N. */
export function decoderGraph(c: ModelConfig, values: Values): Graph {
  const graph = new Graph();
  const ids = graph.input("input_ids", "int64", ["batch_size", "sequence_length"]);
  const mask = graph.input("attention_mask", "int64", ["batch_size", "total_sequence_length"]);
  // Callers leave out an input that a model does not have.
  const positions = readsPositions(c)
    ? graph.input("position_ids", "int64", ["batch_size", "sequence_length"])
    : "";
  const cached = (length: string) => ["batch_size", c.kvHeads, length, c.headWidth];
  const past = Array.from({ length: c.layers }, (_, layer): Past => {
    const [key, value] = ["key", "value"].map((kind) =>
      graph.input(`past_key_values.${layer}.${kind}`, "float32", cached("past_sequence_length"))
    );
    return { key, value };
  });
  const network = new Network(graph, c, values);
  const { hidden, present } = network.hidden({ ids, mask, positions }, past);
  graph.output("logits", "float32", ["batch_size", "sequence_length", c.vocab], network.logits(hidden));
  for (const [layer, { key, value }] of present.entries()) {
    graph.output(`present.${layer}.key`, "float32", cached("total_sequence_length"), key);
    graph.output(`present.${layer}.value`, "float32", cached("total_sequence_length"), value);
  }
  return graph;
}

/** Whether a model takes positions as an input; with ALiBi or none it does not. */
export const readsPositions = ({ position }: ModelConfig) => position === "learned" || position === "rope";

/** Adds the decoder's parts to a graph. */
export class Network {
  readonly #specs: ReadonlyMap<string, ParameterSpec>;

  constructor(readonly graph: Graph, readonly config: ModelConfig, readonly values: Values) {
    this.#specs = new Map(parameterSpecs(config).map((spec) => [spec.name, spec]));
  }

  /**
   * Hidden states (B, T, C) after the last norm, and each layer's keys and values, cached ones included.
   * @param past a cache for each layer; without it, S is T
   */
  hidden(tokens: TokenInputs, past?: readonly Past[]): { hidden: Value; present: Past[] } {
    const { graph: g, config: c } = this;
    let x = g.op("Gather", [this.#weight("embed.tokens.weight"), tokens.ids]);
    if (c.position === "learned") {
      const places = g.op("Gather", [this.#weight("embed.positions.weight"), tokens.positions]);
      x = g.op("Add", [x, places]);
    }
    const bias = g.section("mask", () => this.#scoreBias(tokens));
    const rotation = c.position === "rope"
      ? g.section("rotary", () => this.#rotation(tokens.positions))
      : null;
    const present: Past[] = [];
    for (let layer = 0; layer < c.layers; layer++) {
      const block = `blocks.${layer}`;
      const attended = g.section(`${block}.attention`, () => {
        const normal = this.#norm(x, `${block}.attention.norm`);
        const { out, now } = this.#attention(normal, block, { bias, rotation, past: past?.[layer] });
        present.push(now);
        return out;
      });
      x = g.op("Add", [x, attended]);
      const through = g.section(
        `${block}.mlp`,
        () => this.#mlp(this.#norm(x, `${block}.mlp.norm`), `${block}.mlp`),
      );
      x = g.op("Add", [x, through]);
    }
    return { hidden: this.#norm(x, "norm"), present };
  }

  /** (B, T, C) to (B, T, V). */
  logits(hidden: Value): Value {
    const { graph: g, config: { tied, softcap } } = this;
    const head = this.#weight(tied ? "embed.tokens.weight" : "head.weight"); // (V, C)
    const logits = g.op("MatMul", [hidden, g.op("Transpose", [head])]);
    if (softcap === 0) return logits;
    const bounded = g.op("Tanh", [g.op("Div", [logits, g.float(softcap)])]);
    return g.op("Mul", [bounded, g.float(softcap)]);
  }

  /** What is added to scores, (B, 1 or H, T, S): ALiBi's bias, and HIDDEN for later tokens and padding. */
  #scoreBias({ ids, mask }: TokenInputs): Value {
    const { graph: g, config: { position } } = this;
    const count = (value: Value) =>
      g.op("Squeeze", [g.op("Shape", [value], { start: 1n, end: 2n }), g.ints(0)]);
    const all = count(mask);
    const queries = g.op("Range", [g.op("Sub", [all, count(ids)]), all, g.int(1)]);
    const rows = g.op("Unsqueeze", [queries, g.ints(1)]); // (T, 1)
    const keys = g.op("Range", [g.int(0), all, g.int(1)]); // (S)
    const tokens = g.op("Unsqueeze", [g.cast(mask, "bool"), g.ints(1, 2)]); // (B, 1, 1, S)
    const visible = g.op("And", [g.op("LessOrEqual", [keys, rows]), tokens]); // (B, 1, T, S)
    const bias = position === "alibi"
      ? g.op("Mul", [g.cast(g.op("Sub", [keys, rows]), "float32"), this.#slopes()]) // (H, T, S)
      : g.float(0);
    return g.op("Where", [visible, bias, g.float(HIDDEN)]);
  }

  /** ALiBi's slopes, (H, 1, 1). */
  #slopes(): Value {
    const { heads } = this.config;
    const slope = (_: unknown, head: number) => alibiSlope(alibiHeads(heads), head);
    return this.graph.weight(
      "alibi.slopes",
      [heads, 1, 1],
      () => Float32Array.from({ length: heads }, slope),
    );
  }

  /** Cosines and sines of RoPE's angles, each (B, T, 1, D/2). */
  #rotation(positions: Value): Rotation {
    const { graph: g, config: { headWidth, ropeTheta } } = this;
    const frequencies = g.weight(
      "rotary.frequencies",
      [headWidth / 2],
      () => Float32Array.from({ length: headWidth / 2 }, (_, d) => ropeTheta ** (-2 * d / headWidth)),
    );
    const places = g.op("Unsqueeze", [g.cast(positions, "float32"), g.ints(2, 3)]);
    const angles = g.op("Mul", [places, frequencies]);
    return { cos: g.op("Cos", [angles]), sin: g.op("Sin", [angles]) };
  }

  /** (B, T, C) to (B, T, C), and the keys and values for the next pass. */
  #attention(normal: Value, block: string, pass: LayerPass): { out: Value; now: Past } {
    const { graph: g, config: { heads, kvHeads, headWidth } } = this;
    const name = `${block}.attention`;
    const widths = [heads, kvHeads, kvHeads].map((count) => count * headWidth);
    const [queries, keys, values] = g.split(this.#linear(normal, `${name}.qkv`), widths);
    const byHead = (x: Value) => g.op("Transpose", [x], { perm: [0n, 2n, 1n, 3n] });
    const apart = (x: Value, count: number) => g.op("Reshape", [x, g.ints(0, 0, count, headWidth)]);
    const after = (past: Value | undefined, x: Value) =>
      past === undefined ? x : g.op("Concat", [past, x], { axis: 2n });
    const query = byHead(this.#prepared(apart(queries, heads), block, 0, pass)); // (B, H, T, D)
    const key = byHead(this.#prepared(apart(keys, kvHeads), block, 1, pass)); // (B, G, T, D)
    const now = { // (B, G, S, D)
      key: after(pass.past?.key, key),
      value: after(pass.past?.value, byHead(apart(values, kvHeads))),
    };
    // The query heads that share a key-value head are consecutive, and become rows of one matrix.
    const grouped = (x: Value, count: number) =>
      heads === kvHeads ? x : g.op("Reshape", [x, g.ints(0, count, -1, 0)]);
    const scaled = g.op("Mul", [grouped(query, kvHeads), g.float(1 / Math.sqrt(headWidth))]);
    const products = g.op("MatMul", [scaled, g.op("Transpose", [now.key], { perm: [0n, 1n, 3n, 2n] })]);
    const scores = g.op("Add", [grouped(products, heads), pass.bias]); // (B, H, T, S)
    const weights = g.op("Softmax", [scores], { axis: -1n });
    const mixed = g.op("MatMul", [grouped(weights, kvHeads), now.value]);
    const joined = g.op("Reshape", [byHead(grouped(mixed, heads)), g.ints(0, 0, heads * headWidth)]);
    return { out: this.#linear(joined, `${name}.out`), now };
  }

  /**
   * QK-norm and RoPE of queries or keys, (B, T, heads, D) to the same.
   * @param part 0 for queries, 1 for keys
   */
  #prepared(x: Value, block: string, part: 0 | 1, { rotation }: LayerPass): Value {
    const { graph: g, config: { qkNorm, headWidth } } = this;
    if (qkNorm) {
      const name = `${block}.attention.heads.weight`;
      const scale = g.weight(`${name}.${part === 0 ? "queries" : "keys"}`, [headWidth], () => {
        return this.values(this.#specs.get(name)!).slice(part * headWidth, (part + 1) * headWidth);
      });
      x = this.#rmsNorm(x, scale);
    }
    if (!rotation) return x;
    const { cos, sin } = rotation;
    const [first, second] = g.split(x, [headWidth / 2, headWidth / 2]);
    const product = (a: Value, b: Value) => g.op("Mul", [a, b]);
    const turned = [
      g.op("Sub", [product(first, cos), product(second, sin)]),
      g.op("Add", [product(second, cos), product(first, sin)]),
    ];
    return g.op("Concat", turned, { axis: -1n });
  }

  /** (B, T, C) to (B, T, C). */
  #mlp(normal: Value, name: string): Value {
    const { graph: g, config: { mlp, hidden } } = this;
    const up = this.#linear(normal, `${name}.up`);
    const activations: Record<ModelConfig["mlp"], () => Value> = {
      gelu: () => g.op("Gelu", [up], { approximate: "tanh" }),
      relu2() {
        const positive = g.op("Relu", [up]);
        return g.op("Mul", [positive, positive]);
      },
      swiglu() {
        const [gate, through] = g.split(up, [hidden, hidden]);
        return g.op("Mul", [g.op("Mul", [gate, g.op("Sigmoid", [gate])]), through]);
      },
    };
    return this.#linear(activations[mlp](), `${name}.down`);
  }

  #linear(x: Value, name: string): Value {
    const { graph: g, config: { bias } } = this;
    const product = g.op("MatMul", [x, this.#weight(`${name}.weight`)]);
    return bias ? g.op("Add", [product, this.#weight(`${name}.bias`)]) : product;
  }

  #norm(x: Value, name: string): Value {
    const { norm, normEpsilon: epsilon, bias } = this.config;
    const scale = this.#weight(`${name}.weight`);
    if (norm === "rms") return this.#rmsNorm(x, scale);
    const inputs = bias ? [x, scale, this.#weight(`${name}.bias`)] : [x, scale];
    return this.graph.op("LayerNormalization", inputs, { axis: -1n, epsilon });
  }

  /** RMS norm over the last dimension. */
  #rmsNorm(x: Value, scale: Value): Value {
    const { graph: g, config: { normEpsilon } } = this;
    const mean = g.op("ReduceMean", [g.op("Mul", [x, x]), g.ints(-1)], { keepdims: 1n });
    const size = g.op("Sqrt", [g.op("Add", [mean, g.float(normEpsilon)])]);
    return g.op("Mul", [g.op("Div", [x, size]), scale]);
  }

  #weight(name: string): Value {
    const spec = this.#specs.get(name)!;
    return this.graph.weight(name, spec.shape, () => this.values(spec));
  }
}

interface Rotation {
  readonly cos: Value;
  readonly sin: Value;
}

/** What a layer needs besides its input. */
interface LayerPass {
  /** Added to scores. */
  readonly bias: Value;
  readonly rotation: Rotation | null;
  readonly past: Past | undefined;
}
