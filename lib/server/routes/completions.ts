/** `/v1/completions`: a text continued, whole or in parts. */
import { Hono } from "hono";
import type { GeneratedToken } from "../../generate/batch.ts";
import { collect, startCompletion } from "../generation.ts";
import { CompletionRequest, newId, now, parseRequest } from "../openai.ts";
import { deadlineOf, languageModel, type Services } from "../services.ts";
import { completionLogprobs, serverSentEvents, streamed } from "../wire.ts";

export function completionRoutes({ store, metrics, timeLimit }: Services): Hono {
  const app = new Hono();
  app.post("/v1/completions", async (c) => {
    const request = parseRequest(CompletionRequest, await c.req.text());
    const model = await languageModel(store, request.model);
    const deadline = deadlineOf(c, timeLimit);
    const generation = startCompletion(model, request, deadline.signal, metrics);
    const base = { id: newId("cmpl"), object: "text_completion", created: now(), model: model.id };
    const choice = (text: string, finish: string | null, tokens: readonly GeneratedToken[]) => [{
      index: 0,
      text,
      logprobs: request.logprobs == null ? null : completionLogprobs(tokens, model.tokenizer),
      finish_reason: finish,
    }];
    if (!request.stream) {
      const { text, tokens, finish, usage } = await collect(generation, deadline.late);
      return c.json({ ...base, choices: choice(text, finish, tokens), usage });
    }
    return serverSentEvents(c, deadline.left, () =>
      streamed(generation, deadline.late, {
        piece: ({ text, token }) =>
          text === "" ? null : { ...base, choices: choice(text, null, token ? [token] : []) },
        end: (finish) => ({ ...base, choices: choice("", finish, []) }),
        usage: request.stream_options?.include_usage
          ? (usage) => ({ ...base, choices: [], usage })
          : undefined,
      }));
  });
  return app;
}
