/**
 * The contract between the model's mathematics and the hardware that runs it.
 *
 * A device knows buffers and kernels. It must not know tensors, shapes, gradients or models. Three
 * devices fulfil the contract: `webgpu` (WGSL shaders), `cpu` (Wasm SIMD on all cores) and `oracle`
 * (plain TypeScript in float64: slow, and the reference that the other two are tested against).
 */
import { COLUMNS, RUN } from "../../kernels/cpu/assembly/constants.ts";

/** What a buffer of numbers holds. */
export type DType = "f32" | "f16";

export const bytesPerValue: Readonly<Record<DType, number>> = { f32: 4, f16: 2 };

/**
 * The scalar parameters of a kernel. Shaders read them as the fields of `p`, a struct generated from this;
 * Wasm exports take them as arguments in this order.
 */
export type Params = Record<string, "u32" | "f32">;
export type Args<P extends Params> = { readonly [K in keyof P]: number };

/**
 * How a kernel uses one of its buffers; `inout` reads and writes it. `real` is the dtype of the dispatch:
 * f16 if one of its buffers is, else f32.
 */
export type Binding = `${"f32" | "real" | "u32"} ${"in" | "out" | "inout"}`;

/** What a reference sees: float32 on the cpu device, float64 on the oracle. */
export type Floats = Float32Array | Float64Array;
export type Views<B extends readonly Binding[]> = {
  -readonly [I in keyof B]: B[I] extends `u32 ${string}` ? Uint32Array : Floats;
};

/** How the cpu device runs a kernel in Wasm: an export, and how its work splits among threads. */
export interface CpuKernel<P extends Params> {
  /** Called as `name(first task, end task, scratch, ...buffer addresses, ...arguments in order)`. */
  readonly name: string;
  /**
   * Number of independent tasks. It depends on the arguments alone, never on the number of threads, so that
   * results are the same bit for bit with any number of threads.
   */
  tasks(a: Args<P>): number;
  /** The fewest tasks a call takes: smaller calls cost more overhead than they save. 1 by default. */
  grain?(a: Args<P>): number;
  /** Bytes of scratch memory each thread needs. */
  scratch?(a: Args<P>): number;
}

/** What the webgpu device runs. */
export interface Shader<P extends Params = Params> {
  readonly name: string;
  /**
   * The shader's source from files in `kernels/`, without the parameters and the type `real`: `shaderText` prepends
   * those.
   */
  readonly wgsl: string;
  /** Values for the shader's `override` constants. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Workgroups to launch; if x is over 65,535, it is folded into two dimensions. */
  workgroups(a: Args<P>): readonly [number, number?, number?];
  /** Temporary memory in place of one of the buffers, shared by all shaders of a dispatch and then released. */
  readonly scratch?: {
    /** Index of that buffer, from 0. */
    readonly at: number;
    bytes(a: Args<P>): number;
  };
}

export interface Kernel<P extends Params = Params, B extends readonly Binding[] = readonly Binding[]>
  extends Shader<P> {
  readonly params: P;
  readonly bindings: B;
  /** The specification: tests compare every device with it. */
  reference(views: Views<B>, a: Args<P>): void;
  readonly cpu?: CpuKernel<NoInfer<P>>;
  /** Floating-point operations, for kernels that are bound by computation rather than by memory. */
  flops?(a: Args<P>): number;
  /** Every shader that the webgpu device may run for this kernel; by default only the kernel's own. */
  readonly shaders?: readonly Shader<P>[];
  /** Which of them to run for some arguments, one after another on the same buffers; all by default. */
  plan?(a: Args<P>): readonly Shader<P>[];
}

/**
 * The complete text of a shader: the kernel's parameters as `p` and the type `real`, then the shader's own text.
 * The additions do not add a line, so that line numbers in messages are those of the file.
 */
export function shaderText({ wgsl }: Pick<Shader, "wgsl">, params: Params, dtype: DType): string {
  const fields = Object.entries(params).map(([name, type]) => `${name}: ${type}`).join(", ");
  const enable = dtype === "f16" ? "enable f16; " : "";
  return `${enable}struct Params { ${fields} } @group(0) @binding(0) var<uniform> p: Params; ` +
    `alias real = ${dtype}; ${wgsl}`;
}

/** The shaders of a kernel. */
export function shadersOf<P extends Params, B extends readonly Binding[]>(
  k: Kernel<P, B>,
): readonly Shader<P>[] {
  return k.shaders ?? [k];
}

/** Lets TypeScript infer a kernel's parameters and bindings, so that a misspelt one fails to compile. */
export function kernel<const P extends Params, const B extends readonly Binding[]>(
  k: Kernel<P, B>,
): Kernel<P, B> {
  return k;
}

/** Memory of a device. Only the device that made it can look inside. */
export interface Buffer {
  readonly bytes: number;
  readonly dtype: DType;
}

/** A copy of a buffer's contents. */
export interface Snapshot {
  /** Fetches the copy once the work queued before it is done. Call it once. */
  data(): Promise<Float32Array>;
}

/** A point in the queue of work. */
export interface Milestone {
  /**
   * Fetches a buffer's contents at this point while the device goes on with later work. Later work must not change
   * the buffer.
   */
  read(b: Buffer): Promise<Float32Array>;
  /** Copies `data` to the start of a buffer that was read here. Later work must not use the buffer. */
  write(b: Buffer, data: Float32Array): void;
}

export interface Device {
  readonly name: "webgpu" | "cpu" | "oracle";
  /** One line to print: which hardware, and how it is used. */
  readonly description: string;
  /** Whether buffers can hold float16; kernels compute in float32 all the same. */
  readonly float16: boolean;
  /** Why the device can no longer be used; null while it can. */
  readonly fault: string | null;
  /**
   * Allocates at least `bytes`; contents are undefined.
   * @param dtype f32 by default; f16 only if `float16` is true
   */
  alloc(bytes: number, dtype?: DType): Buffer;
  /** Allocates a buffer that holds `data`. */
  upload(data: Float32Array | Uint32Array): Buffer;
  /** Gives a buffer back for reuse by later calls; work that is already dispatched can still use it. */
  release(b: Buffer): void;
  /** A range of a buffer, which is never released on its own. `offset` is a multiple of 256 bytes. */
  slice(b: Buffer, offset: number, bytes: number): Buffer;
  /** Copies `data` to the start of the buffer, ordered after all earlier dispatches. */
  write(b: Buffer, data: Float32Array | Uint32Array): void;
  /** Queues one kernel; later calls see its effects. */
  dispatch<P extends Params, B extends readonly Binding[]>(k: Kernel<P, B>, b: Buffer[], a: Args<P>): void;
  /** Hands the queued work to the hardware. */
  flush(): void;
  /**
   * Copies the contents as they are after all earlier dispatches. Nothing waits until the copy is fetched. Fetch
   * several copies together, because a fetch can take 10 ms whatever its size.
   */
  snapshot(b: Buffer): Snapshot;
  /** Marks this point in the queue, so that results up to here can be fetched before later work is done. */
  milestone(): Milestone;
  /** Takes a snapshot and fetches it. */
  read(b: Buffer): Promise<Float32Array>;
  /** The buffer's own float32 memory if this process can access it (cpu); otherwise null. */
  view(b: Buffer): Float32Array | null;
  /** Bytes allocated (in use or pooled), the peak of that, and how many can be: infinite if unknown. */
  memory(): { readonly used: number; readonly peak: number; readonly reach: number };
  /** Frees everything. The device cannot be used afterwards. */
  close(): void;
}

/** How the cpu device splits a kernel over `n` elements. */
export function elementwise(name: string): CpuKernel<{ n: "u32" }> {
  return { name, tasks: ({ n }) => Math.ceil(n / RUN) };
}

/** How the cpu device splits a kernel whose tasks are rows. */
export function byRows(name: string): CpuKernel<{ rows: "u32" }> {
  return { name, tasks: ({ rows }) => rows };
}

/** How the cpu device splits a kernel whose tasks are blocks of COLUMNS columns. */
export function byColumns(name: string): CpuKernel<{ width: "u32" }> {
  return { name, tasks: ({ width }) => Math.ceil(width / COLUMNS) };
}

/** Workgroups of 64 invocations for `n` elements. */
export function linearGroups(n: number, perGroup = 64): [number] {
  return [Math.ceil(n / perGroup)];
}
