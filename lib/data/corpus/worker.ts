/** One of the `DigestThreads`. */
/// <reference lib="webworker" />
import { Digester } from "./digest.ts";
import { buffersOf, freeBuffers, type Message } from "./digest_threads.ts";

let digester: Digester;

self.onmessage = ({ data }: MessageEvent<Message>) => {
  if ("start" in data) digester = new Digester(data.start);
  else if ("common" in data) digester.setCommon(data.common);
  else {
    const work = digester[data.job] as (input: unknown) => unknown;
    const output = work.call(digester, data.input);
    freeBuffers(data.input);
    self.postMessage(output, buffersOf(output));
  }
};
