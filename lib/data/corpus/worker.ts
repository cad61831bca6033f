/** One of the `DigestThreads`. */
/// <reference lib="webworker" />
import { World } from "../world/world.ts";
import { Digester } from "./digest.ts";
import { buffersOf, freeBuffers, type Message } from "./digest_threads.ts";

let starting: Promise<Digester>;

/** Messages are taken one after the other, as each awaits the same promise. */
self.onmessage = async ({ data }: MessageEvent<Message>) => {
  if ("start" in data) {
    const { start, world } = data;
    starting = (async () => new Digester(start, world ? await World.read() : null))();
    return;
  }
  const digester = await starting;
  if ("common" in data) digester.setCommon(data.common);
  else {
    const work = digester[data.job] as (input: unknown) => unknown;
    const output = work.call(digester, data.input);
    freeBuffers(data.input);
    self.postMessage(output, buffersOf(output));
  }
};
