/**
 * The webgpu device: one command encoder and one compute pass per flush, cached bind groups, pooled
 * buffers. The dispatches of a pass run in order and see each other's writes (WebGPU makes each
 * dispatch a usage scope of its own), so no barriers are needed here.
 *
 * Measured in Deno: with a submit per op, an op costs 158 µs of host time; in one pass with cached bind groups, 1.3 µs.
 */
import {
  type Args,
  type Binding,
  type Buffer,
  type Device,
  type DType,
  type Kernel,
  type Milestone,
  type Params,
  type Shader,
  shadersOf,
  shaderText,
  type Snapshot,
} from "./device.ts";
import { UserError } from "../errors.ts";
import { beat } from "../pulse.ts";
import { firstLine, SizeClassPool } from "./size_class_pool.ts";
import { GpuClock } from "./webgpu_clock.ts";
import { Pace } from "./webgpu_pace.ts";

const SLOT = 256; // bytes; WebGPU's default minUniformBufferOffsetAlignment
const SLOTS = 2048; // dispatches recorded before a flush is forced
const MAX_GROUPS = 65535; // per dimension of a dispatch, WebGPU's default limit
const STAGED = 2 ** 20; // bytes; larger reads are rare, so their staging memory is not kept

// Bits of GPUBufferUsage.
const STORAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
const READABLE = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;

class GpuAllocation {
  /** The recording that used it last: a write must not overtake a recorded dispatch. */
  usedBy = -1;
  constructor(readonly id: number, readonly gpu: GPUBuffer, readonly bytes: number) {}
}

class GpuBufferView implements Buffer {
  /** @param length bytes in use; with float16 perhaps not a multiple of 4, which WebGPU requires of `bytes` */
  constructor(
    readonly base: GpuAllocation,
    readonly offset: number,
    readonly bytes: number,
    readonly dtype: DType = "f32",
    readonly length = bytes,
  ) {}
}

interface Group {
  readonly gpu: GPUBindGroup;
  readonly buffers: readonly GpuBufferView[];
}

interface Pipeline {
  readonly gpu: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly params: readonly { readonly name: string; readonly float: boolean }[];
  /** Bind groups by a hash of their buffers; a string key would take a microsecond to build and look up. */
  readonly groups: Map<number, Group[]>;
}

function sameBuffers(a: readonly GpuBufferView[], b: readonly GpuBufferView[]): boolean {
  for (let i = 0; i < a.length; i++) {
    if (a[i].base !== b[i].base || a[i].offset !== b[i].offset || a[i].bytes !== b[i].bytes) return false;
  }
  return true;
}

/** A part of the recorded work. */
interface Part {
  readonly commands: GPUCommandBuffer;
  readonly dispatches: number;
}

export class WebGpuDevice implements Device {
  readonly name = "webgpu";
  readonly description: string;
  readonly float16: boolean;
  /** Objects made since the start: a steady training step must not add to them. */
  readonly created = { buffers: 0, staging: 0, bindGroups: 0, pipelines: 0 };
  /** Number of submits: one per training step, when its loss is read, and one per milestone. */
  submits = 0;

  #gpu: GPUDevice;
  readonly #pipelines: Record<DType, Map<object, Pipeline>> = { f32: new Map(), f16: new Map() };
  #pool = new SizeClassPool<GpuAllocation>((bytes) => this.#create(bytes, STORAGE));
  /** Staging buffers for small reads: losses and norms, once a step. */
  #staging = new SizeClassPool<GpuAllocation>((bytes) => this.#create(bytes, READABLE));
  /** Staging buffers for milestones, all of the largest piece's size, so that the next read can reuse one. */
  #pieces = new SizeClassPool<GpuAllocation>((bytes) => this.#create(bytes, READABLE));
  #largestPiece = 0;
  #uniforms: GPUBuffer;
  #uniformData = new Uint32Array(SLOTS * SLOT / 4);
  #uniformFloats = new Float32Array(this.#uniformData.buffer);
  /** A typed array, because Deno takes four times as long to read an offset from a list. */
  #dynamicOffset = new Uint32Array(1);
  #slot = 0;
  /** Slots whose parameters were written to the GPU. */
  #written = 0;
  #recording = 0;
  /** Recorded parts that are not submitted yet: they end at milestones, or where a slow GPU's limit is reached. */
  #parts: Part[] = [];
  /** The first slot of the part that is being recorded. */
  #partSlot = 0;
  /** Number of parts recorded since the start. */
  #recorded = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #nextId = 0;
  #fault: string | null = null;
  #clock: GpuClock | null = null;
  readonly #pace = new Pace();

  private constructor(adapter: GPUAdapter, gpu: GPUDevice) {
    this.#gpu = gpu;
    this.float16 = gpu.features.has("shader-f16");
    const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
    const name = description || [vendor, architecture].filter(Boolean).join(" ") || "unnamed adapter";
    this.description = `WebGPU on ${name}${isFallbackAdapter ? " (software)" : ""}`;
    this.#uniforms = gpu.createBuffer({
      size: SLOTS * SLOT,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    gpu.lost.then((info) => {
      if (info.reason === "destroyed") return;
      this.#fault = `the GPU was lost (${info.message || info.reason}); close other GPU programs, or run ` +
        `with --set device=cpu, and continue with --resume`;
    });
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const error = (event as GPUUncapturedErrorEvent).error;
      this.#fault ??= error instanceof GPUOutOfMemoryError
        ? `the GPU is out of memory (${(this.#pool.bytes / 2 ** 20).toFixed(0)} MiB in use); lower ` +
          `pretrain.batch, model.context or model.width, or run with --set device=cpu`
        : `the GPU refused a command: ${error.message}`;
    });
  }

  /** Opens an adapter's device with all the limits and useful features the adapter has. */
  static async open(adapter: GPUAdapter): Promise<WebGpuDevice> {
    const limits: Record<string, number> = {};
    for (
      const limit of [
        "maxStorageBufferBindingSize",
        "maxBufferSize",
        "maxComputeWorkgroupStorageSize",
        "maxComputeInvocationsPerWorkgroup",
        "maxComputeWorkgroupSizeX",
      ] as const
    ) limits[limit] = adapter.limits[limit];
    const wanted: GPUFeatureName[] = ["timestamp-query", "subgroups" as GPUFeatureName, "shader-f16"];
    const gpu = await adapter.requestDevice({
      requiredLimits: limits,
      requiredFeatures: wanted.filter((f) => adapter.features.has(f)),
    });
    return new WebGpuDevice(adapter, gpu);
  }

  get fault(): string | null {
    return this.#fault;
  }

  get limits(): GPUSupportedLimits {
    return this.#gpu.limits;
  }

  #check(): void {
    if (this.#fault) throw new UserError(this.#fault);
  }

  #create(bytes: number, usage: number): GpuAllocation {
    allow(bytes, this.#gpu.limits.maxBufferSize);
    this.created[usage === STORAGE ? "buffers" : "staging"]++;
    return new GpuAllocation(this.#nextId++, this.#gpu.createBuffer({ size: bytes, usage }), bytes);
  }

  alloc(bytes: number, dtype: DType = "f32"): GpuBufferView {
    this.#check();
    return new GpuBufferView(this.#pool.take(bytes), 0, Math.ceil(bytes / 4) * 4, dtype, bytes);
  }

  upload(data: Float32Array | Uint32Array): GpuBufferView {
    this.#check();
    // Takes memory that no recorded dispatch uses, so that the write need not wait for one.
    const base = this.#pool.take(data.byteLength, ({ usedBy }) => usedBy !== this.#recording);
    const buffer = new GpuBufferView(base, 0, data.byteLength);
    this.write(buffer, data);
    return buffer;
  }

  release(b: Buffer): void {
    this.#pool.give((b as GpuBufferView).base);
  }

  slice(b: Buffer, offset: number, bytes: number): GpuBufferView {
    const { base, offset: start, dtype } = b as GpuBufferView;
    return new GpuBufferView(base, start + offset, Math.ceil(bytes / 4) * 4, dtype, bytes);
  }

  write(b: Buffer, data: Float32Array | Uint32Array): void {
    const view = b as GpuBufferView;
    if (view.base.usedBy === this.#recording) this.flush();
    this.#writeNow(view, data);
  }

  /** Writes ahead of all work that is not submitted yet. */
  #writeNow({ base, offset }: GpuBufferView, data: Float32Array | Uint32Array): void {
    this.#gpu.queue.writeBuffer(base.gpu, offset, data as BufferSource);
  }

  #pipeline(
    k: Pick<Shader, "name" | "wgsl" | "constants">,
    { params, bindings }: Pick<Kernel, "params" | "bindings">,
    dtype: DType,
  ): Pipeline {
    const pipelines = this.#pipelines[dtype];
    const known = pipelines.get(k);
    if (known) return known;
    this.created.pipelines++;
    const layout = this.#gpu.createBindGroupLayout({
      entries: [
        {
          binding: 0,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: "uniform", hasDynamicOffset: true },
        },
        ...bindings.map((use, i) => ({
          binding: i + 1,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: use.endsWith(" in") ? "read-only-storage" as const : "storage" as const },
        })),
      ],
    });
    const module = this.#gpu.createShaderModule({ label: k.name, code: shaderText(k, params, dtype) });
    module.getCompilationInfo().then((info) => {
      const [fault] = shaderFaults(k, info);
      if (fault) this.#fault = `a shader does not compile on this GPU: ${fault}`;
    });
    const gpu = this.#gpu.createComputePipeline({
      label: k.name,
      layout: this.#gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main", constants: { ...k.constants } },
    });
    const names = Object.entries(params).map(([name, type]) => ({ name, float: type === "f32" }));
    const pipeline = { gpu, layout, params: names, groups: new Map() };
    pipelines.set(k, pipeline);
    return pipeline;
  }

  #group(p: Pipeline, buffers: GpuBufferView[]): GPUBindGroup {
    let hash = 0;
    for (const { base, offset, bytes } of buffers) {
      hash = Math.imul(Math.imul(hash ^ base.id, 0x9e3779b1) ^ offset, 0x85ebca6b) + bytes | 0;
    }
    let alike = p.groups.get(hash);
    if (!alike) p.groups.set(hash, alike = []);
    for (const group of alike) {
      if (sameBuffers(group.buffers, buffers)) return group.gpu;
    }
    // A buffer may be larger than the limit, as a model's weights may be, if kernels bind only a part of it.
    for (const { bytes } of buffers) allow(bytes, this.#gpu.limits.maxStorageBufferBindingSize);
    this.created.bindGroups++;
    const gpu = this.#gpu.createBindGroup({
      layout: p.layout,
      entries: [
        { binding: 0, resource: { buffer: this.#uniforms, size: SLOT } },
        ...buffers.map(({ base, offset, bytes }, i) => ({
          binding: i + 1,
          resource: { buffer: base.gpu, offset, size: bytes },
        })),
      ],
    });
    alike.push({ gpu, buffers: [...buffers] });
    return gpu;
  }

  dispatch<P extends Params, B extends readonly Binding[]>(k: Kernel<P, B>, b: Buffer[], a: Args<P>): void {
    const shaders = k.plan?.(a) ?? shadersOf(k);
    const bytes = shaders[0].scratch?.bytes(a);
    const scratch = bytes && this.alloc(bytes);
    const dtype = b.some((buffer) => buffer.dtype === "f16") ? "f16" : "f32";
    for (const shader of shaders) {
      const buffers = (scratch ? b.with(shader.scratch!.at, scratch) : b) as GpuBufferView[];
      this.#record(shader, k, buffers, a, dtype);
    }
    if (scratch) this.release(scratch);
  }

  #record<P extends Params>(
    shader: Shader<P>,
    k: Pick<Kernel<P>, "params" | "bindings">,
    buffers: GpuBufferView[],
    a: Args<P>,
    dtype: DType,
  ): void {
    beat();
    if (this.#slot === SLOTS || this.#clock?.full) this.flush();
    // A recording is not cut while the clock runs, because its times are copied once at the end.
    if (this.#slot - this.#partSlot >= this.#pace.most && !this.#clock) this.#endPart();
    const pipeline = this.#pipeline(shader, k, dtype);
    let word = this.#slot * SLOT / 4;
    for (const { name, float } of pipeline.params) {
      if (float) this.#uniformFloats[word++] = a[name];
      else this.#uniformData[word++] = a[name];
    }
    this.#encoder ??= this.#gpu.createCommandEncoder();
    if (this.#clock) {
      this.#pass?.end();
      this.#pass = this.#encoder.beginComputePass({ timestampWrites: this.#clock.mark(shader.name) });
    }
    const pass = this.#pass ??= this.#encoder.beginComputePass();
    pass.setPipeline(pipeline.gpu);
    this.#dynamicOffset[0] = this.#slot * SLOT;
    pass.setBindGroup(0, this.#group(pipeline, buffers), this.#dynamicOffset, 0, 1);
    let [x, y = 1, z = 1] = shader.workgroups(a);
    if (x > MAX_GROUPS) {
      y = Math.ceil(x / MAX_GROUPS);
      x = Math.ceil(x / y);
    }
    pass.dispatchWorkgroups(x, y, z);
    for (const { base } of buffers) base.usedBy = this.#recording;
    this.#slot++;
  }

  flush(): void {
    // Even if milestones have submitted everything, the slots still have to be freed.
    if (!this.#encoder && this.#parts.length === 0 && this.#slot === 0) return;
    this.#check();
    const timed = this.#endPart();
    this.#submit(this.#parts.splice(0));
    timed?.();
    this.#slot = this.#written = this.#partSlot = 0;
    this.#recording++;
    this.#pool.sort();
  }

  /** Ends the part that is being recorded. Call the function that it returns once the part is submitted. */
  #endPart(): (() => void) | undefined {
    if (!this.#encoder) return;
    this.#pass?.end();
    const timed = this.#clock?.finish(this.#encoder);
    this.#parts.push({ commands: this.#encoder.finish(), dispatches: this.#slot - this.#partSlot });
    this.#partSlot = this.#slot;
    this.#recorded++;
    this.#encoder = this.#pass = null;
    return timed;
  }

  /** Submits parts, and waits in between if the GPU is slow. */
  #submit(parts: readonly Part[]): void {
    if (parts.length === 0) return;
    if (this.#slot > this.#written) {
      const from = this.#written * SLOT, words = (this.#slot - this.#written) * SLOT / 4;
      this.#gpu.queue.writeBuffer(this.#uniforms, from, this.#uniformData, from / 4, words);
      this.#written = this.#slot;
    }
    for (const { commands, dispatches } of parts) {
      // If a wait fails, the next call throws the error as well.
      if (this.#pace.isFull(dispatches)) {
        this.#pace.wait(() => this.#gpu.queue.onSubmittedWorkDone()).catch(() => {});
      }
      this.#gpu.queue.submit([commands]);
      this.#pace.handedOver(dispatches);
    }
    this.submits++;
  }

  snapshot(b: Buffer): Snapshot {
    const view = b as GpuBufferView, { base, offset, bytes } = view;
    this.#check();
    const keep = bytes <= STAGED;
    const staging = keep ? this.#staging.take(bytes) : this.#create(bytes, READABLE);
    this.#pass?.end();
    this.#pass = null;
    this.#encoder ??= this.#gpu.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(base.gpu, offset, staging.gpu, 0, bytes);
    base.usedBy = this.#recording;
    const recording = this.#recording;
    const data = async () => {
      try {
        // Other work and reads of the same turn are submitted together with this one.
        await Promise.resolve();
        if (this.#recording === recording) this.flush();
        const values = await this.#map(staging, view);
        if (keep) this.#staging.give(staging);
        return values;
      } finally {
        if (!keep) staging.gpu.destroy();
      }
    };
    return { data };
  }

  /**
   * Reads the values that were copied to a staging buffer.
   * @param meanwhile called once the mapping was requested
   */
  async #map(staging: GpuAllocation, copied: GpuBufferView, meanwhile = () => {}): Promise<Float32Array> {
    const { bytes, dtype, length } = copied;
    try {
      // In this call Deno 2.9 waits for all submitted work; the promise then takes another 10 ms to resolve.
      const mapping = this.#pace.wait(() => staging.gpu.mapAsync(GPUMapMode.READ, 0, bytes));
      meanwhile();
      await mapping;
      this.#check();
      const data = staging.gpu.getMappedRange(0, bytes).slice(0);
      staging.gpu.unmap();
      if (dtype === "f32") return new Float32Array(data);
      return Float32Array.from(new Float16Array(data, 0, length / 2));
    } catch (error) {
      this.#check();
      throw error;
    }
  }

  milestone(): Milestone {
    this.#check();
    if (!this.#clock) this.#endPart();
    const recorded = this.#recorded;
    return {
      read: (b) => this.#readAt(recorded, b as GpuBufferView),
      // Work that is recorded but not submitted may run after this write.
      write: (b, data) => this.#writeNow(b as GpuBufferView, data),
    };
  }

  /** @param recorded number of parts, since the start, before the milestone */
  async #readAt(recorded: number, from: GpuBufferView): Promise<Float32Array> {
    this.#check();
    if (this.#clock) this.flush();
    this.#largestPiece = Math.max(this.#largestPiece, from.bytes);
    const staging = this.#pieces.take(this.#largestPiece);
    const copy = this.#gpu.createCommandEncoder();
    copy.copyBufferToBuffer(from.base.gpu, from.offset, staging.gpu, 0, from.bytes);
    const submitted = this.#recorded - this.#parts.length;
    const until = this.#parts.splice(0, Math.max(0, recorded - submitted));
    this.#submit([...until, { commands: copy.finish(), dispatches: 0 }]);
    // Submits the next part now: any earlier, the mapping would wait for it too; any later, the GPU would idle.
    const values = await this.#map(staging, from, () => this.#submit(this.#parts.splice(0, 1)));
    this.#pieces.give(staging);
    return values;
  }

  // deno-lint-ignore require-await -- turns an error of snapshot() into a rejection
  async read(b: Buffer): Promise<Float32Array> {
    return this.snapshot(b).data();
  }

  view(): null {
    return null;
  }

  /** Times every dispatch from now on. Each gets a pass of its own, which makes small ones slower. */
  startClock(): GpuClock {
    if (!this.#gpu.features.has("timestamp-query")) {
      throw new UserError("this GPU has no timestamp queries, so its kernels cannot be timed one by one");
    }
    this.flush();
    return this.#clock = new GpuClock(this.#gpu);
  }

  stopClock(): void {
    this.flush();
    this.#clock = null;
  }

  /** Milliseconds to copy that many bytes within the GPU's memory: the best of several trials. */
  async timeCopy(bytes: number): Promise<number> {
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const [from, to] = [0, 1].map(() => this.#gpu.createBuffer({ size: bytes, usage }));
    let best = Infinity;
    for (let round = 0; round < 5; round++) {
      const encoder = this.#gpu.createCommandEncoder();
      // Several copies, so that the cost of a submit does not matter.
      for (let i = 0; i < 8; i++) encoder.copyBufferToBuffer(from, 0, to, 0, bytes);
      const started = performance.now();
      this.#gpu.queue.submit([encoder.finish()]);
      await this.#gpu.queue.onSubmittedWorkDone();
      best = Math.min(best, (performance.now() - started) / 8);
    }
    for (const buffer of [from, to]) buffer.destroy();
    return best;
  }

  /**
   * Compiles a kernel's shader and returns its errors as `file:line: message`; an empty list if it compiles.
   * wgpu reports errors asynchronously: `doctor` and the tests wait for them here, so that training need not.
   */
  async compile(k: Pick<Shader, "name" | "wgsl">, params: Params, dtype: DType = "f32"): Promise<string[]> {
    this.#gpu.pushErrorScope("validation");
    const module = this.#gpu.createShaderModule({ label: k.name, code: shaderText(k, params, dtype) });
    const info = await module.getCompilationInfo();
    const error = await this.#gpu.popErrorScope();
    const faults = shaderFaults(k, info);
    if (faults.length === 0 && error) faults.push(`${k.name}.wgsl: ${firstLine(error.message)}`);
    return faults;
  }

  memory() {
    return { used: this.#pool.bytes, peak: this.#pool.bytes, reach: Infinity };
  }

  close(): void {
    this.#pass?.end();
    this.#pass = this.#encoder = null;
    this.#gpu.destroy();
  }
}

function allow(bytes: number, limit: number): void {
  if (bytes <= limit) return;
  const [needed, allowed] = [bytes, limit].map((n) => `${(n / 2 ** 20).toFixed(0)} MiB`);
  throw new UserError(
    `a buffer of ${needed} is needed, this GPU allows ${allowed}; lower the batch, the context, the width or ` +
      `the vocabulary, or run with --set device=cpu`,
  );
}

function shaderFaults(k: { name: string; wgsl: string }, info: GPUCompilationInfo): string[] {
  return info.messages.filter((m) => m.type === "error").map((m) => {
    const source = k.wgsl.split("\n")[m.lineNum - 1]?.trim() ?? "";
    return `${k.name}.wgsl:${m.lineNum}: ${firstLine(m.message)}${source ? ` in «${source}»` : ""}`;
  });
}
