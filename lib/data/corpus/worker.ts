/** One of the `DigestThreads`. */
/// <reference lib="webworker" />
import { UserError } from "../../errors.ts";
import { World } from "../world/world.ts";
import { Digester } from "./digest.ts";
import { type Answer, buffersOf, digest, type Message } from "./digest_threads.ts";

let starting: Promise<Digester>;

/** Messages are handled in order, as each awaits the same promise. */
self.onmessage = async ({ data }: MessageEvent<Message>) => {
  if ("start" in data) {
    const { start, world } = data;
    starting = (async () => new Digester(start, world ? await World.read() : null))();
    starting.catch(() => {}); // the first job reports what is wrong
    return;
  }
  try {
    const digester = await starting;
    if ("common" in data) digester.setCommon(data.common);
    else {
      const output = digest(digester, data.job, data.input as never);
      self.postMessage({ output } satisfies Answer, buffersOf(output));
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    self.postMessage({ fault: error.message } satisfies Answer);
  }
};
