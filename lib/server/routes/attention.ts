/** `/api/attention`: what one head looks at, for the page. */
import { Hono } from "hono";
import { attentionWeights } from "../../nn/attention_weights.ts";
import { ApiError, AttentionRequest, parseRequest } from "../openai.ts";
import { languageModel, type Services } from "../services.ts";

export function attentionRoutes({ store }: Services): Hono {
  const app = new Hono();
  app.post("/api/attention", async (c) => {
    const { model, ids, layer, head } = parseRequest(AttentionRequest, await c.req.text());
    const { gpt } = await languageModel(store, model);
    const { layers, heads, context, vocab } = gpt.config;
    const kept = ids.slice(-context);
    if (layer >= layers || head >= heads) {
      throw new ApiError(
        400,
        `there are ${layers} layers of ${heads} heads`,
        layer >= layers ? "layer" : "head",
      );
    }
    if (kept.some((token) => token >= vocab)) throw new ApiError(400, `ids are below ${vocab}`, "ids");
    const weights = (await attentionWeights(gpt, Uint32Array.from(kept)))[layer];
    const n = kept.length;
    const own = weights.subarray(head * n * n, (head + 1) * n * n);
    // A byte a weight is finer than an eye can tell.
    const bytes = Uint8Array.from(own, (w) => Math.round(255 * w));
    return c.json({ layers, heads, size: n, weights: bytes.toBase64() });
  });
  return app;
}
