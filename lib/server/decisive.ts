/** Finds the words that decide a text's label, by the label's probability without each of them. */
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Classifier } from "../model/classifier.ts";
import { pooledStates, probabilities } from "../train/labels.ts";
import { encodeInput } from "./prompts.ts";
import type { Turn } from "./work.ts";

/** Most words that are examined; a context rarely holds more. */
const MOST_WORDS = 256;
/** Texts per computation; other requests take turns between computations. */
const TOGETHER = 16;

export interface DecisiveWord {
  readonly word: string;
  /** Where it starts in the text, in UTF-16 units. */
  readonly start: number;
  /** By how much the label's probability falls if the word is left out; below 0 if it rises. */
  readonly weight: number;
}

/**
 * The words of a text in order, as far as the context holds them, with their weights (occlusion: Zeiler and Fergus,
 * arXiv:1311.2901).
 * @param label index of the label
 * @param probability of that label for the whole text
 */
export async function decisiveWords(
  { classifier, tokenizer }: { readonly classifier: Classifier; readonly tokenizer: Tokenizer },
  text: string,
  label: number,
  probability: number,
  turn: Turn,
): Promise<DecisiveWord[]> {
  const found = [...text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu)].slice(0, MOST_WORDS);
  const words: DecisiveWord[] = [];
  for (let at = 0; at < found.length; at += TOGETHER) {
    const part = found.slice(at, at + TOGETHER);
    const texts = part.map(({ 0: word, index }) =>
      (text.slice(0, index) + text.slice(index + word.length)).trim()
    );
    const rows = await turn(async () => {
      const inputs = texts.map((without) => encodeInput(tokenizer, without, classifier.config).ids);
      return await probabilities(classifier, await pooledStates(classifier, inputs));
    });
    part.forEach(({ 0: word, index }, i) => {
      words.push({ word, start: index, weight: probability - rows[i][label] });
    });
  }
  return words;
}
