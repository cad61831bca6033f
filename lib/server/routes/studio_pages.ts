/** The studio's pages, with their scripts and styles. Only the studio has these routes. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { routeGroup } from "../openapi.ts";
import { serveAssets } from "../page/assets.ts";
import cards from "../page/cards.css" with { type: "text" };
import closed from "../page/closed.js" with { type: "text" };
import { languageOf } from "../page/frame.tsx";
import lessons from "../page/lessons.js" with { type: "text" };
import studioCommon from "../page/studio_common.js" with { type: "text" };
import studioStyle from "../page/studio.css" with { type: "text" };
import studioScript from "../page/studio.js" with { type: "text" };
import { studioPage } from "../page/studio.tsx";
import teachScript from "../page/teach.js" with { type: "text" };
import { teachPage } from "../page/teach.tsx";
import trainingChanges from "../page/training_changes.js" with { type: "text" };
import trainings from "../page/trainings.js" with { type: "text" };
import type { Services } from "../services.ts";

export function studioPageRoutes({ studio, store }: Services): OpenAPIHono {
  const app = routeGroup();
  if (!studio) return app;
  app.get("/studio", (c) => c.html(studioPage({ language: languageOf(c) })));
  app.get("/teach", async (c) => {
    await store.refresh();
    return c.html(teachPage({ language: languageOf(c), models: store.listed }));
  });
  serveAssets(app, {
    scripts: {
      closed,
      lessons,
      studio: studioScript,
      studio_common: studioCommon,
      teach: teachScript,
      training_changes: trainingChanges,
      trainings,
    },
    styles: { cards, studio: studioStyle },
  });
  return app;
}
