/**
 * A decoder with a head that scores classes, like Hugging Face's GPT2ForSequenceClassification: the state of the
 * last token (or the mean of all states) goes through a linear layer. Theirs has no bias, norm or mean.
 */
import type { Device } from "../device/device.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { dropout } from "../ops/dropout.ts";
import { norm } from "../ops/norm.ts";
import { linear } from "../ops/linear.ts";
import { pool } from "../ops/pool.ts";
import { deriveSeed } from "../tensor/random.ts";
import { type Tensor } from "../tensor/tensor.ts";
import { adapterIn, type AdapterShape, adapterSpecs } from "./adapter.ts";
import type { ModelConfig } from "./config.ts";
import { Decoder, initialValues, parameterSpecs, type Tokens } from "./decoder.ts";
import { type BlockMatrix, Parameters, type ParameterSpec } from "./parameters.ts";

export interface HeadConfig {
  /** The classes, K of them. */
  readonly labels: readonly string[];
  /** The state of the last token before padding, or the mean of all states before padding. */
  readonly pooling: "last" | "mean";
  /** A layer norm between pooling and scores. */
  readonly norm: boolean;
  /** Probability of dropping a pooled channel while training. */
  readonly dropout: number;
}

/** What finetuning does not change: the whole backbone, nothing, or all but the last N blocks. */
export type Freeze = "backbone" | "none" | number;

/** The head's parameters. */
export function headSpecs({ width }: ModelConfig, { labels, norm }: HeadConfig): ParameterSpec[] {
  const score = { role: "vector", layer: null, deviation: 0 } as const;
  return [
    { ...score, role: "head", name: "score.weight", shape: [labels.length, width], deviation: 0.02 },
    { ...score, name: "score.bias", shape: [labels.length], fill: 0 },
    ...norm
      ? [
        { ...score, name: "score_norm.weight", shape: [width], fill: 1 },
        { ...score, name: "score_norm.bias", shape: [width], fill: 0 },
      ]
      : [],
  ];
}

/** Whether finetuning changes a parameter. The last norm counts as part of the last block. */
function trains({ name, role, layer }: ParameterSpec, { layers }: ModelConfig, freeze: Freeze): boolean {
  if (name.startsWith("score") || freeze === "none") return true;
  if (freeze === "backbone") return false;
  return layer === null ? role === "vector" && freeze > 0 : layer >= layers - freeze;
}

/** Weights (B, T) that pick each row's last token, or average its tokens; padding, on the right, is left out. */
export function poolingWeights({ ids, batch, time }: Tokens, pooling: HeadConfig["pooling"], pad: number) {
  const weights = new Float32Array(batch * time);
  for (let row = 0; row < batch; row++) {
    let length = time;
    while (length > 1 && ids[row * time + length - 1] === pad) length--;
    if (pooling === "last") weights[row * time + length - 1] = 1;
    else weights.fill(1 / length, row * time, row * time + length);
  }
  return weights;
}

export class Classifier {
  readonly config: ModelConfig;
  readonly head: HeadConfig;
  readonly decoder: Decoder;
  /** The backbone's and the head's. */
  readonly parameters: Parameters;
  /** The id that pads rows to a common length. */
  readonly pad: number;

  /**
   * @param quantised quantised matrices of the backbone, by name; if there are any, the backbone is frozen
   * @param adapter trained beside the backbone, which is then frozen
   */
  constructor(
    device: Device,
    config: ModelConfig,
    head: HeadConfig,
    pad: number,
    { freeze = "none", quantised, adapter }: {
      readonly freeze?: Freeze;
      readonly adapter?: AdapterShape | undefined;
      readonly quantised?: ReadonlyMap<string, BlockMatrix> | undefined;
    } = {},
  ) {
    // The language model's head is not used, so `tied` leaves it out.
    this.config = { ...config, tied: true };
    this.head = head;
    this.pad = pad;
    const backbone = parameterSpecs(this.config);
    const added = [...headSpecs(config, head), ...adapter ? adapterSpecs(backbone, adapter) : []];
    const learns = (spec: ParameterSpec) => adapter ? added.includes(spec) : trains(spec, config, freeze);
    this.parameters = new Parameters(device, [...backbone, ...added], learns, quantised);
    const own = adapter ? adapterIn(this.parameters, adapter) : null;
    this.decoder = new Decoder(device, this.config, this.parameters, own);
  }

  /** Starts with a random head, and a given or random backbone. */
  initialize(seed: number, backbone?: (spec: ParameterSpec) => Float32Array): void {
    const ofBackbone = new Set(parameterSpecs(this.config).map(({ name }) => name));
    this.parameters.load((spec) => {
      return backbone && ofBackbone.has(spec.name) ? backbone(spec) : initialValues(spec, seed);
    });
  }

  /** (B, T) token ids to (B, C) pooled states. */
  features(tokens: Tokens): Tensor {
    return pool(this.decoder.hidden(tokens), poolingWeights(tokens, this.head.pooling, this.pad));
  }

  /** (B, C) pooled states to (B, K) scores. `seed` is for dropout's mask; without it, nothing is dropped. */
  scores(features: Tensor, seed?: number): Tensor {
    const p = (name: string) => this.parameters.get(name);
    let x = features;
    if (this.head.norm) {
      const [gamma, beta] = [p("score_norm.weight"), p("score_norm.bias")];
      x = norm(x, { kind: "layer", gamma, beta, epsilon: 1e-5 });
    }
    if (seed !== undefined) x = dropout(x, this.head.dropout, deriveSeed(seed, "head"));
    return linear(x, p("score.weight"), p("score.bias"), true);
  }

  /**
   * The training loss, a tensor of one element.
   * @param input token ids, or states pooled earlier if the backbone is frozen
   * @param targets one class per row
   * @param weights one per row
   */
  loss(
    input: Tokens | Tensor,
    targets: Uint32Array,
    weights: Float32Array | undefined,
    seed: number,
  ): Tensor {
    const features = "ids" in input ? this.decoder.training(seed, () => this.features(input)) : input;
    return crossEntropy(this.scores(features, seed), targets, weights);
  }
}
