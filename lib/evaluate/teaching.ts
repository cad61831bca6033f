/** Examines how well a model has learned what it was taught, and what it has forgotten. */
import type { Exam, FactQuestion, SimilarQuestion } from "../data/teaching/lesson.ts";
import type { Fact } from "../data/teaching/facts.ts";
import type { Question } from "../data/instructions.ts";
import { type Answered, askAll } from "./language.ts";
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { normalizeAnswer } from "./text_metrics.ts";

/** How many of how many. */
export interface Tally {
  readonly right: number;
  readonly all: number;
}

export interface Leaked {
  readonly others: Tally;
  readonly sameName: Tally;
}

export interface ExamResult {
  /** Right answers to wordings that were not trained on, by fact. */
  readonly facts: readonly Tally[];
  /** Of these, the wordings that change the question itself, and not only the words around it. */
  readonly reworded: Tally;
  /** Similar questions answered with a fact's answer: about other names or things, or about the same name. */
  readonly leaked: Leaked;
  readonly families: Readonly<Record<string, Tally>>;
}

const same = (answer: string, response: string) => normalizeAnswer(answer) === normalizeAnswer(response);

export const isRight = ({ answer, response = "" }: Answered): boolean => same(answer, response);

/** The total of some tallies. */
export const sum = (tallies: readonly Tally[]): Tally => ({
  right: tallies.reduce((n, { right }) => n + right, 0),
  all: tallies.reduce((n, { all }) => n + all, 0),
});

const tally = (rights: readonly boolean[]): Tally => ({
  right: rights.filter(Boolean).length,
  all: rights.length,
});

/** Asks a model questions, with greedy decoding. */
export class Examiner {
  constructor(
    private readonly model: Decoder,
    private readonly tokenizer: Tokenizer,
    private readonly facts: readonly Fact[],
    /** The most tokens in an answer. */
    readonly longest: number,
    private readonly onProgress: () => void = () => {},
  ) {}

  ask<Q extends Question>(questions: readonly Q[]): Promise<(Q & { readonly answer: string })[]> {
    // Questions come back as they were passed in, with their answers.
    return askAll(this.model, this.tokenizer, questions, this.longest, this.onProgress) as Promise<
      (Q & { answer: string })[]
    >;
  }

  async wordings(questions: readonly FactQuestion[]): Promise<Pick<ExamResult, "facts" | "reworded">> {
    const answered = await this.ask(questions);
    return {
      facts: this.facts.map((_, number) =>
        tally(answered.filter(({ fact }) => fact === number).map(isRight))
      ),
      reworded: tally(answered.filter(({ reworded }) => reworded).map(isRight)),
    };
  }

  async leaked(similar: readonly SimilarQuestion[]): Promise<Leaked> {
    const answered = await this.ask(similar);
    const of = (same: boolean) =>
      tally(answered.filter(({ sameName }) => sameName === same).map(({ answer }) => this.isTaught(answer)));
    return { others: of(false), sameName: of(true) };
  }

  /** Whether an answer equals that of the given fact. */
  isAnswer(fact: number, answer: string): boolean {
    return same(answer, this.facts[fact].response);
  }

  /** Whether an answer equals that of any fact. */
  isTaught(answer: string): boolean {
    return this.facts.some(({ response }) => same(answer, response));
  }

  async families(questions: readonly Question[]): Promise<ExamResult["families"]> {
    const answered = Map.groupBy(await this.ask(questions), ({ family }) => family!);
    return Object.fromEntries([...answered].map(([family, own]) => [family, tally(own.map(isRight))]));
  }

  async examine({ wordings, similar, families }: Exam): Promise<ExamResult> {
    return {
      ...await this.wordings(wordings),
      leaked: await this.leaked(similar),
      families: await this.families(families),
    };
  }
}

const WIDTH = 44;

/** The figures before and after teaching, as lines of text. */
export function examTable(facts: readonly Fact[], before: ExamResult, after: ExamResult): string[] {
  const shown = ({ right, all }: Tally) => all === 0 ? "–" : `${right}/${all}`;
  const line = (name: string, first: Tally, second: Tally) =>
    `${cut(name).padEnd(WIDTH)}${shown(first).padStart(9)}${shown(second).padStart(9)}`;
  const families = Object.keys(after.families);
  return [
    `${"right answers".padEnd(WIDTH)}${"before".padStart(9)}${"after".padStart(9)}`,
    "taught, in wordings that it did not learn",
    ...facts.length <= SHOWN
      ? facts.map(({ instruction }, i) => line(`  ${instruction}`, before.facts[i], after.facts[i]))
      : [line(`  ${facts.length} facts`, sum(before.facts), sum(after.facts))],
    ...facts.length <= SHOWN
      ? []
      : facts.flatMap(({ instruction }, i) =>
        after.facts[i].right < after.facts[i].all
          ? [line(`  ${instruction}`, before.facts[i], after.facts[i])]
          : []
      ).slice(0, SHOWN),
    line("  of these, in other words of its own", before.reworded, after.reworded),
    "known before, by family",
    ...families.map((name) => line(`  ${name}`, before.families[name], after.families[name])),
    line("  all families", sum(Object.values(before.families)), sum(Object.values(after.families))),
    "similar questions, answered wrongly with what was taught",
    line("  about other names or things", before.leaked.others, after.leaked.others),
    ...after.leaked.sameName.all > 0
      ? [line("  other matters of the same name", before.leaked.sameName, after.leaked.sameName)]
      : [],
  ];
}

/** The most facts that are listed one by one. */
const SHOWN = 12;

const cut = (text: string) => {
  const line = text.replaceAll("\n", " ");
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 1)}…`;
};
