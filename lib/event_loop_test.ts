import { assert, assertEquals } from "@std/assert";
import { letOthersIn, watchNetwork } from "./event_loop.ts";

function compute(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

Deno.test("a server answers beside computations that let others in", async () => {
  const unwatch = await watchNetwork();
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
  // This takes 1 s; with setImmediate alone it would take minutes.
  const end = performance.now() + 20_000;
  while (!answered && performance.now() < end) {
    compute(100);
    await letOthersIn();
  }
  worker.terminate();
  URL.revokeObjectURL(url);
  await server.shutdown();
  unwatch();
  assert(answered);
});

Deno.test("letting others in looks for the network after each long computation, and seldom after short ones", async () => {
  let looks = 0;
  const { connect } = Deno;
  Deno.connect = (async (options: Deno.ConnectOptions) => {
    const connection = await connect(options);
    const write = connection.write.bind(connection);
    connection.write = (bytes) => {
      looks++;
      return write(bytes);
    };
    return connection;
  }) as typeof connect;
  const unwatch = await watchNetwork().finally(() => Deno.connect = connect);
  const began = performance.now();
  for (let i = 0; i < 200; i++) await letOthersIn();
  const took = performance.now() - began;
  assert(looks <= 2 + took / 10, `${looks} looks in ${took} ms`);
  looks = 0;
  for (let i = 0; i < 5; i++) {
    compute(20);
    await letOthersIn();
  }
  unwatch();
  assertEquals(looks, 5);
});

Deno.test("computations let others in after the network is no longer watched", async () => {
  const unwatch = await watchNetwork();
  compute(20);
  const letIn = letOthersIn();
  unwatch();
  await letIn;
  compute(20);
  await letOthersIn();
});
