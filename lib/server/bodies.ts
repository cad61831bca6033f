/** Receives request bodies: within a time and a size limit, and large ones one after another. */
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { letOthersIn } from "../event_loop.ts";
import { ApiError } from "./errors.ts";

/** Largest body in bytes, and the largest for a route that takes whole books. */
const LARGEST = 2 ** 20, BOOK = 2 ** 25;
/** Checking a larger body takes some ms, so other work may run before each one; in UTF-16 units. */
const LARGE = 2 ** 15;

/** Most values in a request, as checking each takes some microseconds; numbers are checked faster. */
const MOST_VALUES = 10_000, MOST_NUMBERS = 100_000;

/** Whether JSON has more values than any request needs; false for what is not JSON. */
export function hasTooManyValues(text: string): boolean {
  let left: unknown[];
  try {
    left = [JSON.parse(text)];
  } catch {
    return false;
  }
  let values = 0, numbers = 0;
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === "number" ? ++numbers > MOST_NUMBERS : ++values > MOST_VALUES) return true;
    if (typeof value !== "object" || value === null) continue;
    const inner = Object.values(value);
    if (inner.length > MOST_NUMBERS) return true;
    for (const one of inner) left.push(one);
  }
  return false;
}

/**
 * Middleware that reads the whole request body before the handlers after it run.
 * @param seconds that a body may take to arrive
 * @param books the path of a route that takes whole books, if there is one
 */
export function receiveBodies(seconds: number, books: string | null = null): MiddlewareHandler[] {
  const [ofOthers, ofBooks] = [LARGEST, BOOK].map((maxSize) =>
    bodyLimit({
      maxSize,
      onError: () => {
        throw new ApiError(413, `the request is larger than ${maxSize} bytes`, null, "too_large");
      },
    })
  );
  const arrivals = new WeakMap<Context, () => void>();
  let last: Promise<void> = Promise.resolve();
  return [
    async (c, next) => {
      if (c.req.raw.body === null) return await next();
      const late = Promise.withResolvers<"late">();
      const timer = setTimeout(() => late.resolve("late"), 1000 * seconds);
      arrivals.set(c, () => clearTimeout(timer));
      const rest = next().finally(() => clearTimeout(timer));
      if (await Promise.race([rest, late.promise]) !== "late") return;
      // This promise fails once the connection is closed; by then nobody awaits it.
      rest.catch(() => {});
      c.header("Connection", "close");
      throw new ApiError(408, `the request's body did not arrive within ${seconds} seconds`);
    },
    (c, next) => (c.req.path === books ? ofBooks : ofOthers)(c, next),
    async (c, next) => {
      if (!arrivals.has(c)) return await next();
      const text = await c.req.text().catch((error) => {
        if (error instanceof ApiError) throw error;
        throw new ApiError(400, "the request's body ended before its end");
      });
      arrivals.get(c)!();
      if (text.length > LARGE) {
        await (last = last.then(letOthersIn));
        if (hasTooManyValues(text)) {
          throw new ApiError(
            400,
            `the request has more than ${MOST_VALUES} values, or ${MOST_NUMBERS} numbers`,
          );
        }
      }
      await next();
    },
  ];
}
