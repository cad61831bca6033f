/**
 * The cpu device: all buffers live in one shared Wasm memory.
 *
 * Kernels with a Wasm version run it on every thread; the others run their TypeScript reference on the
 * main thread. Dispatch runs the kernel at once, so there is nothing to flush.
 */
import type { Args, Binding, Buffer, Device, Kernel, Params, Views } from "./device.ts";
import { SizeClassPool } from "./pool.ts";
import { UserError } from "../errors.ts";

const PAGE = 65536; // bytes of a Wasm memory page
const FIRST_FREE = 2 ** 20; // below it: what the Wasm kernels keep at constant addresses
const MAX_PAGES = 65536; // 4 GiB, the reach of 32-bit addresses

class CpuBuffer implements Buffer {
  constructor(
    readonly id: number,
    readonly address: number,
    readonly bytes: number,
    readonly f32: Float32Array,
    readonly u32: Uint32Array,
  ) {}
}

/** What was asked for, on top of the pooled allocation that serves it. */
class CpuBufferView implements Buffer {
  readonly address: number;
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
  constructor(readonly base: CpuBuffer, offset: number, readonly bytes: number) {
    this.address = base.address + offset;
    this.f32 = base.f32.subarray(offset / 4, (offset + bytes) / 4);
    this.u32 = base.u32.subarray(offset / 4, (offset + bytes) / 4);
  }
}

export class CpuDevice implements Device {
  readonly name = "cpu";
  readonly description: string;
  #memory = new WebAssembly.Memory({ initial: FIRST_FREE / PAGE, maximum: MAX_PAGES, shared: true });
  #top = FIRST_FREE;
  #nextId = 0;
  #pool = new SizeClassPool<CpuBuffer>((bytes) => this.#create(bytes));

  constructor() {
    this.description = "TypeScript reference kernels, 1 thread";
  }

  #create(bytes: number): CpuBuffer {
    const address = this.#top;
    const missing = address + bytes - this.#memory.buffer.byteLength;
    if (missing > 0) {
      const pages = Math.ceil(missing / PAGE);
      try {
        this.#memory.grow(pages);
      } catch {
        throw new UserError(
          `out of memory: ${((address + bytes) / 2 ** 30).toFixed(1)} GiB needed, the cpu device has ` +
            `${(this.#memory.buffer.byteLength / 2 ** 30).toFixed(1)} GiB and cannot grow; lower ` +
            `pretrain.batch, model.context or model.width`,
        );
      }
    }
    this.#top += bytes;
    const { buffer } = this.#memory;
    return new CpuBuffer(
      this.#nextId++,
      address,
      bytes,
      new Float32Array(buffer, address, bytes / 4),
      new Uint32Array(buffer, address, bytes / 4),
    );
  }

  alloc(bytes: number): CpuBufferView {
    return new CpuBufferView(this.#pool.take(bytes), 0, bytes);
  }

  release(b: Buffer): void {
    this.#pool.give((b as CpuBufferView).base);
  }

  slice(b: Buffer, offset: number, bytes: number): CpuBufferView {
    const { base, address } = b as CpuBufferView;
    return new CpuBufferView(base, address - base.address + offset, bytes);
  }

  write(b: Buffer, data: Float32Array | Uint32Array): void {
    const { f32, u32 } = b as CpuBufferView;
    if (data instanceof Uint32Array) u32.set(data);
    else f32.set(data);
  }

  dispatch<P extends Params, B extends readonly Binding[]>(k: Kernel<P, B>, b: Buffer[], a: Args<P>): void {
    const views = (b as CpuBufferView[]).map((buffer, i) =>
      k.bindings[i].startsWith("f32") ? buffer.f32 : buffer.u32
    );
    k.reference(views as Views<B>, a);
  }

  flush(): void {}

  read(b: Buffer): Promise<Float32Array> {
    return Promise.resolve(Float32Array.from((b as CpuBufferView).f32));
  }

  memory() {
    return { used: this.#top, peak: this.#top };
  }

  close(): void {}
}
