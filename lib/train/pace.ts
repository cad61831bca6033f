/** How fast steps go, and how long more of them will take. Pauses, in which something else is done, do not count. */
export class Pace {
  readonly #now: () => number;
  readonly #started: number;
  #paused = 0; // milliseconds
  #steps = 0;
  #tokens = 0;

  /** @param now milliseconds since any moment */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#started = now();
  }

  /** Counts steps whose results have come. */
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

  /** Seconds that so many more steps will take. */
  secondsFor(steps: number): number {
    return steps * this.#seconds / this.#steps;
  }
}
