import { assert, assertEquals, assertRejects } from "@std/assert";
import { hasTooManyValues } from "./bodies.ts";
import { ApiError } from "./errors.ts";
import type { Deadline } from "./services.ts";
import { said, testApp } from "./testing.ts";
import { WorkQueue } from "./work.ts";

function deadline() {
  const left = new AbortController(), late = new AbortController();
  const signal = AbortSignal.any([left.signal, late.signal]);
  return { end: () => left.abort(), late: late.signal, signal, expire: () => late.abort() } satisfies
    & Deadline
    & {
      expire(): void;
    };
}

Deno.test("requests take turns, computation by computation, and never two at once", async () => {
  const queue = new WorkQueue(2);
  const done: string[] = [];
  let running = 0;
  const request = (name: string) =>
    queue.run(deadline(), async (turn) => {
      for (let i = 0; i < 3; i++) {
        await turn(async () => {
          assertEquals(++running, 1);
          await new Promise((resolve) => setTimeout(resolve, 1));
          running--;
          done.push(name);
        });
      }
      return name;
    });
  assertEquals(await Promise.all([request("a"), request("b")]), ["a", "b"]);
  assertEquals(done.join(""), "ababab");
  assertEquals(queue.length, 0);
});

Deno.test("a full queue refuses, and an error frees its place and its turn", async () => {
  const queue = new WorkQueue(1);
  const held = Promise.withResolvers<void>();
  const first = queue.run(deadline(), (turn) => turn(() => held.promise));
  const refused = await assertRejects(() => queue.run(deadline(), () => Promise.resolve()), ApiError);
  assertEquals(refused.status, 429);
  held.reject(new RangeError("broken"));
  await assertRejects(() => first, RangeError, "broken");
  assertEquals(await queue.run(deadline(), (turn) => turn(() => 7)), 7);
});

Deno.test("who waits is told when the time is up, and who has left is not computed for", async () => {
  const queue = new WorkQueue(4);
  const held = Promise.withResolvers<void>();
  const first = queue.run(deadline(), (turn) => turn(() => held.promise));
  const [late, left] = [deadline(), deadline()];
  let computed = 0;
  const waiting = [late, left].map((one) => queue.run(one, (turn) => turn(() => computed++)));
  late.expire();
  left.end();
  const errors = await Promise.all(waiting.map((one) => one.catch((error: ApiError) => error.status)));
  assertEquals(errors, [504, 400]);
  held.resolve();
  await first;
  assertEquals(await queue.run(deadline(), (turn) => turn(() => "next")), "next");
  assertEquals(computed, 0);
});

Deno.test("embeddings, labels and attention have the queue of chats: refused when it is full, and when time is up", async () => {
  const paths: [string, object][] = [
    ["/v1/embeddings", { input: Array(200).fill("hola") }],
    ["/classify", { input: Array(200).fill("hola") }],
    ["/api/attention", { model: "tiny/instruct", ids: Array(64).fill(9), layer: 0, head: 0 }],
  ];
  await using busy = await testApp({ queue: 1 });
  await using hurried = await testApp({ timeLimit: 0.001 });
  for (const [path, body] of paths) {
    await busy.post(path, { ...body, input: "x" });
    const responses = await Promise.all([1, 2, 3, 4].map(() => busy.post(path, body)));
    assertEquals(responses.map(({ status }) => status).sort(), [200, 200, 429, 429], path);
    assert(
      responses.filter(({ status }) => status === 429).every(({ headers }) => headers.get("retry-after")),
    );
    await hurried.post(path, body);
    const late = await Promise.all(Array.from({ length: 8 }, () => hurried.post(path, body)));
    assertEquals(late.at(-1)!.status, 504, path);
  }
});

Deno.test("a body that does not arrive is not waited for, with its length told or not", async () => {
  await using s = await testApp({ timeLimit: 0.05 });
  for (const length of [{ "content-length": "1000" }, { "transfer-encoding": "chunked" }]) {
    const half = new TransformStream<Uint8Array, Uint8Array>();
    const writer = half.writable.getWriter();
    writer.write(new TextEncoder().encode(`{"messages":`));
    const response = await s.app.request("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", ...length },
      body: half.readable,
    });
    assertEquals([response.status, response.headers.get("connection")], [408, "close"]);
    assertEquals(
      (await response.json()).error.message,
      "the request's body did not arrive within 0.05 seconds",
    );
    writer.close().catch(() => {});
  }
  assertEquals((await s.post("/v1/chat/completions", { messages: said("a"), max_tokens: 1 })).status, 200);
});

Deno.test("a request of more values than any needs is refused before each is checked", async () => {
  const many = JSON.stringify({ input: Array(20_000).fill("a") });
  assert(hasTooManyValues(many));
  assert(hasTooManyValues("[".repeat(20_000) + "]".repeat(20_000)));
  assert(hasTooManyValues(JSON.stringify(Array(100_001).fill(1))));
  assert(!hasTooManyValues(JSON.stringify({ input: Array(256).fill(Array(300).fill(7)) })));
  assert(!hasTooManyValues("[".repeat(20_000)), "what is no JSON is refused as such");
  await using s = await testApp();
  const { error } = await s.ask("/v1/embeddings", JSON.parse(many));
  assertEquals(error.message, "the request has more than 10000 values, or 100000 numbers");
});
