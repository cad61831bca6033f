/** What requests and answers of several routes share. */
import { z } from "@hono/zod-openapi";

/** Text from outside; lone surrogates, which are not characters, become the replacement character. */
export const text = z.string().transform((value) => value.toWellFormed());

/** Text that is not blank. */
const filled = z.string().regex(/\S/, "the text is empty").transform((value) => value.trim().toWellFormed());

export const tokenId = z.number().int().min(0);
/** A sequence of token ids. */
export const tokenIds = z.array(tokenId).min(1).max(100_000);

/** One text or several. */
export const texts = z.union([filled.transform((one) => [one]), z.array(filled).min(1).max(256)]);

/** The token ids of one text, or those of several. */
export const idsOfTexts = z.union([tokenIds.transform((one) => [one]), z.array(tokenIds).min(1).max(256)]);

export const truncate = z.boolean().nullish().describe(
  "Not OpenAI's: false refuses a text that the context has no room for, a part of which is left out otherwise.",
);

export const model = z.string().optional().describe("By default the first of /v1/models.");

/** A parameter of OpenAI's that this server lacks: anything but null is refused, with its name and the reason. */
export const refused = (why: string) => z.null({ error: `is not supported: ${why}` }).optional();

/**
 * One of some values, null, or nothing. The null is a separate alternative, because the description of a nullish
 * enumeration would leave it out.
 */
export const oneOf = <const T extends string>(values: readonly [T, ...T[]], error?: string) =>
  z.union([z.enum(values), z.null()], error ? { error } : undefined).optional();

/** A parameter of OpenAI's that may only have one value here. */
export const only = <T extends string | number | boolean>(value: T, why: string) =>
  z.union([z.literal(value), z.null()], { error: `may only be ${JSON.stringify(value)}: ${why}` }).optional();

/** Parameters of OpenAI's for accounts, caches and billing; they do not change answers. */
export const harmless = {
  metadata: z.record(z.string(), z.string()).nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  service_tier: z.string().nullish(),
  user: z.string().nullish(),
};

/** Number of answers to each prompt. */
export const n = z.number().int().min(1).max(128).nullish();

/** How tokens are chosen, and whether a long prompt may be cut. */
export const sampling = {
  model,
  temperature: z.number().min(0).max(2).nullish().describe(
    "0.7 by default; 0 takes the most probable token.",
  ),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.number().int().min(0).max(100_000).nullish().describe(
    "Not OpenAI's: only the k most probable tokens.",
  ),
  presence_penalty: z.number().min(-2).max(2).nullish().describe(
    "Makes tokens that the answer has less probable.",
  ),
  frequency_penalty: z.number().min(-2).max(2).nullish().describe(
    "Makes tokens less probable, the more often the answer has them.",
  ),
  repetition_penalty: z.number().gt(0).max(10).nullish().describe(
    "Not OpenAI's: divides the positive logits of tokens that prompt or answer have, and multiplies negative ones.",
  ),
  logit_bias: z.record(z.string(), z.number().min(-100).max(100)).nullish().describe(
    "What is added to the logits of tokens, by their ids; -100 bans one.",
  ),
  seed: z.number().int().min(0).max(2 ** 53 - 1).nullish(),
  truncate,
};
export type SamplingRequest = z.infer<z.ZodObject<typeof sampling>>;

const NO_LIMIT = "-1 writes until the context is full.";

/** Most tokens of an answer. */
export const maxTokens = (least: number, otherwise: string) =>
  z.union([z.literal(-1), z.number().int().min(least).max(4096)]).nullish().describe(
    `${otherwise} ${NO_LIMIT}`,
  );

export const stream = {
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({
    include_usage: z.boolean().nullish().describe("Sends the usage in an event of its own, before the end."),
    include_obfuscation: only(false, "no padding is sent"),
  }).nullish(),
};

const stopText = z.string().min(1).max(1000);
export const stop = z.union([stopText, z.array(stopText).max(4)]).nullish().describe(
  "Texts that end the answer, and are no part of it.",
);

export const CachedTokens = z.strictObject({
  cached_tokens: z.number().int().describe(
    "What the cache still held of the prompt, from an earlier request.",
  ),
});

export const Usage = z.strictObject({
  prompt_tokens: z.number().int(),
  completion_tokens: z.number().int(),
  total_tokens: z.number().int(),
  prompt_tokens_details: CachedTokens,
}).openapi("Usage");
export type Usage = z.infer<typeof Usage>;

export const usageOf = (prompt: number, completion: number, cached: number): Usage => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: { cached_tokens: cached },
});

export const finishReason = z.enum(["stop", "length"]).describe(
  "`stop`: the model ended it, or a stop text came; `length`: the limit was reached.",
);

export const newId = (kind: string) => `${kind}-${crypto.randomUUID().replaceAll("-", "")}`;
export const now = () => Math.floor(Date.now() / 1000);
