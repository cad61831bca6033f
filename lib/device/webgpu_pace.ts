/**
 * Decides how much work the webgpu device submits before it waits for the GPU.
 *
 * In Deno 2.9, a wait for the GPU blocks the main thread, and the process gives no sign of life meanwhile
 * (lib/pulse.ts). A slow GPU, such as a software one on busy cores, therefore gets its work in pieces of up to a
 * second. Each finished piece is a sign of life; a GPU that hangs gives none. After about a dozen pieces, a fast GPU
 * gets all its work at once.
 */
import { beat } from "../pulse.ts";

/** Dispatches of the first piece, when the GPU's speed is not known yet. */
const FIRST = 4;
/** In milliseconds: after a wait shorter than SHORT, pieces grow; after one longer than LONG, they shrink. */
const SHORT = 250, LONG = 1000;

export class Pace {
  /** The most dispatches that may be submitted and not done. */
  #most = FIRST;
  /** Dispatches submitted since the last wait. */
  #inFlight = 0;

  /** The most dispatches of a piece. A single dispatch cannot be split. */
  get most(): number {
    return this.#most;
  }

  /** Whether to wait for the GPU before submitting that many more dispatches. */
  isFull(dispatches: number): boolean {
    return this.#inFlight > 0 && this.#inFlight + dispatches > this.#most;
  }

  handedOver(dispatches: number): void {
    this.#inFlight += dispatches;
  }

  /** Calls a function that waits for all submitted work, and returns its result. */
  wait<T>(call: () => T): T {
    const started = performance.now();
    const result = call();
    this.waited(performance.now() - started);
    return result;
  }

  /** Called when the GPU has done all submitted work. `ms` is how long the wait took. */
  waited(ms: number): void {
    beat();
    if (ms > LONG && this.#inFlight > 0) this.#most = Math.ceil(this.#inFlight / 2);
    else if (ms < SHORT && 2 * this.#inFlight >= this.#most) this.#most *= 2;
    this.#inFlight = 0;
  }
}
