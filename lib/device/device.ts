/**
 * The contract between the model's mathematics and the hardware that runs it.
 *
 * A device knows buffers and kernels. It must not know tensors, shapes, gradients or models. Three
 * devices fulfil the contract: `webgpu` (WGSL shaders), `cpu` (Wasm SIMD on all cores) and `oracle`
 * (plain TypeScript in float64: slow, and the judge of the other two).
 */
import { COLUMNS, RUN } from "../../kernels/cpu/assembly/constants.ts";

/** What a buffer of numbers holds. */
export type DType = "f32" | "f16";

export const bytesPerValue: Readonly<Record<DType, number>> = { f32: 4, f16: 2 };

/**
 * The scalar parameters of a kernel. Shaders read them as the fields of `p`, whose struct is made from
 * this; Wasm exports take them as arguments in this order.
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
   * Number of independent tasks. It follows from the arguments alone, never from the number of
   * threads, so that a result is the same bit for bit however many threads there are.
   */
  tasks(a: Args<P>): number;
  /** Tasks that are worth a call of their own; fewer waste what a call prepares. 1 by default. */
  grain?(a: Args<P>): number;
  /** Bytes of scratch memory each thread needs. */
  scratch?(a: Args<P>): number;
}

/** What the webgpu device runs. */
export interface Shader<P extends Params = Params> {
  readonly name: string;
  /**
   * From files in `kernels/`: the shader without its parameters and without the type `real`, which
   * `shaderText` puts before it.
   */
  readonly wgsl: string;
  /** Values for the shader's `override` constants. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Workgroups to launch; one number over 65,535 is folded into two dimensions. */
  workgroups(a: Args<P>): readonly [number, number?, number?];
  /** Memory that takes the place of a buffer: the same for all shaders of a dispatch, then forgotten. */
  readonly scratch?: {
    /** Number of the buffer, from 0. */
    readonly at: number;
    bytes(a: Args<P>): number;
  };
}

export interface Kernel<P extends Params = Params, B extends readonly Binding[] = readonly Binding[]>
  extends Shader<P> {
  readonly params: P;
  readonly bindings: B;
  /** The specification, and the oracle of every test. */
  reference(views: Views<B>, a: Args<P>): void;
  readonly cpu?: CpuKernel<NoInfer<P>>;
  /** Floating-point operations, for kernels that compute more than they move. */
  flops?(a: Args<P>): number;
  /** Every shader that the webgpu device may run for this kernel; the kernel itself by default. */
  readonly shaders?: readonly Shader<P>[];
  /** Those of them that it does run, one after another with the same buffers and arguments; all by default. */
  plan?(a: Args<P>): readonly Shader<P>[];
}

/**
 * The complete text of a shader: before its own it has the kernel's parameters, as `p`, and the type `real`.
 * They take up the first line, so that line numbers stay those of the files.
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
  /** Fetches it, once the work that it was ordered after is done. To be called once. */
  data(): Promise<Float32Array>;
}

/** A point that the queued work has come to. */
export interface Milestone {
  /**
   * Fetches a buffer's contents as they are there, while the device goes on with what was queued later, which must not
   * change them.
   */
  read(b: Buffer): Promise<Float32Array>;
  /** Copies `data` to the start of a buffer that was read here, of which what was queued later makes no use. */
  write(b: Buffer, data: Float32Array): void;
}

export interface Device {
  readonly name: "webgpu" | "cpu" | "oracle";
  /** One line for people: which hardware, and how it is used. */
  readonly description: string;
  /** Whether its buffers can hold float16, which its kernels then compute in float32. */
  readonly float16: boolean;
  /** Why it cannot be used any more; null as long as it can. */
  readonly fault: string | null;
  /**
   * Allocates at least `bytes`; contents are undefined.
   * @param dtype f32 by default; f16 only where the device has that
   */
  alloc(bytes: number, dtype?: DType): Buffer;
  /** Allocates a buffer that holds `data` from here on. */
  upload(data: Float32Array | Uint32Array): Buffer;
  /** Gives a buffer back for reuse by later calls; work already dispatched still sees it. */
  release(b: Buffer): void;
  /** A range of a buffer. `offset` is a multiple of 256 bytes. Never released on its own. */
  slice(b: Buffer, offset: number, bytes: number): Buffer;
  /** Copies `data` to the start of the buffer, ordered after all earlier dispatches. */
  write(b: Buffer, data: Float32Array | Uint32Array): void;
  /** Queues one kernel; effects become visible to later calls in order. */
  dispatch<P extends Params, B extends readonly Binding[]>(k: Kernel<P, B>, b: Buffer[], a: Args<P>): void;
  /** Hands what was queued to the hardware. */
  flush(): void;
  /**
   * Copies the contents as they are after all earlier dispatches. Nothing waits for that until the copy is fetched;
   * several are best fetched together, as a fetch can take 10 ms whatever the size.
   */
  snapshot(b: Buffer): Snapshot;
  /** Marks how far the queued work has come, so that what it has made can be fetched before what follows is done. */
  milestone(): Milestone;
  /** A snapshot, fetched. */
  read(b: Buffer): Promise<Float32Array>;
  /** The buffer's own float32 memory, where this process computes in it (cpu); null where it lies elsewhere. */
  view(b: Buffer): Float32Array | null;
  /** Bytes allocated, in use or pooled for reuse, and how many can be; infinite where nobody knows. */
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

/** How the cpu device splits a kernel whose tasks are runs of columns. */
export function byColumns(name: string): CpuKernel<{ width: "u32" }> {
  return { name, tasks: ({ width }) => Math.ceil(width / COLUMNS) };
}

/** Workgroups of 64 invocations for `n` elements. */
export function linearGroups(n: number, perGroup = 64): [number] {
  return [Math.ceil(n / perGroup)];
}
