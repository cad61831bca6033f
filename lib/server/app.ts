/** The web app: the routes, put together, and what keeps them safe. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import { timingSafeEqual } from "node:crypto";
import type { Faq } from "./faq.ts";
import { ServerMetrics } from "./metrics.ts";
import type { ModelStore } from "./models.ts";
import { ApiError, apiErrorOf } from "./openai.ts";
import { attentionRoutes } from "./routes/attention.ts";
import { chatRoutes } from "./routes/chat.ts";
import { classifyRoutes } from "./routes/classify.ts";
import { completionRoutes } from "./routes/completions.ts";
import { embeddingRoutes } from "./routes/embeddings.ts";
import { modelRoutes } from "./routes/models.ts";
import { pageRoutes } from "./routes/page.ts";
import { systemRoutes } from "./routes/system.ts";

export interface AppOptions {
  readonly store: ModelStore;
  readonly faq: Faq;
  /** Requests must bring it as a bearer token; undefined for an open server. */
  readonly apiKey?: string | undefined;
  /** Other origins whose pages may call the API. */
  readonly origins: readonly string[];
  /** Seconds that a request may take. */
  readonly timeLimit: number;
}

/** Largest request, in bytes. */
const LARGEST_BODY = 1 << 20;

export function createApp({ store, faq, apiKey, origins, timeLimit }: AppOptions): Hono {
  const app = new Hono();
  const metrics = new ServerMetrics();
  const answers = new Set(["/", "/healthz", "/metrics", "/openapi.json", "/v1/models", "/v1/chat/completions"]
    .concat(["/v1/completions", "/v1/embeddings", "/classify", "/api/attention"]));

  app.use(async (c, next) => {
    await next();
    const route = answers.has(c.req.path) ? c.req.path : "other";
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
    strictTransportSecurity: false, // the matter of whoever adds TLS
  }));
  if (origins.length > 0) app.use("/v1/*", cors({ origin: [...origins], maxAge: 600 }));
  app.use(bodyLimit({
    maxSize: LARGEST_BODY,
    onError: () => {
      throw new ApiError(413, `the request is larger than ${LARGEST_BODY} bytes`, null, "too_large");
    },
  }));
  app.use(async (c, next) => {
    const guarded = /^\/(v1|api|classify)(\/|$)/.test(c.req.path);
    if (
      guarded && apiKey !== undefined && !sameKey(c.req.header("authorization") ?? "", `Bearer ${apiKey}`)
    ) {
      throw new ApiError(401, "give the server's key as a bearer token", null, "invalid_api_key");
    }
    // A form on another site can send text, but not JSON, without asking first.
    if (c.req.method === "POST" && !/^application\/json\b/.test(c.req.header("content-type") ?? "")) {
      throw new ApiError(400, "the content type must be application/json", null, "invalid_content_type");
    }
    await next();
  });
  app.onError((error, c) => {
    const told = apiErrorOf(error);
    if (told.status === 429) c.header("Retry-After", "1");
    return c.json(told.body(), told.status);
  });
  app.notFound((c) => c.json(new ApiError(404, `there is no ${c.req.method} ${c.req.path}`).body(), 404));

  const services = { store, faq, metrics, timeLimit, locked: apiKey !== undefined };
  const groups = [pageRoutes, systemRoutes, modelRoutes, chatRoutes, completionRoutes];
  for (const routes of [...groups, embeddingRoutes, classifyRoutes, attentionRoutes]) {
    app.route("/", routes(services));
  }
  return app;
}

/** Compares without telling by its duration how much was right. */
function sameKey(given: string, right: string): boolean {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return bytes(given).length === bytes(right).length && timingSafeEqual(bytes(given), bytes(right));
}
