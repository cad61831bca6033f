/** Connections of clients that are slow, silent, many or gone. */
import { assert, assertEquals } from "@std/assert";
import { Door, type DoorOptions } from "./door.ts";

const LIMITS = { connections: 100, headers: 300, idle: 300, stalled: 500 };

async function withDoor(
  options: Partial<DoorOptions>,
  handler: (request: Request) => Response | Promise<Response>,
  test: (door: Door, connect: (text: string) => Promise<Deno.TcpConn>) => Promise<void>,
): Promise<void> {
  const door = await Door.open({ hostname: "127.0.0.1", port: 0, ...LIMITS, ...options }, handler);
  const clients: Deno.TcpConn[] = [];
  try {
    await test(door, async (text) => {
      const client = await Deno.connect({ hostname: "127.0.0.1", port: door.port });
      clients.push(client);
      await client.write(new TextEncoder().encode(text));
      return client;
    });
  } finally {
    clients.forEach((client) => {
      try {
        client.close();
      } catch {
        // The test closed it.
      }
    });
    await door.close(2000);
  }
}

/** All that comes until the connection is closed, and how long that took. */
async function rest(client: Deno.TcpConn): Promise<{ text: string; ms: number }> {
  const began = performance.now();
  const text = await new Response(client.readable).text().catch(() => "reset");
  return { text, ms: performance.now() - began };
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const ok = () => new Response("ok");

Deno.test("silent connections, half-sent headers and idle connections are closed, and others are served", () =>
  withDoor({}, ok, async (door, connect) => {
    const ends = await Promise.all(
      ["", "GET / HTTP/1.1\r\nHost:", GET].map(async (text) => rest(await connect(text))),
    );
    assertEquals(ends.map(({ text }) => text.slice(0, 15)), ["", "", "HTTP/1.1 200 OK"]);
    for (const { ms } of ends) assert(ms > 200 && ms < 5000, `closed after ${ms} ms`);
    assertEquals(await (await fetch(`http://127.0.0.1:${door.port}/`)).text(), "ok");
  }));

Deno.test("headers that come a byte at a time have no more time than others", () =>
  withDoor({}, ok, async (_, connect) => {
    const client = await connect("GET / HTTP/1.1\r\nX: ");
    const dripping = setInterval(() => client.write(new Uint8Array([97])).catch(() => {}), 50);
    const { ms } = await rest(client);
    clearInterval(dripping);
    assert(ms < 5000, `closed after ${ms} ms`);
  }));

Deno.test("a connection is kept for the next request", () =>
  withDoor({}, ok, async (_, connect) => {
    const client = await connect(GET);
    const bytes = new Uint8Array(4096);
    for (let i = 0; i < 5; i++) {
      const text = new TextDecoder().decode(bytes.subarray(0, await client.read(bytes) ?? 0));
      assert(text.endsWith("ok"), text);
      await client.write(new TextEncoder().encode(GET));
    }
  }));

Deno.test("a slow answer is no idle connection; a client that takes nothing of it is sent away", async () => {
  let cancelled = 0;
  const endless = () =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65536)),
      cancel: () => void cancelled++,
    });
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return new Response("late");
  };
  await withDoor(
    {},
    (request) => request.url.endsWith("/slow") ? slow() : new Response(endless()),
    async (door, connect) => {
      await connect(GET); // and nothing of the answer is read
      assertEquals(await (await fetch(`http://127.0.0.1:${door.port}/slow`)).text(), "late");
      for (let tries = 0; tries < 50 && cancelled === 0; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assertEquals(cancelled, 1);
    },
  );
});

Deno.test("connections beyond the limit wait, and the longest idle one makes room", () =>
  withDoor({ connections: 3, headers: 60_000, idle: 60_000 }, ok, async (door, connect) => {
    const silent = await Promise.all(Array.from({ length: 5 }, () => connect("")));
    const closed = Promise.any(silent.map(rest));
    assertEquals(await (await fetch(`http://127.0.0.1:${door.port}/`)).text(), "ok");
    assertEquals((await closed).text, "");
  }));

Deno.test("a client that leaves is noticed", async () => {
  const left = Promise.withResolvers<void>();
  const handler = (request: Request) => {
    request.signal.addEventListener("abort", () => left.resolve());
    return new Response(new ReadableStream({ cancel: () => left.resolve() }));
  };
  await withDoor({}, handler, async (_, connect) => {
    const client = await connect(GET);
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.close();
    await left.promise;
  });
});

Deno.test("the signal of a request is not aborted once its answer is complete", async () => {
  const requests: Request[] = [];
  let aborted = 0;
  const handler = (request: Request) => {
    request.signal.addEventListener("abort", () => aborted++);
    requests.push(request);
    return new Response("ok");
  };
  await withDoor({}, handler, async (door) => {
    for (let i = 0; i < 3; i++) await (await fetch(`http://127.0.0.1:${door.port}/`)).text();
  });
  assertEquals([requests.length, aborted], [3, 0]);
});

Deno.test("closing lets answers end, breaks off those that do not, and waits for no half-sent body", async () => {
  const handler = async (request: Request) => {
    if (request.method === "POST") await request.text();
    if (!request.url.endsWith("/slow")) return new Response("ok");
    await new Promise((resolve) => setTimeout(resolve, 300));
    return new Response("late");
  };
  const door = await Door.open({ hostname: "127.0.0.1", port: 0, ...LIMITS, headers: 60_000 }, handler);
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: door.port });
  const slow = fetch(`http://127.0.0.1:${door.port}/slow`).then((response) => response.text());
  const half = await connect();
  await half.write(new TextEncoder().encode("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"));
  const silent = await connect();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const began = performance.now();
  const closed = door.close(1000);
  assertEquals(await slow, "late");
  await closed;
  const took = performance.now() - began;
  assert(took >= 900 && took < 8000, `${took} ms`);
  half.close();
  silent.close();
});
