/** `/v1/completions`: continues texts; the answer comes whole or in parts. */
import { createRoute } from "@hono/zod-openapi";
import { letOthersIn } from "../../event_loop.ts";
import { scoreTokens } from "../../generate/score.ts";
import type { EncodedPrompt } from "../../text/prompt.ts";
import { ApiError } from "../errors.ts";
import {
  type Answer,
  collectAll,
  type FinishReason,
  type Generation,
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
import type { Piece, PlacedToken } from "../stream.ts";
import { completionLogprobs, type ScoredToken, serverSentEvents } from "../wire.ts";

const completionRoute = createRoute({
  method: "post",
  path: "/v1/completions",
  summary: "Continues texts.",
  ...jsonRequest(CompletionRequest),
  responses: { 200: jsonOrEvents(Completion, CompletionChunk, "ended by `[DONE]`"), ...refusals },
});

/** Most answers of one request, over all its prompts. */
const MOST_ANSWERS = 128;

/** Default length of answers, in tokens. */
const MAX_TOKENS = 16;

/** What precedes an answer: its prompt with `echo`, else nothing. */
interface Echo {
  readonly text: string;
  readonly tokens: readonly ScoredToken[];
}

/**
 * The echo of a prompt: the text as it was sent, or as much of it as the model read.
 * @param alternatives how many to report with each token; null means that tokens are not scored
 */
async function echoOf(
  { decoder, tokenizer }: LanguageModel,
  { ids, truncated }: EncodedPrompt,
  sent: string | readonly number[],
  alternatives: number | null,
): Promise<Echo> {
  const text = typeof sent === "string" && !truncated ? sent : tokenizer.decode(ids);
  if (alternatives === null) return { text, tokens: [] };
  const scores = await scoreTokens(decoder, ids, alternatives);
  const tokens: ScoredToken[] = [];
  const pieces = tokenizer.decoder();
  let end = 0;
  for (const [i, id] of ids.entries()) {
    const own = pieces.push(id);
    // Characters that the vocabulary lacks have no token text; continue after them.
    const offset = Math.max(end, text.indexOf(own, end));
    end = text.startsWith(own, offset) ? offset + own.length : offset;
    tokens.push({ id, offset, ...i > 0 && scores[i - 1] });
  }
  // The model's `<bos>` marker is not part of the prompt.
  return {
    text,
    tokens: typeof sent === "string" && ids[0] === tokenizer.special.bos ? tokens.slice(1) : tokens,
  };
}

/**
 * The tokens of a request's prompts.
 * @throws {ApiError} if it asks for too many answers, or a token does not exist
 */
async function encodePrompts(model: LanguageModel, request: CompletionRequest): Promise<EncodedPrompt[]> {
  const { n, max_tokens } = request;
  if (request.prompt.length * (n ?? 1) > MOST_ANSWERS) {
    const message = `n: ${n} answers to ${request.prompt.length} prompts are more than ${MOST_ANSWERS}`;
    throw new ApiError(400, message, "n", "too_many_answers");
  }
  const newTokens = max_tokens === -1 ? Infinity : max_tokens ?? MAX_TOKENS;
  const prompts: EncodedPrompt[] = [];
  for (const prompt of request.prompt) {
    prompts.push(textPrompt(model, prompt, newTokens));
    await letOthersIn();
  }
  return prompts;
}

/** Builds a completion's choices and chunks. */
function completionShapes(
  model: LanguageModel,
  request: CompletionRequest,
  generations: readonly Generation[],
  echoes: readonly Echo[],
) {
  const base = {
    id: newId("cmpl"),
    object: "text_completion" as const,
    created: now(),
    model: model.id,
    desde_cero: { truncated: generations.some(({ prompt }) => prompt.truncated) },
  };
  const echo = (index: number) => echoes[Math.floor(index / (request.n ?? 1))] ?? { text: "", tokens: [] };
  const logprobs = (tokens: readonly ScoredToken[], text: string) =>
    request.logprobs == null ? null : completionLogprobs(tokens, model.tokenizer, text);
  /** Each choice's text so far. */
  const written = generations.map(() => "");
  const part = (index: number, text: string, tokens: readonly ScoredToken[]): CompletionChunk => {
    written[index] += text;
    const choice = { index, text, logprobs: logprobs(tokens, written[index]), finish_reason: null };
    return { ...base, choices: [choice] };
  };
  const placed = (index: number, tokens: readonly PlacedToken[]) =>
    tokens.map((token) => ({ ...token, offset: token.offset + echo(index).text.length }));
  return {
    whole: (answers: readonly Answer[]) => ({
      ...base,
      choices: answers.map((answer, index) => {
        const text = echo(index).text + answer.text;
        const tokens = [...echo(index).tokens, ...placed(index, answer.tokens)];
        return { index, text, logprobs: logprobs(tokens, text), finish_reason: answer.finish };
      }),
      usage: usageOfAll(generations),
    }),
    echo: (index: number) => part(index, echo(index).text, echo(index).tokens),
    piece: (index: number, { text, tokens }: Piece) => part(index, text, placed(index, tokens)),
    end: (index: number, finish_reason: FinishReason): CompletionChunk => {
      return { ...base, choices: [{ index, text: "", logprobs: null, finish_reason }] };
    },
    usage: (): CompletionChunk => ({ ...base, choices: [], usage: usageOfAll(generations) }),
  };
}

export function completionRoutes({ store, metrics, work, timeLimit }: Services) {
  const app = routeGroup();
  app.openapi(completionRoute, async (c) => {
    const request = c.req.valid("json");
    const model = await languageModel(store, request.model);
    const sampling = samplingOf(request, model);
    const prompts = await encodePrompts(model, request);
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
    const generations = startAnswers(model, prompts, {
      ...sampling,
      maxNewTokens: request.max_tokens ?? MAX_TOKENS,
      stops: stopsOf(request),
      trimmed: false,
      n: request.n ?? 1,
      ...alternatives !== null && { alternatives },
    }, { deadline, metrics });
    const shapes = completionShapes(model, request, generations, echoes);
    if (!request.stream) return c.json(shapes.whole(await collectAll(generations, deadline)), 200);
    return serverSentEvents(c, deadline, async function* () {
      if (request.echo) { for (const index of generations.keys()) yield { data: shapes.echo(index) }; }
      for await (const { index, ...step } of progressOfAll(generations, deadline)) {
        yield { data: "finish" in step ? shapes.end(index, step.finish) : shapes.piece(index, step.piece) };
      }
      if (request.stream_options?.include_usage) yield { data: shapes.usage() };
      yield { data: "[DONE]" };
    });
  });
  return app;
}
