/** `/api/runs`: finished and running trainings, with their figures as they come. */
import { createRoute, type z } from "@hono/zod-openapi";
import { UserError } from "../../errors.ts";
import { lineageOf } from "../../runs/lineage.ts";
import type { Follower, WatchedRun } from "../../runs/run.ts";
import type { Runs } from "../../runs/runs.ts";
import { compareSettings } from "../../runs/settings.ts";
import { ApiError } from "../errors.ts";
import { json, refusals, routeGroup } from "../openapi.ts";
import {
  CurvesQuery,
  EventsQuery,
  RunCurves,
  RunEvent,
  RunList,
  RunOrigins,
  RunSettings,
  RunsQuery,
} from "../schemas/runs.ts";
import { openEnded, type Services } from "../services.ts";
import { type ServerSentEvent, serverSentEvents } from "../wire.ts";

const { 400: wrong, 401: locked, 404: unknown, 429: many } = refusals;

const listRoute = createRoute({
  method: "get",
  path: "/api/runs",
  summary: "The trainings below the models' folder, those that changed last first.",
  responses: { 200: json("The runs.", RunList), 401: locked },
});

const curvesRoute = createRoute({
  method: "get",
  path: "/api/runs/curves",
  summary: "Figures of runs over their steps.",
  request: { query: CurvesQuery },
  responses: { 200: json("All of each run's curves.", RunCurves), 400: wrong, 401: locked, 404: unknown },
});

const eventsRoute = createRoute({
  method: "get",
  path: "/api/runs/events",
  summary: "The same as server-sent events, as they come.",
  request: { query: EventsQuery },
  responses: {
    200: {
      description:
        "Events without end: `list` with all runs, `run` with what is new of one, `gone` with the id of one that was " +
        "deleted, and `beat` where nothing is new for a while.",
      content: { "text/event-stream": { schema: RunEvent } },
    },
    400: wrong,
    401: locked,
    429: many,
  },
});

const settingsRoute = createRoute({
  method: "get",
  path: "/api/runs/settings",
  summary: "Settings of runs, side by side.",
  request: { query: RunsQuery },
  responses: { 200: json("A row for each setting.", RunSettings), 400: wrong, 401: locked, 404: unknown },
});

const lineageRoute = createRoute({
  method: "get",
  path: "/api/runs/lineage",
  summary: "From what runs were made, back to the text.",
  request: { query: RunsQuery },
  responses: { 200: json("Of each run, its origin.", RunOrigins), 400: wrong, 401: locked, 404: unknown },
});

/** Most event streams at the same time. */
const MOST_STREAMS = 64;
/** How often streams check for news, and after what silence they send a sign of life, in milliseconds. */
const LOOK = 1000, BEAT = 15_000;

/** @throws {ApiError} if there is no such run */
async function find(runs: Runs, ids: readonly string[]): Promise<WatchedRun[]> {
  const found: WatchedRun[] = [];
  for (const id of new Set(ids)) {
    const run = await runs.get(id);
    if (!run) throw new ApiError(404, `there is no run ${JSON.stringify(id)}`, "run", "run_not_found");
    found.push(run);
  }
  return found;
}

async function listed(runs: Runs): Promise<z.infer<typeof RunList>> {
  const summaries = [];
  for (const run of await runs.list()) summaries.push(await run.summary());
  return { runs: summaries };
}

/** The changes of some runs and of the list, until `signal` aborts. */
async function* changes(
  runs: Runs,
  { ids, points, signal }: { ids: readonly string[]; points: number; signal: AbortSignal },
): AsyncGenerator<ServerSentEvent> {
  const followers = new Map<string, Follower>(), gone = new Set<string>();
  let list = "", said = performance.now();
  await runs.refresh(true); // the user may have just started a training and look for it
  while (!signal.aborted) {
    const events: ServerSentEvent[] = [];
    const all = await listed(runs);
    const text = JSON.stringify(all);
    if (text !== list) events.push({ event: "list", data: text });
    list = text;
    yield* events.splice(0);
    for (const id of ids) {
      const run = await runs.get(id);
      if (!run) {
        if (!gone.has(id)) events.push({ event: "gone", data: { id } });
        gone.add(id);
        followers.delete(id);
        continue;
      }
      gone.delete(id);
      if (!followers.has(id)) followers.set(id, run.follow(points));
      const change = await followers.get(id)!.change();
      if (change) events.push({ event: "run", data: change });
      if (events.length > 0) said = performance.now();
      yield* events.splice(0);
    }
    yield* events;
    if (performance.now() - said > BEAT) {
      said = performance.now();
      yield { event: "beat", data: "{}" };
    }
    await pause(LOOK, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

export function runRoutes({ runs, stages, stopping }: Services) {
  const app = routeGroup();
  let streams = 0;
  app.openapi(listRoute, async (c) => c.json(await listed(runs), 200));
  app.openapi(curvesRoute, async (c) => {
    const { run, points } = c.req.valid("query");
    const found = [];
    for (const one of await find(runs, run)) found.push((await one.follow(points).change())!);
    return c.json({ runs: found }, 200);
  });
  app.openapi(eventsRoute, (c) => {
    const { run: ids = [], points } = c.req.valid("query");
    if (streams >= MOST_STREAMS) throw new ApiError(429, "too many follow runs; try again in a moment");
    const deadline = openEnded(c, stopping);
    streams++;
    deadline.signal.addEventListener("abort", () => streams--, { once: true });
    return serverSentEvents(c, deadline, () => changes(runs, { ids, points, signal: deadline.signal }));
  });
  app.openapi(settingsRoute, async (c) => {
    const found = await find(runs, c.req.valid("query").run);
    const facts = [];
    for (const run of found) facts.push(await run.facts());
    return c.json({ runs: found.map(({ id }) => id), settings: compareSettings(facts) }, 200);
  });
  app.openapi(lineageRoute, async (c) => {
    const origins = [];
    for (const { folder } of await find(runs, c.req.valid("query").run)) {
      const origin = await lineageOf(folder, await stages()).catch((error) => {
        if (error instanceof UserError) return null; // an older, unfinished run
        throw error;
      });
      if (origin) origins.push(origin);
    }
    return c.json({ runs: origins }, 200);
  });
  return app;
}
