/** The page of runs, with its scripts and styles. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { routeGroup } from "../openapi.ts";
import { serveAssets } from "../page/assets.ts";
import charts from "../page/charts.js" with { type: "text" };
import follow from "../page/follow.js" with { type: "text" };
import growth from "../page/growth.js" with { type: "text" };
import growthStyle from "../page/growth.css" with { type: "text" };
import runDetails from "../page/run_details.js" with { type: "text" };
import runList from "../page/run_list.js" with { type: "text" };
import runs from "../page/runs.js" with { type: "text" };
import runsStyle from "../page/runs.css" with { type: "text" };
import { languageOf } from "../page/frame.tsx";
import { runsPage } from "../page/runs.tsx";
import viewsStyle from "../page/views.css" with { type: "text" };
import type { Services } from "../services.ts";

const scripts = { charts, follow, growth, run_details: runDetails, run_list: runList, runs, uplot };
const styles = { growth: growthStyle, runs: runsStyle, uplot: uplotStyle, views: viewsStyle };

export function runsPageRoutes({ locked, studio }: Services): OpenAPIHono {
  const app = routeGroup();
  app.get("/runs", (c) => c.html(runsPage({ locked, studio: studio !== null, language: languageOf(c) })));
  serveAssets(app, { scripts, styles });
  return app;
}
