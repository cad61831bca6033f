/** What the world produces: texts with known facts, and conversations whose answers are certain. */
import type { Turn } from "../../text/prompt.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Random } from "./random.ts";

/** A conversation, all of whose answers are right. */
export interface Exchange {
  /** The skill that it trains, such as "aritmética", as `data/instruct` names them. */
  readonly family: string;
  readonly turns: readonly Turn[];
}

export interface Document {
  /** Of what kind the text is: "story", "recipe", … */
  readonly kind: string;
  /** Paragraphs are lines of their own. */
  readonly text: string;
  /** The facts that hold at its end and their causes, one line each, for checking the text. */
  readonly facts: readonly string[];
  /** Questions about it, whose instructions do not repeat the text. */
  readonly questions: readonly Exchange[];
  /** Like `questions`, but at most `n`; present where making fewer saves time. */
  readonly some?: ((n: number) => readonly Exchange[]) | undefined;
}

/** Writes documents of one kind. */
export interface Kind {
  readonly name: string;
  write(random: Random): Document;
}

/** Makes conversations of one family. */
export interface Family {
  readonly name: string;
  ask(random: Random): Exchange;
}

/** Where kinds and families read their words and wordings from, once, before the first text. */
export interface WorldFiles {
  /** `data/world`. */
  readonly folder: string;
  readonly lexicon: Lexicon;
}

/** Makes a loader that loads only once for the same files. */
export function once<T>(load: (files: WorldFiles) => Promise<T>): (files: WorldFiles) => Promise<T> {
  const loaded = new WeakMap<WorldFiles, Promise<T>>();
  return (files) => {
    const there = loaded.get(files) ?? load(files);
    loaded.set(files, there);
    return there;
  };
}
