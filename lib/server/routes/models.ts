/** `/v1/models`: what there is to talk to. */
import { Hono } from "hono";
import type { ListedModel } from "../models.ts";
import { ApiError } from "../openai.ts";
import type { Services } from "../services.ts";

const shown = ({ id, kind, info }: ListedModel) => ({
  id,
  object: "model",
  created: 0,
  owned_by: "desde-cero",
  kind,
  parameters: info.parameters,
});

export function modelRoutes({ store }: Services): Hono {
  const app = new Hono();
  app.get("/v1/models", (c) => c.json({ object: "list", data: store.listed.map(shown) }));
  app.get("/v1/models/:id{.+}", (c) => {
    const found = store.listed.find(({ id }) => id === c.req.param("id"));
    if (!found) throw new ApiError(404, "there is no such model", "model", "model_not_found");
    return c.json(shown(found));
  });
  return app;
}
