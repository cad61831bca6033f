/**
 * Looks whether all ranks are alive, so that one that hangs ends all: otherwise the others would wait for it for ever.
 *
 * On every rank a thread of its own sends a beat to the next rank, each second, as long as its main thread works or waits
 * for others, and listens to the rank before it. If that is silent for too long, it says so in a line and ends all.
 */
import { pulse } from "../pulse.ts";
import type { Library } from "./library.ts";

/** Milliseconds between beats. */
export const BEAT = 1000;
/**
 * How long a main thread may get nothing done, and how long a rank may be silent, in milliseconds; both together are
 * below the 30 s within which a rank that hangs ends all. A main thread that hashes or writes what is large gets nothing
 * done meanwhile.
 */
export const LONGEST = { idle: 15_000, silence: 12_000 } as const;

/** What the two threads tell each other, in shared memory. */
export const WORDS = { stop: 0, stopped: 1, waiting: 2, step: 3, count: 4 } as const;

/** What the thread that watches is started with. */
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

/** How long the end of the watch may take, in milliseconds. */
const FAREWELL = 5000;

export class Watch implements Disposable {
  readonly #words: Int32Array;
  readonly #worker: Worker;
  readonly #timer: ReturnType<typeof setInterval>;

  /** Begins to watch; every rank must. */
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
    // A main thread that waits for a file or a GPU is alive: it comes by here.
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
