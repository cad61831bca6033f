/** The API's description, from the schemas that requests are checked with. */
import { z } from "zod";
import {
  AttentionRequest,
  ChatRequest,
  ClassifyRequest,
  CompletionRequest,
  EmbeddingRequest,
} from "./openai.ts";

const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

const ERROR = {
  description: "A refusal: `error` with message, type, param and code.",
  content: { "application/json": { schema: { type: "object", properties: { error: { type: "object" } } } } },
};

function post(summary: string, schema: z.ZodType, streams = false) {
  const json = { "application/json": { schema: { type: "object" } } };
  return {
    post: {
      summary,
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(schema) } } },
      responses: {
        200: {
          description: streams
            ? "The answer; with `stream`, server-sent events of its parts."
            : "The answer.",
          content: streams ? { ...json, "text/event-stream": { schema: { type: "string" } } } : json,
        },
        ...Object.fromEntries(["400", "401", "404", "413", "429", "504"].map((status) => [status, ERROR])),
      },
    },
  };
}

const get = (summary: string, type: string) => ({
  get: { summary, responses: { 200: { description: summary, content: { [type]: { schema: {} } } } } },
});

export function openApi() {
  return {
    openapi: "3.1.0",
    info: {
      title: "Desde Cero",
      version: "1",
      description: "Compatible with OpenAI's API as far as it goes; `desde_cero` in answers is ours.",
    },
    components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
    security: [{}, { key: [] }],
    paths: {
      "/v1/chat/completions": post("Answers a conversation.", ChatRequest, true),
      "/v1/completions": post("Continues a text.", CompletionRequest, true),
      "/v1/embeddings": post("The mean hidden state of each text.", EmbeddingRequest),
      "/v1/models": get("The models there are.", "application/json"),
      "/classify": post("Labels texts, with probabilities.", ClassifyRequest),
      "/api/attention": post(
        "The attention of one head over a sequence, a byte a weight, row by row.",
        AttentionRequest,
      ),
      "/healthz": get("Whether the server is alive.", "application/json"),
      "/metrics": get("Counters in Prometheus' text format.", "text/plain"),
    },
  };
}
