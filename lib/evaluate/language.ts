/** Measures a language model's answers, samples and speed. */
import { DAYS, MONTHS } from "../data/world/grammar/calendar.ts";
import type { Question } from "../data/instructions.ts";
import { promptTokens } from "../generate/answer.ts";
import { complete } from "../generate/complete.ts";
import { generate, generateAll } from "../generate/generate.ts";
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { chrf, distinct, mentions, normalizeAnswer, repetition } from "./text_metrics.ts";

export interface Answered extends Question {
  readonly answer: string;
}

/** Shares of right answers, in [0, 1]; null if no question of the family has what the figure needs. */
export interface Score {
  readonly questions: number;
  /** Share of answers equal to the expected one, ignoring case and marks at the ends. */
  readonly exact: number | null;
  /** Share of answers that contain the required texts, as whole words in any case, and no excluded ones. */
  readonly contains: number | null;
  /** Mean chrF against the expected answer. */
  readonly chrf: number | null;
}

/** Asks every question, with greedy decoding. */
export async function askAll(
  model: Decoder,
  tokenizer: Tokenizer,
  questions: readonly Question[],
  maxNewTokens: number,
  onProgress: (done: number) => void,
): Promise<Answered[]> {
  const options = { maxNewTokens, temperature: 0, topK: 0, seed: 0, stop: tokenizer.special.eos };
  const prompts = questions.map(({ instruction, past }) =>
    [promptTokens(tokenizer, model.config.context, instruction, past), options] as const
  );
  const written = await generateAll(model, prompts, onProgress);
  return questions.map((question, i) => ({ ...question, answer: tokenizer.decode(written[i].ids).trim() }));
}

/** The sums at the start of an answer, up to the result: in "12 - 4 = 8, 8 + 2 = 10" everything but the 10. */
const SUMS = /^(?:\d+(?: [-+×÷] \d+)+ = (?:\d+, (?=\d+ [-+×÷]))?)+/;
/** Days or months that are passed on the way to the answer after them: "Jueves, viernes, sábado. Sábado." */
const PASSED = (() => {
  const one = `(?:${[...DAYS, ...MONTHS].join("|")})(?: \\d)?`;
  return new RegExp(`^(?:${one}, )+${one}\\. (?=\\S)`, "i");
})();

/**
 * Whether an answer contains at least one text from each entry of `contains`, and none of `excludes`. Working at the
 * start of the answer is ignored: most of its numbers come from the question, and one might happen to be the right
 * answer.
 */
export function holds({ answer, contains = [], excludes = [] }: Answered): boolean {
  const result = answer.replace(SUMS, "").replace(PASSED, "");
  const there = (text: string) => mentions(result, text);
  return contains.every((texts) => [texts].flat().some(there)) && !excludes.some(there);
}

export function score(answered: readonly Answered[]): Score {
  const mean = (values: number[]) =>
    values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
  const expected = answered.filter(({ response }) => response !== undefined);
  const judged = answered.filter(({ contains, excludes }) => contains ?? excludes);
  return {
    questions: answered.length,
    exact: mean(
      expected.map(({ answer, response }) => Number(normalizeAnswer(answer) === normalizeAnswer(response!))),
    ),
    contains: mean(judged.map((a) => Number(holds(a)))),
    chrf: mean(expected.map(({ answer, response }) => chrf(answer, response!))),
  };
}

/** Scores by family; questions without a family are under "none". */
export function scoreFamilies(answered: readonly Answered[]): Record<string, Score> {
  const families = Map.groupBy(answered, ({ family }) => family ?? "none");
  return Object.fromEntries([...families].map(([family, own]) => [family, score(own)]));
}

export interface Sample {
  readonly prompt: string;
  readonly temperature: number;
  readonly seed: number;
  readonly text: string;
}

export interface SampleOptions {
  readonly prompts: readonly string[];
  readonly temperatures: readonly number[];
  readonly seeds: readonly number[];
  readonly tokens: number;
}

/** Continues every prompt at every temperature with every seed; at temperature 0 seeds make no difference. */
export async function drawSamples(
  model: Decoder,
  tokenizer: Tokenizer,
  options: SampleOptions,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const prompt of options.prompts) {
    for (const temperature of options.temperatures) {
      for (const seed of temperature === 0 ? options.seeds.slice(0, 1) : options.seeds) {
        const drawing = { maxNewTokens: options.tokens, temperature, topK: 0, seed };
        const text = await complete(model, tokenizer, prompt, drawing);
        samples.push({ prompt, temperature, seed, text });
      }
    }
  }
  return samples;
}

/** How varied some texts are. */
export function variety(texts: readonly string[]) {
  return { distinct_1: distinct(texts, 1), distinct_2: distinct(texts, 2), repetition: repetition(texts) };
}

export interface Speed {
  /** Tokens of the prompt read per second. */
  readonly prefill_tokens_per_s: number;
  /** Tokens written per second, one at a time. */
  readonly decode_tokens_per_s: number;
  /** From the prompt to the first token, in milliseconds. */
  readonly first_token_ms: number;
}

/** Measures with a prompt of `prompt` tokens: the best of three runs, after one to warm up. */
export async function measureSpeed(model: Decoder, prompt: number, tokens: number): Promise<Speed> {
  const { context, vocab } = model.config;
  const start = Uint32Array.from({ length: Math.min(prompt, context - 1) }, (_, i) => i % vocab);
  const wanted = Math.max(2, Math.min(tokens, context - start.length));
  let first = Infinity, rest = Infinity;
  for (let round = 0; round < 4; round++) {
    const began = performance.now();
    let at = began;
    const drawing = { maxNewTokens: wanted, temperature: 0, topK: 0, seed: 0, stop: vocab };
    let n = 0;
    for await (const _ of generate(model, start, drawing)) if (n++ === 0) at = performance.now();
    if (round === 0) continue;
    first = Math.min(first, at - began);
    rest = Math.min(rest, performance.now() - at);
  }
  return {
    prefill_tokens_per_s: Math.round(start.length / first * 1000),
    decode_tokens_per_s: Math.round((wanted - 1) / rest * 1000),
    first_token_ms: Number(first.toFixed(2)),
  };
}
