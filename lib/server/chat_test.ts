/** `/v1/chat/completions` with what other clients send, asked without a port. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { eventsOf, said, testApp, testTokenizer } from "./testing.ts";

const path = "/v1/chat/completions";
const one = { max_tokens: 1, temperature: 0 };

Deno.test("what a tool said is part of what is asked, and a turn that only called it is none", async () => {
  await using s = await testApp();
  const tool_calls = [{ id: "c", type: "function", function: { name: "sumar", arguments: "{}" } }];
  const messages = [
    ...said("2+2?"),
    { role: "assistant", content: null, tool_calls },
    { role: "tool", tool_call_id: "c", content: "4" },
  ];
  const { desde_cero: { tokens, prompt } } = await s.ask(path, { ...one, messages });
  assertEquals(tokens.slice(0, prompt).join(""), "<instr>2+2?\n4<resp>");
});

Deno.test("content may be null, left out, or in parts", async () => {
  await using s = await testApp();
  const messages = [
    { role: "system", content: null },
    { role: "user", content: [{ type: "text", text: "a" }, { type: "text", text: "b" }] },
    { role: "assistant", content: [{ type: "refusal", refusal: "no" }] },
    { role: "user" },
    ...said("c"),
  ];
  const { desde_cero: { tokens, prompt } } = await s.ask(path, { ...one, messages });
  assertEquals(tokens.slice(0, prompt).join(""), "<instr>ab<resp>no<eos><instr>\nc<resp>");
  const empty = await s.post(path, { messages: [{ role: "user", content: null }] });
  assertEquals([empty.status, (await empty.json()).error.param], [400, "messages"]);
});

Deno.test("a last message of the assistant is continued, and its continuation is the answer", async () => {
  await using s = await testApp();
  // Without markers, which have no text, an answer's text has all of its tokens.
  const logit_bias = Object.fromEntries(Object.values(testTokenizer.special).map((id) => [id, -100]));
  const request = { messages: said("Hola"), temperature: 0, logit_bias };
  const answer = async (more: object) =>
    (await s.ask(path, { ...request, ...more })).choices[0].message.content;
  const begun = await answer({ max_tokens: 5 });
  const whole = await answer({ max_tokens: 12 });
  assert(begun.length > 0 && whole.startsWith(begun));
  const messages = [...said("Hola"), { role: "assistant", content: begun }];
  const rest = await s.ask(path, { ...request, messages, max_tokens: 7 });
  assertEquals(begun + rest.choices[0].message.content, whole);
  assertStringIncludes(rest.desde_cero.tokens.join(""), `<resp>${begun}`);
  const switches = { continue_final_message: true, add_generation_prompt: false };
  assertEquals(begun + await answer({ messages, ...switches, max_tokens: 7 }), whole);
  for (const [key, value] of Object.entries(switches)) {
    for (const contradiction of [{ messages, [key]: !value }, { [key]: value }]) {
      const response = await s.post(path, { ...request, ...contradiction });
      assertEquals([response.status, (await response.json()).error.param], [400, key]);
    }
  }
});

Deno.test("a space before the first word is part of a text's continuation, but not of an answer", async () => {
  await using s = await testApp();
  const logit_bias = { [testTokenizer.encode(" ")[0]]: 100 };
  const request = { messages: said("Hola"), temperature: 0, logit_bias, max_tokens: 2 };
  const contents = ["tiny/pretrain", "tiny/instruct"].map(async (model) =>
    (await s.ask(path, { ...request, model })).choices[0].message.content
  );
  assertEquals(await Promise.all(contents), ["  ", ""]);
});

Deno.test("n answers are different; the first is the one that comes alone, and each comes again with its seed", async () => {
  await using s = await testApp();
  const request = { messages: said("Hola"), max_tokens: 12, temperature: 1, seed: 3 };
  const alone = await s.ask(path, request);
  const many = await s.ask(path, { ...request, n: 4 });
  const texts = many.choices.map(({ message }: { message: { content: string } }) => message.content);
  assertEquals(texts[0], alone.choices[0].message.content);
  assertEquals(new Set(texts).size, 4);
  assertEquals(many.usage.prompt_tokens, alone.usage.prompt_tokens);
  const events = await eventsOf(await s.post(path, { ...request, n: 4, stream: true }));
  const streamed = ["", "", "", ""], seeds: number[] = [];
  for (const { choices: [{ index, delta }], desde_cero } of events) {
    streamed[index] += delta.content ?? "";
    if (desde_cero) seeds[index] = desde_cero.seed;
  }
  assertEquals(streamed, texts);
  for (const [i, seed] of seeds.entries()) {
    assertEquals((await s.ask(path, { ...request, seed })).choices[0].message.content, texts[i]);
  }
  const known = await s.ask(path, { messages: said("¿Qué son los gatos?"), faq: true, n: 2 });
  assertEquals([known.choices.length, known.desde_cero.seed], [2, null]);
});

Deno.test("penalties change what is said", async () => {
  await using s = await testApp();
  const request = { messages: said("Hola"), max_tokens: 40, temperature: 0 };
  const different = async (more: object) => {
    const { ids, prompt } = (await s.ask(path, { ...request, ...more })).desde_cero;
    return new Set(ids.slice(prompt)).size;
  };
  const plain = await different({});
  for (const more of [{ presence_penalty: 2 }, { frequency_penalty: 2 }, { repetition_penalty: 3 }]) {
    assert(await different(more) > plain, JSON.stringify(more));
  }
});

Deno.test("a bias for no token is refused", async () => {
  await using s = await testApp();
  for (const key of ["99999", "-1", "a", "01", "1.5"]) {
    const response = await s.post(path, { messages: said("Hola"), logit_bias: { [key]: 1 } });
    assertEquals([response.status, (await response.json()).error.param], [400, "logit_bias"], key);
  }
});

Deno.test("a conversation that is cut says so, or is refused if the request wants it whole", async () => {
  await using s = await testApp();
  const long = { ...one, messages: said("x".repeat(500)) };
  const cut = await s.post(path, long);
  assertEquals(cut.headers.get("x-desde-cero-truncated"), "true");
  assertEquals((await cut.json()).desde_cero.truncated, true);
  const streamed = await s.post(path, { ...long, stream: true });
  assertEquals(streamed.headers.get("x-desde-cero-truncated"), "true");
  assertEquals((await eventsOf(streamed)).at(-1).desde_cero.truncated, true);
  const refused = await s.post(path, { ...long, truncate: false });
  const { error } = await refused.json();
  assertEquals([refused.status, error.param, error.code], [400, "messages", "context_length_exceeded"]);
  const short = await s.post(path, { ...one, messages: said("Hola"), truncate: false });
  assertEquals([short.status, short.headers.get("x-desde-cero-truncated")], [200, null]);
});
