/** Models that cannot be opened, and models that come, change and go while the server runs. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import type { Device } from "../device/device.ts";
import { createApp } from "./app.ts";
import { Faq } from "./faq.ts";
import { ModelStore, type StoreOptions } from "./models.ts";
import { makeModels, said } from "./testing.ts";

/** A server of a folder of its own, which counts the devices that it opens and closes. */
async function withFolder(
  options: Partial<StoreOptions>,
  test: (server: {
    folder: string;
    get(path: string): Promise<Response>;
    ask(model: string): Promise<{ status: number; text: string }>;
    label(model: string): Promise<Response>;
    /** The device that was opened last. */
    last(): Device;
    /** Devices that are open, and lines on stderr. */
    devices(): number;
    opened(): number;
    said: string[];
  }) => Promise<void>,
  prepare?: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  await makeModels(folder);
  await prepare?.(folder);
  const { open } = CpuDevice, { error } = console;
  let opened = 0, closed = 0;
  let last: Device | null = null;
  CpuDevice.open = async (...args) => {
    const device = await open.apply(CpuDevice, args);
    opened++;
    const close = device.close.bind(device);
    let first = true;
    device.close = () => {
      if (first) closed++;
      first = false;
      close();
    };
    return last = device;
  };
  const lines: string[] = [];
  console.error = (line) => lines.push(String(line));
  try {
    const store = await ModelStore.find(folder, "cpu", {
      rows: 2,
      queue: 8,
      searchAfter: 0,
      closeAfter: 0,
      ...options,
    });
    const app = createApp({ store, faq: new Faq([]), origins: [], timeLimit: 60 });
    const post = async (path: string, body: unknown) =>
      await app.request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    await test({
      folder,
      get: async (path) => await app.request(path),
      async ask(model) {
        const body = { model, messages: said("hola"), max_tokens: 8, temperature: 1, seed: 4 };
        const response = await post("/v1/chat/completions", body);
        return { status: response.status, text: await response.text() };
      },
      label: (model) => post("/classify", { model, input: "hola" }),
      last: () => last!,
      devices: () => opened - closed,
      opened: () => opened,
      said: lines,
    });
    await store.close();
    assertEquals(opened - closed, 0, "devices left open");
  } finally {
    CpuDevice.open = open;
    console.error = error;
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits for what becomes true with the next requests. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !await condition(); tries++) {
    assert(tries < 200);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const weights = (folder: string) => join(folder, "tiny/instruct/best/model.safetensors");
const content = (text: string) => JSON.parse(text).choices[0].message.content;

Deno.test("a model that cannot be opened costs no device, is tried once in a while, and is told with its name", async () => {
  let whole = new Uint8Array();
  const damage = async (folder: string) => {
    whole = await Deno.readFile(weights(folder));
    await Deno.writeFile(weights(folder), whole.slice(0, 1000));
  };
  await withFolder({ retryAfter: 4000 }, async (s) => {
    assertEquals((await (await s.get("/healthz")).json()).state, "closed");
    for (let i = 0; i < 20; i++) {
      const { status, text } = await s.ask("tiny/instruct");
      assertEquals(status, 503);
      assertStringIncludes(JSON.parse(text).error.message, "tiny/instruct cannot be opened");
    }
    assertEquals([s.opened(), s.devices(), s.said.length], [0, 0, 1]);
    assertStringIncludes(s.said[0], "is truncated or was altered");
    const health = await s.get("/healthz");
    assertEquals([health.status, await health.json()], [503, {
      status: "failing",
      model: "tiny/instruct",
      state: "failed",
    }]);
    assertEquals((await s.get("/metrics")).status, 200);
    assertEquals((await s.ask("tiny/pretrain")).status, 200, "the others are served");
    await Deno.writeFile(weights(s.folder), whole);
    await new Promise((resolve) => setTimeout(resolve, 4050));
    assertEquals((await s.ask("tiny/instruct")).status, 200);
    assertEquals((await (await s.get("/healthz")).json()).status, "ok");
  }, damage);
});

Deno.test("a folder that is damaged at the start is told once, and the others are served", async () => {
  const damage = (folder: string) =>
    Deno.writeTextFile(join(folder, "tiny/pretrain/best/checkpoint.json"), "{");
  await withFolder({}, async (s) => {
    assertEquals((await s.ask("tiny/instruct")).status, 200);
    assertEquals((await s.ask("tiny/pretrain")).status, 404);
    const told = s.said.filter((line) => line.startsWith("left out: "));
    assertEquals(told.length, 1);
    assertStringIncludes(told[0], "pretrain/best/checkpoint.json is no JSON");
  }, damage);
});

Deno.test("metrics and health are answered while a model is being opened", async () => {
  await withFolder({}, async (s) => {
    const answer = s.ask("tiny/instruct");
    while ((await (await s.get("/healthz")).json()).state === "closed") await Promise.resolve();
    assertEquals((await s.get("/metrics")).status, 200);
    assertEquals((await answer).status, 200);
    assertEquals((await (await s.get("/healthz")).json()).state, "open");
  });
});

Deno.test("all models share one device, and one that fails is replaced with what was on it", async () => {
  await withFolder({}, async (s) => {
    const before = content((await s.ask("tiny/instruct")).text);
    assertEquals((await s.ask("tiny/pretrain")).status, 200);
    assertEquals((await s.label("tiny/classify/temas")).status, 200);
    assertEquals([s.opened(), s.devices()], [1, 1]);
    s.last().close(); // as it closes itself when a kernel fails
    assertEquals(content((await s.ask("tiny/instruct")).text), before);
    assertEquals((await s.label("tiny/classify/temas")).status, 200);
    assertEquals([s.opened(), s.devices()], [2, 1]);
  });
});

Deno.test("models that appear, are replaced and go away are noticed, and what they took is used again", async () => {
  await withFolder({}, async (s) => {
    const before = content((await s.ask("tiny/instruct")).text);
    await s.ask("tiny/pretrain");
    const memory = s.last().memory().used;
    // The folder of the other model takes its place, as a training that ends does it.
    const [instruct, pretrain] = ["instruct", "pretrain"].map((name) => join(s.folder, "tiny", name, "best"));
    await Deno.rename(instruct, join(s.folder, "old"));
    await Deno.rename(pretrain, instruct);
    await Deno.mkdir(join(s.folder, "new"));
    await Deno.rename(join(s.folder, "old"), join(s.folder, "new/best"));
    await until(async () => content((await s.ask("tiny/instruct")).text) !== before);
    assertEquals(content((await s.ask("new")).text), before);
    assertEquals((await s.ask("tiny/pretrain")).status, 404);
    const { data } = await (await s.get("/v1/models")).json();
    assertEquals(data.map(({ id }: { id: string }) => id), ["new", "tiny/instruct", "tiny/classify/temas"]);
    await Deno.remove(join(s.folder, "new"), { recursive: true });
    await until(async () => (await s.ask("new")).status === 404);
    assertEquals([s.opened(), s.last().memory().used], [1, memory]);
    assert(s.said.length === 0, s.said.join("\n"));
  });
});
