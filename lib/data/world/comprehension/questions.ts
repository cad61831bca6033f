/** Questions about a story: most are answered by its text, some are not. */
import { type Exchange, once } from "../document.ts";
import { answer, Asking } from "../questions/asking.ts";
import type { Random } from "../random.ts";
import type { Fact } from "../state.ts";
import type { Bindings } from "../plan.ts";
import type { Story } from "../stories.ts";
import { Wordings } from "../wordings.ts";
import { type Asked, StoryAsker, type Try } from "./asker.ts";
import { after, first, no, ofEvent, why, yes } from "./deeds.ts";
import { final } from "./end.ts";
import { extractions, unknown } from "./extracts.ts";

export class StoryQuestions {
  private constructor(private readonly wordings: Wordings, private readonly asking: Asking) {}

  static readonly read = once(async (files) => {
    const [wordings, asking] = await Promise.all([
      Wordings.read(`${files.folder}/questions/comprensión.yaml`),
      Asking.load(files),
    ]);
    return new StoryQuestions(wordings, asking);
  });

  /** Up to n different questions with their answers. */
  ask(story: Story, random: Random, n: number): Exchange[] {
    return this.draw(story, random, n).map((asked) => this.exchange(asked, random));
  }

  /** The question and answer as people would phrase them. */
  exchange({ family, question, answer: given, whether }: Asked, random: Random): Exchange {
    if (!whether) {
      return {
        family,
        turns: [{ instruction: this.asking.which(question, random), response: answer(given) }],
      };
    }
    const { ask, short } = this.asking.whether(question, random);
    return {
      family,
      turns: [{ instruction: ask, response: answer(short ? given.split(/[,:]/)[0] : given) }],
    };
  }

  /** Like `ask`, but without any words around the questions. */
  draw(story: Story, random: Random, n: number): Asked[] {
    const asker = new StoryAsker(story, random, this.wordings);
    const found = new Map<string, Asked>();
    let kinds = kindsOf(story).map(([list, weight]) => [new Tries(list, asker, random), weight] as const);
    for (let i = 0; i < 6 * n && found.size < n;) {
      if (kinds.length === 0) break;
      const kind = random.weighted(kinds);
      const next = kind.next();
      if (!next) {
        kinds = kinds.filter(([other]) => other !== kind);
        continue;
      }
      i++;
      const asked = next();
      if (!asked || found.has(asked.question)) continue;
      if (asked.family === "no-lo-sé" || asker.tellsWordsOf(asked.answer)) found.set(asked.question, asked);
    }
    asker.atEnd();
    return [...found.values()];
  }

  /** The final facts of a story and their causes, one line each. */
  facts(story: Story, random: Random): string[] {
    const asker = new StoryAsker(story, random, this.wordings);
    asker.atEnd();
    const facts = story.state.facts.flatMap((fact) => {
      const bindings = bindingsOf(fact);
      return bindings ? [asker.state(`fact ${fact.predicate}`, bindings)] : [];
    });
    const causes = story.events.flatMap(({ clause, cause }) =>
      cause ? [asker.state("fact cause", { e: asker.clause(clause) }, { c: cause })] : []
    );
    return [...facts, ...causes].map(answer);
  }
}

/** Lists all questions of a kind to try. It is called only once the kind is drawn, as most kinds are not. */
type List = (asker: StoryAsker) => Try[];

/** Kinds of questions with their weights. */
const kindsOf = ({ ending }: Story): readonly (readonly [List, number])[] => [
  [(asker) => asker.story.events.flatMap((event) => ofEvent(asker, event)), 8],
  [(asker) => asker.story.events.map((event) => () => why(asker, event)), 4],
  [(asker) => asker.story.events.map((event) => () => yes(asker, event)), 2],
  [(asker) => asker.story.events.map((event) => () => no(asker, event)), 2],
  [(asker) => asker.story.events.map((_, i) => () => first(asker, i)), 2],
  [(asker) => asker.story.events.map((_, i) => () => after(asker, i)), 2],
  // A scene has no ending, and most of its questions are about how things stand at the end.
  [(asker) => asker.story.state.facts.map((fact) => () => final(asker, fact)), ending ? 5 : 15],
  [extractions, 3],
  [unknown, 2],
];

/** The questions of a kind to try, in random order. */
class Tries {
  #left: Try[] | undefined;

  constructor(
    private readonly list: List,
    private readonly asker: StoryAsker,
    private readonly random: Random,
  ) {}

  /** The next one, if any is left. */
  next(): Try | undefined {
    this.#left ??= this.random.shuffle(this.list(this.asker));
    return this.#left.pop();
  }
}

/** The names of a fact's arguments in the wordings of facts. */
function bindingsOf({ predicate, args: [one, other, third] }: Fact): Bindings | undefined {
  switch (predicate) {
    case "at":
      return { a: one, m: other };
    case "in":
      return { x: one, m: other };
    case "has":
    case "owns":
      return { a: one, x: other };
    case "is":
    case "feels":
      return { a: one, f: other };
    case "friends":
    case "angry":
      return { a: one, b: other };
    case "count":
      return { a: one, x: other, n: third };
  }
  return undefined;
}
