/** What operators ask: health and counters. */
import { createRoute, z } from "@hono/zod-openapi";
import { json, routeGroup } from "../openapi.ts";
import type { Services } from "../services.ts";

const healthRoute = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Whether the server is alive.",
  responses: { 200: json("It is.", z.strictObject({ status: z.literal("ok") }).openapi("Health")) },
});

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Counters in Prometheus' text format.",
  responses: { 200: { description: "The counters.", content: { "text/plain": { schema: z.string() } } } },
});

export function systemRoutes({ store, metrics }: Services) {
  const app = routeGroup();
  app.openapi(healthRoute, (c) => c.json({ status: "ok" as const }, 200));
  app.openapi(metricsRoute, async (c) => c.text(await metrics.text(await store.load(), store.memory()), 200));
  return app;
}
