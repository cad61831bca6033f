/** `/classify`: the labels of texts, with probabilities. */
import { createRoute, z } from "@hono/zod-openapi";
import { encodeText } from "../../data/labelled.ts";
import { letOthersIn } from "../../event_loop.ts";
import { pooledStates, probabilities } from "../../train/classify.ts";
import { json, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import { model, texts } from "../schemas/common.ts";
import { labelModel, type Services } from "../services.ts";

const ClassifyRequest = z.strictObject({ model, input: texts }).openapi("ClassifyRequest");

const Classification = z.strictObject({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.strictObject({
    index: z.number().int(),
    labels: z.array(z.strictObject({ label: z.string(), probability: z.number() })).describe(
      "All labels, the most probable first.",
    ),
  })),
}).openapi("Classification");

const classifyRoute = createRoute({
  method: "post",
  path: "/classify",
  summary: "Labels texts, with probabilities.",
  ...jsonRequest(ClassifyRequest),
  responses: { 200: json("The labels of each text.", Classification), ...refusals },
});

export function classifyRoutes({ store }: Services) {
  const app = routeGroup();
  app.openapi(classifyRoute, async (c) => {
    const request = c.req.valid("json");
    const { classifier, tokenizer, id } = await labelModel(store, request.model);
    const data: z.infer<typeof Classification>["data"] = [];
    for (const [index, text] of request.input.entries()) {
      const states = await pooledStates(classifier, [encodeText(tokenizer, text, classifier.config.context)]);
      const [p] = await probabilities(classifier, states);
      const labels = classifier.head.labels.map((label, k) => ({ label, probability: p[k] }));
      data.push({ index, labels: labels.sort((a, b) => b.probability - a.probability) });
      await letOthersIn();
    }
    return c.json({ object: "list" as const, model: id, data }, 200);
  });
  return app;
}
