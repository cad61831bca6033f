/** `/v1/chat/completions`: answers to a conversation, whole or in parts. */
import { createRoute } from "@hono/zod-openapi";
import type { GeneratedToken } from "../../generate/batch.ts";
import { collect, conversationOf, startChat } from "../generation.ts";
import type { LanguageModel } from "../models.ts";
import { jsonOrEvents, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import { ChatChunk, ChatCompletion, ChatRequest, type Trace } from "../schemas/chat.ts";
import { newId, now, usageOf } from "../schemas/common.ts";
import { deadlineOf, languageModel, type Services } from "../services.ts";
import { logprobOf, serverSentEvents, streamed } from "../wire.ts";

const chatRoute = createRoute({
  method: "post",
  path: "/v1/chat/completions",
  summary: "Answers a conversation.",
  ...jsonRequest(ChatRequest),
  responses: { 200: jsonOrEvents(ChatCompletion, ChatChunk, "ended by `[DONE]`"), ...refusals },
});

export function chatRoutes({ store, faq, metrics, timeLimit }: Services) {
  const app = routeGroup();
  app.openapi(chatRoute, async (c) => {
    const request = c.req.valid("json");
    const model = await languageModel(store, request.model);
    const fixed = request.faq ? faq.answer(conversationOf(request).instruction) : null;
    const deadline = deadlineOf(c, timeLimit);
    const generation = fixed === null ? startChat(model, request, deadline.signal, metrics) : null;
    const base = { id: newId("chatcmpl"), created: now(), model: model.id };
    const logprobsOf = (tokens: readonly GeneratedToken[]) =>
      request.logprobs ? { content: tokens.map((token) => logprobOf(token, model.tokenizer)) } : null;

    if (!request.stream) {
      const { text, tokens, finish, usage, trace } = generation
        ? await collect(generation, deadline.late)
        : fixedAnswer(fixed!, model);
      return c.json({
        ...base,
        object: "chat.completion" as const,
        choices: [{
          index: 0,
          message: { role: "assistant" as const, content: text, refusal: null },
          logprobs: logprobsOf(tokens),
          finish_reason: finish,
        }],
        usage,
        desde_cero: trace,
      }, 200);
    }

    type Choice = ChatChunk["choices"][number];
    const chunk = (choices: Choice[], more: Partial<ChatChunk> = {}): ChatChunk => {
      return { ...base, object: "chat.completion.chunk", choices, ...more };
    };
    const choice = (
      delta: Choice["delta"],
      finish: Choice["finish_reason"],
      logprobs: Choice["logprobs"] = null,
    ) => [{ index: 0, delta, logprobs, finish_reason: finish }];
    return serverSentEvents(c, deadline.left, async function* () {
      yield chunk(choice({ role: "assistant", content: "" }, null));
      if (generation) {
        yield* streamed(generation, deadline.late, {
          piece({ text, token }) {
            const logprobs = token ? logprobsOf([token]) : null;
            return text !== "" || logprobs ? chunk(choice({ content: text }, null, logprobs)) : null;
          },
          end: (finish) => chunk(choice({}, finish), { desde_cero: generation.trace() }),
          usage: request.stream_options?.include_usage ? (usage) => chunk([], { usage }) : undefined,
        });
      } else {
        const { trace, usage, finish } = fixedAnswer(fixed!, model);
        yield chunk(choice({ content: fixed! }, null));
        yield chunk(choice({}, finish), { desde_cero: trace });
        if (request.stream_options?.include_usage) yield chunk([], { usage });
        yield "[DONE]";
      }
    });
  });
  return app;
}

/** An answer from the FAQ, in the shape of a generated one. */
function fixedAnswer(text: string, model: LanguageModel) {
  const trace: Trace = {
    source: "faq",
    ids: [],
    tokens: [],
    prompt: 0,
    context: model.gpt.config.context,
    first_token_ms: null,
    tokens_per_s: null,
  };
  return { text, tokens: [] as GeneratedToken[], finish: "stop" as const, usage: usageOf(0, 0), trace };
}
