/** OpenAI's own client, unchanged, against this server. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { leaveMidway, LONGEST, loopback, startServer } from "./server.ts";

Deno.test({
  name: "OpenAI's client chats, streams, completes, embeds and lists models",
  permissions: loopback,
}, async () => {
  await using server = await startServer("--api-key", "clave");
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "clave", maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "Hola" }];

  const models = await client.models.list();
  assertEquals(models.data.map(({ id }) => id), ["tiny/instruct", "tiny/pretrain", "tiny/classify/temas"]);

  assertEquals((await client.models.retrieve("tiny/instruct")).id, "tiny/instruct");
  await assertRejects(() => client.models.retrieve("nada"), OpenAI.NotFoundError);

  const ask = { model: "tiny/instruct", messages, max_tokens: 9, seed: 2, temperature: 1 };
  const whole = await client.chat.completions.create({ ...ask, logprobs: true, top_logprobs: 3 });
  assertEquals(whole.usage?.prompt_tokens, 6);
  assertEquals(whole.choices[0].logprobs?.content?.[0].top_logprobs.length, 3);

  let text = "", last: string | null = null, total: number | undefined;
  const stream = await client.chat.completions.create({
    ...ask,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    last = chunk.choices[0]?.finish_reason ?? last;
    total = chunk.usage?.total_tokens ?? total;
  }
  assertEquals(text.trim(), whole.choices[0].message.content);
  assertEquals([last, total], [whole.choices[0].finish_reason, whole.usage?.total_tokens]);

  const completion = await client.completions.create({
    model: "tiny/pretrain",
    prompt: "la",
    max_tokens: 5,
    logprobs: 2,
  });
  assert(completion.choices[0].logprobs!.tokens!.length > 0);

  const { data } = await client.embeddings.create({ model: "tiny/pretrain", input: ["hola", "adiós"] });
  assertEquals(data.map(({ embedding }) => embedding.length), [16, 16]);

  await assertRejects(() => client.chat.completions.create({ ...ask, model: "nada" }), OpenAI.NotFoundError);
  await assertRejects(
    () => client.chat.completions.create({ ...ask, temperature: 9 }),
    OpenAI.BadRequestError,
  );
  const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "otra", maxRetries: 0 });
  await assertRejects(() => stranger.models.list(), OpenAI.AuthenticationError);
});

Deno.test(
  { name: "OpenAI's client asks for responses, whole and in events", permissions: loopback },
  async () => {
    await using server = await startServer();
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "-", maxRetries: 0 });
    const ask = { model: "tiny/instruct", input: "Hola", max_output_tokens: 9, temperature: 0 };
    const whole = await client.responses.create(ask);
    assert(whole.output_text.length > 0);
    assertEquals(whole.incomplete_details?.reason, "max_output_tokens");
    const streamed = await client.responses.stream(ask).finalResponse();
    assertEquals(streamed.output_text, whole.output_text);
    await assertRejects(
      () => client.responses.create({ ...ask, previous_response_id: whole.id }),
      OpenAI.BadRequestError,
      "previous_response_id",
    );
  },
);

Deno.test(
  { name: "OpenAI's client asks for many answers and leaves midway", permissions: loopback },
  async () => {
    await using server = await startServer();
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "-", maxRetries: 0 });
    const { choices } = await client.completions.create({
      model: "tiny/pretrain",
      prompt: ["la", "el"],
      n: 2,
      echo: true,
      logprobs: 1,
      max_tokens: 3,
      presence_penalty: 1,
      logit_bias: { "7": -100 },
    });
    assertEquals(choices.map(({ text }) => text.slice(0, 2)), ["la", "la", "el", "el"]);
    for (const { logprobs, text } of choices) {
      assertEquals(
        logprobs!.text_offset!.at(-1)! <= text.length,
        true,
      );
    }
    await leaveMidway(server, async () => {
      const stream = await client.chat.completions.create({
        model: "tiny/instruct",
        messages: [{ role: "user", content: "Hola" }],
        max_tokens: LONGEST,
        stream: true,
      });
      for await (const _ of stream) break;
    });
  },
);

Deno.test("a server that is asked to stop finishes its streams first", async () => {
  await using server = await startServer();
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "-", maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model: "tiny/instruct",
    messages: [{ role: "user", content: "Hola" }],
    max_tokens: 300,
    temperature: 0,
    stream: true,
  });
  let finish: string | null = null, stopping: Promise<number> | null = null;
  for await (const chunk of stream) {
    stopping ??= server.stop();
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  assert(finish === "length" || finish === "stop");
  assertEquals(await stopping, 0);
});
