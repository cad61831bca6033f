/** Many clients at once. Seconds and clients can be raised: SECONDS=60 deno task test load_test.ts */
import { assert, assertEquals } from "@std/assert";
import { startServer } from "./server.ts";

const CLIENTS = Number(Deno.env.get("CLIENTS") ?? 100);
const SECONDS = Number(Deno.env.get("SECONDS") ?? 8);

/** The text of one streamed answer. */
async function stream(url: string, seed: number): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      messages: [{ role: "user", content: `pregunta ${seed}` }],
      max_tokens: 20,
      temperature: 1,
      seed,
      stream: true,
    }),
  });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  const events = (await response.text()).split("\n\n").filter((event) => event.startsWith("data: {"));
  return events.map((event) => JSON.parse(event.slice(6)).choices[0]?.delta.content ?? "").join("");
}

Deno.test(`${CLIENTS} clients stream for ${SECONDS} seconds: no error, no text mixed up, memory flat, health quick`, async () => {
  await using server = await startServer();
  const alone: string[] = [];
  for (let seed = 0; seed < 10; seed++) alone.push(await stream(server.url, seed));
  const end = performance.now() + SECONDS * 1000;
  let answered = 0, slowest = 0, health = 0;
  const memory: number[] = [];
  const watch = (async () => {
    while (performance.now() < end) {
      const began = performance.now();
      const { status } = await fetch(`${server.url}/healthz`).then(async (r) => (await r.text(), r));
      assertEquals(status, 200);
      health++;
      slowest = Math.max(slowest, performance.now() - began);
      memory.push(await server.memory());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
    for (let n = client; performance.now() < end; n++) {
      assertEquals(await stream(server.url, n % 10), alone[n % 10]);
      answered++;
    }
  }));
  await watch;
  assert(answered >= CLIENTS, `${answered} answers`);
  assert(health > 3);
  // After the first third, in which buffers are made, memory must not grow by more than a quarter.
  const settled = memory[Math.floor(memory.length / 3)];
  assert(memory.at(-1)! < 1.25 * settled, `${settled} bytes, then ${memory.at(-1)}`);
  console.log(
    `${answered} answers; health at worst ${slowest.toFixed(0)} ms; ` +
      `${(settled / 2 ** 20).toFixed(0)} MiB, then ${(memory.at(-1)! / 2 ** 20).toFixed(0)}`,
  );
});

Deno.test("a reader that takes nothing holds up nobody else", async () => {
  await using server = await startServer("--rows", "2");
  const slow = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      messages: [{ role: "user", content: "a" }],
      max_tokens: 4000,
      temperature: 1,
      stream: true,
    }),
  });
  const reader = slow.body!.getReader();
  await reader.read();
  for (let seed = 0; seed < 5; seed++) assert((await stream(server.url, seed)).length >= 0);
  await reader.cancel();
});
