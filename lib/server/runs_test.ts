/** The API of runs, asked without a port. */
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { madeUpLine, makeUpRun } from "../runs/testing.ts";
import { testApp } from "./testing.ts";

const get = async (s: Awaited<ReturnType<typeof testApp>>, path: string) => {
  const response = await s.app.request(path);
  return { status: response.status, body: await response.json() };
};

Deno.test("runs are listed, with their curves, settings and lineage; unknown ones and wrong questions are refused", async () => {
  await using s = await testApp();
  const { runs } = (await get(s, "/api/runs")).body;
  assertEquals(runs.map(({ id }: { id: string }) => id), ["tiny/pretrain"]);
  assertEquals([runs[0].step, runs[0].state, runs[0].snapshots], [4, "stopped", [0, 1, 2, 4]]);
  const curves = (await get(s, "/api/runs/curves?run=tiny/pretrain&points=10")).body.runs[0];
  assertEquals(curves.training.points.step, [1, 2, 3, 4]);
  assertEquals(curves.validation.points.step, [2, 4]);
  const { settings } = (await get(s, "/api/runs/settings?run=tiny/pretrain")).body;
  assert(
    settings.some(({ key, values }: { key: string; values: string[] }) =>
      key === "pretrain.lr" && values[0] === "0.003"
    ),
  );
  const { runs: [origin] } = (await get(s, "/api/runs/lineage?run=tiny/pretrain")).body;
  assertEquals([origin.by, origin.made], ["pretrain", null]);
  for (const name of ["curves", "settings", "lineage"]) {
    assertEquals((await get(s, `/api/runs/${name}?run=..%2Fx`)).status, 404);
    assertEquals((await get(s, `/api/runs/${name}`)).status, 400);
  }
  assertEquals((await get(s, "/api/runs/curves?run=tiny/pretrain&points=5000")).status, 400);
});

Deno.test("a server with a key tells nothing of runs without it", async () => {
  await using s = await testApp({ apiKey: "k" });
  assertEquals((await s.app.request("/api/runs")).status, 401);
  assertEquals((await s.app.request("/api/runs/events")).status, 401);
  const html = await (await s.app.request("/runs")).text();
  assert(!html.includes("tiny/pretrain") && html.includes('id="key"'));
});

Deno.test("events tell the list, then all of each run, then that one is gone; they end when the server is to end", async () => {
  const stopping = new AbortController();
  await using s = await testApp({ stopping: stopping.signal });
  const response = await s.app.request("/api/runs/events?run=tiny/pretrain&run=none&points=50");
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("event: gone")) said += (await reader.read()).value;
  assertEquals([...said.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name), ["list", "run", "gone"]);
  assertStringIncludes(said, 'data: {"id":"none"}');
  stopping.abort();
  assertEquals((await reader.read()).done, true);
});

/** Counts the listeners that signals have, from now on. */
function countListeners() {
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const live = new Map<EventTarget, Set<unknown>>();
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (this instanceof AbortSignal) live.set(this, (live.get(this) ?? new Set()).add(listener));
    return add.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    live.get(this)?.delete(listener);
    return remove.call(this, type, listener, options);
  };
  return {
    count: () => [...live.values()].reduce((sum, { size }) => sum + size, 0),
    [Symbol.dispose]() {
      Object.assign(EventTarget.prototype, { addEventListener: add, removeEventListener: remove });
    },
  };
}

Deno.test("who follows an hour's worth of steps is told a bounded number of points, by no more listeners", async () => {
  await using s = await testApp();
  const folder = `${s.store.root}/hour/pretrain`, hour = 36_000, looks = 4;
  await makeUpRun(folder, { steps: hour, done: 0 });
  using listeners = countListeners();
  const controller = new AbortController();
  const path = "/api/runs/events?run=hour%2Fpretrain&points=500";
  const response = await s.app.request(path, { signal: controller.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const counts: number[] = [];
  let said = "";
  for (let look = 1; look <= looks; look++) {
    const to = hour * look / looks, lines = [];
    for (let step = hour * (look - 1) / looks + 1; step <= to; step++) lines.push(madeUpLine(step));
    await Deno.writeTextFile(`${folder}/metrics.jsonl`, lines.join(""), { append: true });
    for (let told = false; !told;) {
      const { value, done } = await reader.read();
      assert(!done, said.slice(-500));
      const events = (said + value).split("\n\n");
      said = events.pop()!;
      for (const event of events.filter((event) => event.startsWith("event: run\n"))) {
        const { run, training } = JSON.parse(event.slice(event.indexOf("data: ") + "data: ".length));
        if (training) assert(training.from + training.points.step.length <= 500, `at step ${run.step}`);
        told ||= run.step === to;
      }
    }
    counts.push(listeners.count());
  }
  assert(new Set(counts.slice(1)).size === 1, `listeners after each look: ${counts}`);
  await reader.cancel();
  await Deno.remove(`${s.store.root}/hour`, { recursive: true });
});

Deno.test("a snapshot continues a prompt, with probabilities and attention, another one otherwise", async () => {
  await using s = await testApp();
  const question = { run: "tiny/pretrain", step: 0, prompt: "hola", max_tokens: 6 };
  const first = await s.ask("/api/runs/snapshot", question);
  assertEquals([first.prompt, first.tokens.slice(1, 5), first.layers, first.heads], [
    5,
    ["h", "o", "l", "a"],
    2,
    2,
  ]);
  const size = first.tokens.length;
  assert(size > 5 && size <= 11, `${size} tokens`);
  assertEquals(first.predictions.length, size - 1);
  // Temperature 0: what it writes is what it expects most.
  for (const [i, { probability, top }] of first.predictions.slice(4).entries()) {
    assertEquals(top[0].token, first.tokens[5 + i]);
    assertAlmostEquals(top[0].probability, probability, 1e-6);
  }
  const weights = Uint8Array.fromBase64(first.weights);
  assertEquals([weights.length, weights[0], weights[1]], [size * size, 255, 0]);
  const later = await s.ask("/api/runs/snapshot", { ...question, step: 4 });
  assertNotEquals(later.predictions, first.predictions);
  for (const step of [1, 2, 4, 0]) await s.ask("/api/runs/snapshot", { ...question, step });
  assertEquals(
    await s.ask("/api/runs/snapshot", question),
    first,
    "also after it was closed and opened again",
  );
  assertNotEquals((await s.ask("/api/runs/snapshot", { ...question, layer: 1 })).weights, first.weights);
  const long = await s.ask("/api/runs/snapshot", { ...question, prompt: "a".repeat(2000), max_tokens: 64 });
  assert(long.tokens.length <= 64, "no more than the context");
});

Deno.test("a snapshot that is not there, a head too far and a run without any are refused with what there is", async () => {
  await using s = await testApp();
  const ask = async (more: object) => {
    const response = await s.post("/api/runs/snapshot", {
      run: "tiny/pretrain",
      step: 1,
      prompt: "a",
      ...more,
    });
    return [response.status, (await response.json()).error.message];
  };
  assertEquals(await ask({ step: 3 }), [
    404,
    "tiny/pretrain has no snapshot of step 3; there are those of steps 0, 1, 2, 4",
  ]);
  assertEquals(await ask({ head: 9 }), [400, "there are 2 layers of 2 heads"]);
  assertEquals((await ask({ run: "x" }))[0], 404);
  assertEquals((await ask({ prompt: "a".repeat(3000) }))[0], 400);
});
