/** `/classify`: the labels of texts, with probabilities. */
import { createRoute, z } from "@hono/zod-openapi";
import { letOthersIn } from "../../event_loop.ts";
import { pooledStates, probabilities } from "../../train/classify.ts";
import { json, jsonRequest, refusals, routeGroup, truncatedHeader } from "../openapi.ts";
import { encodeInput, reportCut } from "../prompts.ts";
import { model, texts, truncate } from "../schemas/common.ts";
import { labelModel, type Services } from "../services.ts";

const ClassifyRequest = z.strictObject({ model, truncate, input: texts }).openapi("ClassifyRequest");

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
  responses: {
    200: { ...json("The labels of each text.", Classification), headers: truncatedHeader },
    ...refusals,
  },
});

export function classifyRoutes({ store }: Services) {
  const app = routeGroup();
  app.openapi(classifyRoute, async (c) => {
    const request = c.req.valid("json");
    const { classifier, tokenizer, id } = await labelModel(store, request.model);
    const data: z.infer<typeof Classification>["data"] = [];
    for (const [index, text] of request.input.entries()) {
      const input = encodeInput(tokenizer, text, classifier.config);
      reportCut(c, input, request.truncate, "input");
      const states = await pooledStates(classifier, [input.ids]);
      const [p] = await probabilities(classifier, states);
      const labels = classifier.head.labels.map((label, k) => ({ label, probability: p[k] }));
      data.push({ index, labels: labels.sort((a, b) => b.probability - a.probability) });
      await letOthersIn();
    }
    return c.json({ object: "list" as const, model: id, data }, 200);
  });
  return app;
}
