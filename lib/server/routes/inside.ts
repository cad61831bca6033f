/** `/api/inside/…`: a model's intermediate results, for the inside page and for notebooks. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { effectsOf, writeAblated } from "../../inside/ablation.ts";
import {
  everyHeadsScores,
  headPictures,
  mainScore,
  testSequence,
  uniformScores,
} from "../../inside/heads.ts";
import { logitLens } from "../../inside/lens.ts";
import { forwardPass } from "../../inside/walk.ts";
import { type Candidate, candidates } from "../../generate/sample.ts";
import type { Ablation, Decoder } from "../../model/decoder.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { ApiError } from "../errors.ts";
import { collectAll, samplingOf, startAnswers } from "../generation.ts";
import type { LanguageModel } from "../models.ts";
import { routeGroup } from "../openapi.ts";
import { chatPrompt, checkIds, messagesOf } from "../prompts.ts";
import type * as schemas from "../schemas/inside.ts";
import { deadlineOf, languageModel, type Services } from "../services.ts";
import type { Turn } from "../work.ts";
import { routes } from "./inside_table.ts";

/** How many of the most probable tokens are returned. */
const TOP = 10, TOP_OF_PASS = 60;
const MAX_TOKENS = 40;

const told = (tokenizer: Tokenizer, { id, logprob }: Candidate): schemas.Token => ({
  id,
  token: tokenizer.label(id),
  probability: Number(Math.exp(logprob).toPrecision(6)),
});

/** @throws {ApiError} if they do not fit into the context, or a token does not exist */
function checkSequence({ decoder }: LanguageModel, ids: readonly number[], param = "ids"): Uint32Array {
  const { context, vocab } = decoder.config;
  if (ids.length > context) {
    const message = `${param}: ${ids.length} tokens are more than the context has room for, ${context}`;
    throw new ApiError(400, message, param, "context_length_exceeded");
  }
  checkIds(ids, vocab, param);
  return Uint32Array.from(ids);
}

/** @throws {ApiError} if the model has no such part */
function checkParts({ decoder }: LanguageModel, { heads, mlps }: Ablation, param: string): void {
  const { layers, heads: each } = decoder.config;
  const wrong = heads.some(({ layer, head }) => layer >= layers || head >= each) ||
    mlps.some((at) => at >= layers);
  if (wrong) {
    throw new ApiError(400, `${param}: there are ${layers} layers of ${each} heads`, param, "unknown_part");
  }
}

/** Scores of each model's heads on the test text, measured once. */
const tested = new WeakMap<Decoder, Awaited<ReturnType<typeof testHeads>>>();

async function testHeads({ decoder, tokenizer }: LanguageModel) {
  const ids = testSequence(tokenizer, decoder.config.context);
  return { ids, uniform: uniformScores(ids), scores: await everyHeadsScores(decoder, ids) };
}

/** The most probable continuation without some parts; each token takes a turn. */
async function ablatedAnswer(
  { decoder, tokenizer }: LanguageModel,
  ids: Uint32Array,
  options: { ablation: Ablation; maxNewTokens: number },
  turn: Turn,
) {
  const stop = tokenizer.special.eos;
  const written = writeAblated(decoder, ids, { ...options, stop, alternatives: TOP });
  const tokens = [];
  try {
    for (;;) {
      const { value, done } = await turn(() => written.next());
      if (done) break;
      tokens.push(value);
    }
  } finally {
    await written.return(undefined);
  }
  const ended = tokens.at(-1)?.id === stop;
  const chosen = tokens.map(({ top }) => top.map((one) => told(tokenizer, one)));
  return {
    next: chosen[0] ?? [],
    tokens: chosen.map((top) => ({ ...top[0], top })),
    text: tokenizer.decode(tokens.map(({ id }) => id)),
    finish_reason: ended ? "stop" as const : "length" as const,
  };
}

const rounded = (values: Float32Array) => Array.from(values, (x) => Number(x.toPrecision(5)));

export function insideRoutes({ store, metrics, work, timeLimit }: Services): OpenAPIHono {
  const app = routeGroup();

  app.openapi(routes.tokens, async (c) => {
    const { model: id, input = "", messages } = c.req.valid("json");
    const model = await languageModel(store, id);
    const { tokenizer, decoder } = model;
    const { config } = decoder;
    // If the ids are longer than the context, the model sees their end.
    const { ids, truncated } = messages
      ? chatPrompt(model, messages, "messages")
      : typeof input === "string"
      ? chatPrompt(model, [{ role: "user", content: input }], "input")
      : {
        ids: checkSequence(model, input.slice(-config.context), "input"),
        truncated: input.length > config.context,
      };
    const special = new Set<number | null>(Object.values(tokenizer.special));
    return c.json({
      model: model.id,
      kind: model.kind,
      ids: [...ids],
      tokens: Array.from(ids, (token) => tokenizer.label(token)),
      markers: Array.from(ids, (token) => special.has(token)),
      messages: messagesOf(tokenizer, ids),
      truncated,
      architecture: {
        layers: config.layers,
        heads: config.heads,
        kv_heads: config.kvHeads,
        head_width: config.headWidth,
        width: config.width,
        hidden: config.hidden,
        vocab: config.vocab,
        context: config.context,
        parameters: decoder.parameters.count,
        position: config.position,
        norm: config.norm,
        mlp: config.mlp,
        qk_norm: config.qkNorm,
      },
    }, 200);
  });

  app.openapi(routes.continued, async (c) => {
    const { model: id, ids: given, max_tokens, ...sampling } = c.req.valid("json");
    const model = await languageModel(store, id);
    const ids = checkSequence(model, given);
    const deadline = deadlineOf(c, timeLimit);
    const generations = startAnswers(model, [{ ids, truncated: false }], {
      ...samplingOf(sampling, model),
      maxNewTokens: Math.min(max_tokens ?? MAX_TOKENS, model.decoder.config.context - ids.length),
      stops: [],
      trimmed: false,
      n: 1,
      alternatives: TOP,
    }, { deadline, metrics });
    const [{ tokens, text, finish }] = await collectAll(generations, deadline);
    const chosen = tokens.map(({ id, logprob = 0, alternatives = [] }) => ({
      ...told(model.tokenizer, { id, logprob }),
      top: alternatives.map((one) => told(model.tokenizer, one)),
    }));
    return c.json({ tokens: chosen, text, finish_reason: finish }, 200);
  });

  app.openapi(routes.heads, async (c) => {
    const { model: id, ids: given } = c.req.valid("json");
    const model = await languageModel(store, id);
    const ids = checkSequence(model, given);
    const { pictures, test } = await work.run(deadlineOf(c, timeLimit), async (turn) => {
      const test = tested.get(model.decoder) ?? await turn(() => testHeads(model));
      tested.set(model.decoder, test);
      return { test, pictures: await turn(() => headPictures(model.decoder, ids)) };
    });
    return c.json({
      side: Math.sqrt(pictures[0].bytes.length),
      heads: pictures.map(({ layer, head, bytes }, i) => ({
        layer,
        head,
        picture: bytes.toBase64(),
        scores: test.scores[i],
        does: mainScore(test.scores[i], test.uniform),
      })),
      uniform: test.uniform,
      test: { ids: [...test.ids], text: model.tokenizer.decode(test.ids, { special: true }) },
    }, 200);
  });

  app.openapi(routes.lens, async (c) => {
    const { model: id, ids: given, top } = c.req.valid("json");
    const model = await languageModel(store, id);
    const { decoder, tokenizer } = model;
    const ids = checkSequence(model, given);
    const { cells, appears } = await work.run(deadlineOf(c, timeLimit), (turn) => {
      return turn(() => logitLens(decoder, ids, top ?? 3));
    });
    return c.json({
      cells: cells.map((row) =>
        row.map(({ top, answer }) => ({
          top: top.map((one) => told(tokenizer, one)),
          answer: told(tokenizer, answer).probability,
        }))
      ),
      appears: [...appears],
    }, 200);
  });

  app.openapi(routes.ablate, async (c) => {
    const { model: id, ids: given, off, max_tokens } = c.req.valid("json");
    const model = await languageModel(store, id);
    const ids = checkSequence(model, given);
    checkParts(model, off, "off");
    const maxNewTokens = max_tokens ?? MAX_TOKENS;
    const [before, after] = await work.run(deadlineOf(c, timeLimit), async (turn) => {
      const whole = { heads: [], mlps: [] };
      const before = await ablatedAnswer(model, ids, { ablation: whole, maxNewTokens }, turn);
      return [before, await ablatedAnswer(model, ids, { ablation: off, maxNewTokens }, turn)];
    });
    return c.json({ before, after }, 200);
  });

  app.openapi(routes.effects, async (c) => {
    const { model: id, ids: given } = c.req.valid("json");
    const model = await languageModel(store, id);
    const ids = checkSequence(model, given);
    const { token, heads, mlps } = await work.run(deadlineOf(c, timeLimit), (turn) => {
      return effectsOf(model.decoder, ids, turn);
    });
    return c.json({ token: told(model.tokenizer, token), heads, mlps }, 200);
  });

  app.openapi(routes.pass, async (c) => {
    const { model: id, ids: given, ...where } = c.req.valid("json");
    const model = await languageModel(store, id);
    const ids = checkSequence(model, given);
    checkParts(
      model,
      { heads: [where], mlps: [] },
      where.layer < model.decoder.config.layers ? "head" : "layer",
    );
    if (where.position >= ids.length) {
      throw new ApiError(
        400,
        `position: the sequence has ${ids.length} tokens`,
        "position",
        "unknown_position",
      );
    }
    const walk = await work.run(deadlineOf(c, timeLimit), (turn) => {
      return turn(() => forwardPass(model.decoder, ids, where));
    });
    const { top } = candidates(walk.logits, 0, TOP_OF_PASS);
    return c.json({
      embedding: rounded(walk.embedding),
      residual: rounded(walk.residual),
      attention_norm: rounded(walk.attentionNorm),
      query: rounded(walk.query),
      keys: walk.keys.map(rounded),
      values: walk.values.map(rounded),
      products: rounded(walk.products),
      scores: rounded(walk.scores),
      weights: rounded(walk.weights),
      mixture: rounded(walk.mixture),
      attention: rounded(walk.attention),
      mlp_norm: rounded(walk.mlpNorm),
      up: rounded(walk.up),
      activated: rounded(walk.activated),
      mlp: rounded(walk.mlp),
      leaves: rounded(walk.leaves),
      lengths: rounded(Float32Array.from(walk.lengths)),
      final_norm: rounded(walk.finalNorm),
      logits: rounded(walk.logits),
      top: top.map((one) => told(model.tokenizer, one)),
    }, 200);
  });
  return app;
}
