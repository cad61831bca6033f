/** `/api/attention`: what one head looks at, for the page. */
import { createRoute, z } from "@hono/zod-openapi";
import { attentionWeights } from "../../model/attention_weights.ts";
import { ApiError } from "../errors.ts";
import { json, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import { tokenId } from "../schemas/common.ts";
import { deadlineOf, languageModel, type Services } from "../services.ts";

const AttentionRequest = z.strictObject({
  model: z.string(),
  ids: z.array(tokenId).min(1).max(4096),
  layer: z.number().int().min(0),
  head: z.number().int().min(0),
}).openapi("AttentionRequest");

const Attention = z.strictObject({
  layers: z.number().int(),
  heads: z.number().int(),
  size: z.number().int().describe("Tokens: the last that the context has room for."),
  weights: z.string().describe(
    "Base64 of size rows of size numbers of 16 bits, little-endian, each 65535 times the weight.",
  ),
}).openapi("Attention");

const attentionRoute = createRoute({
  method: "post",
  path: "/api/attention",
  summary: "The attention of one head over a sequence, row by row.",
  ...jsonRequest(AttentionRequest),
  responses: { 200: json("The weights.", Attention), ...refusals },
});

export function attentionRoutes({ store, work, timeLimit }: Services) {
  const app = routeGroup();
  app.openapi(attentionRoute, async (c) => {
    const { model, ids, layer, head } = c.req.valid("json");
    const { decoder } = await languageModel(store, model);
    const { layers, heads, context, vocab } = decoder.config;
    const kept = ids.slice(-context);
    if (layer >= layers || head >= heads) {
      throw new ApiError(
        400,
        `there are ${layers} layers of ${heads} heads`,
        layer >= layers ? "layer" : "head",
      );
    }
    if (kept.some((token) => token >= vocab)) throw new ApiError(400, `ids are below ${vocab}`, "ids");
    const [weights] = await work.run(deadlineOf(c, timeLimit), (turn) => {
      return turn(() => attentionWeights(decoder, Uint32Array.from(kept), layer, [head]));
    });
    const numbers = new DataView(new ArrayBuffer(2 * weights.length));
    weights.forEach((weight, i) => numbers.setUint16(2 * i, Math.round(65535 * weight), true));
    const bytes = new Uint8Array(numbers.buffer);
    return c.json({ layers, heads, size: kept.length, weights: bytes.toBase64() }, 200);
  });
  return app;
}
