/** The chat page, with its scripts and style. */
import { Hono } from "hono";
import clientScript from "../client.js" with { type: "text" };
import domScript from "../dom.js" with { type: "text" };
import { page } from "../page.tsx";
import type { Services } from "../services.ts";
import style from "../style.css" with { type: "text" };
import traceScript from "../trace.js" with { type: "text" };

export function pageRoutes({ store, faq, locked }: Services): Hono {
  const app = new Hono();
  app.get("/", (c) => c.html(page({ models: store.listed, presets: faq.presets, locked })));
  for (const [name, script] of Object.entries({ client: clientScript, dom: domScript, trace: traceScript })) {
    const headers = { "content-type": "text/javascript; charset=utf-8" };
    app.get(`/assets/${name}.js`, (c) => c.body(script, 200, headers));
  }
  app.get("/assets/style.css", (c) => c.body(style, 200, { "content-type": "text/css; charset=utf-8" }));
  return app;
}
