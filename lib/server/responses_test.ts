/** `/v1/responses`, asked without a port. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { RecentAnswers } from "./recent.ts";
import { ResponseEvent, ResponseObject } from "./schemas/responses.ts";
import { testApp, testTokenizer } from "./testing.ts";

const path = "/v1/responses";
const base = { input: "Hola", max_output_tokens: 9, temperature: 1, seed: 3 };

/** The events of a stream, each of which is named by its type. */
async function events(response: Response): Promise<ResponseEvent[]> {
  return (await response.text()).trim().split("\n\n").map((block) => {
    const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(block)!;
    const event = ResponseEvent.parse(JSON.parse(data));
    assertEquals(event.type, name);
    return event;
  });
}

Deno.test("a response has the text that a chat has, whole and in events", async () => {
  await using s = await testApp();
  const chat = await s.ask("/v1/chat/completions", {
    messages: [{ role: "user", content: "Hola" }],
    max_tokens: 9,
    temperature: 1,
    seed: 3,
  });
  const response = ResponseObject.parse(await s.ask(path, base));
  const { text } = response.output[0].content[0];
  assertEquals(text, chat.choices[0].message.content);
  assertEquals([response.status, response.incomplete_details?.reason], ["incomplete", "max_output_tokens"]);
  assertEquals(response.usage?.input_tokens, chat.usage.prompt_tokens);
  assertEquals(response.usage?.output_tokens, chat.usage.completion_tokens);

  const all = await events(await s.post(path, { ...base, stream: true }));
  const deltas = all.flatMap((event) => event.type === "response.output_text.delta" ? [event.delta] : []);
  assertEquals(deltas.join(""), text);
  assertEquals([...new Set(all.map(({ type }) => type))], [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.incomplete",
  ]);
  assertEquals(all.map((event) => event.sequence_number), all.map((_, i) => i));
  const last = all.find((event) => event.type === "response.incomplete")!;
  assertEquals(last.response.output[0].content, response.output[0].content);
});

Deno.test("a response that the model ends is completed", async () => {
  await using s = await testApp();
  const logit_bias = { [testTokenizer.special.eos]: 100 };
  const response = await s.ask(path, { ...base, logit_bias });
  assertEquals([response.status, response.incomplete_details], ["completed", null]);
  assertEquals(response.output[0].content[0].text, "");
  const all = await events(await s.post(path, { ...base, logit_bias, stream: true }));
  assertEquals(all.at(-1)!.type, "response.completed");
});

Deno.test("a response's input may be a conversation of items, with instructions", async () => {
  await using s = await testApp();
  const logprobs = { include: ["message.output_text.logprobs"], top_logprobs: 2 };
  const input = [
    { role: "user", content: [{ type: "input_text", text: "a" }] },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "b", annotations: [] }] },
    { role: "user", content: "c" },
    { type: "reasoning", summary: [] },
    { type: "function_call", call_id: "f", name: "sumar", arguments: "{}" },
    { type: "function_call_output", call_id: "f", output: "4" },
  ];
  const items = await s.ask(path, { ...base, ...logprobs, instructions: "S", input });
  const chat = await s.ask("/v1/chat/completions", {
    messages: [
      { role: "system", content: "S" },
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
      { role: "user", content: "c" },
      { role: "tool", content: "4" },
    ],
    logprobs: true,
    top_logprobs: 2,
    max_tokens: 9,
    temperature: 1,
    seed: 3,
  });
  assertEquals(items.usage.input_tokens, chat.usage.prompt_tokens);
  assertEquals(items.output[0].content[0].text, chat.choices[0].message.content);
  assertEquals(items.output[0].content[0].logprobs, chat.choices[0].logprobs.content);
});

Deno.test("an earlier answer may be referred to, unless it was not to be stored", async () => {
  await using s = await testApp();
  const first = await s.ask(path, base);
  const { id, content: [{ text }] } = first.output[0];
  const turn = (reference: object) => [
    { role: "user", content: "Hola" },
    reference,
    { role: "user", content: "¿Qué?" },
  ];
  const byId = await s.ask(path, { ...base, input: turn({ type: "item_reference", id }) });
  const byText = await s.ask(path, { ...base, input: turn({ role: "assistant", content: text }) });
  assertEquals(byId.usage.total_tokens, byText.usage.total_tokens);
  assertEquals(byText.usage.input_tokens_details.cached_tokens, byText.usage.input_tokens - 1);
  assertEquals(byId.output[0].content, byText.output[0].content);
  const streamed = await events(await s.post(path, { ...base, stream: true, store: false }));
  const done = streamed.find((event) => event.type === "response.output_item.done")!;
  const unknown = await s.post(path, { ...base, input: turn({ type: "item_reference", id: done.item.id }) });
  const { error } = await unknown.json();
  assertEquals([unknown.status, error.param], [400, "input.1.id"]);
});

Deno.test("remembered answers take bounded memory, the newest kept", () => {
  const recent = new RecentAnswers();
  const text = "x".repeat(100_000);
  for (let i = 0; i < 100; i++) recent.remember(`msg-${i}`, text);
  const kept = Array.from({ length: 100 }, (_, i) => recent.recall(`msg-${i}`)).filter(Boolean).length;
  assertEquals([recent.recall("msg-0"), recent.recall("msg-99"), kept], [undefined, text, 41]);
});

Deno.test("input that is cut says so, or is refused if truncation is disabled", async () => {
  await using s = await testApp();
  const long = { ...base, input: "x".repeat(500) };
  const cut = await s.post(path, long);
  assertEquals(cut.headers.get("x-desde-cero-truncated"), "true");
  assertEquals((await cut.json()).desde_cero.truncated, true);
  const refused = await s.post(path, { ...long, truncation: "disabled" });
  assertEquals([refused.status, (await refused.json()).error.param], [400, "input"]);
});

Deno.test("a response that takes too long ends with an error event", async () => {
  await using s = await testApp({ timeLimit: 0.05 });
  const slow = { ...base, max_output_tokens: 4096, temperature: 0 };
  const whole = await s.post(path, slow);
  assertEquals(whole.status, 504);
  await whole.body?.cancel();
  const all = await events(await s.post(path, { ...slow, stream: true }));
  assertEquals(all.at(-1)!.type, "error");
  assertStringIncludes(all.find((event) => event.type === "error")!.message, "time limit");
});

for (
  const [more, param] of [
    [{ previous_response_id: "resp-1" }, "previous_response_id"],
    [{ text: { format: { type: "json_object" } } }, "text.format"],
    [{ tools: [{ type: "function", name: "f" }], tool_choice: "required" }, "tool_choice"],
    [{ reasoning: { effort: "high" } }, "reasoning.effort"],
    [{ background: true }, "background"],
    [{ max_tokens: 3 }, "max_tokens"],
    [{ input: [] }, "input"],
    [{ input: " " }, "input"],
    [{ input: [{ role: "user", content: [{ type: "input_image" }] }] }, "input.0.content.0.type"],
  ] as [object, string][]
) {
  Deno.test(`${path} refuses ${JSON.stringify(more)} with the parameter's name`, async () => {
    await using s = await testApp();
    const response = await s.post(path, { ...base, ...more });
    assertEquals([response.status, (await response.json()).error.param], [400, param]);
  });
}
