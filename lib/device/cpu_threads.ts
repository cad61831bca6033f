/**
 * How the threads of the cpu device share work: one job at a time, described in shared memory and announced by a
 * counter. Each thread owns a contiguous part of the job's tasks. The parts are the same for every job of that size,
 * so that a thread finds its data in its cache. A thread repeatedly takes half of the tasks left in its part; when it
 * has none left, it takes tasks from the other parts. (Measured on two shared cores: without that help, waiting was
 * 14 % of a training step; taking thirds instead of halves, 7 %.) Only threads that have joined a job are waited for, so
 * one that gets no processor while other programs run holds nobody up.
 */
import { MAX_PAGES, MIN_PAGES } from "../../kernels/cpu/assembly/constants.ts";
import { PACKED_AT, TILE_AREA, type TileKind, tileModule } from "../../kernels/cpu/tile.ts";
import { describe } from "../errors.ts";
import { beat } from "../pulse.ts";

/**
 * The shared memory in pages of 64 KiB: 4 MiB to start with, and at most the 16 GiB that V8 gives a memory with
 * 64-bit addresses. Those addresses have no measurable cost (docs/performance.md).
 */
export const PAGES = { min: MIN_PAGES, max: MAX_PAGES } as const;

/** The number of tile areas that fit below FIRST_FREE, without the two that cpu.ts uses for timing. */
export const MAX_THREADS = 96;

// Memory layout: AssemblyScript's own data at the bottom, then the job, the tile areas and the buffers.
export const JOB_AT = 32768;
const ADDRESSES_AT = JOB_AT + 64;
const ARGUMENTS_AT = ADDRESSES_AT + 256;
const CURSORS_AT = ARGUMENTS_AT + 256;
const CURSOR_STEP = 16; // words: a cache line each
const MESSAGE_AT = CURSORS_AT + 4 * CURSOR_STEP * MAX_THREADS;
const MESSAGE_LENGTH = 256; // UTF-16 units
const TILES_AT = 65536;
export const FIRST_FREE = PAGES.min * 65536;

/** Indices of the job's words. */
export const GENERATION = 0, DONE = 4, READY = 10;
const KERNEL = 1,
  TASKS = 2,
  ADDRESSES = 3,
  ARGUMENTS = 5,
  SCRATCH_STEP = 6,
  WAITING = 7,
  GRAIN = 8,
  FAILED = 9,
  JOINED = 11,
  MOST = 12;
const STOP = -1;
/** The value of JOINED between jobs. While a job runs, it is the number of workers that take part. */
const CLOSED = -1;

/** Polls before a thread goes to sleep, about 20 µs: the next kernel usually follows immediately. */
const SPINS = 4000;

/** Addresses are 64-bit integers, and therefore BigInts in JavaScript; all other arguments are numbers. */
type Export = (...args: (number | bigint)[]) => void;
export type Exports = Record<string, Export>;

export function tileArea(thread: number): number {
  return TILES_AT + thread * TILE_AREA;
}

/** Instantiates the kernels for one thread. */
export function instantiate(
  kernels: WebAssembly.Module,
  memory: WebAssembly.Memory,
  tile: TileKind,
  thread: number,
): Exports {
  const module = new WebAssembly.Module(tileModule(tile, tileArea(thread), PAGES));
  const tiles = new WebAssembly.Instance(module, { env: { memory } });
  return new WebAssembly.Instance(kernels, { env: { memory }, tile: tiles.exports }).exports as Exports;
}

/** What a worker is started with. */
export interface WorkerStart {
  readonly kernels: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly tile: TileKind;
  readonly thread: number;
  readonly threads: number;
  /** Names of the kernels, by number. */
  readonly names: readonly string[];
}

class Job {
  readonly words: Int32Array;
  /** The first thread's scratch memory, then the buffers. */
  readonly addresses: BigInt64Array;
  readonly args: Float64Array;
  readonly cursors: Int32Array;
  readonly tiles: Int32Array;
  /** The error message of the first thread that failed. */
  readonly message: Uint16Array;

  constructor(memory: WebAssembly.Memory) {
    this.words = new Int32Array(memory.buffer, JOB_AT, 16);
    this.addresses = new BigInt64Array(memory.buffer, ADDRESSES_AT, 32);
    this.args = new Float64Array(memory.buffer, ARGUMENTS_AT, 32);
    this.cursors = new Int32Array(memory.buffer, CURSORS_AT, CURSOR_STEP * MAX_THREADS);
    this.tiles = new Int32Array(memory.buffer, TILES_AT, MAX_THREADS * TILE_AREA / 4);
    this.message = new Uint16Array(memory.buffer, MESSAGE_AT, MESSAGE_LENGTH);
  }

  /** Puts every thread's cursor at the start of its part. A call takes from `grain` to `most` tasks. */
  divide(tasks: number, threads: number, grain: number, most: number): void {
    this.words[TASKS] = tasks;
    this.words[GRAIN] = Math.min(tasks, grain);
    this.words[MOST] = Math.min(tasks, most);
    for (let thread = 0; thread < threads; thread++) {
      this.cursors[thread * CURSOR_STEP] = Math.floor(tasks * thread / threads);
    }
  }

  /** Takes part in the job, if it is still running: whoever joins is waited for. */
  join(): boolean {
    const { words } = this;
    for (let joined = Atomics.load(words, JOINED); joined !== CLOSED;) {
      const found = Atomics.compareExchange(words, JOINED, joined, joined + 1);
      if (found === joined) return true;
      joined = found;
    }
    return false;
  }

  /** Like `work`, but records an error, such as a Wasm trap, for the main thread instead of throwing it. */
  tryWork(kernel: Export, thread: number, threads: number): void {
    try {
      this.work(kernel, thread, threads);
    } catch (error) {
      if (Atomics.compareExchange(this.words, FAILED, 0, 1) !== 0) return;
      const text = describe(error).slice(0, MESSAGE_LENGTH);
      this.message.fill(0);
      for (let i = 0; i < text.length; i++) this.message[i] = text.charCodeAt(i);
    }
  }

  /** Returns and clears a failed thread's message; null if none failed. Call it once all threads are done. */
  takeFailure(): string | null {
    if (Atomics.load(this.words, FAILED) === 0) return null;
    Atomics.store(this.words, FAILED, 0);
    return String.fromCharCode(...this.message).replace(/\0+$/, "");
  }

  /**
   * Runs one thread's part of the tasks, then tasks of the other parts that nobody has taken yet. The main thread gives
   * a sign of life after each call.
   */
  work(kernel: Export, thread: number, threads: number): void {
    const { words, cursors } = this;
    const tasks = words[TASKS], grain = words[GRAIN], most = words[MOST];
    this.tiles[(thread * TILE_AREA + PACKED_AT) / 4] = 0;
    // Loops, because spreading typed arrays takes longer than a kernel on a single row.
    const args: (bigint | number)[] = [BigInt(tileArea(thread))];
    args.push(this.addresses[0] + BigInt(thread * words[SCRATCH_STEP]));
    for (let i = 1; i < words[ADDRESSES]; i++) args.push(this.addresses[i]);
    for (let i = 0; i < words[ARGUMENTS]; i++) args.push(this.args[i]);
    for (let turn = 0; turn < threads; turn++) {
      const owner = (thread + turn) % threads;
      const end = Math.floor(tasks * (owner + 1) / threads);
      for (;;) {
        const first = Atomics.load(cursors, owner * CURSOR_STEP);
        if (first >= end) break;
        const next = Math.min(end, first + Math.min(most, Math.max(grain, (end - first) >> 1)));
        if (Atomics.compareExchange(cursors, owner * CURSOR_STEP, first, next) === first) {
          kernel(first, next, ...args);
          if (thread === 0) beat();
        }
      }
    }
  }
}

/** A worker's whole life: waits for jobs until told to stop. */
export function serveJobs(
  { kernels, memory, tile, thread, threads, names }: WorkerStart,
  ready: () => void,
): void {
  const exports = instantiate(kernels, memory, tile, thread);
  const table = names.map((name) => exports[name]);
  const job = new Job(memory);
  const { words } = job;
  let generation = Atomics.load(words, GENERATION);
  Atomics.add(words, READY, 1);
  ready();
  if (words[KERNEL] === STOP) return; // set before this thread had started
  while (true) {
    for (let spins = 0; Atomics.load(words, GENERATION) === generation && spins < SPINS; spins++) {
      Atomics.pause();
    }
    // A wake-up may be for the previous job, which this thread already saw while it was spinning.
    while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
    generation = Atomics.load(words, GENERATION);
    if (words[KERNEL] === STOP) return;
    if (!job.join()) continue;
    job.tryWork(table[words[KERNEL]], thread, threads);
    Atomics.add(words, DONE, 1);
    if (Atomics.load(words, WAITING)) Atomics.notify(words, DONE);
  }
}

/** The main thread and its workers. */
export class Threads {
  readonly count: number;
  readonly #start: Omit<WorkerStart, "thread">;
  #workers: readonly Worker[] | null = null;
  readonly #job: Job;
  readonly #exports: Exports;
  readonly #numbers = new Map<string, number>();
  #fault: string | null = null;

  /** Workers are started with the first job for them; the main thread works alone until they are ready. */
  constructor(start: Omit<WorkerStart, "thread" | "names">) {
    const exports = WebAssembly.Module.exports(start.kernels);
    const names = exports.filter(({ kind }) => kind === "function").map(({ name }) => name);
    this.count = start.threads;
    this.#start = { ...start, names };
    this.#job = new Job(start.memory);
    this.#job.words[JOINED] = CLOSED;
    this.#exports = instantiate(start.kernels, start.memory, start.tile, 0);
    names.forEach((name, i) => this.#numbers.set(name, i));
  }

  /** Starts the workers, and waits until they are ready. */
  async ready(): Promise<void> {
    const workers = this.#workers ??= this.#startWorkers();
    await Promise.all(workers.map((worker) =>
      new Promise<void>((resolve, reject) => {
        worker.addEventListener("message", () => resolve());
        worker.addEventListener("error", () => reject(new Error(this.#fault!)));
      })
    ));
  }

  #startWorkers(): Worker[] {
    return Array.from({ length: this.count - 1 }, (_, i) => {
      const worker = new Worker(new URL("./cpu_worker.ts", import.meta.url), { type: "module" });
      worker.onerror = (event) => {
        event.preventDefault();
        this.close(`a worker thread failed to start: ${event.message}`);
      };
      worker.postMessage({ ...this.#start, thread: i + 1 } satisfies WorkerStart);
      return worker;
    });
  }

  /** Whether all workers are ready; starts them if nothing has yet. */
  get #complete(): boolean {
    this.#workers ??= this.#startWorkers();
    return Atomics.load(this.#job.words, READY) === this.count - 1;
  }

  /**
   * Runs a kernel's tasks on all threads, or on this one alone, and returns when they are done.
   * @param addresses of the first thread's scratch memory, then of the buffers
   * @param options.grain the fewest tasks that a call takes
   * @param options.most the most tasks that a call takes, the grain or more; all by default
   * @param options.step bytes from one thread's scratch memory to the next's
   * @throws {Error} if a thread fails, as with a Wasm trap; the buffers' contents are then unknown, so the device is
   * closed
   */
  run(
    kernel: string,
    tasks: number,
    addresses: readonly bigint[],
    args: readonly number[],
    { grain, most = tasks, step, alone }: { grain: number; most?: number; step: number; alone: boolean },
  ): void {
    if (this.#fault !== null) throw new Error(this.#fault);
    const { words } = this.#job;
    words[ADDRESSES] = addresses.length;
    words[ARGUMENTS] = args.length;
    words[SCRATCH_STEP] = step;
    this.#job.addresses.set(addresses);
    this.#job.args.set(args);
    const run = this.#exports[kernel];
    if (alone || tasks === 1 || this.count === 1 || !this.#complete) {
      this.#job.divide(tasks, 1, most, most);
      this.#job.tryWork(run, 0, 1);
    } else {
      this.#job.divide(tasks, this.count, grain, most);
      words[KERNEL] = this.#numbers.get(kernel)!;
      Atomics.store(words, DONE, 0);
      Atomics.store(words, JOINED, 0);
      this.#announce();
      this.#job.tryWork(run, 0, this.count);
      this.#wait();
    }
    const failure = this.#job.takeFailure();
    if (failure === null) return;
    this.close(`the cpu device failed in ${kernel}, and is closed: ${failure}`);
    throw new Error(this.#fault!);
  }

  #announce(): void {
    Atomics.add(this.#job.words, GENERATION, 1);
    Atomics.notify(this.#job.words, GENERATION);
  }

  /** Closes the job, whose tasks are all taken, and waits for the workers that joined it. */
  #wait(): void {
    const { words } = this.#job;
    const others = Atomics.exchange(words, JOINED, CLOSED);
    for (let spins = 0; spins < 20 * SPINS; spins++) {
      if (Atomics.load(words, DONE) === others) return;
      Atomics.pause();
    }
    Atomics.store(words, WAITING, 1);
    for (let done = Atomics.load(words, DONE); done !== others; done = Atomics.load(words, DONE)) {
      Atomics.wait(words, DONE, done);
    }
    Atomics.store(words, WAITING, 0);
  }

  /** Why kernels can no longer run; null while they can. */
  get fault(): string | null {
    return this.#fault;
  }

  close(why = "the cpu device is closed"): void {
    if (this.#fault !== null) return;
    this.#fault = why;
    this.#job.words[KERNEL] = STOP;
    this.#announce();
    for (const worker of this.#workers ?? []) worker.terminate();
  }
}

declare global {
  interface Atomics {
    /** Tells the processor that this thread is spinning. */
    pause(): void;
  }
}
