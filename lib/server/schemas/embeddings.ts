/** `/v1/embeddings`: its requests and answers. */
import { z } from "@hono/zod-openapi";
import { harmless, idsOfTexts, model, oneOf, refused, texts, truncate } from "./common.ts";

export const EmbeddingRequest = z.strictObject({
  model,
  user: harmless.user,
  truncate,
  input: z.union([texts, idsOfTexts]).describe("A text, several, the token ids of one, or those of several."),
  encoding_format: oneOf(["float", "base64"]),
  dimensions: refused("an embedding is as wide as its model"),
}).openapi("EmbeddingRequest");

export const Embeddings = z.strictObject({
  object: z.literal("list"),
  data: z.array(z.strictObject({
    object: z.literal("embedding"),
    index: z.number().int(),
    embedding: z.union([z.array(z.number()), z.string()]).describe(
      "Numbers, the sum of whose squares is 1; or their bytes (float32, little-endian) as base64.",
    ),
  })),
  model: z.string(),
  usage: z.strictObject({ prompt_tokens: z.number().int(), total_tokens: z.number().int() }),
}).openapi("Embeddings");
