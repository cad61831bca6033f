/** The chat page, with its scripts and style. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import client from "../page/client.js" with { type: "text" };
import dom from "../page/dom.js" with { type: "text" };
import { page } from "../page/page.tsx";
import style from "../page/style.css" with { type: "text" };
import trace from "../page/trace.js" with { type: "text" };
import { routeGroup } from "../openapi.ts";
import type { Services } from "../services.ts";

/** What is served under `/assets/`. */
const assets = { "client.js": client, "dom.js": dom, "style.css": style, "trace.js": trace };

export function pageRoutes({ store, faq, locked }: Services): OpenAPIHono {
  const app = routeGroup();
  app.get("/", (c) => c.html(page({ models: store.listed, presets: faq.presets, locked })));
  for (const [name, body] of Object.entries(assets)) {
    const type = name.endsWith(".js") ? "text/javascript" : "text/css";
    app.get(`/assets/${name}`, (c) => c.body(body, 200, { "content-type": `${type}; charset=utf-8` }));
  }
  return app;
}
