/**
 * Checks that all ranks are alive. A rank that hangs ends all: otherwise the others would wait for it forever.
 *
 * On every rank, a separate thread sends a beat to the next rank twice a second, as long as its main thread works or
 * waits for others. It also listens to the rank before it; if that is silent for too long, it prints a line and ends
 * all ranks.
 */
import { pulse } from "../pulse.ts";
import type { Library } from "./library.ts";

/** Milliseconds between beats. */
export const BEAT = 500;
/**
 * How long a main thread may show no progress, and how long a rank may be silent, in milliseconds. A hanging rank ends
 * all within 30 s: these two, a beat of each thread, and the time for the line and for an abort (lib/tools/rank.ts). A
 * main thread shows no progress while it hashes or writes something large.
 */
export const LONGEST = { idle: 14_000, silence: 10_000 } as const;

/** Indices of the words in shared memory through which the two threads communicate. */
export const WORDS = { stop: 0, stopped: 1, waiting: 2, step: 3, count: 4 } as const;

/** What the watching thread is started with. */
export interface WatchStart {
  readonly library: string;
  readonly rank: number;
  readonly size: number;
  /** The machine of each rank. */
  readonly hosts: readonly string[];
  readonly words: Int32Array;
  readonly pulse: Int32Array;
  readonly longest: { readonly idle: number; readonly silence: number };
}

/** How long ending the watch may take, in milliseconds. */
const FAREWELL = 5000;

export class Watch implements Disposable {
  readonly #words: Int32Array;
  readonly #worker: Worker;
  readonly #timer: ReturnType<typeof setInterval>;

  /** Begins to watch. Every rank must call this. */
  static async start(
    library: Library,
    words: Int32Array,
    others: Pick<WatchStart, "rank" | "size" | "hosts">,
    longest: WatchStart["longest"] = LONGEST,
  ): Promise<Watch> {
    words[WORDS.stop] = words[WORDS.stopped] = 0;
    const worker = new Worker(new URL("./watch_worker.ts", import.meta.url), { type: "module" });
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => reject(new Error(`the watch over ranks failed to start: ${event.message}`));
      const start: WatchStart = { library: library.name, ...others, words, pulse, longest };
      worker.postMessage(start);
    });
    return new Watch(words, worker);
  }

  private constructor(words: Int32Array, worker: Worker) {
    this.#words = words;
    this.#worker = worker;
    // A main thread that waits for a file or a GPU is alive: its event loop runs this timer.
    this.#timer = setInterval(() => pulse[0]++, BEAT);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    Atomics.store(this.#words, WORDS.stop, 1);
    Atomics.notify(this.#words, WORDS.stop);
    Atomics.wait(this.#words, WORDS.stopped, 0, FAREWELL);
    this.#worker.terminate();
  }
}
