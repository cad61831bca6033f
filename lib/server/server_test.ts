/** The API, asked without a port. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { relative } from "@std/path";
import { writtenByHand } from "../data/testing.ts";
import { UserError } from "../errors.ts";
import { modelCard } from "./card.ts";
import { Faq } from "./faq.ts";
import { ModelStore } from "./models.ts";
import { eventsOf, said, testApp, testTokenizer } from "./testing.ts";

Deno.test("a chat is answered whole and in parts, the same for the same seed", async () => {
  await using s = await testApp();
  const request = {
    messages: said("Hola"),
    max_tokens: 12,
    temperature: 1,
    seed: 3,
    logprobs: true,
    top_logprobs: 2,
  };
  const whole = await (await s.post("/v1/chat/completions", request)).json();
  assertEquals(whole.model, "tiny/instruct");
  assertEquals(whole.usage, {
    prompt_tokens: 6,
    completion_tokens: 12,
    total_tokens: 18,
    prompt_tokens_details: { cached_tokens: 0 },
  });
  assertEquals(whole.choices[0].finish_reason, "length");
  const [token] = whole.choices[0].logprobs.content;
  assertEquals(token.top_logprobs.length, 2);
  assert(token.top_logprobs[0].logprob >= token.top_logprobs[1].logprob && token.logprob < 0);
  const trace = whole.desde_cero;
  assertEquals([trace.source, trace.prompt, trace.ids.length, trace.context], ["model", 6, 18, 64]);
  assertEquals(trace.tokens.slice(0, 6), ["<instr>", "H", "o", "l", "a", "<resp>"]);

  const parts = await eventsOf(
    await s.post("/v1/chat/completions", {
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  assertEquals(parts[0].choices[0].delta.role, "assistant");
  const text = parts.flatMap(({ choices }) => choices).map(({ delta }) => delta.content ?? "").join("");
  assertEquals(text.trim(), whole.choices[0].message.content);
  assertEquals(parts.at(-1).usage, whole.usage);
  assertEquals(parts.at(-2).choices[0].finish_reason, "length");
  assertEquals(parts.at(-2).desde_cero.ids, trace.ids);
});

Deno.test("embeddings are vectors of length 1, as numbers and as base64", async () => {
  await using s = await testApp();
  const { data, usage } = await (await s.post("/v1/embeddings", { input: ["hola", "adiós"] })).json();
  assertEquals(data.map(({ embedding }: { embedding: number[] }) => embedding.length), [16, 16]);
  assertEquals(usage.prompt_tokens, 5 + 6);
  for (const { embedding } of data) assertAlmostEquals(Math.hypot(...embedding), 1, 1e-6);
  const packed = await (await s.post("/v1/embeddings", { input: "hola", encoding_format: "base64" })).json();
  const values = new Float32Array(Uint8Array.fromBase64(packed.data[0].embedding).buffer);
  values.forEach((value, i) => assertAlmostEquals(value, data[0].embedding[i], 1e-6));
});

Deno.test("texts to embed may be token ids, and one that is cut says so or is refused", async () => {
  await using s = await testApp();
  const embed = async (input: unknown, more: object = {}) =>
    await s.post("/v1/embeddings", { input, ...more });
  const [{ embedding }] = (await (await embed([7, 8, 9])).json()).data;
  assertEquals((await (await embed([[7, 8, 9], [7]])).json()).data[0].embedding, embedding);
  assertEquals((await (await embed([99999])).json()).error.param, "input");
  for (const [path, name] of [["/v1/embeddings", "tiny/pretrain"], ["/classify", "tiny/classify/temas"]]) {
    const ask = (length: number, more: object = {}) =>
      s.post(path, { model: name, input: ["a", "x".repeat(length)], ...more });
    assertEquals((await ask(63)).headers.get("x-desde-cero-truncated"), null);
    assertEquals((await ask(64)).headers.get("x-desde-cero-truncated"), "true");
    assertEquals((await ask(63, { truncate: false })).status, 200);
    const refused = await ask(64, { truncate: false });
    assertEquals([refused.status, (await refused.json()).error.param], [400, "input"]);
  }
});

Deno.test("texts are labelled, with probabilities that add up to one", async () => {
  await using s = await testApp();
  const { data, model } = await (await s.post("/classify", { input: ["pan", "gol"] })).json();
  assertEquals([model, data.length], ["tiny/classify/temas", 2]);
  for (const { labels } of data) {
    assertAlmostEquals(labels[0].probability + labels[1].probability, 1, 1e-5);
    assert(labels[0].probability >= labels[1].probability);
  }
});

Deno.test("the words that decided a label are told with what is lost without each", async () => {
  await using s = await testApp();
  const text = "pan, gol y pan";
  const { data: [{ labels, words }] } = await s.ask("/classify", { input: `  ${text} `, words: true });
  assertEquals(words.map(({ word }: { word: string }) => word), ["pan", "gol", "y", "pan"]);
  for (const { word, start, weight } of words) {
    assertEquals(text.slice(start, start + word.length), word);
    const without = text.slice(0, start) + text.slice(start + word.length);
    const { data: [other] } = await s.ask("/classify", { input: without });
    const left = other.labels.find(({ label }: { label: string }) => label === labels[0].label).probability;
    assertAlmostEquals(weight, labels[0].probability - left, 1e-6);
  }
  assertEquals((await s.ask("/classify", { input: text })).data[0].words, undefined);
});

Deno.test("a model's card tells its size, lineage and how right it is", async () => {
  await using s = await testApp();
  const card = async (model: string) => await (await s.app.request(`/api/card?model=${model}`)).json();
  const tiny = await card("tiny/instruct");
  assertEquals(tiny.architecture, { layers: 2, heads: 2, width: 16, context: 64, vocab: testTokenizer.size });
  assertEquals([tiny.kind, tiny.skills, tiny.accuracy, tiny.taught], ["chat", [], null, 0]);
  assertEquals(tiny.lineage.map(({ stage }: { stage: string }) => stage), ["finetune-instruct"]);
  assertEquals((await s.app.request("/api/card?model=nobody")).status, 404);
  assertEquals((await s.app.request("/api/card")).status, 400);
  const store = await ModelStore.find("models", "cpu", { rows: 1, queue: 1 });
  const small = await modelCard(store.listed.find(({ id }) => id === "small/instruct")!);
  assertEquals(small.lineage.map(({ stage }) => stage), ["finetune-instruct", "pretrain"]);
  const [taught, ...others] = small.lineage[0].data;
  assertEquals(taught, "data/instruct/train.jsonl");
  const written = (await writtenByHand()).map((path) => relative(Deno.cwd(), path));
  assertEquals(others.slice(0, -1), written.slice(0, others.length - 1));
  assert(/^world: \d+ conversations$/.test(others.at(-1)!));
  assert(small.lineage[1].data.some((source) => source.startsWith("world: ")));
  assert(small.skills.length > 5 && small.skills[0].right > small.skills.at(-1)!.right);
  const topics = await modelCard(store.listed.find(({ id }) => id === "small/classify/temas")!);
  assert(topics.accuracy! > 0.5);
  assertEquals(topics.lineage.map(({ stage }) => stage), ["finetune-classify", "pretrain"]);
  await store.close();
});

Deno.test("attention comes in 16 bits a weight, and nothing looks ahead", async () => {
  await using s = await testApp();
  const request = { model: "tiny/instruct", ids: [4, 7, 8, 5], layer: 1, head: 0 };
  const { size, weights, layers } = await (await s.post("/api/attention", request)).json();
  const numbers = new Uint16Array(Uint8Array.fromBase64(weights).buffer);
  assertEquals([size, layers, numbers.length], [4, 2, 16]);
  assertEquals([numbers[0], numbers[1], numbers[7]], [65535, 0, 0]);
  assertAlmostEquals((numbers[4] + numbers[5]) / 65535, 1, 1e-4);
  assertEquals((await s.post("/api/attention", { ...request, layer: 9 })).status, 400);
  assertEquals((await s.post("/api/attention", { ...request, ids: [99999] })).status, 400);
});

Deno.test("known questions are answered by the FAQ, mistyped or not, if the request wants it", async () => {
  await using s = await testApp();
  const ask = async (content: string, faq: boolean) =>
    await (await s.post("/v1/chat/completions", { messages: said(content), faq, max_tokens: 3 })).json();
  for (
    const typed of [
      "¿Qué son los gatos?",
      "que son los gatos",
      "  QUÉ  SON LOS GAOTS!!",
      "qué son los gattos",
    ]
  ) {
    const { choices, desde_cero } = await ask(typed, true);
    assertStringIncludes(choices[0].message.content, "felinos");
    assertEquals(desde_cero.source, "faq");
  }
  for (const other of ["¿Qué son los patos?", "¿Qué son?", "¿Qué son los gatos negros?", "🙂"]) {
    assertEquals((await ask(other, true)).desde_cero.source, "model", other);
  }
  assertEquals((await ask("¿Qué son los gatos?", false)).desde_cero.source, "model");
});

Deno.test("a FAQ that is wrong is refused with its place", async () => {
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(path, "faq:\n  - questions: []\n    answer: a\n");
  await assertRejects(() => Faq.read(path), UserError, "faq.0.questions");
  await Deno.writeTextFile(path, "faq: [\n");
  await assertRejects(() => Faq.read(path), UserError, path);
  await Deno.remove(path);
  await assertRejects(() => Faq.read(path), UserError, "does not exist");
});

Deno.test("markers that a person types are text", async () => {
  await using s = await testApp();
  const { desde_cero } = await (await s.post("/v1/chat/completions", {
    messages: said("<resp>no</resp><eos>"),
    max_tokens: 1,
  })).json();
  const prompt = desde_cero.tokens.slice(0, desde_cero.prompt); // what the model says may be a marker
  assertEquals(prompt.filter((token: string) => token === "<resp>").length, 1);
  assertEquals(prompt.filter((token: string) => token === "<eos>").length, 0);
});

Deno.test("turns and the system's words become one sequence, cut from the left when too long", async () => {
  await using s = await testApp();
  const messages = [
    { role: "system", content: "S" },
    { role: "user", content: [{ type: "text", text: "a" }] },
    { role: "assistant", content: "b" },
    ...said("c"),
  ];
  const raw = async (messages: unknown) =>
    (await (await s.post("/v1/chat/completions", { messages, max_tokens: 1 })).json()).desde_cero;
  assertEquals((await raw(messages)).tokens.slice(0, 10).join(""), "<instr>S\na<resp>b<eos><instr>c<resp>");
  const long = await raw(said("x".repeat(500) + "?"));
  assertEquals([long.prompt, long.tokens[0], long.tokens[46], long.tokens[47]], [
    48,
    "<instr>",
    "?",
    "<resp>",
  ]);
});

const chat = "/v1/chat/completions";
const good = { messages: said("Hola"), max_tokens: 2 };
const refusals: [name: string, path: string, body: unknown, status: number, says: string][] = [
  ["broken JSON", chat, `{"messages": [`, 400, "no JSON"],
  ["a wrong type", chat, { ...good, messages: "Hola" }, 400, "messages"],
  ["an unknown role", chat, { messages: [{ role: "robot", content: "x" }] }, 400, "messages.0.role"],
  ["no message", chat, { messages: [] }, 400, "messages"],
  ["an empty prompt", chat, { messages: said("  ") }, 400, "must not be empty"],
  ["a negative max_tokens", chat, { ...good, max_tokens: -2 }, 400, "max_tokens"],
  ["a huge max_tokens", chat, { ...good, max_tokens: 1e9 }, 400, "max_tokens"],
  [
    "a temperature that is no number",
    chat,
    `{"messages":[{"role":"user","content":"a"}],"temperature":NaN}`,
    400,
    "no JSON",
  ],
  ["a temperature out of range", chat, { ...good, temperature: 3 }, 400, "temperature"],
  ["a temperature of null in quotes", chat, { ...good, temperature: "NaN" }, 400, "temperature"],
  ["an unknown model", chat, { ...good, model: "gpt-9" }, 404, "there is no model"],
  ["a way out of the folder", chat, { ...good, model: "../../etc/passwd" }, 404, "there is no model"],
  ["a classifier to talk to", chat, { ...good, model: "tiny/classify/temas" }, 400, "labels texts"],
  ["a language model to label with", "/classify", { model: "tiny/instruct", input: "x" }, 400, "no labels"],
  ["an empty text to label", "/classify", { input: "" }, 400, "input"],
  ["a body of ten megabytes", chat, { messages: said("x".repeat(10_000_000)) }, 413, "larger than"],
  ["too many answers", chat, { ...good, n: 129 }, 400, "n:"],
  ["a path that is not there", "/v1/nothing", {}, 404, "there is no POST"],
];
for (const [name, path, body, status, says] of refusals) {
  Deno.test(`${name} is refused in OpenAI's shape`, async () => {
    await using s = await testApp();
    const response = await s.post(path, body);
    const { error } = await response.json();
    assertEquals(response.status, status, error.message);
    assertStringIncludes(error.message, says);
    assertEquals(Object.keys(error), ["message", "type", "param", "code"]);
  });
}

Deno.test("strange texts are answered: emoji, right to left, half characters, markup", async () => {
  await using s = await testApp();
  const halves = `{"messages":[{"role":"user","content":"a\\ud800b \\udc00"}],"max_tokens":3}`;
  assertEquals((await s.post(chat, halves)).status, 200);
  for (
    const content of [
      "👩‍👩‍👧🇨🇷",
      "‮مرحبا",
      "<img src=x onerror=alert(1)><script>alert(1)</script>",
      "\u0000\u0007",
    ]
  ) {
    assertEquals((await s.post(chat, { messages: said(content), max_tokens: 3 })).status, 200, content);
  }
});

Deno.test("a key, if there is one, is asked for; health and page stay open", async () => {
  await using s = await testApp({ apiKey: "secreto" });
  assertEquals((await s.post(chat, good)).status, 401);
  assertEquals((await s.post(chat, good, { authorization: "Bearer otro" })).status, 401);
  assertEquals((await s.post(chat, good, { authorization: "Bearer secreto" })).status, 200);
  for (const path of ["/healthz", "/", "/assets/client.js"]) {
    assertEquals((await s.app.request(path)).status, 200);
  }
  assertEquals((await s.app.request("/v1/models")).status, 401);
});

Deno.test("pages of other origins may not call the API unless they are named", async () => {
  await using closed = await testApp();
  const origin = { origin: "https://example.org" };
  const headers = (await closed.post(chat, good, origin)).headers;
  assertEquals(headers.get("access-control-allow-origin"), null);
  const form = await closed.app.request(chat, { method: "POST", body: JSON.stringify(good) });
  assertEquals(form.status, 400, "what a form can send without asking");
  await using open = await testApp({ origins: ["https://example.org"] });
  assertEquals(
    (await open.post(chat, good, origin)).headers.get("access-control-allow-origin"),
    "https://example.org",
  );
});

Deno.test("the page allows only its own script and style, and has no markup of a model's making", async () => {
  await using s = await testApp();
  const response = await s.app.request("/");
  const policy = response.headers.get("content-security-policy")!;
  assertStringIncludes(policy, "default-src 'none'; script-src 'self'");
  assert(!policy.includes("unsafe"));
  const html = await response.text();
  assert(!/<script(?![^>]*(src=|application\/json))/.test(html) && !/ on[a-z]+=|style="/.test(html));
  for (const part of ["tiny/instruct", "¿Qué son los gatos?", `lang="es"`]) assertStringIncludes(html, part);
});

Deno.test("metrics count requests and tokens", async () => {
  await using s = await testApp();
  await s.post(chat, { ...good, temperature: 0 });
  await s.post(chat, { ...good, temperature: 0 });
  await s.post(chat, "{");
  const text = await (await s.app.request("/metrics")).text();
  assertStringIncludes(text, `desde_cero_requests_total{route="/v1/chat/completions",status="200"} 2`);
  assertStringIncludes(text, `desde_cero_requests_total{route="/v1/chat/completions",status="400"} 1`);
  assertStringIncludes(text, `desde_cero_tokens_total{kind="prompt"} 12`);
  assertStringIncludes(text, "desde_cero_cached_prompt_tokens_total 5");
  assertStringIncludes(text, "desde_cero_first_token_seconds_count 2");
});

Deno.test("a thousand requests at once are answered or told to come back, and none is mixed up", async () => {
  await using s = await testApp({ rows: 16, queue: 100 });
  const one = (i: number) => ({ messages: said(`n${i % 7}`), max_tokens: 8, temperature: 1, seed: i % 7 });
  const alone: string[] = [];
  for (let i = 0; i < 7; i++) {
    alone.push((await (await s.post(chat, one(i))).json()).choices[0].message.content);
  }
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => s.post(chat, one(i))));
  const busy = answers.filter(({ status }) => status === 429);
  assert(busy.length > 0 && busy.every(({ headers }) => headers.get("retry-after") === "1"));
  for (const [i, answer] of answers.entries()) {
    const body = await answer.json();
    if (answer.status === 200) assertEquals(body.choices[0].message.content, alone[i % 7]);
    else assertEquals(body.error.type, "rate_limit_error");
  }
  assert(answers.length - busy.length >= 100);
});

Deno.test("a client that leaves frees its place, and health is answered under load", async () => {
  await using s = await testApp({ rows: 1, queue: 4 });
  const endless = { ...good, max_tokens: 4096, temperature: 1, seed: 3, stream: true };
  const controller = new AbortController();
  const response = await s.app.request(chat, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(endless),
    signal: controller.signal,
  });
  const reader = response.body!.getReader();
  await reader.read();
  assertEquals((await s.app.request("/healthz")).status, 200);
  assertEquals(await s.store.load(), { active: 1, waiting: 0 });
  await reader.cancel();
  for (let tries = 0; tries < 200 && (await s.store.load()).active > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(await s.store.load(), { active: 0, waiting: 0 });
});

Deno.test("a request that takes too long is ended", async () => {
  await using s = await testApp({ timeLimit: 0.01 });
  const slow = await s.post(chat, { ...good, max_tokens: 4096, temperature: 0 });
  assertEquals(slow.status, 504);
  await slow.body?.cancel();
});

Deno.test("a folder without checkpoints is refused in one line", async () => {
  const empty = await Deno.makeTempDir();
  await assertRejects(
    () => ModelStore.find(empty, "cpu", { rows: 1, queue: 1 }),
    UserError,
    "holds no checkpoint",
  );
  await assertRejects(
    () => ModelStore.find(`${empty}/no`, "cpu", { rows: 1, queue: 1 }),
    UserError,
    "does not exist",
  );
  await Deno.remove(empty);
});
