/** What a model can do while it is being taught: as numbers, and as a part of the log that the studio reads again. */
import type { Tally } from "./teaching.ts";

/** The figures by the words that stand for them in the log. */
const WORDS = {
  /** Of the facts, in their own words. */
  taught: "taught",
  wordings: "in other wordings",
  similar: "similar questions with a taught answer",
  /** Of what it may have known before. */
  known: "known",
  before: "known before",
};

/** Only `taught` is always computed; the others where they are needed. */
export type Standing = Partial<Record<keyof typeof WORDS, Tally>>;

/** `taught 4/4, in other wordings 90/96`. */
export const standingLine = (standing: Standing): string =>
  Object.entries(standing).map(([name, { right, all }]) => `${WORDS[name as keyof Standing]} ${right}/${all}`)
    .join(", ");

/** The reverse of `standingLine`; what it does not know is left out. */
export function readStanding(line: string): Standing {
  const standing: Standing = {};
  for (const part of line.split(", ")) {
    const [, words, right, all] = /^(.+) (\d+)\/(\d+)$/.exec(part) ?? [];
    const name = Object.keys(WORDS).find((name) => WORDS[name as keyof Standing] === words);
    if (name) standing[name as keyof Standing] = { right: Number(right), all: Number(all) };
  }
  return standing;
}
