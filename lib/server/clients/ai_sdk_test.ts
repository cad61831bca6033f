/** The AI SDK, unchanged, against this server: OpenAI's provider (whose default is /v1/responses) and the compatible one. */
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  APICallError,
  embedMany,
  generateText,
  jsonSchema,
  type ModelMessage,
  Output,
  streamText,
  type ToolSet,
} from "ai";
import { leaveMidway, LONGEST, loopback, startServer } from "./server.ts";

const settings = { temperature: 0, maxOutputTokens: 9, maxRetries: 0 };
const prompt = "Hola";

Deno.test(
  { name: "the AI SDK answers, streams and embeds with OpenAI's provider", permissions: loopback },
  async () => {
    await using server = await startServer("--api-key", "clave");
    const openai = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "clave" });
    const models = [
      openai("tiny/instruct"),
      openai.chat("tiny/instruct"),
      openai.completion("tiny/pretrain"),
    ];
    for (const model of models) {
      const whole = await generateText({ ...settings, model, prompt });
      assertEquals([whole.finishReason, whole.usage.outputTokens], ["length", 9], model.provider);
      assert(whole.text.length > 0, model.provider);
      const stream = streamText({ ...settings, model, prompt });
      const parts = await Array.fromAsync(stream.textStream);
      assertEquals(parts.join(""), whole.text, model.provider);
      assert(parts.length > 1);
      assertEquals((await stream.usage).totalTokens, whole.usage.totalTokens);
    }
    const { embeddings } = await embedMany({
      model: openai.embedding("tiny/pretrain"),
      values: ["hola", "adiós"],
    });
    assertEquals(embeddings.map((embedding) => embedding.length), [16, 16]);
    assertAlmostEquals(Math.hypot(...embeddings[0]), 1, 1e-6);
  },
);

Deno.test(
  { name: "the AI SDK's default model goes on with a conversation", permissions: loopback },
  async () => {
    await using server = await startServer();
    const openai = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "-" });
    for (const store of [true, false]) {
      const messages: ModelMessage[] = [{ role: "user", content: prompt }];
      const providerOptions = { openai: { store } };
      const first = await generateText({
        ...settings,
        model: openai("tiny/instruct"),
        messages,
        providerOptions,
      });
      messages.push(...first.response.messages, { role: "user", content: "¿Qué?" });
      const second = await generateText({
        ...settings,
        model: openai("tiny/instruct"),
        messages,
        providerOptions,
      });
      const asked = first.usage.inputTokens! + first.text.length + 1 + 2 + "¿Qué?".length;
      assertEquals(second.usage.inputTokens, asked);
    }
  },
);

Deno.test({
  name: "the AI SDK answers, streams and embeds with its compatible provider",
  permissions: loopback,
}, async () => {
  await using server = await startServer();
  const provider = createOpenAICompatible({
    name: "desde-cero",
    baseURL: `${server.url}/v1`,
    includeUsage: true,
  });
  for (const model of [provider("tiny/instruct"), provider.completionModel("tiny/pretrain")]) {
    const whole = await generateText({ ...settings, model, prompt, presencePenalty: 1, frequencyPenalty: 1 });
    assertEquals([whole.finishReason, whole.usage.outputTokens], ["length", 9]);
    const stream = streamText({ ...settings, model, prompt, presencePenalty: 1, frequencyPenalty: 1 });
    assertEquals(await stream.text, whole.text);
    assertEquals((await stream.usage).totalTokens, whole.usage.totalTokens);
  }
  const { embeddings } = await embedMany({
    model: provider.embeddingModel("tiny/pretrain"),
    values: ["a", "b"],
  });
  assertEquals(embeddings.length, 2);
});

Deno.test({ name: "the AI SDK leaves midway, and reports refusals", permissions: loopback }, async () => {
  await using server = await startServer();
  const openai = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "-" });
  for (const model of [openai("tiny/instruct"), openai.chat("tiny/instruct")]) {
    await leaveMidway(server, async () => {
      const controller = new AbortController();
      const abortSignal = controller.signal;
      const long = { ...settings, model, prompt, maxOutputTokens: LONGEST, abortSignal };
      for await (const _ of streamText(long).textStream) controller.abort();
    });
  }
  const error = await assertRejects(
    () => generateText({ ...settings, model: openai("nada"), prompt }),
    APICallError,
  );
  assertEquals(error.statusCode, 404);
  const form = generateText({
    ...settings,
    model: openai("tiny/instruct"),
    prompt,
    output: Output.json(),
  });
  assertStringIncludes((await assertRejects(() => form, APICallError)).message, "text.format");
});

Deno.test(
  { name: "the AI SDK may offer tools, and cannot demand that one is called", permissions: loopback },
  async () => {
    await using server = await startServer();
    const openai = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "-" });
    const tools: ToolSet = { add: { inputSchema: jsonSchema({ type: "object", properties: {} }) } };
    for (const model of [openai("tiny/instruct"), openai.chat("tiny/instruct")]) {
      const { text, toolCalls } = await generateText({ ...settings, model, prompt, tools });
      assert(text.length > 0);
      assertEquals(toolCalls, []);
      for (const toolChoice of ["required" as const, { type: "tool" as const, toolName: "add" }]) {
        const demand = generateText({ ...settings, model, prompt, tools, toolChoice });
        assertStringIncludes((await assertRejects(() => demand, APICallError)).message, "tool_choice");
      }
    }
  },
);
