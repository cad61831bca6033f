/** The routes of `/api/inside/…`: what each is asked and answers. */
import { createRoute, type z } from "@hono/zod-openapi";
import { json, jsonRequest, refusals } from "../openapi.ts";
import * as schemas from "../schemas/inside.ts";

const route = <Q extends z.ZodType, A extends z.ZodType>(
  name: string,
  summary: string,
  request: Q,
  answer: A,
  what: string,
) =>
  createRoute({
    method: "post",
    path: `/api/inside/${name}`,
    summary,
    ...jsonRequest(request),
    responses: { 200: json(what, answer), ...refusals },
  });

const { TokensRequest, Tokens, ContinueRequest, Continuation, HeadsRequest, Heads, LensRequest, Lens } =
  schemas;
const { AblateRequest, Ablated, EffectsRequest, Effects, PassRequest, Pass } = schemas;
export const routes = {
  tokens: route("tokens", "A text as a model reads it.", TokensRequest, Tokens, "Its tokens."),
  continued: route("continue", "Goes on from token ids.", ContinueRequest, Continuation, "What follows."),
  heads: route("heads", "What every head does.", HeadsRequest, Heads, "Pictures and scores."),
  lens: route("lens", "The logit lens: what every layer would say.", LensRequest, Lens, "Its cells."),
  ablate: route("ablate", "An answer with and without parts.", AblateRequest, Ablated, "Both answers."),
  effects: route(
    "effects",
    "What each part does to the next token.",
    EffectsRequest,
    Effects,
    "The effects.",
  ),
  pass: route("pass", "One forward pass, with its numbers.", PassRequest, Pass, "The numbers."),
};
