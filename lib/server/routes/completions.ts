/** `/v1/completions`: a text continued, whole or in parts. */
import { createRoute } from "@hono/zod-openapi";
import type { GeneratedToken } from "../../generate/batch.ts";
import { collect, type FinishReason, startCompletion } from "../generation.ts";
import { jsonOrEvents, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import { newId, now } from "../schemas/common.ts";
import { Completion, CompletionChunk, CompletionRequest } from "../schemas/completions.ts";
import { deadlineOf, languageModel, type Services } from "../services.ts";
import { completionLogprobs, serverSentEvents, streamed } from "../wire.ts";

const completionRoute = createRoute({
  method: "post",
  path: "/v1/completions",
  summary: "Continues a text.",
  ...jsonRequest(CompletionRequest),
  responses: { 200: jsonOrEvents(Completion, CompletionChunk, "ended by `[DONE]`"), ...refusals },
});

export function completionRoutes({ store, metrics, timeLimit }: Services) {
  const app = routeGroup();
  app.openapi(completionRoute, async (c) => {
    const request = c.req.valid("json");
    const model = await languageModel(store, request.model);
    const deadline = deadlineOf(c, timeLimit);
    const generation = startCompletion(model, request, deadline.signal, metrics);
    const base = { id: newId("cmpl"), object: "text_completion" as const, created: now(), model: model.id };
    const choice = <F extends FinishReason | null>(
      text: string,
      finish: F,
      tokens: readonly GeneratedToken[],
    ) => [{
      index: 0,
      text,
      logprobs: request.logprobs == null ? null : completionLogprobs(tokens, model.tokenizer),
      finish_reason: finish,
    }];
    if (!request.stream) {
      const { text, tokens, finish, usage } = await collect(generation, deadline.late);
      return c.json({ ...base, choices: choice(text, finish, tokens), usage }, 200);
    }
    return serverSentEvents(c, deadline.left, () =>
      streamed(generation, deadline.late, {
        piece: ({ text, token }): CompletionChunk | null =>
          text === "" ? null : { ...base, choices: choice(text, null, token ? [token] : []) },
        end: (finish): CompletionChunk => ({ ...base, choices: choice("", finish, []) }),
        usage: request.stream_options?.include_usage
          ? (usage): CompletionChunk => ({ ...base, choices: [], usage })
          : undefined,
      }));
  });
  return app;
}
