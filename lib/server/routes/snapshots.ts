/** `/api/runs/snapshot`: what a model answers to a prompt at a step of its training, for the page. */
import { createRoute, z } from "@hono/zod-openapi";
import { describe } from "../../errors.ts";
import { generate } from "../../generate/generate.ts";
import { scoreTokens } from "../../generate/score.ts";
import { attentionWeights } from "../../model/attention_weights.ts";
import { snapshotFolder, snapshotSteps } from "../../runs/snapshots.ts";
import { ApiError } from "../errors.ts";
import type { LanguageModel, ModelStore } from "../models.ts";
import { json, jsonRequest, refusals, routeGroup } from "../openapi.ts";
import { deadlineOf, type Services } from "../services.ts";

const SnapshotRequest = z.strictObject({
  run: z.string().min(1).max(500),
  step: z.number().int().min(0).describe("One of the run's snapshots."),
  prompt: z.string().max(2000).describe(
    "How a document begins; its end is read if the context has no room for all.",
  ),
  max_tokens: z.number().int().min(1).max(64).default(24),
  layer: z.number().int().min(0).default(0),
  head: z.number().int().min(0).default(0),
}).openapi("SnapshotRequest");

const Snapshot = z.strictObject({
  step: z.number(),
  tokens: z.array(z.string()).describe(
    "Of the prompt, and of what the model writes after it at temperature 0.",
  ),
  prompt: z.number().int().describe("How many of them are the prompt's."),
  predictions: z.array(z.strictObject({
    probability: z.number().describe("Of the token that follows."),
    top: z.array(z.strictObject({ token: z.string(), probability: z.number() })),
  })).describe("What is expected after each token but the last."),
  layers: z.number().int(),
  heads: z.number().int(),
  weights: z.string().describe(
    "Attention of the head: base64 of a row of bytes for each token, 255 times the weight.",
  ),
}).openapi("Snapshot");

const snapshotRoute = createRoute({
  method: "post",
  path: "/api/runs/snapshot",
  summary:
    "What a model writes, expects and looks at, at a step of its training of which a checkpoint was kept.",
  ...jsonRequest(SnapshotRequest),
  responses: { 200: json("What it does.", Snapshot), ...refusals },
});

type Opened = Pick<LanguageModel, "decoder" | "tokenizer">;

/** How many snapshots stay open, as the page's slider goes back and forth. */
const OPEN = 3;
/** How many of the most probable tokens are returned. */
const TOP = 5;

/** The most recently used snapshots. Requests take turns, so that none is closed while it computes. */
class OpenSnapshots {
  readonly #store: ModelStore;
  readonly #open = new Map<string, Opened>();

  constructor(store: ModelStore) {
    this.#store = store;
  }

  /** @throws {ApiError} if it is damaged */
  async get(folder: string): Promise<Opened> {
    // A run that starts over writes other snapshots under the same names.
    const written = await Deno.stat(folder).catch(() => null);
    const key = `${folder} ${written?.ino} ${written?.mtime?.getTime()}`;
    let model = this.#open.get(key);
    if (model?.decoder.parameters.device.fault) model = undefined;
    this.#open.delete(key);
    model ??= await this.#store.openFolder(folder).catch((error) => {
      console.error(describe(error));
      const message = "that snapshot cannot be opened; the server's log says why";
      throw new ApiError(503, message, "step", "model_unavailable");
    });
    this.#open.set(key, model);
    for (const [other, { decoder }] of [...this.#open].slice(0, -OPEN)) {
      decoder.release();
      this.#open.delete(other);
    }
    return model;
  }
}

async function look(
  { decoder, tokenizer }: Opened,
  { prompt, max_tokens, layer, head, step }: z.infer<typeof SnapshotRequest>,
): Promise<z.infer<typeof Snapshot>> {
  const { layers, heads, context } = decoder.config;
  if (layer >= layers || head >= heads) {
    const at = layer >= layers ? "layer" : "head";
    throw new ApiError(400, `there are ${layers} layers of ${heads} heads`, at);
  }
  const { bos, eos } = tokenizer.special;
  const room = Math.max(1, context - max_tokens - 1);
  const read = [bos, ...tokenizer.encode(prompt).slice(-room)];
  const ids = [...read];
  const options = {
    maxNewTokens: Math.min(max_tokens, context - read.length),
    temperature: 0,
    topK: 0,
    seed: 0,
  };
  for await (const id of generate(decoder, Uint32Array.from(read), { ...options, stop: eos })) ids.push(id);
  const all = Uint32Array.from(ids);
  const scores = await scoreTokens(decoder, all, TOP);
  const [weights] = await attentionWeights(decoder, all, layer, [head]);
  return {
    step,
    tokens: ids.map((id) => tokenizer.label(id)),
    prompt: read.length,
    predictions: scores.map(({ logprob, alternatives }) => ({
      probability: Math.exp(logprob),
      top: alternatives.map(({ id, logprob }) => ({
        token: tokenizer.label(id),
        probability: Math.exp(logprob),
      })),
    })),
    layers,
    heads,
    weights: Uint8Array.from(weights, (w) => Math.round(255 * w)).toBase64(),
  };
}

export function snapshotRoutes({ runs, store, work, timeLimit }: Services) {
  const app = routeGroup();
  const open = new OpenSnapshots(store);
  app.openapi(snapshotRoute, async (c) => {
    const request = c.req.valid("json");
    const run = await runs.get(request.run);
    if (!run) {
      throw new ApiError(404, `there is no run ${JSON.stringify(request.run)}`, "run", "run_not_found");
    }
    const steps = await snapshotSteps(run.folder);
    if (!steps.includes(request.step)) {
      const there = steps.length > 0
        ? `there are those of steps ${steps.join(", ")}`
        : "it kept none; train with pretrain.snapshots: true";
      throw new ApiError(
        404,
        `${run.id} has no snapshot of step ${request.step}; ${there}`,
        "step",
        "not_found",
      );
    }
    const folder = snapshotFolder(run.folder, request.step);
    const seen = await work.run(deadlineOf(c, timeLimit), (turn) => {
      return turn(async () => look(await open.get(folder), request));
    });
    return c.json(seen, 200);
  });
  return app;
}
