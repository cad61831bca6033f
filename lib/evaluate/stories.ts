/** Lets a model continue beginnings of stories, and checks by program how coherent the continuations are. */
import type { Story } from "../data/stories.ts";
import type { Lexicon } from "../data/world/lexicon.ts";
import { generateAll } from "../generate/generate.ts";
import type { Decoder } from "../model/decoder.ts";
import { deriveSeed } from "../tensor/random.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { checkAgreement } from "./agreement.ts";
import { PersonChecker } from "./persons.ts";
import { repetition, wordsOf } from "./text_metrics.ts";
import { WordForms } from "./word_forms.ts";

/** A coherent continuation has at least this many words. */
const FEWEST_WORDS = 10;
/** And at most this share of its 4-grams occurred in it before. */
const MOST_REPEATED = 0.05;

export interface Continuation extends Story {
  readonly text: string;
  /** Whether the model ended the text, rather than the token limit. */
  readonly stopped: boolean;
}

export interface StoryOptions {
  readonly max_new_tokens: number;
  readonly temperature: number;
  readonly seed: number;
}

/** Continues each beginning as a document that starts with it, each with a seed of its own. */
export async function continueStories(
  model: Decoder,
  tokenizer: Tokenizer,
  stories: readonly Story[],
  { max_new_tokens: maxNewTokens, temperature, seed }: StoryOptions,
  onProgress: (done: number) => void,
): Promise<Continuation[]> {
  const { bos, eos } = tokenizer.special;
  const prompts = stories.map(({ beginning }, i) => {
    const options = { maxNewTokens, temperature, topK: 0, seed: deriveSeed(seed, i), stop: eos };
    return [Uint32Array.of(bos, ...tokenizer.encode(beginning)), options] as const;
  });
  const written = await generateAll(model, prompts, onProgress);
  return stories.map((story, i) => {
    const { ids, reason } = written[i];
    return { ...story, text: tokenizer.decode(ids), stopped: reason === "stop" };
  });
}

/** A continuation, and what was found in it. */
export interface JudgedStory extends Continuation {
  /** Names of persons who were not introduced. */
  readonly strangers: readonly string[];
  /** Phrases that describe a person in the wrong gender or number. */
  readonly misgendered: readonly string[];
  /** Phrases whose articles and adjectives do not agree with their noun. */
  readonly disagreements: readonly string[];
  /** The number of phrases whose words the lexicon knows. */
  readonly phrases: number;
  /** Whether a person from the beginning is named. */
  readonly named: boolean;
  readonly words: number;
  /** Share of 4-grams that occurred earlier in the continuation. */
  readonly repetition: number;
  /** Whether the model ended it at the end of a sentence. */
  readonly ended: boolean;
  /** Whether no fault was found. */
  readonly coherent: boolean;
}

export class StoryJudge {
  readonly #forms: WordForms;
  readonly #persons: PersonChecker;

  constructor(lexicon: Lexicon) {
    this.#forms = new WordForms(lexicon);
    this.#persons = new PersonChecker(lexicon, this.#forms);
  }

  judge(continuation: Continuation): JudgedStory {
    const { beginning, persons, text, stopped } = continuation;
    const strangers = this.#persons.strangers(beginning, persons, text);
    const misgendered = this.#persons.misgendered(persons, text);
    const { phrases, faults: disagreements } = checkAgreement(text, this.#forms);
    const all = wordsOf(text);
    const names = Object.keys(persons).map((name) => name.toLowerCase());
    const repeated = repetition([text]);
    const ended = stopped && /[.!?…][»”")]*\s*$/.test(text);
    const named = names.some((name) => all.includes(name));
    const faultless = [strangers, misgendered, disagreements].every(({ length }) => length === 0) &&
      (named || names.length === 0) && repeated <= MOST_REPEATED && all.length >= FEWEST_WORDS;
    return {
      ...continuation,
      ...{ strangers, misgendered, disagreements, phrases },
      named,
      words: all.length,
      repetition: repeated,
      ended,
      coherent: faultless && ended,
    };
  }
}

/** Shares of the continuations, in [0, 1], unless stated otherwise. */
export interface StoryScore {
  readonly stories: number;
  /** Share without any fault. */
  readonly coherent: number;
  /** Share in which persons stay who they are: none is unintroduced, or has the wrong gender. */
  readonly persons: number;
  /** Share that name a person from the beginning, among those whose beginning names one. */
  readonly named: number | null;
  /** Share of phrases that agree, among those whose words the lexicon knows. */
  readonly agreement: number | null;
  /** Mean share of 4-grams that occurred earlier in the continuation. */
  readonly repetition: number;
  /** Share that the model ended, at the end of a sentence. */
  readonly ended: number;
  /** Mean number of words. */
  readonly words: number;
}

export function storyScore(judged: readonly JudgedStory[]): StoryScore {
  const sum = (value: (story: JudgedStory) => number) =>
    judged.reduce((total, story) => total + value(story), 0);
  const mean = (value: (story: JudgedStory) => number | boolean) =>
    sum((story) => Number(value(story))) / judged.length;
  const peopled = judged.filter(({ persons }) => Object.keys(persons).length > 0);
  const phrases = sum((story) => story.phrases);
  return {
    stories: judged.length,
    coherent: mean(({ coherent }) => coherent),
    persons: mean(({ strangers, misgendered }) => strangers.length + misgendered.length === 0),
    named: peopled.length === 0 ? null : peopled.filter(({ named }) => named).length / peopled.length,
    agreement: phrases === 0 ? null : 1 - sum(({ disagreements }) => disagreements.length) / phrases,
    repetition: mean((story) => story.repetition),
    ended: mean(({ ended }) => ended),
    words: mean(({ words }) => words),
  };
}
