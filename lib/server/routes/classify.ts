/** `/classify`: the labels of texts, with probabilities. */
import { createRoute, z } from "@hono/zod-openapi";
import { pooledStates, probabilities } from "../../train/labels.ts";
import { json, jsonRequest, refusals, routeGroup, truncatedHeader } from "../openapi.ts";
import { encodeInput, reportCut } from "../prompts.ts";
import { model, texts, truncate } from "../schemas/common.ts";
import { deadlineOf, labelModel, type Services } from "../services.ts";

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

export function classifyRoutes({ store, work, timeLimit }: Services) {
  const app = routeGroup();
  app.openapi(classifyRoute, async (c) => {
    const request = c.req.valid("json");
    const { classifier, tokenizer, id } = await labelModel(store, request.model);
    const data: z.infer<typeof Classification>["data"] = [];
    const labelsOf = async (text: string) => {
      const input = encodeInput(tokenizer, text, classifier.config);
      reportCut(c, input, request.truncate, "input");
      const [p] = await probabilities(classifier, await pooledStates(classifier, [input.ids]));
      const labels = classifier.head.labels.map((label, k) => ({ label, probability: p[k] }));
      return labels.sort((a, b) => b.probability - a.probability);
    };
    await work.run(deadlineOf(c, timeLimit), async (turn) => {
      for (const [index, text] of request.input.entries()) {
        data.push({ index, labels: await turn(() => labelsOf(text)) });
      }
    });
    return c.json({ object: "list" as const, model: id, data }, 200);
  });
  return app;
}
