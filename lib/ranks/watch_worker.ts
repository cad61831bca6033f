/** The thread that watches the rank before this one. */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { findLibrary, type Library } from "./library.ts";
import { openReport, TOLD } from "./report.ts";
import { BEAT, type WatchStart, WORDS } from "./watch.ts";

/** The MPI tag of beats, used for nothing else. */
const TAG = 1;
/** Sent instead of a step: the rank stops watching. */
const FAREWELL = -1;
/** How long to wait for the other rank's farewell, in milliseconds. */
const PATIENCE = 4000;
/** The exit code when a rank hangs. */
const HUNG = 1;

/** Sends and receives beats, each with the step of the sender. */
class Beats {
  readonly #library: Library;
  readonly #from: number;
  readonly #to: number;
  readonly #flag = new Int32Array(1);

  constructor(library: Library, { rank, size }: WatchStart) {
    this.#library = library;
    this.#from = (rank + size - 1) % size;
    this.#to = (rank + 1) % size;
  }

  /** The rank that this one listens to. */
  get from(): number {
    return this.#from;
  }

  /** Sends a few bytes, which MPI accepts at once, whether the other rank is listening or not. */
  send(step: number): void {
    const { functions, constants: { integer, world } } = this.#library;
    functions.MPI_Send(Int32Array.of(step), 1, integer, this.#to, TAG, world);
  }

  /** The last step received since the previous call; null if there is none. */
  receive(): number | null {
    const { functions, constants: { integer, world, ignoreStatus } } = this.#library;
    const step = new Int32Array(1);
    let last: number | null = null;
    for (;;) {
      functions.MPI_Iprobe(this.#from, TAG, world, this.#flag, ignoreStatus);
      if (this.#flag[0] === 0 || last === FAREWELL) return last;
      functions.MPI_Recv(step, 1, integer, this.#from, TAG, world, ignoreStatus);
      last = step[0];
    }
  }
}

/** Watches until it is told to stop. */
function watch(start: WatchStart): void {
  const { words, pulse, longest, hosts } = start;
  const library = findLibrary(null, start.library);
  const beats = new Beats(library, start);
  let now = performance.now(), worked = now, heard = now;
  let seen = -1, step = words[WORDS.step], gone = false;
  while (Atomics.load(words, WORDS.stop) === 0) {
    Atomics.wait(words, WORDS.stop, 0, BEAT);
    const before = now;
    now = performance.now();
    // This process itself had been stopped, perhaps with all the others, and now continues.
    if (now - before > longest.silence / 2) worked = heard = now;
    const done = Atomics.load(pulse, 0);
    if (done !== seen || Atomics.load(words, WORDS.waiting) === 1) worked = now;
    seen = done;
    if (now - worked < longest.idle) beats.send(words[WORDS.step]);
    const last: number | null = gone ? null : beats.receive();
    gone ||= last === FAREWELL;
    if (gone || last !== null) heard = now;
    if (!gone && last !== null) step = last;
    if (now - heard <= longest.silence) continue;
    console.error(
      `error: rank ${beats.from} on ${
        hosts[beats.from]
      }, step ${step}: it hangs, or its machine cannot be reached: ` +
        `no sign of life for ${
          Math.round((now - heard) / 1000)
        } s; the checkpoint before is whole: see to that ` +
        "machine, then go on with --resume",
    );
    Atomics.wait(words, WORDS.stopped, 0, TOLD);
    openReport()("aborting");
    library.functions.MPI_Abort(library.constants.world, HUNG);
  }
  beats.send(FAREWELL);
  // Receive the other rank's farewell now, so that the next watch does not find it.
  for (const end = performance.now() + PATIENCE; !gone && performance.now() < end;) {
    Atomics.wait(words, WORDS.stopped, 0, 5);
    gone = beats.receive() === FAREWELL;
  }
}

self.onmessage = ({ data }: MessageEvent<WatchStart>) => {
  self.postMessage("ready");
  watch(data);
  Atomics.store(data.words, WORDS.stopped, 1);
  Atomics.notify(data.words, WORDS.stopped);
  self.close();
};
