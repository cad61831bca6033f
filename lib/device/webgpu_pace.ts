/**
 * How much the webgpu device hands to the GPU before it waits for it.
 *
 * Deno 2.9 waits for a GPU in the call that asks for the wait, so that the main thread does nothing else meanwhile, and
 * this process gives no sign of life (lib/pulse.ts). A GPU that is slow, as a software one on busy cores, therefore gets
 * its work in pieces that take it up to a second, and each that is done is a sign of life; one that hangs gives none. A
 * fast GPU gets everything at once, after the first dozen of pieces.
 */
import { beat } from "../pulse.ts";

/** Dispatches of the first piece; the speed of the GPU is not known yet. */
const FIRST = 4;
/** A wait shorter than the one lets pieces grow, one longer than the other makes them smaller; in milliseconds. */
const SHORT = 250, LONG = 1000;

export class Pace {
  /** Dispatches that the GPU may have at once. */
  #most = FIRST;
  /** Dispatches that it has got since it was last waited for. */
  #inFlight = 0;

  /** Dispatches of a piece at most; a single one cannot be cut. */
  get most(): number {
    return this.#most;
  }

  /** Whether the GPU has to be waited for before it gets so many more dispatches. */
  isFull(dispatches: number): boolean {
    return this.#inFlight > 0 && this.#inFlight + dispatches > this.#most;
  }

  handedOver(dispatches: number): void {
    this.#inFlight += dispatches;
  }

  /** Makes a call that waits for all that the GPU has got. Returns what it returns. */
  wait<T>(call: () => T): T {
    const started = performance.now();
    const result = call();
    this.waited(performance.now() - started);
    return result;
  }

  /** Told when the GPU has done all that it had got, and for how long it was waited for, in milliseconds. */
  waited(ms: number): void {
    beat();
    if (ms > LONG && this.#inFlight > 0) this.#most = Math.ceil(this.#inFlight / 2);
    else if (ms < SHORT && 2 * this.#inFlight >= this.#most) this.#most *= 2;
    this.#inFlight = 0;
  }
}
