/** The web app: all routes, with the middleware that protects them. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { matchedRoutes } from "hono/route";
import { secureHeaders } from "hono/secure-headers";
import { timingSafeEqual } from "node:crypto";
import type { StageFolders } from "../runs/lineage.ts";
import { Runs } from "../runs/runs.ts";
import type { Studio } from "../studio/studio.ts";
import { receiveBodies } from "./bodies.ts";
import type { Faq } from "./faq.ts";
import { ServerMetrics } from "./metrics.ts";
import type { ModelStore } from "./models.ts";
import { ApiError, apiErrorOf } from "./errors.ts";
import { description, json, routeGroup } from "./openapi.ts";
import { RecentAnswers } from "./recent.ts";
import { attentionRoutes } from "./routes/attention.ts";
import { chatRoutes } from "./routes/chat.ts";
import { classifyRoutes } from "./routes/classify.ts";
import { completionRoutes } from "./routes/completions.ts";
import { embeddingRoutes } from "./routes/embeddings.ts";
import { insideRoutes } from "./routes/inside.ts";
import { insidePageRoutes } from "./routes/inside_page.ts";
import { lessonRoutes } from "./routes/lessons.ts";
import { modelRoutes } from "./routes/models.ts";
import { pageRoutes } from "./routes/page.ts";
import { responseRoutes } from "./routes/responses.ts";
import { runRoutes } from "./routes/runs.ts";
import { snapshotRoutes } from "./routes/snapshots.ts";
import { runsPageRoutes } from "./routes/runs_page.ts";
import { PATH, studioRoutes } from "./routes/studio.ts";
import { studioPageRoutes } from "./routes/studio_pages.ts";
import { systemRoutes } from "./routes/system.ts";
import { GUARDED, studioGuard } from "./studio_guard.ts";
import { WorkQueue } from "./work.ts";

export interface AppOptions {
  readonly store: ModelStore;
  readonly faq: Faq;
  /** Requests must bring it as a bearer token; undefined for an open server. */
  readonly apiKey?: string | undefined;
  /** Other origins whose pages may call the API. */
  readonly origins: readonly string[];
  /** Seconds that a request may take. */
  readonly timeLimit: number;
  /** Loads the stages that may recreate missing parts of a run's lineage; none by default. */
  readonly stages?: () => Promise<StageFolders>;
  /** Aborted when the server is to stop; endless answers then end. */
  readonly stopping?: AbortSignal;
  /** Lets those who have its token start stages, from pages and the API. */
  readonly studio?: Studio;
}

export function createApp(
  { store, faq, apiKey, origins, timeLimit, stages = () => Promise.resolve([]), stopping, studio }:
    AppOptions,
): OpenAPIHono {
  const app = routeGroup();
  const metrics = new ServerMetrics();

  app.use(async (c, next) => {
    await next();
    const route = matchedRoutes(c).find(({ method }) => method !== "ALL")?.path ?? "other";
    metrics.requests.inc({ route, status: String(c.res.status) });
  });
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      formAction: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
    strictTransportSecurity: false, // left to whoever adds TLS
  }));
  if (origins.length > 0) app.use("/v1/*", cors({ origin: [...origins], maxAge: 600 }));
  app.use(async (c, next) => {
    const guarded = /^\/(v1|api|classify)(\/|$)/.test(c.req.path);
    if (
      guarded && apiKey !== undefined && !sameKey(c.req.header("authorization") ?? "", `Bearer ${apiKey}`)
    ) {
      throw new ApiError(401, "give the server's key as a bearer token", null, "invalid_api_key");
    }
    await next();
  });
  for (const path of studio ? GUARDED : []) {
    app.use(path, studioGuard(studio!));
    app.use(`${path}/*`, studioGuard(studio!));
  }
  app.use(async (_, next) => {
    store.refresh(); // for later requests; this one need not wait
    await next();
  });
  app.use(...receiveBodies(Math.min(timeLimit, 30), studio ? `${PATH}/trainings` : null));
  app.onError((error, c) => {
    // The only error that Hono itself throws.
    const told = error instanceof HTTPException && error.status === 400
      ? new ApiError(400, "the request is no JSON", null, "invalid_json")
      : apiErrorOf(error);
    if (told.status === 429) c.header("Retry-After", "1");
    return c.json(told.body(), told.status);
  });
  app.notFound((c) => c.json(new ApiError(404, `there is no ${c.req.method} ${c.req.path}`).body(), 404));

  const services = {
    store,
    faq,
    metrics,
    recent: new RecentAnswers(),
    work: new WorkQueue(store.limits.queue + 1),
    timeLimit,
    studio: studio ?? null,
    locked: apiKey !== undefined,
    runs: new Runs(store.root),
    stages,
    stopping: stopping ?? new AbortController().signal,
  };
  const groups = [
    ...[pageRoutes, systemRoutes, modelRoutes, chatRoutes, completionRoutes, responseRoutes],
    ...[embeddingRoutes, classifyRoutes, attentionRoutes, insideRoutes, insidePageRoutes],
    ...[runRoutes, snapshotRoutes, runsPageRoutes],
    ...[studioRoutes, lessonRoutes, studioPageRoutes],
  ];
  for (const routes of groups) {
    app.route("/", routes(services));
  }
  app.openAPIRegistry.registerComponent("securitySchemes", "key", { type: "http", scheme: "bearer" });
  let described: object | null = null;
  app.openapi(descriptionRoute, (c) => c.json(described ??= app.getOpenAPI31Document(description), 200));
  refuseOtherMethods(app);
  return app;
}

const descriptionRoute = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "This description.",
  responses: { 200: json("An OpenAPI 3.1 document.", z.record(z.string(), z.any())) },
});

/** Answers 405, with the allowed methods, where a path exists but not for this method. */
function refuseOtherMethods(app: OpenAPIHono): void {
  const routes = Map.groupBy(app.routes.filter(({ method }) => method !== "ALL"), ({ path }) => path);
  for (const [path, known] of routes) {
    const methods = new Set(known.map(({ method }) => method));
    if (methods.has("GET")) methods.add("HEAD");
    const allow = [...methods].join(", ");
    app.all(path, (c) => {
      c.header("Allow", allow);
      throw new ApiError(405, `${c.req.method} is not allowed for ${c.req.path}, but ${allow}`);
    });
  }
}

/** Compares in constant time, so that the duration does not reveal how much was right. */
function sameKey(given: string, right: string): boolean {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return bytes(given).length === bytes(right).length && timingSafeEqual(bytes(given), bytes(right));
}
