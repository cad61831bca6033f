/** `/v1/embeddings`: the mean hidden state of each text. */
import { Hono } from "hono";
import { encodeText, padded } from "../../data/labelled.ts";
import { letOthersIn } from "../../event_loop.ts";
import { poolingWeights } from "../../nn/classifier.ts";
import { pool } from "../../ops/pool.ts";
import { scope } from "../../tensor/tensor.ts";
import { special } from "../../text/special.ts";
import { EmbeddingRequest, parseRequest } from "../openai.ts";
import { languageModel, type Services } from "../services.ts";

export function embeddingRoutes({ store }: Services): Hono {
  const app = new Hono();
  app.post("/v1/embeddings", async (c) => {
    const request = parseRequest(EmbeddingRequest, await c.req.text());
    const { gpt, tokenizer, id } = await languageModel(store, request.model);
    const { device } = gpt.parameters;
    const data: unknown[] = [];
    let read = 0;
    for (const [index, text] of request.input.entries()) {
      const ids = encodeText(tokenizer, text, gpt.config.context);
      const tokens = padded([ids], gpt.config.context);
      const weights = poolingWeights(tokens, "mean", special("<pad>"));
      const state = await scope(() => device.read(pool(gpt.hidden(tokens), weights).buffer));
      read += ids.length;
      const embedding = request.encoding_format === "base64"
        ? new Uint8Array(state.slice(0, gpt.config.width).buffer).toBase64()
        : [...state.subarray(0, gpt.config.width)];
      data.push({ object: "embedding", index, embedding });
      await letOthersIn();
    }
    return c.json({ object: "list", data, model: id, usage: { prompt_tokens: read, total_tokens: read } });
  });
  return app;
}
