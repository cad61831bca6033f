/**
 * Tensors and who owns them.
 *
 * A `scope` owns every tensor made inside it and frees all of them but its result. The tape (tape.ts)
 * keeps what a backward pass still needs. Model and op code therefore never frees anything.
 */
import type { BlockKind } from "../device/blocks.ts";
import { type Buffer, bytesPerValue, type Device, type DType } from "../device/device.ts";

/** A dense row-major array of float32 (or float16, with mixed precision; or uint32, for ids) on a device. */
export class Tensor {
  /** Number of owners: the scope it was made in, and the tape nodes that saved it. Only scope and tape change it. */
  refs = 1;
  /** Whether a backward pass should compute its gradient. Set by the tape. */
  needsGrad = false;

  constructor(
    readonly device: Device,
    readonly shape: readonly number[],
    readonly buffer: Buffer,
    /** Parameters live in an arena and are never freed one by one. */
    readonly owned = true,
  ) {}

  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }

  get dtype(): DType {
    return this.buffer.dtype;
  }

  /** The product of all dimensions but the last. */
  get rows(): number {
    return this.size / this.width;
  }

  /** The last dimension. */
  get width(): number {
    return this.shape.at(-1) ?? 1;
  }
}

/** A tensor that training changes: a view into the weight arena, with a view into the gradient arena beside it. */
export class Parameter extends Tensor {
  /** Gradients are added to it by backward passes; null while the model only infers. */
  grad: Tensor | null = null;
  /** The float16 copy that mixed precision computes with. */
  copy: Tensor | null = null;

  /**
   * @param blocks the kind of blocks that the buffer holds, if this is a quantised matrix, which is never trained. A
   * quantised linear layer's (in, out) is stored transposed: a row of blocks for each output. An embedding is not.
   */
  constructor(
    readonly name: string,
    device: Device,
    shape: readonly number[],
    buffer: Buffer,
    readonly blocks: BlockKind | null = null,
  ) {
    super(device, shape, buffer, false);
  }

  /** The tensor to use with activation x: this one, or its float16 copy if x is float16. */
  like(x: Tensor): Tensor {
    if (x.dtype === "f32") return this;
    if (!this.copy) throw new Error(`${this.name} has no float16 copy`);
    return this.copy;
  }
}

let current: Tensor[] | null = null;

/** Runs `fn` and frees every tensor made in it, except those it returns, which the outer scope then owns. */
export function scope<R>(fn: () => R): R {
  const outer = current;
  const mine: Tensor[] = current = [];
  let result: R;
  try {
    result = fn();
  } catch (error) {
    current = outer;
    mine.forEach(release);
    throw error;
  }
  current = outer;
  const kept = new Set<unknown>(Array.isArray(result) ? result : [result]);
  for (const tensor of mine) {
    if (!kept.has(tensor)) release(tensor);
    else if (outer) outer.push(tensor);
  }
  return result;
}

/** A new tensor with undefined contents, owned by the current scope. */
export function empty(device: Device, shape: readonly number[], dtype: DType = "f32"): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return own(new Tensor(device, shape, device.alloc(size * bytesPerValue[dtype], dtype)));
}

function own(tensor: Tensor): Tensor {
  if (!current) throw new Error("a tensor was made outside of every scope()");
  current.push(tensor);
  return tensor;
}

/** A new tensor that holds `data`. */
export function upload(device: Device, shape: readonly number[], data: Float32Array | Uint32Array): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  if (size !== data.length) {
    throw new Error(`shape [${shape}] holds ${size} values, the data has ${data.length}`);
  }
  return own(new Tensor(device, shape, device.upload(data)));
}

export function retain(tensor: Tensor): Tensor {
  tensor.refs++;
  return tensor;
}

export function release(tensor: Tensor): void {
  if (--tensor.refs === 0 && tensor.owned) tensor.device.release(tensor.buffer);
}
