/** `/v1/responses`: OpenAI's newer API, for text; answers come whole or in parts. */
import { createRoute } from "@hono/zod-openapi";
import { ApiError } from "../errors.ts";
import {
  type Answer,
  collectAll,
  type Generation,
  progressOfAll,
  samplingOf,
  startAnswers,
  usageOfAll,
} from "../generation.ts";
import type { LanguageModel } from "../models.ts";
import { jsonOrEvents, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import { chatPrompt, isContinuation, type Message, reportCut } from "../prompts.ts";
import type { RecentAnswers } from "../recent.ts";
import { newId, now } from "../schemas/common.ts";
import { ResponseEvent, ResponseObject, ResponseRequest } from "../schemas/responses.ts";
import { deadlineOf, languageModel, type Services } from "../services.ts";
import type { PlacedToken } from "../stream.ts";
import { serverSentEvents, tokenLogprobs } from "../wire.ts";

const responseRoute = createRoute({
  method: "post",
  path: "/v1/responses",
  summary: "Answers a question or a conversation.",
  ...jsonRequest(ResponseRequest),
  responses: {
    200: jsonOrEvents(ResponseObject, ResponseEvent, "each named by its type"),
    ...refusals,
  },
});

/** @throws {ApiError} if an item refers to an answer that is not remembered */
function messagesOf({ instructions, input }: ResponseRequest, recent: RecentAnswers): Message[] {
  const items = input.map((item, i): Message => {
    if (!("reference" in item)) return item;
    const content = recent.recall(item.reference);
    if (content !== undefined) return { role: "assistant", content };
    const param = `input.${i}.id`;
    const message =
      `${param}: the answer ${item.reference} is no longer known; send its text, or set store to false`;
    throw new ApiError(400, message, param, "item_not_found");
  });
  return instructions ? [{ role: "system", content: instructions }, ...items] : items;
}

/** Builds the objects and events of one answer as it grows. */
function responseShapes(model: LanguageModel, request: ResponseRequest, generation: Generation) {
  const base = {
    id: newId("resp"),
    object: "response" as const,
    created_at: now(),
    background: false as const,
    error: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    model: model.id,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: request.store ?? true,
    temperature: request.temperature ?? 0.7,
    text: { format: { type: "text" as const } },
    tool_choice: request.tool_choice ?? "auto",
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? "auto",
    user: request.user ?? null,
    desde_cero: { truncated: generation.prompt.truncated },
  };
  const item = { type: "message" as const, id: newId("msg"), role: "assistant" as const };
  const told = request.top_logprobs || request.include?.includes("message.output_text.logprobs");
  const logprobs = (tokens: readonly PlacedToken[]) => told ? tokenLogprobs(tokens, model.tokenizer) : [];
  const part = ({ text, tokens }: Pick<Answer, "text" | "tokens">) => {
    return { type: "output_text" as const, text, annotations: [], logprobs: logprobs(tokens) };
  };
  const message = (answer: Answer) => ({
    ...item,
    status: answer.finish === "length" ? "incomplete" as const : "completed" as const,
    content: [part(answer)],
  });
  const usage = () => {
    const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details } = usageOfAll([
      generation,
    ]);
    return {
      input_tokens: prompt_tokens,
      input_tokens_details: prompt_tokens_details,
      output_tokens: completion_tokens,
      output_tokens_details: { reasoning_tokens: 0 as const },
      total_tokens,
    };
  };
  return {
    id: item.id,
    logprobs,
    part,
    message,
    begun: { ...item, status: "in_progress" as const, content: [] },
    running: (): ResponseObject => {
      return { ...base, status: "in_progress", incomplete_details: null, output: [], usage: null };
    },
    done: (answer: Answer): ResponseObject => ({
      ...base,
      status: message(answer).status,
      incomplete_details: answer.finish === "length" ? { reason: "max_output_tokens" } : null,
      output: [message(answer)],
      usage: usage(),
    }),
  };
}

type WithoutNumber<E> = E extends unknown ? Omit<E, "sequence_number"> : never;

export function responseRoutes({ store, metrics, timeLimit, recent }: Services) {
  const app = routeGroup();
  app.openapi(responseRoute, async (c) => {
    const request = c.req.valid("json");
    const model = await languageModel(store, request.model);
    const messages = messagesOf(request, recent);
    const prompt = chatPrompt(model, messages, "input");
    reportCut(c, prompt, request.truncation !== "disabled", "input");
    const deadline = deadlineOf(c, timeLimit);
    const generations = startAnswers(
      model,
      [prompt],
      {
        ...samplingOf(request, model),
        maxNewTokens: request.max_output_tokens ?? 120,
        stops: [],
        trimmed: !isContinuation(model, messages),
        n: 1,
        alternatives: request.top_logprobs ?? 0,
      },
      { deadline, metrics },
    );
    const shapes = responseShapes(model, request, generations[0]);
    const keep = ({ text }: Answer) => {
      if (request.store !== false) recent.remember(shapes.id, text);
    };

    if (!request.stream) {
      const [answer] = await collectAll(generations, deadline);
      keep(answer);
      return c.json(shapes.done(answer), 200);
    }

    let number = 0;
    const send = (event: WithoutNumber<ResponseEvent>) => {
      const data = { ...event, sequence_number: number++ } as ResponseEvent;
      return { event: event.type, data };
    };
    const place = { output_index: 0 as const, content_index: 0 as const, item_id: shapes.id };
    return serverSentEvents(c, deadline, async function* () {
      yield send({ type: "response.created", response: shapes.running() });
      yield send({ type: "response.in_progress", response: shapes.running() });
      yield send({ type: "response.output_item.added", output_index: 0, item: shapes.begun });
      const empty = shapes.part({ text: "", tokens: [] });
      yield send({ type: "response.content_part.added", ...place, part: empty });
      const answer = { text: "", tokens: [] as PlacedToken[], finish: "stop" as Answer["finish"] };
      for await (const step of progressOfAll(generations, deadline)) {
        if ("finish" in step) answer.finish = step.finish;
        else {
          const { text, tokens } = step.piece;
          answer.text += text;
          answer.tokens.push(...tokens);
          yield send({
            type: "response.output_text.delta",
            ...place,
            delta: text,
            logprobs: shapes.logprobs(tokens),
          });
        }
      }
      keep(answer);
      const part = shapes.part(answer);
      yield send({ type: "response.output_text.done", ...place, text: answer.text, logprobs: part.logprobs });
      yield send({ type: "response.content_part.done", ...place, part });
      yield send({ type: "response.output_item.done", output_index: 0, item: shapes.message(answer) });
      const response = shapes.done(answer);
      if (response.status === "incomplete") yield send({ type: "response.incomplete", response });
      else yield send({ type: "response.completed", response });
    }, ({ message, code, param }) => send({ type: "error", message, code, param }));
  });
  return app;
}
