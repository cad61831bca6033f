/**
 * Adapters: products of two narrow matrices beside some linear layers of a model. They are trained instead of the
 * layers, which do not change (LoRA, Hu et al., arXiv:2106.09685):
 *   y = x·W + b + scale·(x·Aᵀ)·B        A (rank, in), B (rank, out)
 */
import type { Device, DType } from "../device/device.ts";
import { fill } from "../ops/fill.ts";
import { empty, type Parameter, type Tensor, upload } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import { Parameters, type ParameterSpec } from "./parameters.ts";

/** Linear layers of a block that can have an adapter. */
export const TARGETS = ["attention.qkv", "attention.out", "mlp.up", "mlp.down"] as const;
export type Target = typeof TARGETS[number];

/** An adapter's ranks and scale. */
export interface AdapterShape {
  /** The narrow width at each layer that has an adapter, by the layer's name, such as `blocks.0.mlp.up`. */
  readonly ranks: ReadonlyMap<string, number>;
  /** The factor of the product: alpha / rank. */
  readonly scale: number;
  /** Probability of dropping an input of A while training. */
  readonly dropout: number;
}

/** An adapter's options in a preset. */
export interface AdapterOptions {
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly targets: readonly Target[];
}

/** The same rank for the targets of every block. */
export function adapterShape(
  { layers }: ModelConfig,
  { rank, alpha, dropout, targets }: AdapterOptions,
): AdapterShape {
  const names = Array.from(
    { length: layers },
    (_, layer) => targets.map((name) => `blocks.${layer}.${name}`),
  );
  return { ranks: new Map(names.flat().map((name) => [name, rank])), scale: alpha / rank, dropout };
}

/** Names of a layer's two adapter matrices. */
export const matrixNames = (layer: string) => [`${layer}.lora_A`, `${layer}.lora_B`] as const;

/**
 * The parameters of an adapter. A starts with the variance of the uniform numbers that PEFT and loralib start it with;
 * B starts at 0, so that nothing is added at first.
 * @param specs the model's
 */
export function adapterSpecs(specs: readonly ParameterSpec[], { ranks }: AdapterShape): ParameterSpec[] {
  return specs.flatMap(({ name, layer, shape: [inputs, outputs] }) => {
    const own = name.replace(/\.weight$/, ""), rank = ranks.get(own);
    if (rank === undefined || own === name) return [];
    const [a, b] = matrixNames(own);
    const part = { role: "matrix", layer } as const;
    return [
      { ...part, name: a, shape: [rank, inputs], deviation: 1 / Math.sqrt(3 * inputs) },
      { ...part, name: b, shape: [rank, outputs], deviation: 0, fill: 0 },
    ];
  });
}

/** An adapter in memory, not on a device. */
export interface AdapterWeights {
  readonly options: AdapterOptions;
  readonly shape: AdapterShape;
  /** By name: its matrices, and a classifier's head, which is trained with them. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** An adapter on a device. */
export interface Adapter {
  readonly scale: number;
  readonly dropout: number;
  /** The two matrices by the name of their layer. */
  readonly matrices: ReadonlyMap<string, { readonly a: Parameter; readonly b: Parameter }>;
}

/** The adapter whose matrices are among a model's parameters. */
export function adapterIn(parameters: Parameters, { ranks, scale, dropout }: AdapterShape): Adapter {
  const matrices = [...ranks.keys()].map((layer) => {
    const [a, b] = matrixNames(layer).map((name) => parameters.get(name));
    return [layer, { a, b }] as const;
  });
  return { scale, dropout, matrices: new Map(matrices) };
}

/** An adapter that is not part of a model's parameters, for a model that has several. */
export function openAdapter(
  device: Device,
  specs: readonly ParameterSpec[],
  shape: AdapterShape,
  values: (spec: ParameterSpec) => Float32Array,
): Adapter & { readonly parameters: Parameters } {
  const parameters = new Parameters(device, adapterSpecs(specs, shape));
  parameters.load(values);
  return { ...adapterIn(parameters, shape), parameters };
}

/** An adapter for a pass of the model. */
export interface PassAdapter extends Adapter {
  /** The scales of all rows, (rows, rank), as `addLowRank` takes them. */
  scalesOf(rank: number): Tensor;
}

/**
 * The different adapters of a pass's sequences. Must be called inside a scope.
 * @param of each sequence's adapter, or null for none
 * @param time tokens of a sequence
 * @param dtype of the activations; f32 unless all sequences have the same adapter
 */
export function adaptersOf(
  device: Device,
  of: readonly (Adapter | null)[],
  time: number,
  dtype: DType,
): PassAdapter[] {
  return [...new Set(of)].filter((adapter) => adapter !== null).map((adapter) => {
    const make = (rank: number) => {
      const shape = [of.length * time, rank];
      if (of.every((other) => other === adapter)) {
        const all = empty(device, shape, dtype);
        fill(all, adapter.scale);
        return all;
      }
      const values = of.flatMap((other) => Array(time * rank).fill(other === adapter ? adapter.scale : 0));
      return upload(device, shape, Float32Array.from(values));
    };
    const ranks = new Set([...adapter.matrices.values()].map(({ a }) => a.shape[0]));
    const scales = new Map([...ranks].map((rank) => [rank, make(rank)]));
    return { ...adapter, scalesOf: (rank) => scales.get(rank)! };
  });
}
