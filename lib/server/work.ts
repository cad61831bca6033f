/** A queue for requests that compute but generate no text: one computation at a time, in turns, within limits. */
import { letOthersIn } from "../event_loop.ts";
import { ApiError } from "./errors.ts";
import type { Deadline } from "./services.ts";

/** Runs one computation of a request when its turn comes. */
export type Turn = <R>(compute: () => R | Promise<R>) => Promise<R>;

/** The error of a request that nobody waits for any more, or null. */
function gone(deadline: Deadline): ApiError | null {
  if (!deadline.signal.aborted) return null;
  return deadline.late.aborted
    ? new ApiError(504, "the time limit was reached")
    : new ApiError(400, "the client left before its answer was there");
}

/**
 * A queue of computations. Requests take turns after each computation, so that a request of many texts does not make
 * one of a single text wait for its end.
 */
export class WorkQueue {
  readonly #limit: number;
  #requests = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param limit most requests in the queue, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Requests in the queue. */
  get length(): number {
    return this.#requests;
  }

  /**
   * Runs a request's work, which takes a turn for each of its computations.
   * @throws {ApiError} if too many requests wait, the time limit is reached or the client has left
   */
  async run<R>(deadline: Deadline, work: (turn: Turn) => Promise<R>): Promise<R> {
    if (this.#requests >= this.#limit) {
      throw new ApiError(429, "too many requests wait; try again in a moment");
    }
    this.#requests++;
    try {
      return await work((compute) => this.#turn(deadline, compute));
    } finally {
      this.#requests--;
    }
  }

  async #turn<R>(deadline: Deadline, compute: () => R | Promise<R>): Promise<R> {
    const before = this.#last;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#last = done;
    const aborted = Promise.withResolvers<void>();
    deadline.signal.addEventListener("abort", () => aborted.resolve(), { once: true });
    if (!deadline.signal.aborted) await Promise.race([before, aborted.promise]);
    const why = gone(deadline);
    if (why) {
      before.then(resolve);
      throw why;
    }
    try {
      return await compute();
    } finally {
      letOthersIn().then(resolve);
    }
  }
}
