/** The web app: page, OpenAI-compatible API, and what keeps both safe. */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import { timingSafeEqual } from "node:crypto";
import { encodeText, padded } from "../data/labelled.ts";
import type { FinishReason, GeneratedToken } from "../generate/batch.ts";
import { attentionWeights } from "../nn/attention_weights.ts";
import { poolingWeights } from "../nn/classifier.ts";
import { pool } from "../ops/pool.ts";
import { scope } from "../tensor/tensor.ts";
import { special } from "../text/special.ts";
import { pooledStates, probabilities } from "../train/classify.ts";
import type { Faq } from "./faq.ts";
import { conversationOf, type Generation, startChat, startCompletion, type Trace } from "./generation.ts";
import { ServerMetrics } from "./metrics.ts";
import type { LabelModel, LanguageModel, ListedModel, ModelStore } from "./models.ts";
import { openApi } from "./openapi.ts";
import {
  ApiError,
  AttentionRequest,
  ChatRequest,
  ClassifyRequest,
  CompletionRequest,
  EmbeddingRequest,
  newId,
  now,
  parseRequest,
  type Usage,
  usageOf,
} from "./openai.ts";
import { page } from "./page.tsx";
import { completionLogprobs, logprobOf, serverSentEvents } from "./wire.ts";
import clientScript from "./client.js" with { type: "text" };
import domScript from "./dom.js" with { type: "text" };
import traceScript from "./trace.js" with { type: "text" };
import style from "./style.css" with { type: "text" };

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
    if (!(error instanceof ApiError)) console.error(error);
    const told = error instanceof ApiError ? error : new ApiError(500, "the server failed; its log says why");
    if (told.status === 429) c.header("Retry-After", "1");
    return c.json(told.body(), told.status);
  });
  app.notFound((c) => c.json(new ApiError(404, `there is no ${c.req.method} ${c.req.path}`).body(), 404));

  const find = async (id: string | undefined, kinds: readonly string[]) => {
    const chosen = id ?? store.listed.find(({ kind }) => kinds.includes(kind))?.id;
    const model = chosen === undefined ? null : await store.open(chosen);
    if (!model) {
      const there = store.listed.map((listed) => listed.id).join(", ");
      throw new ApiError(
        404,
        `there is no model ${JSON.stringify(chosen)}; there are: ${there}`,
        "model",
        "model_not_found",
      );
    }
    if (!kinds.includes(model.kind)) {
      const other = model.kind === "classifier"
        ? "labels texts: use POST /classify"
        : "writes text; it has no labels";
      throw new ApiError(400, `${model.id} ${other}`, "model", "wrong_kind");
    }
    return model;
  };
  const language = async (id?: string) => await find(id, ["chat", "text"]) as LanguageModel;
  const signalOf = (c: Context) => {
    const left = new AbortController();
    c.req.raw.signal.addEventListener("abort", () => left.abort());
    const late = AbortSignal.timeout(timeLimit * 1000);
    return { left, late, signal: AbortSignal.any([left.signal, late]) };
  };

  app.get(
    "/",
    (c) => c.html(page({ models: store.listed, presets: faq.presets, locked: apiKey !== undefined })),
  );
  for (const [name, script] of Object.entries({ client: clientScript, dom: domScript, trace: traceScript })) {
    const headers = { "content-type": "text/javascript; charset=utf-8" };
    app.get(`/assets/${name}.js`, (c) => c.body(script, 200, headers));
  }
  app.get("/assets/style.css", (c) => c.body(style, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/metrics", async (c) => c.text(await metrics.text(await store.load(), store.memory())));
  app.get("/openapi.json", (c) => c.json(openApi()));
  const shown = ({ id, kind, info }: ListedModel) => ({
    id,
    object: "model",
    created: 0,
    owned_by: "desde-cero",
    kind,
    parameters: info.parameters,
  });
  app.get("/v1/models", (c) => c.json({ object: "list", data: store.listed.map(shown) }));
  app.get("/v1/models/:id{.+}", (c) => {
    const found = store.listed.find(({ id }) => id === c.req.param("id"));
    if (!found) throw new ApiError(404, "there is no such model", "model", "model_not_found");
    return c.json(shown(found));
  });

  app.post("/v1/chat/completions", async (c) => {
    const request = parseRequest(ChatRequest, await c.req.text());
    const model = await language(request.model);
    const fixed = request.faq ? faq.answer(conversationOf(request).instruction) : null;
    const base = { id: newId("chatcmpl"), created: now(), model: model.id };
    if (!request.stream) {
      const { signal, late } = signalOf(c);
      const { text, tokens, finish, usage, trace } = fixed === null
        ? await collect(startChat(model, request, signal, metrics), late)
        : fixedAnswer(fixed, model);
      return c.json({
        ...base,
        object: "chat.completion",
        choices: [{
          index: 0,
          message: { role: "assistant", content: text, refusal: null },
          logprobs: request.logprobs
            ? { content: tokens.map((token) => logprobOf(token, model.tokenizer)) }
            : null,
          finish_reason: finish,
        }],
        usage,
        desde_cero: trace,
      });
    }
    const { signal, late, left } = signalOf(c);
    const generation = fixed === null ? startChat(model, request, signal, metrics) : null;
    const chunk = (choices: unknown[], more: object = {}) => {
      return { ...base, object: "chat.completion.chunk", choices, ...more };
    };
    const choice = (delta: object, finish: string | null, logprobs: unknown = null) => [
      { index: 0, delta, logprobs, finish_reason: finish },
    ];
    return serverSentEvents(c, left, async function* () {
      yield chunk(choice({ role: "assistant", content: "" }, null));
      let trace: Trace, usage: Usage, finish: string;
      if (generation) {
        const pieces = generation.pieces();
        let next = await pieces.next();
        for (; !next.done; next = await pieces.next()) {
          const { text, token } = next.value;
          const logprobs = request.logprobs && token
            ? { content: [logprobOf(token, model.tokenizer)] }
            : null;
          if (text !== "" || logprobs) yield chunk(choice({ content: text }, null, logprobs));
        }
        if (late.aborted) return yield new ApiError(504, "the time limit was reached").body();
        [trace, usage, finish] = [
          generation.trace(),
          generation.usage(),
          reasonOf(next.value),
        ];
      } else {
        ({ trace, usage, finish } = fixedAnswer(fixed!, model));
        yield chunk(choice({ content: fixed }, null));
      }
      yield chunk(choice({}, finish), { desde_cero: trace });
      if (request.stream_options?.include_usage) yield chunk([], { usage });
      yield "[DONE]";
    });
  });

  app.post("/v1/completions", async (c) => {
    const request = parseRequest(CompletionRequest, await c.req.text());
    const model = await language(request.model);
    const { signal, late, left } = signalOf(c);
    const generation = startCompletion(model, request, signal, metrics);
    const base = { id: newId("cmpl"), object: "text_completion", created: now(), model: model.id };
    const choice = (text: string, finish: string | null, tokens: readonly GeneratedToken[]) => [{
      index: 0,
      text,
      logprobs: request.logprobs == null ? null : completionLogprobs(tokens, model.tokenizer),
      finish_reason: finish,
    }];
    if (!request.stream) {
      const { text, tokens, finish, usage } = await collect(generation, late);
      return c.json({ ...base, choices: choice(text, finish, tokens), usage });
    }
    return serverSentEvents(c, left, async function* () {
      const pieces = generation.pieces();
      let next = await pieces.next();
      for (; !next.done; next = await pieces.next()) {
        const { text, token } = next.value;
        if (text !== "") yield { ...base, choices: choice(text, null, token ? [token] : []) };
      }
      yield { ...base, choices: choice("", reasonOf(next.value), []) };
      if (request.stream_options?.include_usage) {
        yield { ...base, choices: [], usage: generation.usage() };
      }
      yield "[DONE]";
    });
  });

  app.post("/v1/embeddings", async (c) => {
    const request = parseRequest(EmbeddingRequest, await c.req.text());
    const { gpt, tokenizer, id } = await language(request.model);
    const { device } = gpt.parameters;
    const data: unknown[] = [];
    let read = 0;
    for (const [index, text] of request.input.entries()) {
      const ids = encodeText(tokenizer, text, gpt.config.context);
      const tokens = padded([ids], gpt.config.context);
      const weights = poolingWeights(tokens, "mean", special("<pad>"));
      const state = await scope(() => device.read(pool(gpt.hidden(tokens), weights).buffer));
      read += ids.length;
      const embedding = request.encoding_format === "base64"
        ? new Uint8Array(state.slice(0, gpt.config.width).buffer).toBase64()
        : [...state.subarray(0, gpt.config.width)];
      data.push({ object: "embedding", index, embedding });
      await pause();
    }
    return c.json({ object: "list", data, model: id, usage: { prompt_tokens: read, total_tokens: read } });
  });

  app.post("/classify", async (c) => {
    const request = parseRequest(ClassifyRequest, await c.req.text());
    const { classifier, tokenizer, id } = await find(request.model, ["classifier"]) as LabelModel;
    const data: unknown[] = [];
    for (const [index, text] of request.input.entries()) {
      const states = await pooledStates(classifier, [encodeText(tokenizer, text, classifier.config.context)]);
      const [p] = await probabilities(classifier, states);
      const labels = classifier.head.labels.map((label, k) => ({ label, probability: p[k] }));
      data.push({ index, labels: labels.sort((a, b) => b.probability - a.probability) });
      await pause();
    }
    return c.json({ object: "list", model: id, data });
  });

  app.post("/api/attention", async (c) => {
    const { model, ids, layer, head } = parseRequest(AttentionRequest, await c.req.text());
    const { gpt } = await language(model);
    const { layers, heads, context, vocab } = gpt.config;
    const kept = ids.slice(-context);
    if (layer >= layers || head >= heads) {
      throw new ApiError(
        400,
        `there are ${layers} layers of ${heads} heads`,
        layer >= layers ? "layer" : "head",
      );
    }
    if (kept.some((token) => token >= vocab)) throw new ApiError(400, `ids are below ${vocab}`, "ids");
    const weights = (await attentionWeights(gpt, Uint32Array.from(kept)))[layer];
    const n = kept.length;
    const own = weights.subarray(head * n * n, (head + 1) * n * n);
    // A byte a weight is finer than an eye can tell.
    const bytes = Uint8Array.from(own, (w) => Math.round(255 * w));
    return c.json({ layers, heads, size: n, weights: bytes.toBase64() });
  });
  return app;
}

/** Lets other requests in between two computations. */
const pause = () => new Promise((resolve) => setImmediate(resolve));

/** Compares without telling by its duration how much was right. */
function sameKey(given: string, right: string): boolean {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return bytes(given).length === bytes(right).length && timingSafeEqual(bytes(given), bytes(right));
}

const reasonOf = (reason: FinishReason) => reason === "aborted" ? "length" : reason;

async function collect(generation: Generation, late: AbortSignal) {
  const pieces = generation.pieces();
  const tokens: GeneratedToken[] = [];
  let text = "";
  let next = await pieces.next();
  for (; !next.done; next = await pieces.next()) {
    text += next.value.text;
    if (next.value.token) tokens.push(next.value.token);
  }
  if (late.aborted && next.value === "aborted") throw new ApiError(504, "the time limit was reached");
  return {
    text: text.trimEnd(),
    tokens,
    finish: reasonOf(next.value),
    usage: generation.usage(),
    trace: generation.trace(),
  };
}

/** An answer from the FAQ, in the shape of a generated one. */
function fixedAnswer(text: string, model: LanguageModel) {
  const trace: Trace = {
    source: "faq",
    ids: [],
    tokens: [],
    prompt: 0,
    context: model.gpt.config.context,
    first_token_ms: null,
    tokens_per_s: null,
  };
  return { text, tokens: [] as GeneratedToken[], finish: "stop" as const, usage: usageOf(0, 0), trace };
}
