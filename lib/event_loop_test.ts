import { assert } from "@std/assert";
import { letOthersIn } from "./event_loop.ts";

function compute(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

Deno.test("a server answers beside computations that let others in", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("ok"));
  const client = `
    for (let i = 0; i < 5; i++) {
      const response = await fetch("http://127.0.0.1:${server.addr.port}");
      await response.text();
    }
    postMessage("done");
  `;
  const url = URL.createObjectURL(new Blob([client], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  let answered = false;
  worker.onmessage = () => answered = true;
  // It takes 1 s; with setImmediate alone it takes minutes.
  const end = performance.now() + 20_000;
  while (!answered && performance.now() < end) {
    compute(100);
    await letOthersIn();
  }
  worker.terminate();
  URL.revokeObjectURL(url);
  await server.shutdown();
  assert(answered);
});

Deno.test("letting others in costs little between short computations", async () => {
  let timers = 0;
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
    timers++;
    return setTimeout(...args);
  }) as typeof setTimeout;
  try {
    for (let i = 0; i < 200; i++) await letOthersIn();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assert(timers < 20, `${timers} timers`);
});
