/** How the server ends, and that a lack of file descriptors does not end it. */
import { assert, assertEquals } from "@std/assert";
import { LONGEST, startLimited, startServer } from "./server.ts";

/** A streamed answer of so many tokens, which has begun. */
async function begin(url: string, max_tokens: number) {
  const logit_bias = Object.fromEntries([0, 1, 2, 3, 4, 5].map((id) => [id, -100])); // no end, no marker
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "tiny/instruct", prompt: "a", max_tokens, logit_bias, stream: true }),
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value!;
  const rest = async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    return text;
  };
  return rest;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function connect(url: string): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "localhost", port: Number(new URL(url).port) });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`the first ${signal} lets a stream end, though it comes twice from a terminal`, async () => {
    await using server = await startServer();
    const rest = await begin(server.url, 2000);
    server.signal(signal);
    server.signal(signal);
    assert((await rest()).endsWith("data: [DONE]\n\n"));
    assertEquals(await server.ended, 0);
  });
}

Deno.test("a half-sent body and a stream without end keep the server no longer than its limit", async () => {
  await using server = await startServer("--shutdown-limit", "1");
  const half = await connect(server.url);
  await half.write(new TextEncoder().encode(
    "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
  ));
  const streams = await Promise.all(Array.from({ length: 30 }, () => begin(server.url, LONGEST)));
  const rests = Promise.allSettled(streams.map((rest) => rest()));
  const began = performance.now();
  server.signal("SIGTERM");
  assertEquals(await server.ended, 0);
  assert(performance.now() - began < 10_000);
  await rests;
  half.close();
});

Deno.test("the second signal, of either kind, ends the server at once", async () => {
  await using server = await startServer("--shutdown-limit", "600");
  await (await begin(server.url, 5))();
  const half = await connect(server.url);
  await half.write(new TextEncoder().encode(
    "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
  ));
  await pause(300);
  server.signal("SIGTERM");
  await pause(1000);
  server.signal("SIGINT");
  assertEquals(await server.ended, 130);
  half.close();
});

Deno.test("a server that runs out of file descriptors goes on", async () => {
  await using server = await startLimited(64);
  await (await begin(server.url, 5))();
  for (let round = 0; round < 3; round++) {
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(server.url)));
    await Promise.all(clients.map((client) => client.write(new TextEncoder().encode("GET / HTTP/1.1\r\n"))));
    await pause(500);
    clients.forEach((client) => client.close());
    const response = await fetch(`${server.url}/healthz`);
    assertEquals([response.status, (await response.json()).status], [200, "ok"]);
  }
  assertEquals(await server.stop(), 0);
});
