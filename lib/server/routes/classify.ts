/** `/classify`: the labels of texts, with probabilities. */
import { Hono } from "hono";
import { letOthersIn } from "../../event_loop.ts";
import { encodeText } from "../../data/labelled.ts";
import { pooledStates, probabilities } from "../../train/classify.ts";
import { ClassifyRequest, parseRequest } from "../openai.ts";
import { labelModel, type Services } from "../services.ts";

export function classifyRoutes({ store }: Services): Hono {
  const app = new Hono();
  app.post("/classify", async (c) => {
    const request = parseRequest(ClassifyRequest, await c.req.text());
    const { classifier, tokenizer, id } = await labelModel(store, request.model);
    const data: unknown[] = [];
    for (const [index, text] of request.input.entries()) {
      const states = await pooledStates(classifier, [encodeText(tokenizer, text, classifier.config.context)]);
      const [p] = await probabilities(classifier, states);
      const labels = classifier.head.labels.map((label, k) => ({ label, probability: p[k] }));
      data.push({ index, labels: labels.sort((a, b) => b.probability - a.probability) });
      await letOthersIn();
    }
    return c.json({ object: "list", model: id, data });
  });
  return app;
}
