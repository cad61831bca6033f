/** The entry point of the cpu device's worker threads. */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { serveJobs, type WorkerStart } from "./cpu_threads.ts";

self.onmessage = ({ data }: MessageEvent<WorkerStart>) => {
  serveJobs(data, () => self.postMessage("ready"));
  self.close();
};
