/** LlamaIndex's classes for OpenAI, unchanged, against this server. */
import type { LLM } from "@llamaindex/core/llms";
import { OpenAI, OpenAIEmbedding, openaiResponses } from "@llamaindex/openai";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { leaveMidway, LONGEST, loopback, startServer } from "./server.ts";

Deno.test({ name: "LlamaIndex answers, streams and embeds", permissions: loopback }, async () => {
  await using server = await startServer("--api-key", "clave");
  const common = { apiKey: "clave", baseURL: `${server.url}/v1`, maxRetries: 0 };
  const messages = [{ role: "system" as const, content: "S" }, { role: "user" as const, content: "Hola" }];
  const settings = { ...common, model: "tiny/instruct" };
  const models: LLM[] = [
    new OpenAI({ ...settings, temperature: 0, maxTokens: 9 }),
    // It sends no temperature, but this, which leaves the most probable token.
    openaiResponses({ ...settings, maxOutputTokens: 9, topP: 1e-6 }),
  ];
  for (const llm of models) {
    const { message } = await llm.chat({ messages });
    assert(String(message.content).length > 0);
    let streamed = "", parts = 0;
    for await (const { delta, raw } of await llm.chat({ messages, stream: true })) {
      // Of a response it yields every event, with the last text once more.
      const { type = "response.output_text.delta" } = raw as { type?: string };
      if (type !== "response.output_text.delta") continue;
      streamed += delta;
      parts++;
    }
    assertEquals(streamed, message.content);
    assert(parts > 1);
    assert((await llm.complete({ prompt: "Hola" })).text.length > 0);
  }
  const embed = new OpenAIEmbedding({ ...common, model: "tiny/pretrain" });
  const [first, second] = await embed.getTextEmbeddings(["hola", "adiós"]);
  assertEquals([first.length, second.length], [16, 16]);
  assertAlmostEquals(Math.hypot(...first), 1, 1e-6);
});

Deno.test({ name: "LlamaIndex leaves midway, and reports refusals", permissions: loopback }, async () => {
  await using server = await startServer();
  const settings = { apiKey: "-", baseURL: `${server.url}/v1`, maxRetries: 0, model: "tiny/instruct" };
  const messages = [{ role: "user" as const, content: "Hola" }];
  await leaveMidway(server, async () => {
    // It does not pass a `break` on to its request and takes no signal, but it takes a fetch.
    const controller = new AbortController();
    const { signal } = controller;
    const additionalSessionOptions = {
      fetch: (url: string | URL | Request, init?: RequestInit) => fetch(url, { ...init, signal }),
    };
    const llm = new OpenAI({ ...settings, additionalSessionOptions, maxTokens: LONGEST });
    for await (const _ of await llm.chat({ messages, stream: true })) controller.abort();
  });
  const additionalChatOptions = { logit_bias: { "99999": 1 } };
  const llm = new OpenAI(settings);
  await assertRejects(() => llm.chat({ messages, additionalChatOptions }), Error, "logit_bias");
});
