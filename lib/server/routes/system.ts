/** What operators ask: health, counters, and the API's description. */
import { Hono } from "hono";
import { openApi } from "../openapi.ts";
import type { Services } from "../services.ts";

export function systemRoutes({ store, metrics }: Services): Hono {
  const app = new Hono();
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/metrics", async (c) => c.text(await metrics.text(await store.load(), store.memory())));
  app.get("/openapi.json", (c) => c.json(openApi()));
  return app;
}
