/** `/v1/chat/completions`: answers to a conversation, whole or in parts. */
import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ApiError } from "../errors.ts";
import {
  collectAll,
  fixedAnswer,
  progressOfAll,
  samplingOf,
  startAnswers,
  stopsOf,
  usageOfAll,
} from "../generation.ts";
import type { Faq } from "../faq.ts";
import type { ServerMetrics } from "../metrics.ts";
import type { LanguageModel } from "../models.ts";
import { jsonOrEvents, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import { chatPrompt, isContinuation, questionOf, reportCut } from "../prompts.ts";
import { ChatChunk, ChatCompletion, ChatRequest } from "../schemas/chat.ts";
import { newId, now } from "../schemas/common.ts";
import { type Deadline, deadlineOf, languageModel, type Services } from "../services.ts";
import type { PlacedToken } from "../stream.ts";
import { serverSentEvents, tokenLogprobs } from "../wire.ts";

const chatRoute = createRoute({
  method: "post",
  path: "/v1/chat/completions",
  summary: "Answers a conversation.",
  ...jsonRequest(ChatRequest),
  responses: { 200: jsonOrEvents(ChatCompletion, ChatChunk, "ended by `[DONE]`"), ...refusals },
});

/** Checks vLLM's two switches for continuing the last message: its role already decides that, so they must agree. */
function checkContinuation({ messages, continue_final_message, add_generation_prompt }: ChatRequest): void {
  const continued = messages.at(-1)!.role === "assistant";
  const whose = continued
    ? "is the assistant's, and is continued"
    : "is not the assistant's, and is answered";
  const refuse = (param: string) => {
    throw new ApiError(400, `${param}: the last message ${whose}`, param, "contradiction");
  };
  if ((continue_final_message ?? continued) !== continued) refuse("continue_final_message");
  if ((add_generation_prompt ?? !continued) === continued) refuse("add_generation_prompt");
}

function start(c: Context, model: LanguageModel, request: ChatRequest, { faq, deadline, metrics }: {
  faq: Faq;
  deadline: Deadline;
  metrics: ServerMetrics;
}) {
  const n = request.n ?? 1;
  const { instruction, begun } = questionOf(request.messages, "messages");
  const fixed = request.faq && begun === "" ? faq.answer(instruction) : null;
  if (fixed !== null) return Array.from({ length: n }, () => fixedAnswer(fixed, model));
  const prompt = chatPrompt(model, request.messages, "messages");
  reportCut(c, prompt, request.truncate, "messages");
  return startAnswers(
    model,
    [prompt],
    {
      ...samplingOf(request, model),
      maxNewTokens: request.max_completion_tokens ?? request.max_tokens ?? 120,
      stops: stopsOf(request),
      trimmed: !isContinuation(model, request.messages),
      n,
      ...request.logprobs && { alternatives: request.top_logprobs ?? 0 },
    },
    { deadline, metrics },
  );
}

export function chatRoutes({ store, faq, metrics, timeLimit }: Services) {
  const app = routeGroup();
  app.openapi(chatRoute, async (c) => {
    const request = c.req.valid("json");
    checkContinuation(request);
    const model = await languageModel(store, request.model);
    const deadline = deadlineOf(c, timeLimit);
    const generations = start(c, model, request, { faq, deadline, metrics });
    const base = { id: newId("chatcmpl"), created: now(), model: model.id };
    const logprobsOf = (tokens: readonly PlacedToken[]) =>
      request.logprobs ? { content: tokenLogprobs(tokens, model.tokenizer) } : null;

    if (!request.stream) {
      const answers = await collectAll(generations, deadline);
      return c.json({
        ...base,
        object: "chat.completion" as const,
        choices: answers.map(({ text, tokens, finish }, index) => ({
          index,
          message: { role: "assistant" as const, content: text, refusal: null },
          logprobs: logprobsOf(tokens),
          finish_reason: finish,
        })),
        usage: usageOfAll(generations),
        desde_cero: generations[0].trace(),
      }, 200);
    }

    type Choice = ChatChunk["choices"][number];
    const chunk = (choices: Choice[], more: Partial<ChatChunk> = {}): { data: ChatChunk } => {
      return { data: { ...base, object: "chat.completion.chunk", choices, ...more } };
    };
    const choice = (index: number, delta: Choice["delta"], more: Partial<Choice> = {}): Choice[] => [
      { index, delta, logprobs: null, finish_reason: null, ...more },
    ];
    return serverSentEvents(c, deadline, async function* () {
      for (const index of generations.keys()) yield chunk(choice(index, { role: "assistant", content: "" }));
      for await (const { index, ...step } of progressOfAll(generations, deadline)) {
        if ("piece" in step) {
          const logprobs = logprobsOf(step.piece.tokens);
          yield chunk(choice(index, { content: step.piece.text }, { logprobs }));
        } else {
          const trace = generations[index].trace();
          yield chunk(choice(index, {}, { finish_reason: step.finish }), { desde_cero: trace });
        }
      }
      if (request.stream_options?.include_usage) yield chunk([], { usage: usageOfAll(generations) });
      yield { data: "[DONE]" };
    });
  });
  return app;
}
