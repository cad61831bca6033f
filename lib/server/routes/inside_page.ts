/** The page of a model's inside, with its scripts and styles. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { routeGroup } from "../openapi.ts";
import { serveAssets } from "../page/assets.ts";
import { languageOf } from "../page/frame.tsx";
import ablate from "../page/inside/ablate.js" with { type: "text" };
import attention from "../page/inside/attention.js" with { type: "text" };
import attentionStyle from "../page/inside/attention.css" with { type: "text" };
import branch from "../page/inside/branch.js" with { type: "text" };
import canvas from "../page/inside/canvas.js" with { type: "text" };
import compare from "../page/inside/compare.js" with { type: "text" };
import head from "../page/inside/head.js" with { type: "text" };
import inside from "../page/inside/inside.js" with { type: "text" };
import insideStyle from "../page/inside/inside.css" with { type: "text" };
import lens from "../page/inside/lens.js" with { type: "text" };
import { insidePage } from "../page/inside/page.tsx";
import { CARDS } from "../page/tour.ts";
import sampling from "../page/inside/sampling.js" with { type: "text" };
import state from "../page/inside/state.js" with { type: "text" };
import tokens from "../page/inside/tokens.js" with { type: "text" };
import viewsStyle from "../page/inside/views.css" with { type: "text" };
import walk from "../page/inside/walk.js" with { type: "text" };
import walkStyle from "../page/inside/walk.css" with { type: "text" };
import type { Services } from "../services.ts";

const scripts = {
  ablate,
  attention,
  branch,
  canvas,
  compare,
  head,
  inside,
  lens,
  sampling,
  state,
  tokens,
  walk,
};
const styles = { attention: attentionStyle, inside: insideStyle, views: viewsStyle, walk: walkStyle };

/** Puts the names below the page's folder, as its scripts import each other by relative paths. */
const below = (bodies: Record<string, string>) =>
  Object.fromEntries(Object.entries(bodies).map(([name, body]) => [`inside/${name}`, body]));

export function insidePageRoutes({ store, locked, studio }: Services): OpenAPIHono {
  const app = routeGroup();
  app.get("/inside", async (c) => {
    await store.refresh();
    const [{ prompt: preset }] = CARDS;
    const language = languageOf(c);
    return c.html(insidePage({ models: store.listed, preset, locked, studio: studio !== null, language }));
  });
  serveAssets(app, { scripts: below(scripts), styles: below(styles) });
  return app;
}
