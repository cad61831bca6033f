/** The classifier (lib/model/classifier.ts) in ONNX's operators. Shapes as in decoder.ts; K classes. */
import { type HeadConfig, headSpecs } from "../../model/classifier.ts";
import type { ModelConfig } from "../../model/config.ts";
import { Network, readsPositions, type Values } from "./decoder.ts";
import { Graph, type Value } from "./graph.ts";

/** A classifier: input_ids and attention_mask to logits (B, K). */
export function classifierGraph(config: ModelConfig, head: HeadConfig, values: Values): Graph {
  const graph = new Graph();
  const ids = graph.input("input_ids", "int64", ["batch_size", "sequence_length"]);
  const mask = graph.input("attention_mask", "int64", ["batch_size", "sequence_length"]);
  const specs = new Map(headSpecs(config, head).map((spec) => [spec.name, spec]));
  const weight = (name: string) => {
    const spec = specs.get(name)!;
    return graph.weight(name, spec.shape, () => values(spec));
  };
  const positions = readsPositions(config) ? graph.section("positions", () => positionsOf(graph, mask)) : "";
  const { hidden } = new Network(graph, config, values).hidden({ ids, mask, positions });
  const logits = graph.section("score", () => {
    let x = pooled(graph, hidden, mask, head.pooling); // (B, C)
    if (head.norm) {
      const inputs = [x, weight("score_norm.weight"), weight("score_norm.bias")];
      x = graph.op("LayerNormalization", inputs, { axis: -1n, epsilon: 1e-5 });
    }
    return graph.op("Gemm", [x, weight("score.weight"), weight("score.bias")], { transB: 1n });
  });
  graph.output("logits", "float32", ["batch_size", head.labels.length], logits);
  return graph;
}

/** Each token's position, not counting padding, (B, T). */
function positionsOf(g: Graph, mask: Value): Value {
  const counted = g.op("CumSum", [mask, g.int(1)]);
  return g.op("Max", [g.op("Sub", [counted, g.int(1)]), g.int(0)]);
}

/** (B, T, C) to (B, C): the state of each row's last token, or the mean of its tokens' states. */
function pooled(g: Graph, hidden: Value, mask: Value, pooling: HeadConfig["pooling"]): Value {
  const weights = pooling === "mean" ? meanWeights(g, mask) : lastWeights(g, mask); // (B, T)
  const row = g.op("Unsqueeze", [weights, g.ints(1)]);
  return g.op("Squeeze", [g.op("MatMul", [row, hidden]), g.ints(1)]);
}

function meanWeights(g: Graph, mask: Value): Value {
  const tokens = g.cast(mask, "float32");
  return g.op("Div", [tokens, g.op("ReduceSum", [tokens, g.ints(1)], { keepdims: 1n })]);
}

function lastWeights(g: Graph, mask: Value): Value {
  const time = g.op("Squeeze", [g.op("Shape", [mask], { start: 1n, end: 2n }), g.ints(0)]);
  const places = g.op("Range", [g.int(0), time, g.int(1)]);
  const last = g.op("ReduceMax", [g.op("Mul", [mask, places]), g.ints(1)], { keepdims: 1n });
  return g.cast(g.op("Equal", [places, last]), "float32");
}
