/**
 * The parameters of a model, in one arena: all weights in one buffer, all gradients in a second. The update, the
 * gradient norm and zeroing are therefore few dispatches, and saving is one read.
 * Matrices that are not trained may be quantised; these share a separate buffer.
 */
import type { BlockKind } from "../device/blocks.ts";
import type { Buffer, Device } from "../device/device.ts";
import { halve } from "../ops/halve.ts";
import { beat } from "../pulse.ts";
import { Parameter, Tensor } from "../tensor/tensor.ts";

/** In numbers. WebGPU requires views to start at a multiple of 256 bytes, also in the float16 copy. */
const ALIGN = 128;

export interface ParameterSpec {
  readonly name: string;
  /** What it is used for; optimizers, weight decay, freezing and adapters depend on it. */
  readonly role: "embedding" | "matrix" | "vector" | "head";
  /** The block that it belongs to, from 0; null if it is outside the blocks. */
  readonly layer: number | null;
  readonly shape: readonly number[];
  /** Widths of the matrices that lie side by side in a matrix (in, out), if there are several. */
  readonly parts?: readonly number[];
  /** Standard deviation of its random start; for a constant start, 0 together with `fill`. */
  readonly deviation: number;
  readonly fill?: number;
}

/** A matrix in quantised blocks, row by row: a row for each output, or for each token of an embedding. */
export interface BlockMatrix {
  readonly kind: BlockKind;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

export class Parameters {
  readonly device: Device;
  /** By name: those in the arena, in its order, then the quantised ones. */
  readonly all: ReadonlyMap<string, Parameter>;
  /** Specs of the parameters in the arena. */
  readonly specs: readonly ParameterSpec[];
  /** The whole arena, padding included. */
  readonly weights: Tensor;
  /** Number of floats at the arena's start that are trained; the rest is frozen. */
  readonly trainedEnd: number;
  /** Bytes of the weights, in float32 or blocks, without padding. */
  readonly bytes: number;
  /** Number of weights, without padding: in the whole model, and in the trained part. */
  readonly count: number;
  readonly trained: number;
  #gradients: Tensor | null = null;
  #copies: Tensor | null = null;
  /** The buffer of the quantised matrices. */
  readonly #blocks: Buffer | null;
  #released = false;
  #offsets = new Map<string, number>();

  /**
   * @param trains which parameters are trained; all by default
   * @param quantised the quantised matrices, by name, which are never trained
   */
  constructor(
    device: Device,
    specs: readonly ParameterSpec[],
    trains = (_: ParameterSpec) => true,
    quantised: ReadonlyMap<string, BlockMatrix> = new Map(),
  ) {
    this.device = device;
    // In this order, so that an update covers few ranges: with weight decay, without, frozen.
    const kind = (s: ParameterSpec) => !trains(s) ? 2 : s.role !== "vector" ? 0 : 1;
    this.specs = specs.filter(({ name }) => !quantised.has(name)).sort((a, b) => kind(a) - kind(b));
    let total = 0, trainedEnd = 0;
    for (const spec of this.specs) {
      this.#offsets.set(spec.name, total);
      total += Math.ceil(sizeOf(spec.shape) / ALIGN) * ALIGN;
      if (kind(spec) < 2) trainedEnd = total;
    }
    this.trainedEnd = trainedEnd;
    const sum = (list: readonly ParameterSpec[]) => list.reduce((n, s) => n + sizeOf(s.shape), 0);
    this.count = sum(specs);
    this.trained = sum(specs.filter(trains));
    const blockBytes = [...quantised.values()].reduce((n, { bytes }) => n + bytes.length, 0);
    this.bytes = 4 * sum(this.specs) + blockBytes;
    this.weights = arena(device, total);
    const inArena = this.specs.map((spec) => {
      return new Parameter(spec.name, device, spec.shape, this.#view(this.weights.buffer, spec));
    });
    const { buffer, parameters } = this.#withBlocks(specs, quantised);
    this.#blocks = buffer;
    this.all = new Map([...inArena, ...parameters].map((parameter) => [parameter.name, parameter]));
  }

  /** Uploads the quantised parameters; if the device has no room for them, gives the arena back. */
  #withBlocks(specs: readonly ParameterSpec[], quantised: ReadonlyMap<string, BlockMatrix>) {
    try {
      return uploadBlocks(this.device, specs, quantised);
    } catch (error) {
      this.device.release(this.weights.buffer);
      throw error;
    }
  }

  #view(of: Buffer, { name, shape }: ParameterSpec): Buffer {
    return this.device.slice(of, this.#offsets.get(name)! * 4, sizeOf(shape) * 4);
  }

  /** Where a parameter and its padding lie in the arena, in floats. */
  range({ name, shape }: ParameterSpec): { readonly start: number; readonly end: number } {
    const start = this.#offsets.get(name)!;
    return { start, end: start + Math.ceil(sizeOf(shape) / ALIGN) * ALIGN };
  }

  get(name: string): Parameter {
    if (this.#released) throw new Error("the model was closed");
    const parameter = this.all.get(name);
    if (!parameter) throw new Error(`the model has no parameter ${name}`);
    return parameter;
  }

  /** The gradient arena of the trained parameters, made on first use: a model that only infers has none. */
  get gradients(): Tensor {
    if (!this.#gradients) {
      this.#gradients = arena(this.device, this.trainedEnd);
      for (const spec of this.specs) {
        if (this.#offsets.get(spec.name)! >= this.trainedEnd) continue;
        const parameter = this.get(spec.name);
        const view = this.#view(this.#gradients.buffer, spec);
        parameter.grad = new Tensor(this.device, spec.shape, view, false);
        parameter.needsGrad = true;
      }
    }
    return this.#gradients;
  }

  /** Whether there are float16 copies of the weights, for activations in float16. */
  get mixed(): boolean {
    return this.#copies !== null;
  }

  /** Makes float16 copies of all weights: Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740. */
  addFloat16Copies(): void {
    const { device, weights } = this;
    const all = device.alloc(weights.size * 2, "f16");
    this.#copies = new Tensor(device, weights.shape, all, false);
    for (const { name, shape } of this.specs) {
      const view = device.slice(all, this.#offsets.get(name)! * 2, sizeOf(shape) * 2);
      this.get(name).copy = new Tensor(device, shape, view, false);
    }
    this.refreshCopies();
  }

  /** Gives the parameters' memory back to the device. The model cannot be used afterwards. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    const { device } = this;
    for (const tensor of [this.weights, this.#gradients, this.#copies]) {
      if (tensor) device.release(tensor.buffer);
    }
    if (this.#blocks) device.release(this.#blocks);
  }

  /** Updates the float16 copies. Call it after the weights have changed. */
  refreshCopies(): void {
    if (this.#copies) halve(this.weights, this.#copies);
  }

  /** Sets every parameter in the arena. If `values` throws, the memory is given back. */
  load(values: (spec: ParameterSpec) => Float32Array): void {
    // If the device's memory can be written directly, this avoids a copy of the whole arena.
    const there = this.device.view(this.weights.buffer);
    try {
      if (!there) this.device.write(this.weights.buffer, this.join(values));
      else for (const spec of this.specs) there.set(values(spec), this.#offsets.get(spec.name)!);
    } catch (error) {
      this.release();
      throw error;
    }
    this.refreshCopies();
  }

  /** Cuts an arena's contents into one array per parameter, without copying; empty for parameters beyond its end. */
  split(values: Float32Array): Map<string, Float32Array> {
    return new Map(this.specs.map(({ name, shape }) => {
      const at = this.#offsets.get(name)!;
      return [name, values.subarray(at, at + sizeOf(shape))];
    }));
  }

  /** The reverse of `split`: an arena's contents, with zeros in the padding. */
  join(values: (spec: ParameterSpec) => Float32Array): Float32Array {
    const all = new Float32Array(this.weights.size);
    for (const spec of this.specs) {
      beat();
      all.set(values(spec), this.#offsets.get(spec.name)!);
    }
    return all;
  }
}

/** Quantised parameters, as views into one buffer. */
function uploadBlocks(
  device: Device,
  specs: readonly ParameterSpec[],
  quantised: ReadonlyMap<string, BlockMatrix>,
): { buffer: Buffer | null; parameters: Parameter[] } {
  const places: (BlockMatrix & { readonly spec: ParameterSpec; readonly at: number })[] = [];
  let end = 0;
  for (const spec of specs) {
    const matrix = quantised.get(spec.name);
    if (!matrix) continue;
    places.push({ ...matrix, spec, at: end });
    end += Math.ceil(matrix.bytes.length / (4 * ALIGN)) * 4 * ALIGN;
  }
  if (places.length === 0) return { buffer: null, parameters: [] };
  const all = new Uint8Array(end);
  for (const { bytes, at } of places) all.set(bytes, at);
  const buffer = device.upload(new Uint32Array(all.buffer));
  const parameters = places.map(({ spec: { name, shape }, kind, bytes, at }) =>
    new Parameter(name, device, shape, device.slice(buffer, at, Math.ceil(bytes.length / 4) * 4), kind)
  );
  return { buffer, parameters };
}

/** A tensor of zeros that lives as long as the device. */
export function arena(device: Device, size: number): Tensor {
  const tensor = new Tensor(device, [size], device.alloc(size * 4), false);
  device.write(tensor.buffer, new Float32Array(size));
  return tensor;
}
