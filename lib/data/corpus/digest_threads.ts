/** Threads that digest blocks and documents; without any, the main thread does it. */
import { UserError } from "../../errors.ts";
import { Digester } from "./digest.ts";
import type { CommonLines } from "./boilerplate.ts";
import type { CorpusOptions } from "./options.ts";
import type { WorldTexts } from "../world/options.ts";
import { World } from "../world/world.ts";
import { threadsOf } from "../../ranks/neighbours.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import type { Source, SourceFile } from "./sources.ts";

/** What a thread can be asked. */
export type Job = "clean" | "lines" | "judge" | "render" | "samples" | "counts";
type Input<J extends Job> = Parameters<Digester[J]>[0];
type Output<J extends Job> = ReturnType<Digester[J]>;

/** What a thread is told; jobs are answered. */
export type Message =
  | { readonly start: CorpusOptions; /** Whether text is made of it. */ readonly world: boolean }
  | { readonly common: CommonLines }
  | { readonly job: Job; readonly input: unknown };

/** What a thread answers. */
export type Answer =
  | { readonly output: unknown }
  /** What is wrong with a file of the world, which the thread has read. */
  | { readonly fault: string };

interface Thread {
  readonly worker: Worker;
  /** Answers come in the order of the questions. */
  readonly waiting: { resolve: (answer: never) => void; reject: (error: Error) => void }[];
}

/** Bytes of text below which starting threads takes longer than they save. */
const WORTH_THREADS = 8e6;

/** How much text of the world is wanted, in bytes. */
export const bytesOf = ({ megabytes }: WorldTexts) => megabytes * 1e6;

/** Bytes of files as they are; of those to be fetched, infinitely many. */
export async function sizeOf(files: readonly SourceFile[]): Promise<number> {
  let bytes = 0;
  for (const { path, world } of files) {
    bytes += world ? bytesOf(world) : path === undefined ? Infinity : (await Deno.stat(path)).size;
  }
  return bytes;
}

/** How many threads to start: as many as a rank's part of the machine has, for text that is worth it. */
export async function threadsFor(sources: readonly Source[], { neighbours }: Ranks): Promise<number> {
  const bytes = await sizeOf(sources.flatMap(({ files }) => files));
  return bytes < WORTH_THREADS ? 0 : threadsOf(neighbours);
}

export class DigestThreads {
  readonly #threads: Thread[] = [];
  /** Does the work where there are no threads. */
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
   * Starts threads, each of which reads the world where texts are made of it.
   * @param threads beside the main one
   * @throws {UserError} for a fault of the world, from here or from the first job
   */
  static async start(threads: number, options: CorpusOptions, world: boolean): Promise<DigestThreads> {
    const own = threads > 0 ? null : new Digester(options, world ? await World.read() : null);
    return new DigestThreads(threads, options, { world, own });
  }

  /** How many blocks to have under way, so that no thread waits for the next. */
  get ahead(): number {
    return 1 + 2 * this.#threads.length;
  }

  setCommon(common: CommonLines): void {
    this.#own?.setCommon(common);
    for (const { worker } of this.#threads) worker.postMessage({ common } satisfies Message);
  }

  /** Does a job, wherever there is least to do. The buffers of the input are taken over. */
  run<J extends Job>(job: J, input: Input<J>): Promise<Output<J>> {
    if (this.#own) return Promise.resolve(digest(this.#own, job, input));
    return this.#ask(this.#threads.reduce((a, b) => b.waiting.length < a.waiting.length ? b : a), job, input);
  }

  /** What every thread has counted. */
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

/** Does a job, and gives back the memory of its input. */
export function digest<J extends Job>(digester: Digester, job: J, input: Input<J>): Output<J> {
  const output = (digester[job] as (input: Input<J>) => Output<J>).call(digester, input);
  freeBuffers(input);
  return output;
}

/** The buffers that a value is or has, which can go to another thread without a copy. */
export function buffersOf(value: unknown): ArrayBuffer[] {
  const parts = ArrayBuffer.isView(value) ? [value] : Object.values(value ?? {});
  const nested = parts.flatMap((part) => part?.constructor === Object ? Object.values(part) : [part]);
  return nested.flatMap((part) => ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []);
}

/**
 * Gives back the memory of the buffers that a value is or has; they cannot be used any more. The collector would let
 * many megabytes of them come together in every thread.
 */
export function freeBuffers(value: unknown): void {
  for (const buffer of buffersOf(value)) buffer.transfer(0);
}

/** Works on several inputs at once; results come in the order of the inputs. */
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
