/**
 * The cpu device: Wasm SIMD on all cores, nothing to install. All buffers are in one shared Wasm memory.
 * `dispatch` runs the kernel immediately, so there is nothing to flush.
 *
 * A kernel without a Wasm version runs its TypeScript reference on the main thread.
 */
import { TILE_AREA, type TileKind, tileModule } from "../../kernels/cpu/tile.ts";
import { UserError } from "../errors.ts";
import { type Exports, FIRST_FREE, MAX_THREADS, PAGES, Threads, tileArea } from "./cpu_threads.ts";
import type { Args, Binding, Buffer, Device, Kernel, Milestone, Params, Snapshot, Views } from "./device.ts";
import { beat } from "../pulse.ts";
import { SizeClassPool } from "./size_class_pool.ts";

const PAGE = 65536; // bytes
/**
 * A kernel below both limits takes 30 µs at most and runs on the main thread alone. Waking the other threads would
 * take a good part of that time, and far longer while other programs use the cores.
 */
const SMALL_BYTES = 2 ** 19;
const SMALL_FLOPS = 2 ** 22;
/**
 * The most operations of one call, half a second on a slow core: after each, the main thread gives a sign of life
 * (lib/pulse.ts). Much smaller calls would pack matrices too often.
 */
const LONG_FLOPS = 2 ** 35;
const KERNELS = new URL("../../kernels/cpu/kernels.wasm", import.meta.url);

class CpuAllocation {
  constructor(
    readonly id: number,
    readonly address: number,
    readonly bytes: number,
    readonly f32: Float32Array,
    readonly u32: Uint32Array,
  ) {}
}

/** The requested size, and the pooled allocation that holds it. */
class CpuBuffer implements Buffer {
  readonly dtype = "f32";
  readonly address: bigint;
  constructor(readonly base: CpuAllocation, readonly offset: number, readonly bytes: number) {
    this.address = BigInt(base.address + offset);
  }
  get f32(): Float32Array {
    return this.base.f32.subarray(this.offset / 4, (this.offset + this.bytes) / 4);
  }
  get u32(): Uint32Array {
    return this.base.u32.subarray(this.offset / 4, (this.offset + this.bytes) / 4);
  }
}

export interface CpuOptions {
  /** All cores by default. */
  readonly threads?: number;
  /** Starts the threads with the first large kernel and does not wait for them; for programs that run only briefly. */
  readonly lazy?: boolean;
}

export class CpuDevice implements Device {
  readonly name = "cpu";
  readonly float16 = false;
  readonly description: string;
  /** Allocations made since the start: a steady training step must not add to them. */
  readonly created = { buffers: 0 };

  readonly #memory: WebAssembly.Memory;
  /** Bytes that the memory can grow to at most. */
  readonly #reach: number;
  readonly #threads: Threads;
  readonly #pool = new SizeClassPool<CpuAllocation>((bytes) => this.#create(bytes));
  #top = FIRST_FREE;
  #scratch: CpuBuffer | null = null;

  private constructor({ memory, reach }: Reserved, threads: Threads, tile: TileKind) {
    this.#memory = memory;
    this.#reach = reach;
    this.#threads = threads;
    const width = tile === 16 ? 256 : 128;
    this.description = `Wasm SIMD of ${width} bits, ${threads.count} thread${threads.count > 1 ? "s" : ""}`;
  }

  static async open(options: CpuOptions = {}): Promise<CpuDevice> {
    const threads = Math.min(options.threads ?? navigator.hardwareConcurrency, MAX_THREADS);
    const reserved = reserve();
    const { memory } = reserved;
    const tile = await fasterTile(memory);
    const kernels = await WebAssembly.compile(await Deno.readFile(KERNELS));
    const all = new Threads({ kernels, memory, tile, threads });
    if (!options.lazy) await all.ready();
    return new CpuDevice(reserved, all, tile);
  }

  get fault(): string | null {
    return this.#threads.fault;
  }

  #create(bytes: number): CpuAllocation {
    const address = this.#top;
    const missing = address + bytes - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        if (address + bytes > this.#reach) throw new RangeError();
        (this.#memory as unknown as Memory64).grow(BigInt(Math.ceil(missing / PAGE)));
      } catch {
        const [needed, there] = [address + bytes, this.#reach].map(gibibytes);
        throw new UserError(
          `out of memory: ${needed} needed, the cpu device reaches ${there} here; ` +
            "lower pretrain.batch, model.context or model.width",
        );
      }
    }
    this.#top += bytes;
    this.created.buffers++;
    const { buffer } = this.#memory;
    return new CpuAllocation(
      this.created.buffers,
      address,
      bytes,
      new Float32Array(buffer, address, bytes / 4),
      new Uint32Array(buffer, address, bytes / 4),
    );
  }

  alloc(bytes: number): CpuBuffer {
    return new CpuBuffer(this.#pool.take(bytes), 0, bytes);
  }

  upload(data: Float32Array | Uint32Array): CpuBuffer {
    const buffer = this.alloc(data.byteLength);
    this.write(buffer, data);
    return buffer;
  }

  release(b: Buffer): void {
    this.#pool.give((b as CpuBuffer).base);
  }

  slice(b: Buffer, offset: number, bytes: number): CpuBuffer {
    const { base, offset: start } = b as CpuBuffer;
    return new CpuBuffer(base, start + offset, bytes);
  }

  write(b: Buffer, data: Float32Array | Uint32Array): void {
    if (data instanceof Uint32Array) (b as CpuBuffer).u32.set(data);
    else (b as CpuBuffer).f32.set(data);
  }

  dispatch<P extends Params, B extends readonly Binding[]>(k: Kernel<P, B>, b: Buffer[], a: Args<P>): void {
    beat();
    if (!k.cpu) {
      const views = (b as CpuBuffer[]).map((x, i) => k.bindings[i].startsWith("u32") ? x.u32 : x.f32);
      return k.reference(views as Views<B>, a);
    }
    const args: number[] = [];
    for (const name in k.params) args.push(a[name]);
    // Rounded up to cache lines, so that no two threads write to the same line.
    const step = Math.ceil((k.cpu.scratch?.(a) ?? 0) / 128) * 128;
    const addresses = [this.#scratchFor(step * this.#threads.count)];
    for (const buffer of b as CpuBuffer[]) addresses.push(buffer.address);
    const bytes = b.reduce((sum, buffer) => sum + buffer.bytes, 0);
    const flops = k.flops?.(a) ?? 0, alone = bytes < SMALL_BYTES && flops < SMALL_FLOPS;
    const grain = k.cpu.grain?.(a) ?? 1, tasks = k.cpu.tasks(a);
    const most = flops > LONG_FLOPS ? Math.max(grain, Math.floor(tasks * LONG_FLOPS / flops)) : tasks;
    this.#threads.run(k.cpu.name, tasks, addresses, args, { grain, most, step, alone });
  }

  #scratchFor(bytes: number): bigint {
    if (bytes === 0) return 0n;
    if (!this.#scratch || this.#scratch.bytes < bytes) {
      if (this.#scratch) this.release(this.#scratch);
      this.#scratch = this.alloc(bytes);
    }
    return this.#scratch.address;
  }

  flush(): void {}

  snapshot(b: Buffer): Snapshot {
    const copy = (b as CpuBuffer).f32.slice();
    return { data: () => Promise.resolve(copy) };
  }

  /** Dispatches have run when they return, so reads and writes need no queue. */
  milestone(): Milestone {
    return { read: (b) => this.read(b), write: (b, data) => this.write(b, data) };
  }

  read(b: Buffer): Promise<Float32Array> {
    return this.snapshot(b).data();
  }

  view(b: Buffer): Float32Array {
    return (b as CpuBuffer).f32;
  }

  memory() {
    return { used: this.#top, peak: this.#top, reach: this.#reach };
  }

  close(): void {
    this.#threads.close();
  }
}

/** A memory with 64-bit addresses, which TypeScript has no type for yet. */
interface Memory64 {
  grow(pages: bigint): bigint;
}

interface Reserved {
  readonly memory: WebAssembly.Memory;
  /** Bytes that it can grow to at most. */
  readonly reach: number;
}

/** A shared memory that can grow as far as the system lets us reserve and as the machine has memory. */
export function reserve(): Reserved {
  for (let maximum: number = PAGES.max;; maximum /= 2) {
    const descriptor = { address: "i64", initial: BigInt(PAGES.min), maximum: BigInt(maximum), shared: true };
    try {
      const memory = new WebAssembly.Memory(descriptor as unknown as WebAssembly.MemoryDescriptor);
      return { memory, reach: Math.min(maximum * PAGE, physicalMemory()) };
    } catch (error) {
      if (!(error instanceof RangeError) || maximum / 2 < PAGES.min) throw error;
    }
  }
}

/** Bytes of memory in the machine; infinite without the permission to ask. */
function physicalMemory(): number {
  // Query the permission first: without it, Deno would stop and prompt the user.
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? Deno.systemMemoryInfo().total : Infinity;
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/**
 * Times both layouts of the inner product. 16 columns at once are faster where V8 fuses pairs of operations into
 * 256 bits (x86-64 with AVX2, and the flag --experimental-wasm-revectorize); elsewhere 8 columns are.
 */
async function fasterTile(memory: WebAssembly.Memory): Promise<TileKind> {
  const kinds = ([16, 8] as const).map((kind, i) => {
    const area = tileArea(MAX_THREADS + i), free = BigInt(area + TILE_AREA / 2);
    const module = new WebAssembly.Module(tileModule(kind, area, PAGES));
    const pass = new WebAssembly.Instance(module, { env: { memory } }).exports.d64 as Exports[string];
    return { kind, run: () => pass(free, 0n, 40, free, 64n, 0, free), best: Infinity };
  });
  new Uint8Array(memory.buffer, tileArea(MAX_THREADS), 2 * TILE_AREA).fill(0);
  // V8 optimises a function after some calls, on another thread; times before that mean nothing.
  for (let round = 0; round < 12; round++) {
    for (const tile of kinds) {
      const started = performance.now();
      for (let i = 0; i < 10; i++) tile.run();
      tile.best = Math.min(tile.best, performance.now() - started);
    }
    if (round < 6) await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return kinds[0].best <= kinds[1].best ? 16 : 8;
}
