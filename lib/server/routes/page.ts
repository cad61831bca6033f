/** The chat page, with its scripts and style. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { routeGroup } from "../openapi.ts";
import answering from "../page/answering.js" with { type: "text" };
import client from "../page/client.js" with { type: "text" };
import conversations from "../page/conversations.js" with { type: "text" };
import dom from "../page/dom.js" with { type: "text" };
import drawing from "../page/drawing.js" with { type: "text" };
import files from "../page/files.js" with { type: "text" };
import format from "../page/format.js" with { type: "text" };
import settings from "../page/settings.js" with { type: "text" };
import storage from "../page/storage.js" with { type: "text" };
import toast from "../page/toast.js" with { type: "text" };
import trace from "../page/trace.js" with { type: "text" };
import turns from "../page/turns.js" with { type: "text" };
import { page } from "../page/page.tsx";
import sideStyle from "../page/side.css" with { type: "text" };
import style from "../page/style.css" with { type: "text" };
import traceStyle from "../page/trace.css" with { type: "text" };
import turnsStyle from "../page/turns.css" with { type: "text" };
import type { Services } from "../services.ts";

/** What is served under `/assets/`. */
const scripts = {
  answering,
  client,
  conversations,
  dom,
  drawing,
  files,
  format,
  settings,
  storage,
  toast,
  trace,
  turns,
};
const styles = { side: sideStyle, style, trace: traceStyle, turns: turnsStyle };
const assets = [
  ...Object.entries(scripts).map(([name, body]) => ({ name: `${name}.js`, body, type: "text/javascript" })),
  ...Object.entries(styles).map(([name, body]) => ({ name: `${name}.css`, body, type: "text/css" })),
];

export function pageRoutes({ store, faq, locked }: Services): OpenAPIHono {
  const app = routeGroup();
  app.get("/", async (c) => {
    await store.refresh();
    return c.html(page({ models: store.listed, presets: faq.presets, locked }));
  });
  for (const { name, body, type } of assets) {
    app.get(`/assets/${name}`, (c) => c.body(body, 200, { "content-type": `${type}; charset=utf-8` }));
  }
  return app;
}
