/** `/classify`: the labels of texts, with probabilities. */
import { createRoute, z } from "@hono/zod-openapi";
import { pooledStates, probabilities } from "../../train/labels.ts";
import { decisiveWords } from "../decisive.ts";
import { json, jsonRequest, refusals, routeGroup, truncatedHeader } from "../openapi.ts";
import { encodeInput, reportCut } from "../prompts.ts";
import { model, texts, truncate } from "../schemas/common.ts";
import { deadlineOf, labelModel, type Services } from "../services.ts";

const ClassifyRequest = z.strictObject({
  model,
  truncate,
  input: texts,
  words: z.boolean().nullish().describe("Whether to say which words decided. It takes a pass for each word."),
}).openapi("ClassifyRequest");

const Classification = z.strictObject({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.strictObject({
    index: z.number().int(),
    labels: z.array(z.strictObject({ label: z.string(), probability: z.number() })).describe(
      "All labels, the most probable first.",
    ),
    words: z.array(z.strictObject({
      word: z.string(),
      start: z.number().int().describe("Where it starts in the text without outer spaces, in UTF-16 units."),
      weight: z.number().describe(
        "By how much the first label's probability falls if the word is left out; below 0 if it rises.",
      ),
    })).optional().describe("The first 256 words of the text, in their order, if the request wants them."),
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
    const model = await labelModel(store, request.model);
    const { classifier, tokenizer, id } = model;
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
        const labels = await turn(() => labelsOf(text));
        const [{ label, probability }] = labels;
        const first = classifier.head.labels.indexOf(label);
        const words = request.words && await decisiveWords(model, text, first, probability, turn);
        data.push({ index, labels, ...words && { words } });
      }
    });
    return c.json({ object: "list" as const, model: id, data }, 200);
  });
  return app;
}
