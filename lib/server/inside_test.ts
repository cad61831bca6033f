/** `/api/inside/…`: what a model computes on its way, asked of the app. */
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { testApp, testTokenizer } from "./testing.ts";

const model = "tiny/instruct";
const text = "hola, hola";
const inside = (s: Awaited<ReturnType<typeof testApp>>, name: string, body: object) =>
  s.ask(`/api/inside/${name}`, { model, ...body });

Deno.test("a text comes as the tokens that the model reads, with its markers and sizes", async () => {
  await using s = await testApp();
  const { ids, tokens, markers, kind, truncated, architecture } = await inside(s, "tokens", { input: text });
  assertEquals(tokens, ["<instr>", ...text, "<resp>"]);
  assertEquals(markers, [true, ...[...text].map(() => false), true]);
  assertEquals([kind, truncated, architecture.layers, architecture.heads], ["chat", false, 2, 2]);
  assertEquals((await inside(s, "tokens", { input: ids })).tokens, tokens);
  const long = await inside(s, "tokens", { input: [...ids, ...Array(60).fill(9)] });
  assertEquals([long.ids.length, long.truncated, long.ids[0]], [64, true, ids[8]]);
  const continued = await s.ask("/api/inside/tokens", { model: "tiny/pretrain", input: text });
  assertEquals(continued.tokens, ["<bos>", ...text]);
  assertEquals((await inside(s, "tokens", { input: "a".repeat(500) })).truncated, true);
  assertStringIncludes((await inside(s, "tokens", { input: " " })).error.message, "must not be empty");
});

Deno.test("what ids say comes as messages, which another model reads in its own tokens", async () => {
  await using s = await testApp();
  const messages = [
    { role: "user", content: "hola" },
    { role: "assistant", content: "buenas" },
    { role: "user", content: "¿y tú?" },
  ];
  const asked = await inside(s, "tokens", { messages });
  assertEquals(asked.tokens.join(""), "<instr>hola<resp>buenas<eos><instr>¿y tú?<resp>");
  assertEquals((await inside(s, "tokens", { input: asked.ids })).messages, messages);
  const cut = await inside(s, "tokens", { input: asked.ids.slice(0, 9) });
  assertEquals(cut.messages, [messages[0], { role: "assistant", content: "bue" }]);
  assertEquals(
    (await inside(s, "tokens", { messages: cut.messages })).tokens.join(""),
    "<instr>hola<resp>bue",
  );
  const other = await s.ask("/api/inside/tokens", { model: "tiny/pretrain", messages });
  assertEquals(other.tokens.join(""), "<bos>¿y tú?");
  assertEquals(other.messages, [messages[2]]);
  assertEquals((await inside(s, "tokens", { input: [1] })).messages.length, 1);
  for (const wrong of [{}, { input: "a", messages }]) {
    assertStringIncludes((await inside(s, "tokens", wrong)).error.message, "either input or messages");
  }
});

Deno.test("a text goes on from any ids, seeded, with the alternatives of each token", async () => {
  await using s = await testApp();
  const { ids } = await inside(s, "tokens", { input: text });
  const options = { ids, max_tokens: 8, temperature: 1, seed: 3 };
  const first = await inside(s, "continue", options);
  assertEquals(first.tokens.length, 8);
  assertEquals(await inside(s, "continue", options), first);
  assertNotEquals(await inside(s, "continue", { ...options, seed: 4 }), first);
  for (const { top, probability } of first.tokens) {
    assertEquals(top.length, 10);
    assert(top[0].probability >= probability);
  }
  // From the alternative of a token it goes on as the whole text would.
  const taken = [...ids, first.tokens[0].id, first.tokens[1].top[3].id];
  const branch = await inside(s, "continue", { ids: taken, max_tokens: 5, temperature: 0 });
  const { before } = await inside(s, "ablate", { ids: taken, max_tokens: 5, off: { heads: [], mlps: [] } });
  assertEquals(
    branch.tokens.map(({ id }: { id: number }) => id),
    before.tokens.map(({ id }: { id: number }) => id),
  );
  // The context ends it.
  const long = await inside(s, "continue", { ids: Array(60).fill(9), max_tokens: 40, temperature: 0 });
  assert(long.tokens.length <= 4);
});

Deno.test("the last layer of the lens is what the model says, and the lens marks where it appears", async () => {
  await using s = await testApp();
  const { ids } = await inside(s, "tokens", { input: text });
  const { cells, appears } = await inside(s, "lens", { ids, top: 2 });
  assertEquals([cells.length, cells[0].length, appears.length], [3, ids.length, ids.length]);
  const { tokens: [next] } = await inside(s, "continue", { ids, max_tokens: 1, temperature: 0 });
  const last = cells[2].at(-1);
  assertEquals(last.top[0].id, next.id);
  assertAlmostEquals(last.top[0].probability, next.probability, 1e-5);
  assertEquals(last.answer, last.top[0].probability);
  assert(appears.every((depth: number) => depth >= 0 && depth <= 2));
});

Deno.test("switching off changes what comes after, and nothing else does", async () => {
  await using s = await testApp();
  const { ids } = await inside(s, "tokens", { input: text });
  const ask = (off: object) => inside(s, "ablate", { ids, max_tokens: 4, off });
  const none = await ask({ heads: [], mlps: [] });
  assertEquals(none.after, none.before);
  const some = await ask({ heads: [{ layer: 0, head: 1 }], mlps: [1] });
  assertEquals(some.before, none.before);
  assertNotEquals(some.after.next, some.before.next);
  const { token, heads, mlps } = await inside(s, "effects", { ids });
  assertEquals([token, heads.length, heads[0].length, mlps.length], [none.before.next[0], 2, 2, 2]);
  const one = await ask({ heads: [], mlps: [1] });
  const found = one.after.next.find(({ id }: { id: number }) => id === token.id);
  assertAlmostEquals(Math.log(found.probability / token.probability), mlps[1], 1e-3);
});

Deno.test("every head has a picture of the text and scores on the test text", async () => {
  await using s = await testApp();
  const { ids } = await inside(s, "tokens", { input: text });
  const { side, heads, uniform, test } = await inside(s, "heads", { ids });
  assertEquals([side, heads.length], [ids.length, 4]);
  assertEquals(heads.map(({ layer, head }: { layer: number; head: number }) => [layer, head]), [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  for (const { picture, scores } of heads) {
    const bytes = Uint8Array.fromBase64(picture);
    assertEquals(bytes.length, side * side);
    for (let y = 0; y < side; y++) assertEquals(Math.max(...bytes.subarray(y * side, (y + 1) * side)), 255);
    assert(scores.previous > 0 && scores.previous < 1);
  }
  assert(uniform.induction > 0);
  assert(test.ids.length <= 64);
  assertStringIncludes(test.text, "<bos>Ana vive");
});

Deno.test("the numbers of a pass have their shapes, and lead to the model's next token", async () => {
  await using s = await testApp();
  const { ids } = await inside(s, "tokens", { input: text });
  const position = ids.length - 1;
  const pass = await inside(s, "pass", { ids, position, layer: 1, head: 1 });
  assertEquals(
    [pass.embedding, pass.query, pass.keys, pass.keys[0], pass.weights, pass.up, pass.logits, pass.top]
      .map(({ length }) => length),
    [16, 8, ids.length, 8, ids.length, 64, testTokenizer.size, 60],
  );
  assertAlmostEquals(pass.weights.reduce((a: number, b: number) => a + b), 1, 1e-3);
  const { before } = await inside(s, "ablate", { ids, max_tokens: 1, off: { heads: [], mlps: [] } });
  assertEquals(pass.top.slice(0, 10), before.next);
});

Deno.test("what a model has not is refused with the parameter's name", async () => {
  await using s = await testApp();
  const ids = [4, 7];
  const off = (heads: object[], mlps: number[]) => ({ ids, off: { heads, mlps } });
  const wrong: [name: string, body: object, param: string][] = [
    ["lens", { ids: [99999] }, "ids"],
    ["lens", { ids: Array(65).fill(7) }, "ids"],
    ["tokens", { input: [99999] }, "input"],
    ["heads", { ids: [] }, "ids"],
    ["ablate", off([{ layer: 0, head: 2 }], []), "off"],
    ["ablate", off([], [2]), "off"],
    ["pass", { ids, position: 2, layer: 0, head: 0 }, "position"],
    ["pass", { ids, position: 1, layer: 2, head: 0 }, "layer"],
    ["pass", { ids, position: 1, layer: 0, head: 2 }, "head"],
  ];
  for (const [name, body, param] of wrong) {
    const response = await s.post(`/api/inside/${name}`, { model, ...body });
    assertEquals([response.status, (await response.json()).error.param], [400, param], `${name} ${param}`);
  }
  const labels = await s.post("/api/inside/lens", { model: "tiny/classify/temas", ids });
  assertEquals((await labels.json()).error.code, "wrong_kind");
});

Deno.test("what is computed inside keeps to the queue and to the time limit", async () => {
  await using busy = await testApp({ queue: 1 });
  const ids = Array(64).fill(9);
  await inside(busy, "lens", { ids });
  const responses = await Promise.all(
    [1, 2, 3, 4].map(() => busy.post("/api/inside/effects", { model, ids })),
  );
  assertEquals(responses.map(({ status }) => status).sort(), [200, 200, 429, 429]);
  await using hurried = await testApp({ timeLimit: 0.001 });
  await inside(hurried, "tokens", { input: "a" });
  const late = await Promise.all([1, 2, 3].map(() => hurried.post("/api/inside/effects", { model, ids })));
  assertEquals(late.at(-1)!.status, 504);
});
