/** `/v1/models`: the models on offer; `/api/card`: details of one. */
import { createRoute, z } from "@hono/zod-openapi";
import { ModelCard, modelCard } from "../card.ts";
import { ApiError } from "../errors.ts";
import type { ListedModel } from "../search.ts";
import { json, refusals, routeGroup } from "../openapi.ts";
import type { Services } from "../services.ts";

const Model = z.strictObject({
  id: z.string(),
  object: z.literal("model"),
  created: z.number().int(),
  owned_by: z.string(),
  kind: z.enum(["chat", "text", "classifier"]).describe(
    "Not OpenAI's: answers instructions, continues text, or labels it.",
  ),
  parameters: z.number().int().describe("Not OpenAI's: how many it has."),
}).openapi("Model");

const Models = z.strictObject({ object: z.literal("list"), data: z.array(Model) }).openapi("Models");

const listRoute = createRoute({
  method: "get",
  path: "/v1/models",
  summary: "The models there are.",
  responses: { 200: json("The models, the default one first.", Models), 401: refusals[401] },
});

const modelRoute = createRoute({
  method: "get",
  path: "/v1/models/{id}",
  summary: "One model. Slashes of its id may be escaped or not.",
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: json("The model.", Model), 401: refusals[401], 404: refusals[404] },
});

const cardRoute = createRoute({
  method: "get",
  path: "/api/card",
  summary: "A model's card: size, lineage, losses, and how right it is by its evaluation.",
  request: { query: z.object({ model: z.string().describe("An id of /v1/models.") }) },
  responses: { 200: json("The card.", ModelCard), 401: refusals[401], 404: refusals[404] },
});

const shown = ({ id, kind, info }: ListedModel): z.infer<typeof Model> => ({
  id,
  object: "model",
  created: 0,
  owned_by: "desde-cero",
  kind,
  parameters: info.parameters,
});

export function modelRoutes({ store, runs }: Services) {
  const app = routeGroup();
  app.openapi(listRoute, async (c) => {
    await store.refresh();
    return c.json({ object: "list" as const, data: store.listed.map(shown) }, 200);
  });
  const find = async (id: string) => {
    await store.refresh();
    const found = store.listed.find((model) => model.id === id);
    if (!found) throw new ApiError(404, "there is no such model", "model", "model_not_found");
    return found;
  };
  app.openapi(modelRoute, async (c) => c.json(shown(await find(c.req.valid("param").id)), 200));
  app.get("/v1/models/:id{.+/.+}", async (c) => c.json(shown(await find(c.req.param("id"))), 200));
  app.openapi(cardRoute, async (c) => {
    const found = await find(c.req.valid("query").model);
    const run = await runs.get(found.id);
    return c.json({ ...await modelCard(found), run: run?.id ?? null }, 200);
  });
  return app;
}
