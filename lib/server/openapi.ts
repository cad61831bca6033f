/**
 * Helpers to declare routes. The schemas that check requests also give `/openapi.json`. A handler gets what its
 * request schema lets through, and returns what its answer schema says.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { ApiError, ErrorBody, schemaRefusal } from "./errors.ts";

/** An app for a group of routes. */
export function routeGroup(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook(result) {
      if (!result.success) throw schemaRefusal(result.error);
    },
  });
}

/** Requires JSON: other content types could be sent by a form on another site without a CORS preflight. */
const requireJson: MiddlewareHandler = async (c, next) => {
  if (!/^application\/json\b/.test(c.req.header("content-type") ?? "")) {
    throw new ApiError(400, "the content type must be application/json", null, "invalid_content_type");
  }
  await next();
};

/** The part of a route for a request with a JSON body. */
export const jsonRequest = <S extends z.ZodType>(schema: S) => ({
  middleware: requireJson,
  request: { body: { required: true, content: { "application/json": { schema } } } },
});

export const json = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { "application/json": { schema } },
});

/** The header that says whether a text was cut. */
export const truncatedHeader = z.object({
  "x-desde-cero-truncated": z.literal("true").optional().describe(
    "Present if a part of the text was left out, because the context has no room for it.",
  ),
});

/** An answer that is JSON, or a stream of events with `stream`. */
export const jsonOrEvents = <S extends z.ZodType, E extends z.ZodType>(whole: S, event: E, ends: string) => ({
  description: `The answer; with \`stream\`, server-sent events of its parts, ${ends}.`,
  headers: truncatedHeader,
  content: { "application/json": { schema: whole }, "text/event-stream": { schema: event } },
});

const refusal = (description: string) => json(description, ErrorBody);

/** The errors that any route of the API may return. */
export const refusals = {
  400: refusal("The request is wrong: `param` names what is, `message` says why."),
  401: refusal("The server has a key, and the request lacks it."),
  404: refusal("There is no such model."),
  408: refusal("The request's body did not arrive in time."),
  413: refusal("The request is larger than a mebibyte, or than 32 of them where a whole text is sent."),
  429: refusal("Too many requests wait; `Retry-After` says for how long to stay away."),
  500: refusal("The server failed."),
  503: refusal("The model cannot be opened."),
  504: refusal("The time limit was reached. A stream ends with this body as its last event."),
};

/** The head of the API's description. */
export const description = {
  openapi: "3.1.0",
  info: {
    title: "Desde Cero",
    version: "1",
    description:
      "Compatible with OpenAI's API as far as it goes: a parameter is implemented, or refused with its " +
      "name, and never ignored. `desde_cero` in answers, and parameters that say so, are ours.",
  },
  security: [{}, { key: [] }],
};
