/** For operators: health and metrics. */
import { createRoute, z } from "@hono/zod-openapi";
import { json, routeGroup } from "../openapi.ts";
import type { Services } from "../services.ts";

const Health = z.strictObject({
  status: z.enum(["ok", "failing"]),
  model: z.string().nullable().describe("The default model; null if there is none."),
  state: z.enum(["open", "opening", "failed", "closed"]).nullable().describe(
    "Of the default model: closed until it is asked for; failed if it cannot be opened.",
  ),
}).openapi("Health");

const healthRoute = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Whether the server can answer.",
  responses: {
    200: json("It can.", Health),
    503: json("There is no default model, or it cannot be opened.", Health),
  },
});

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Counters in Prometheus' text format.",
  responses: { 200: { description: "The counters.", content: { "text/plain": { schema: z.string() } } } },
});

export function systemRoutes({ store, metrics }: Services) {
  const app = routeGroup();
  app.openapi(healthRoute, (c) => {
    const model = store.listed[0]?.id ?? null;
    const state = model === null ? null : store.stateOf(model);
    const failing = state === null || state === "failed";
    return c.json({ status: failing ? "failing" : "ok", model, state } as const, failing ? 503 : 200);
  });
  app.openapi(metricsRoute, async (c) => c.text(await metrics.text(store.load(), store.memory()), 200));
  return app;
}
