/** `/v1/completions`: texts continued, whole or in parts. */
import { createRoute } from "@hono/zod-openapi";
import { letOthersIn } from "../../event_loop.ts";
import { scoreTokens } from "../../generate/score.ts";
import type { EncodedPrompt } from "../../text/prompt.ts";
import {
  collectAll,
  type FinishReason,
  progressOfAll,
  samplingOf,
  startAnswers,
  stopsOf,
  usageOfAll,
} from "../generation.ts";
import type { LanguageModel } from "../models.ts";
import { jsonOrEvents, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import { reportCut, textPrompt } from "../prompts.ts";
import { newId, now } from "../schemas/common.ts";
import { Completion, CompletionChunk, CompletionRequest } from "../schemas/completions.ts";
import { deadlineOf, languageModel, type Services } from "../services.ts";
import { completionLogprobs, type ScoredToken, serverSentEvents } from "../wire.ts";

const completionRoute = createRoute({
  method: "post",
  path: "/v1/completions",
  summary: "Continues texts.",
  ...jsonRequest(CompletionRequest),
  responses: { 200: jsonOrEvents(Completion, CompletionChunk, "ended by `[DONE]`"), ...refusals },
});

/** What stands before an answer: nothing, or with `echo` its prompt. */
interface Echo {
  readonly text: string;
  readonly tokens: readonly ScoredToken[];
}

/**
 * A prompt as its echo: a text as it was sent, or as much of it as the model read.
 * @param alternatives how many to tell with each token; null scores none
 */
async function echoOf(
  { gpt, tokenizer }: LanguageModel,
  { ids, truncated }: EncodedPrompt,
  sent: string | readonly number[],
  alternatives: number | null,
): Promise<Echo> {
  const text = typeof sent === "string" && !truncated ? sent : tokenizer.decode(ids);
  if (alternatives === null) return { text, tokens: [] };
  const scores = await scoreTokens(gpt, ids, alternatives);
  const tokens: ScoredToken[] = [];
  let end = 0;
  for (const [i, id] of ids.entries()) {
    const own = tokenizer.decode([id]);
    // What the vocabulary lacks has no text of its own in the sequence, and the text goes on behind it.
    const offset = Math.max(end, text.indexOf(own, end));
    end = text.startsWith(own, offset) ? offset + own.length : offset;
    tokens.push({ id, offset, ...i > 0 && scores[i - 1] });
  }
  // The model's own marker is no part of the prompt.
  return {
    text,
    tokens: typeof sent === "string" && ids[0] === tokenizer.special.bos ? tokens.slice(1) : tokens,
  };
}

export function completionRoutes({ store, metrics, work, timeLimit }: Services) {
  const app = routeGroup();
  app.openapi(completionRoute, async (c) => {
    const request = c.req.valid("json");
    const model = await languageModel(store, request.model);
    const n = request.n ?? 1;
    const maxNewTokens = request.max_tokens ?? 16;
    const sampling = samplingOf(request, model);
    const newTokens = maxNewTokens === -1 ? Infinity : maxNewTokens;
    const prompts: EncodedPrompt[] = [];
    for (const prompt of request.prompt) {
      prompts.push(textPrompt(model, prompt, newTokens));
      await letOthersIn();
    }
    for (const prompt of prompts) reportCut(c, prompt, request.truncate, "prompt");

    const deadline = deadlineOf(c, timeLimit);
    const alternatives = request.logprobs ?? null;
    const echoes: Echo[] = [];
    if (request.echo) {
      await work.run(deadline, async (turn) => {
        for (const [i, prompt] of prompts.entries()) {
          echoes.push(await turn(() => echoOf(model, prompt, request.prompt[i], alternatives)));
        }
      });
    }
    const generations = startAnswers(
      model,
      prompts,
      {
        ...sampling,
        maxNewTokens,
        stops: stopsOf(request),
        trimmed: false,
        n,
        ...alternatives !== null && { alternatives },
      },
      deadline,
      metrics,
    );
    const echo = (index: number) => echoes[Math.floor(index / n)] ?? { text: "", tokens: [] };
    const shift = (index: number) => (token: ScoredToken) => {
      return { ...token, offset: token.offset + echo(index).text.length };
    };
    const base = {
      id: newId("cmpl"),
      object: "text_completion" as const,
      created: now(),
      model: model.id,
      desde_cero: { truncated: prompts.some(({ truncated }) => truncated) },
    };
    const logprobsOf = (tokens: readonly ScoredToken[], text: string) =>
      alternatives === null ? null : completionLogprobs(tokens, model.tokenizer, text);

    if (!request.stream) {
      const answers = await collectAll(generations, deadline);
      const choices = answers.map((answer, index) => {
        const text = echo(index).text + answer.text;
        const tokens = [...echo(index).tokens, ...answer.tokens.map(shift(index))];
        return { index, text, logprobs: logprobsOf(tokens, text), finish_reason: answer.finish };
      });
      return c.json({ ...base, choices, usage: usageOfAll(generations) }, 200);
    }

    /** Each choice's text so far. */
    const written = generations.map(() => "");
    const chunk = (
      index: number,
      text: string,
      tokens: readonly ScoredToken[],
      finish: FinishReason | null,
    ): { data: CompletionChunk } => {
      written[index] += text;
      const logprobs = finish ? null : logprobsOf(tokens, written[index]);
      return { data: { ...base, choices: [{ index, text, logprobs, finish_reason: finish }] } };
    };
    return serverSentEvents(c, deadline.left, async function* () {
      for (const index of generations.keys()) {
        const { text, tokens } = echo(index);
        if (text !== "" || tokens.length > 0) yield chunk(index, text, tokens, null);
      }
      for await (const { index, ...step } of progressOfAll(generations, deadline)) {
        if ("finish" in step) yield chunk(index, "", [], step.finish);
        else yield chunk(index, step.piece.text, step.piece.tokens.map(shift(index)), null);
      }
      if (request.stream_options?.include_usage) {
        const data: CompletionChunk = { ...base, choices: [], usage: usageOfAll(generations) };
        yield { data };
      }
      yield { data: "[DONE]" };
    });
  });
  return app;
}
