/** Threads that digest blocks and documents; if there are none, the main thread does it. */
import { UserError } from "../../errors.ts";
import { Digester } from "./digest.ts";
import type { CommonLines } from "./boilerplate.ts";
import type { CorpusOptions } from "./options.ts";
import type { WorldTexts } from "../world/options.ts";
import { World } from "../world/world.ts";
import { threadsOf } from "../../ranks/neighbours.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import type { Source, SourceFile } from "./sources.ts";

/** The jobs that a thread can do. */
export type Job = "clean" | "lines" | "judge" | "render" | "samples" | "counts";
type Input<J extends Job> = Parameters<Digester[J]>[0];
type Output<J extends Job> = ReturnType<Digester[J]>;

/** Messages to a thread; only jobs are answered. */
export type Message =
  | { readonly start: CorpusOptions; /** Whether text is made of it. */ readonly world: boolean }
  | { readonly common: CommonLines }
  | { readonly job: Job; readonly input: unknown };

/** What a thread answers. */
export type Answer =
  | { readonly output: unknown }
  /** What is wrong with one of the world's files, which the thread has read. */
  | { readonly fault: string };

interface Thread {
  readonly worker: Worker;
  /** Answers come in the order of the questions. */
  readonly waiting: { resolve: (answer: never) => void; reject: (error: Error) => void }[];
}

/** With less text than this, in bytes, starting threads takes longer than they save. */
const WORTH_THREADS = 8e6;

/** How much of the world's text is wanted, in bytes. */
export const bytesOf = ({ megabytes }: WorldTexts) => megabytes * 1e6;

/** The size of files on disk, compressed or not; Infinity if one is still to be fetched. */
export async function sizeOf(files: readonly SourceFile[]): Promise<number> {
  let bytes = 0;
  for (const { path, world } of files) {
    bytes += world ? bytesOf(world) : path === undefined ? Infinity : (await Deno.stat(path)).size;
  }
  return bytes;
}

/** How many threads to start: this rank's share of the machine's, or 0 if there is too little text. */
export async function threadsFor(sources: readonly Source[], { neighbours }: Ranks): Promise<number> {
  const bytes = await sizeOf(sources.flatMap(({ files }) => files));
  return bytes < WORTH_THREADS ? 0 : threadsOf(neighbours);
}

export class DigestThreads {
  readonly #threads: Thread[] = [];
  /** Does the work if there are no threads. */
  readonly #own: Digester | null;

  private constructor(
    threads: number,
    options: CorpusOptions,
    { world, own }: { world: boolean; own: Digester | null },
  ) {
    this.#own = own;
    for (let i = 0; i < threads; i++) {
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
      const thread: Thread = { worker, waiting: [] };
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        const { resolve, reject } = thread.waiting.shift()!;
        if ("fault" in data) reject(new UserError(data.fault));
        else resolve(data.output as never);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        for (const { reject } of thread.waiting.splice(0)) reject(new Error(event.message));
      };
      worker.postMessage({ start: options, world } satisfies Message);
      this.#threads.push(thread);
    }
  }

  /**
   * Starts threads; each reads the world's files if `world` is set.
   * @param threads besides the main one
   * @throws {UserError} if the world's files have a fault; with threads, the first job throws it
   */
  static async start(threads: number, options: CorpusOptions, world: boolean): Promise<DigestThreads> {
    const own = threads > 0 ? null : new Digester(options, world ? await World.read() : null);
    return new DigestThreads(threads, options, { world, own });
  }

  /** How many blocks to keep in progress, so that no thread waits for the next. */
  get ahead(): number {
    return 1 + 2 * this.#threads.length;
  }

  setCommon(common: CommonLines): void {
    this.#own?.setCommon(common);
    for (const { worker } of this.#threads) worker.postMessage({ common } satisfies Message);
  }

  /** Runs a job on the thread with the fewest waiting jobs. The input's buffers are transferred to it. */
  run<J extends Job>(job: J, input: Input<J>): Promise<Output<J>> {
    if (this.#own) return Promise.resolve(digest(this.#own, job, input));
    return this.#ask(this.#threads.reduce((a, b) => b.waiting.length < a.waiting.length ? b : a), job, input);
  }

  /** The counts of every thread. */
  counts(): Promise<Output<"counts">[]> {
    if (this.#own) return Promise.resolve([this.#own.counts()]);
    return Promise.all(this.#threads.map((thread) => this.#ask(thread, "counts", undefined)));
  }

  #ask<J extends Job>({ waiting, worker }: Thread, job: J, input: Input<J>): Promise<Output<J>> {
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage({ job, input } satisfies Message, buffersOf(input));
    });
  }

  [Symbol.dispose](): void {
    for (const { worker } of this.#threads) worker.terminate();
  }
}

/** Does a job and frees the memory of its input. */
export function digest<J extends Job>(digester: Digester, job: J, input: Input<J>): Output<J> {
  const output = (digester[job] as (input: Input<J>) => Output<J>).call(digester, input);
  freeBuffers(input);
  return output;
}

/** The buffers in a value, which can be transferred to another thread without a copy. */
export function buffersOf(value: unknown): ArrayBuffer[] {
  const parts = ArrayBuffer.isView(value) ? [value] : Object.values(value ?? {});
  const nested = parts.flatMap((part) => part?.constructor === Object ? Object.values(part) : [part]);
  return nested.flatMap((part) => ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []);
}

/**
 * Frees the buffers in a value, which cannot be used afterwards. The garbage collector alone would let many megabytes
 * of them pile up in every thread.
 */
export function freeBuffers(value: unknown): void {
  for (const buffer of buffersOf(value)) buffer.transfer(0);
}

/** Works on several inputs at once, and yields the results in the order of the inputs. */
export async function* inOrder<I, O>(
  inputs: AsyncIterable<I> | Iterable<I>,
  ahead: number,
  work: (input: I) => Promise<O>,
): AsyncGenerator<O> {
  const running: Promise<O>[] = [];
  for await (const input of inputs) {
    const result = work(input);
    // It is awaited in its turn, or never if an earlier one failed.
    result.catch(() => {});
    running.push(result);
    if (running.length >= ahead) yield await running.shift()!;
  }
  while (running.length > 0) yield await running.shift()!;
}
