/** Measures the speed of steps, and estimates how long more will take. Pauses for other work are not counted. */
export class Pace {
  readonly #now: () => number;
  readonly #started: number;
  #paused = 0; // milliseconds
  #steps = 0;
  #tokens = 0;

  /** @param now returns milliseconds since any fixed moment */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#started = now();
  }

  /** Counts steps whose results have arrived. */
  add(steps: readonly { readonly tokens: number }[]): void {
    this.#steps += steps.length;
    this.#tokens += steps.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  async pause(during: () => Promise<void>): Promise<void> {
    const before = this.#now();
    await during();
    this.#paused += this.#now() - before;
  }

  get #seconds(): number {
    return (this.#now() - this.#started - this.#paused) / 1000;
  }

  get tokensPerSecond(): number {
    return this.#tokens / this.#seconds;
  }

  /** Estimated seconds for this many more steps. */
  secondsFor(steps: number): number {
    return steps * this.#seconds / this.#steps;
  }
}
