/** `/v1/completions`, asked without a port. */
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { eventsOf, testApp } from "./testing.ts";

const path = "/v1/completions";
const base = { model: "tiny/pretrain", prompt: "abc", max_tokens: 30, temperature: 1, seed: 4 };

type Choices = { index: number; text: string }[];

/** The texts of a stream's choices, by their index. */
function joined(events: { choices: Choices }[]): string[] {
  const texts: string[] = [];
  for (const { index, text } of events.flatMap(({ choices }) => choices)) {
    texts[index] = (texts[index] ?? "") + text;
  }
  return texts;
}

Deno.test("stop texts end a completion and are never half shown", async () => {
  await using s = await testApp();
  const { choices: [{ text }] } = await s.ask(path, base);
  const stop = text.slice(8, 11);
  const cut = await s.ask(path, { ...base, stop });
  assertEquals(cut.choices[0].text, text.slice(0, text.indexOf(stop)));
  assertEquals(cut.choices[0].finish_reason, "stop");
  const events = await eventsOf(await s.post(path, { ...base, stop, stream: true }));
  assertEquals(joined(events), [cut.choices[0].text]);
  assertEquals(events.at(-1).choices[0].finish_reason, "stop");
});

Deno.test("a completion keeps its spaces, first and last: prompt and text are the sequence", async () => {
  await using s = await testApp();
  const messages = [{ role: "user", content: " a" }];
  const space = (await s.ask("/v1/chat/completions", { messages, max_tokens: 1 })).desde_cero.ids[1];
  const spaces = { ...base, max_tokens: 4, logit_bias: { [space]: 100 } };
  assertEquals((await s.ask(path, spaces)).choices[0].text, "    ");
  assertEquals(joined(await eventsOf(await s.post(path, { ...spaces, stream: true }))), ["    "]);
});

Deno.test("log-probabilities end where the text does, and say where each token begins", async () => {
  await using s = await testApp();
  const { choices: [{ text }] } = await s.ask(path, base);
  const request = { ...base, stop: text.slice(8, 11), logprobs: 2 };
  const { choices: [cut] } = await s.ask(path, request);
  const { tokens, token_logprobs, top_logprobs, text_offset } = cut.logprobs;
  const placed: [string, number][] = tokens.map((token: string, i: number) => [token, text_offset[i]]);
  const inText = placed.filter(([token]) => !/^<\w+>$/.test(token));
  assertEquals(inText.map(([token]) => token).join(""), cut.text);
  for (const [token, offset] of inText) assertEquals(cut.text.slice(offset, offset + token.length), token);
  assert(text_offset.at(-1) < cut.text.length);
  assertEquals([token_logprobs.length, top_logprobs.length], [tokens.length, tokens.length]);
  assertEquals(Object.keys(top_logprobs[0]).length, 2);

  const events = await eventsOf(await s.post(path, { ...request, stream: true }));
  const parts = events.flatMap(({ choices }) => choices).map(({ logprobs }) => logprobs).filter(Boolean);
  for (const key of ["tokens", "token_logprobs", "text_offset"]) {
    assertEquals(parts.flatMap((part) => part[key]), cut.logprobs[key], key);
  }
});

Deno.test("a completion that takes too long is an error, whole or in parts", async () => {
  await using s = await testApp({ timeLimit: 0.05 });
  const slow = { ...base, max_tokens: 4096, temperature: 0 };
  const whole = await s.post(path, slow);
  assertEquals(whole.status, 504);
  await whole.body?.cancel();
  const text = await (await s.post(path, { ...slow, stream: true })).text();
  const last = JSON.parse(text.trim().split("\n\n").at(-1)!.replace("data: ", ""));
  assertEquals(last.error.type, "server_error");
  assertStringIncludes(last.error.message, "time limit");
});

Deno.test("n answers come to each of several prompts, the first as it would come alone", async () => {
  await using s = await testApp();
  const alone = await Promise.all(["abc", "xyz"].map((prompt) => s.ask(path, { ...base, prompt })));
  const request = { ...base, prompt: ["abc", "xyz"], n: 3 };
  const { choices, usage } = await s.ask(path, request);
  const texts = choices.map(({ text }: { text: string }) => text);
  assertEquals(choices.map(({ index }: { index: number }) => index), [0, 1, 2, 3, 4, 5]);
  assertEquals([texts[0], texts[3]], alone.map(({ choices }) => choices[0].text));
  assertEquals(new Set(texts.slice(0, 3)).size, 3);
  assertEquals(usage.prompt_tokens, 4 + 4);
  assertEquals(usage.total_tokens, 8 + usage.completion_tokens);
  const stream = { ...request, stream: true, stream_options: { include_usage: true } };
  const events = await eventsOf(await s.post(path, stream));
  assertEquals(joined(events), texts);
  assertEquals(events.at(-1).usage.total_tokens, usage.total_tokens);
  const ends = events.flatMap(({ choices }) => choices).filter(({ finish_reason }) => finish_reason);
  assertEquals(ends.map(({ index }) => index).sort(), [0, 1, 2, 3, 4, 5]);
});

Deno.test("too many answers are refused, and those that exceed the queue leave nothing behind", async () => {
  await using s = await testApp({ rows: 1, queue: 1 });
  const many = await s.post(path, { ...base, prompt: ["a", "b"], n: 65 });
  assertEquals([many.status, (await many.json()).error.param], [400, "n"]);
  const full = await s.post(path, { ...base, n: 3 });
  assertEquals(full.status, 429);
  await full.body?.cancel();
  for (let tries = 0; tries < 200 && (await s.store.load()).active > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(await s.store.load(), { active: 0, waiting: 0 });
});

Deno.test("prompts may be token ids, taken as they are", async () => {
  await using s = await testApp();
  const { choices: [{ text }] } = await s.ask(path, base);
  const chat = { model: "tiny/pretrain", messages: [{ role: "user", content: "abc" }], max_tokens: 1 };
  const { desde_cero } = await s.ask("/v1/chat/completions", chat);
  const ids = desde_cero.ids.slice(0, desde_cero.prompt);
  assertEquals(ids.length, 4);
  assertEquals((await s.ask(path, { ...base, prompt: ids })).choices[0].text, text);
  const { choices } = await s.ask(path, { ...base, prompt: [ids, ids.slice(1)] });
  assertEquals([choices.length, choices[0].text], [2, text]);
  for (const prompt of [[99999], [[]], [], [1.5], [-1], ["a", 1]]) {
    const response = await s.post(path, { ...base, prompt });
    assertEquals([response.status, (await response.json()).error.param?.split(".")[0]], [400, "prompt"]);
  }
});

Deno.test("echo puts the prompt before its answer, with the log-probabilities of its tokens", async () => {
  await using s = await testApp();
  const request = { ...base, temperature: 0, max_tokens: 1, logprobs: 1 };
  const { choices: [first] } = await s.ask(path, request);
  const next = await s.ask(path, { ...request, prompt: `abc${first.text}`, echo: true });
  const { text, logprobs } = next.choices[0];
  assertStringIncludes(text, `abc${first.text}`);
  assertEquals(logprobs.tokens.slice(0, 4), ["a", "b", "c", first.text]);
  assertEquals(logprobs.text_offset, [0, 1, 2, 3, 4]);
  assertAlmostEquals(logprobs.token_logprobs[3], first.logprobs.token_logprobs[0], 1e-4);
  assertEquals(Object.keys(logprobs.top_logprobs[3]), [first.text]);

  const events = await eventsOf(await s.post(path, { ...request, echo: true, stream: true, n: 2 }));
  assertEquals(joined(events), [`abc${first.text}`, `abc${first.text}`]);
});

Deno.test("echo alone scores a prompt, unknown characters and all; nothing precedes the first id", async () => {
  await using s = await testApp();
  const request = { ...base, max_tokens: 0, logprobs: 0, echo: true };
  const { choices: [{ text, logprobs, finish_reason }] } = await s.ask(path, { ...request, prompt: "a🙂b" });
  assertEquals([text, finish_reason], ["a🙂b", "length"]);
  assertEquals(logprobs.tokens, ["a", "<unk>", "b"]);
  assertEquals(logprobs.text_offset, [0, 1, 2]);
  const { choices: [ids] } = await s.ask(path, { ...request, prompt: [7, 8, 9] });
  assertEquals(ids.logprobs.token_logprobs[0], null);
  assert(ids.logprobs.token_logprobs[1] < 0);
});

Deno.test("max_tokens of -1 writes until the context is full", async () => {
  await using s = await testApp();
  const { usage, choices } = await s.ask(path, { ...base, max_tokens: -1, temperature: 0 });
  assertEquals(choices[0].finish_reason, "length");
  assertEquals(usage.total_tokens, 64);
});

Deno.test("a prompt that is cut says so, or is refused if the request wants it whole", async () => {
  await using s = await testApp();
  const long = { ...base, prompt: "x".repeat(100), max_tokens: 2 };
  const cut = await s.post(path, long);
  assertEquals(cut.headers.get("x-desde-cero-truncated"), "true");
  const { desde_cero, usage } = await cut.json();
  assertEquals([desde_cero.truncated, usage.prompt_tokens], [true, 62]);
  const whole = await s.post(path, base);
  assertEquals(whole.headers.get("x-desde-cero-truncated"), null);
  assertEquals((await whole.json()).desde_cero.truncated, false);
  const refused = await s.post(path, { ...long, truncate: false });
  const { error } = await refused.json();
  assertEquals([refused.status, error.param, error.code], [400, "prompt", "context_length_exceeded"]);
  assertEquals((await s.post(path, { ...base, truncate: false })).status, 200);
});
