/** `/api/inside/…`: requests and answers about a model's intermediate results. */
import { z } from "@hono/zod-openapi";
import { HEAD_SCORES } from "../../inside/heads.ts";
import { Message } from "./chat.ts";
import { finishReason, model, sampling, text, tokenId } from "./common.ts";

/** Most tokens of a sequence. */
const MOST_IDS = 4096;

const ids = z.array(tokenId).min(1).max(MOST_IDS).describe(
  "A sequence of token ids that the context has room for; /api/inside/tokens makes one of a text.",
);
const of = { model, ids };
const count = z.number().int();
const probability = z.number().describe("In [0, 1].");

const Token = z.strictObject({ id: tokenId, token: z.string(), probability }).openapi("InsideToken");
export type Token = z.infer<typeof Token>;
/** A chosen token, and the most probable ones at its position. */
const ChosenToken = z.strictObject({
  id: tokenId,
  token: z.string(),
  probability,
  top: z.array(Token).describe("The most probable tokens there, the most probable first."),
}).openapi("InsideChosenToken");

export const TokensRequest = z.strictObject({
  model,
  input: z.union([text.pipe(z.string().max(100_000)), ids]).optional().describe(
    "A text as a person writes it, which for a model that answers is a question; or token ids, of which the last are " +
      "kept if there are more than the context has room for.",
  ),
  messages: z.array(Message).min(1).max(1000).optional().describe(
    "A conversation, in place of the input. A model that was not trained to answer reads the last message.",
  ),
}).refine(({ input, messages }) => (input === undefined) !== (messages === undefined), {
  error: "either input or messages must be given, and not both",
}).openapi("InsideTokensRequest", { oneOf: [{ required: ["input"] }, { required: ["messages"] }] });
export const Tokens = z.strictObject({
  model: z.string(),
  kind: z.enum(["chat", "text"]),
  ids: z.array(tokenId),
  tokens: z.array(z.string()).describe("Each token as it can be shown."),
  markers: z.array(z.boolean()).describe("Whether each is a special token, which no text can spell."),
  messages: z.array(z.strictObject({ role: z.enum(["user", "assistant"]), content: z.string() })).describe(
    "What the ids say, without markers: to give the same to a model with other tokens.",
  ),
  truncated: z.boolean().describe("Whether a part of the text was left out, to keep to the context."),
  architecture: z.strictObject({
    layers: count,
    heads: count,
    kv_heads: count,
    head_width: count,
    width: count,
    hidden: count,
    vocab: count,
    context: count,
    parameters: count,
    position: z.enum(["learned", "rope", "alibi", "none"]),
    norm: z.enum(["layer", "rms"]),
    mlp: z.enum(["gelu", "swiglu", "relu2"]),
    qk_norm: z.boolean(),
  }),
}).openapi("InsideTokens");

export const ContinueRequest = z.strictObject({
  ...of,
  max_tokens: z.number().int().min(1).max(1024).nullish().describe(
    "40 by default. The end of the context is an end, too.",
  ),
  temperature: sampling.temperature,
  top_p: sampling.top_p,
  top_k: sampling.top_k,
  seed: sampling.seed,
}).openapi("InsideContinueRequest");
export const Continuation = z.strictObject({
  tokens: z.array(ChosenToken),
  text: z.string(),
  finish_reason: finishReason,
}).openapi("InsideContinuation");

export const HeadsRequest = z.strictObject(of).openapi("InsideHeadsRequest");
const score = z.number().nullable();
const Scores = z.strictObject({
  previous: score.describe("Mean weight of position t - 1."),
  first: score.describe("Mean weight of position 0, for t > 0."),
  same: score.describe("Mean weight, together, of all earlier positions with the same token."),
  induction: score.describe(
    "Mean weight, together, of all positions right after an earlier one with the same token (Olsson et al., " +
      "arXiv:2209.11895: prefix matching).",
  ),
}).openapi("InsideHeadScores", {
  description: "In [0, 1], averaged over the positions that have such a place; null if none has.",
});
export const Heads = z.strictObject({
  side: count.describe("Rows and columns of each picture: one for each token, up to 64."),
  heads: z.array(z.strictObject({
    layer: count,
    head: count,
    picture: z.string().describe(
      "Base64 of side rows of side bytes: the attention to the sequence, each row scaled to a largest weight of 255. " +
        "Where a dot stands for several tokens, it has the largest of them.",
    ),
    scores: Scores,
    does: z.union([z.enum(HEAD_SCORES), z.null()]).describe(
      "The score that exceeds the uniform head's by most, if it is 0.3 or more and twice the uniform head's.",
    ),
  })),
  uniform: Scores.describe("What a head would score that looks at all positions alike."),
  test: z.strictObject({ ids: z.array(tokenId), text: z.string() }).describe(
    "What the scores were measured on, whatever the request's sequence: a text, twice.",
  ),
}).openapi("InsideHeads");

export const LensRequest = z.strictObject({
  ...of,
  top: z.number().int().min(1).max(10).nullish().describe("Tokens to tell of each cell; 3 by default."),
}).openapi("InsideLensRequest");
export const Lens = z.strictObject({
  cells: z.array(z.array(z.strictObject({
    top: z.array(Token),
    answer: probability.describe("Of the token that the last layer finds most probable."),
  }))).describe("By depth, from the embedding (0) to what leaves the last layer; then by position."),
  appears: z.array(count).describe(
    "By position: the depth from which on the most probable token is that of the last layer.",
  ),
}).openapi("InsideLens");

const layer = z.number().int().min(0).max(1000);
const Off = z.strictObject({
  heads: z.array(z.strictObject({ layer, head: layer })).max(4096),
  mlps: z.array(layer).max(1000),
}).openapi("InsideAblation", {
  description:
    "What is switched off: heads, whose mixtures of values become zero, and MLPs, which add nothing.",
});
export const AblateRequest = z.strictObject({
  ...of,
  off: Off,
  max_tokens: z.number().int().min(1).max(256).nullish().describe("Of each answer; 40 by default."),
}).openapi("InsideAblateRequest");
const Answer = z.strictObject({
  next: z.array(Token).describe("The ten most probable next tokens."),
  tokens: z.array(ChosenToken).describe("The most probable continuation."),
  text: z.string(),
  finish_reason: finishReason,
}).openapi("InsideAnswer");
export const Ablated = z.strictObject({ before: Answer, after: Answer }).openapi("InsideAblated");

export const EffectsRequest = z.strictObject(of).openapi("InsideEffectsRequest");
export const Effects = z.strictObject({
  token: Token.describe("What the whole model finds most probable next."),
  heads: z.array(z.array(z.number())).describe(
    "By layer and head: how much the logarithm of its probability changes if this head alone is switched off, in nats.",
  ),
  mlps: z.array(z.number()).describe("The same by layer, for the MLP."),
}).openapi("InsideEffects");

export const PassRequest = z.strictObject({
  ...of,
  position: z.number().int().min(0).max(MOST_IDS),
  layer,
  head: layer,
}).openapi("InsidePassRequest");
const vector = (what: string) => z.array(z.number()).describe(what);
const vectors = (what: string) => z.array(z.array(z.number())).describe(what);
export const Pass = z.strictObject({
  embedding: vector("(C): the token's embedding, with that of its position if positions are learned."),
  residual: vector("(C): the residual stream that enters the layer."),
  attention_norm: vector("(C): its norm."),
  query: vector("(D): the head's query."),
  keys: vectors("(T, D): the keys of the positions up to this one."),
  values: vectors("(T, D): their values."),
  products: vector("(T): q·k."),
  scores: vector("(T): q·k/√D, and ALiBi's bias if the model has it."),
  weights: vector("(T): the softmax of the scores."),
  mixture: vector("(D): the values, mixed by the weights."),
  attention: vector("(C): what all heads add to the residual stream."),
  mlp_norm: vector("(C): the norm that the MLP takes."),
  up: vector("(F), for swiglu (2F) with the gate first: the MLP's hidden layer before its activation."),
  activated: vector("(F): after it."),
  mlp: vector("(C): what the MLP adds to the residual stream."),
  leaves: vector("(C): the residual stream that leaves the layer."),
  lengths: vector(
    "(L + 1): the length of the residual stream, from the embedding to what leaves the last layer.",
  ),
  final_norm: vector("(C): the last norm, after all layers."),
  logits: vector("(V): by token id."),
  top: z.array(Token).describe("The 60 most probable next tokens."),
}).openapi("InsidePass", {
  description: "Numbers of one position, in one layer and one of its heads, to 5 digits.",
});
