/** Questions with fixed answers, which are looked up before any model is asked. */
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { parse } from "yaml";
import { z } from "zod";
import { withoutAccents } from "../data/instructions.ts";
import { UserError } from "../errors.ts";
import { readText } from "../files.ts";

/** Longer texts are not compared with the questions; in UTF-16 units. */
const LONGEST_QUESTION = 1000;

const Entry = z.strictObject({
  questions: z.array(z.string().min(1).max(LONGEST_QUESTION)).min(1),
  answer: z.string().min(1),
});
const File = z.strictObject({ faq: z.array(Entry) });
export type FaqEntry = z.infer<typeof Entry>;

/** Words in lower case, without accents and punctuation. */
function words(text: string): string[] {
  return withoutAccents(text.toLowerCase()).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * Whether it is the same word, perhaps mistyped: in words of five letters or more, one letter may be wrong, missing or
 * added, or two swapped; but not the first, which distinguishes *gatos* from *patos*.
 */
function sameWord(typed: string, right: string): boolean {
  if (typed === right) return true;
  if (right.length < 5 || typed[0] !== right[0]) return false;
  if (levenshteinDistance(typed, right) <= 1) return true;
  const at = [...right].findIndex((letter, i) => typed[i] !== letter);
  const swapped = right.slice(0, at) + right[at + 1] + right[at] + right.slice(at + 2);
  return typed === swapped;
}

export class Faq {
  readonly entries: readonly FaqEntry[];

  constructor(entries: readonly FaqEntry[]) {
    this.entries = entries;
  }

  /** @throws {UserError} if the file is missing or is no FAQ */
  static async read(path: string): Promise<Faq> {
    const text = await readText(path, "give --faq a YAML file");
    let content: unknown;
    try {
      content = parse(text);
    } catch (error) {
      throw new UserError(`${path}: ${String(error).split("\n")[0]}`);
    }
    const parsed = File.safeParse(content);
    if (!parsed.success) {
      const { path: key, message } = parsed.error.issues[0];
      throw new UserError(`${path}: ${key.join(".")}: ${message}; see configs/faq.yaml`);
    }
    return new Faq(parsed.data.faq);
  }

  /** The fixed answer to a question, if there is one. */
  answer(question: string): string | null {
    if (question.length > LONGEST_QUESTION) return null;
    const typed = words(question);
    const matches = (right: string[]) =>
      right.length === typed.length && right.every((word, i) => sameWord(typed[i], word));
    return this.entries.find(({ questions }) => questions.some((known) => matches(words(known))))?.answer ??
      null;
  }
}
