/** LangChain's classes for OpenAI, unchanged, against this server. */
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { leaveMidway, LONGEST, loopback, startServer } from "./server.ts";

/** LangChain's types do not promise it. */
const usageOf = ({ usage_metadata }: { usage_metadata?: unknown }) =>
  usage_metadata as { input_tokens: number; output_tokens: number };

const common = { apiKey: "clave", maxRetries: 0 };

Deno.test({ name: "LangChain answers, streams, completes and embeds", permissions: loopback }, async () => {
  await using server = await startServer("--api-key", "clave");
  const configuration = { baseURL: `${server.url}/v1` };
  const settings = { ...common, configuration, temperature: 0, maxTokens: 9 };
  for (const useResponsesApi of [false, true]) {
    const chat = new ChatOpenAI({ ...settings, model: "tiny/instruct", useResponsesApi });
    const whole = await chat.invoke("Hola");
    assertEquals(usageOf(whole).output_tokens, 9);
    assert(whole.text.length > 0);
    let streamed = "", parts = 0;
    for await (const part of await chat.stream("Hola")) {
      streamed += part.text;
      parts++;
    }
    assertEquals(streamed, whole.text);
    assert(parts > 1);
    const talk = await chat.invoke([
      new SystemMessage("S"),
      new HumanMessage("Hola"),
      new AIMessage({ content: "", tool_calls: [{ id: "c", name: "sumar", args: {} }] }),
      new ToolMessage({ content: "4", tool_call_id: "c" }),
    ]);
    assertEquals(usageOf(talk).input_tokens, "<S\nHola\n4>".length);
  }

  const completion = new OpenAI({ ...settings, model: "tiny/pretrain" });
  const text = await completion.invoke("la");
  assertEquals((await Array.fromAsync(await completion.stream("la"))).join(""), text);
  const { generations } = await new OpenAI({ ...settings, temperature: 1, model: "tiny/pretrain", n: 2 })
    .generate(["la", "el"]);
  assertEquals(generations.map((choices) => choices.length), [2, 2]);

  const embeddings = new OpenAIEmbeddings({ ...common, configuration, model: "tiny/pretrain" });
  const [first, second] = await embeddings.embedDocuments(["hola", "adiós"]);
  assertEquals([first.length, second.length], [16, 16]);
  assertAlmostEquals(Math.hypot(...first), 1, 1e-6);
  assertEquals((await embeddings.embedQuery("hola")).length, 16);
});

Deno.test({ name: "LangChain leaves midway, and reports refusals", permissions: loopback }, async () => {
  await using server = await startServer();
  const configuration = { baseURL: `${server.url}/v1` };
  const chat = new ChatOpenAI({
    ...common,
    configuration,
    model: "tiny/instruct",
    temperature: 0,
    maxTokens: LONGEST,
  });
  await leaveMidway(server, async () => {
    const controller = new AbortController();
    await assertRejects(async () => {
      for await (const _ of await chat.stream("Hola", { signal: controller.signal })) controller.abort();
    });
  });
  const form = chat.withStructuredOutput({ type: "object", properties: {} }, { method: "jsonMode" });
  await assertRejects(() => form.invoke("Hola"), Error, "response_format");
});
