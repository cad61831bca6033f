/** How long a group of steps should take, in milliseconds: many times as long as fetching its results. */
const GROUP_MS = 100;

/** The most steps in a group. */
const GROUP = 32;

/**
 * Steps whose results have not been fetched yet. Deno takes 10 ms to fetch anything from a GPU, several times as long
 * as a step of a small model, so results are fetched in groups: while one group's results are being fetched, the device
 * works on the next. On a device so slow that a group is one step, at most two steps are in flight.
 */
export class Flight<T> {
  readonly #most: number;
  /** Fetches the results of steps that have not been asked for yet. */
  #group: (() => Promise<T>)[] = [];
  #fetching: Promise<T[]> | null = null;
  #size = 1;
  readonly #clock: () => number;
  #landed: number;

  /**
   * @param most steps in a group at most
   * @param clock milliseconds from some start
   */
  constructor(most = GROUP, clock = () => performance.now()) {
    this.#most = most;
    this.#clock = clock;
    this.#landed = clock();
  }

  /**
   * Adds a step that was handed to the device.
   * @param fetch asks for the step's results
   * @returns results of earlier steps that have arrived since, in order
   */
  async add(fetch: () => Promise<T>): Promise<T[]> {
    this.#group.push(fetch);
    return this.#group.length < this.#size ? [] : await this.#next();
  }

  /** Waits for all results, and returns those not returned before. */
  async land(): Promise<T[]> {
    return [...await this.#next(), ...await this.#next()];
  }

  async #next(): Promise<T[]> {
    const before = this.#fetching;
    this.#fetching = this.#group.length > 0 ? inOrder(this.#group.splice(0).map((fetch) => fetch())) : null;
    this.#fetching?.catch(() => {}); // If the group before fails, nobody awaits these.
    if (!before) return [];
    const landed = await before;
    const now = this.#clock();
    const fitting = Math.floor(GROUP_MS * landed.length / (now - this.#landed));
    this.#size = Math.min(this.#most, Math.max(1, fitting));
    this.#landed = now;
    return landed;
  }
}

/** All results, or the error of the first step that failed. */
async function inOrder<T>(promises: Promise<T>[]): Promise<T[]> {
  // If one fails, nobody awaits the later ones, which may fail too.
  for (const promise of promises) promise.catch(() => {});
  const results: T[] = [];
  for (const promise of promises) results.push(await promise);
  return results;
}
