/** `/v1/embeddings`: the mean hidden state of each text. */
import { createRoute, type z } from "@hono/zod-openapi";
import { padded } from "../../data/labelled.ts";
import { poolingWeights } from "../../model/classifier.ts";
import { pool } from "../../ops/pool.ts";
import { scope } from "../../tensor/tensor.ts";
import { json, jsonRequest, refusals, routeGroup, truncatedHeader } from "../openapi.ts";
import { encodeInput, reportCut } from "../prompts.ts";
import { EmbeddingRequest, Embeddings } from "../schemas/embeddings.ts";
import { deadlineOf, languageModel, type Services } from "../services.ts";

const embeddingsRoute = createRoute({
  method: "post",
  path: "/v1/embeddings",
  summary: "The mean hidden state of each text, as a vector of length 1.",
  ...jsonRequest(EmbeddingRequest),
  responses: {
    200: { ...json("An embedding for each text.", Embeddings), headers: truncatedHeader },
    ...refusals,
  },
});

/** The vector scaled to Euclidean length 1. */
function normalized(vector: Float32Array): Float32Array<ArrayBuffer> {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => length > 0 ? value / length : 0);
}

export function embeddingRoutes({ store, work, timeLimit }: Services) {
  const app = routeGroup();
  app.openapi(embeddingsRoute, async (c) => {
    const request = c.req.valid("json");
    const { decoder, tokenizer, id } = await languageModel(store, request.model);
    const { device } = decoder.parameters;
    const data: z.infer<typeof Embeddings>["data"] = [];
    let read = 0;
    const embed = async (text: string | number[]) => {
      const input = encodeInput(tokenizer, text, decoder.config);
      reportCut(c, input, request.truncate, "input");
      const tokens = padded([input.ids], decoder.config.context, tokenizer.special.pad);
      const weights = poolingWeights(tokens, "mean", tokenizer.special.pad);
      const state = await scope(() => device.read(pool(decoder.hidden(tokens), weights).buffer));
      read += input.ids.length;
      return normalized(state.subarray(0, decoder.config.width));
    };
    await work.run(deadlineOf(c, timeLimit), async (turn) => {
      for (const [index, text] of request.input.entries()) {
        const vector = await turn(() => embed(text));
        const embedding = request.encoding_format === "base64"
          ? new Uint8Array(vector.buffer).toBase64()
          : [...vector];
        data.push({ object: "embedding", index, embedding });
      }
    });
    const usage = { prompt_tokens: read, total_tokens: read };
    return c.json({ object: "list" as const, data, model: id, usage }, 200);
  });
  return app;
}
