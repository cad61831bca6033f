/** All that a model is taught with, and all that it is asked to know how well: drawn from a seed, before it starts. */
import { deriveSeed } from "../../tensor/random.ts";
import { augment, type Conversation, type Question } from "../instructions.ts";
import { plainText } from "../plain_words.ts";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { type Similar, SimilarQuestions } from "./similar.ts";
import type { Fact } from "./facts.ts";
import { familyQuestions, gatherRehearsal, type Rehearsal } from "./rehearsal.ts";
import { type Part, type QuestionWordings, Rewording } from "./wordings.ts";

/** How instructions are typed, in training and when they are asked. */
const TYPED = { case: 0.25, accents: 0.25, punctuation: 0.25 };

export interface FactQuestion extends Question {
  /** Number of the fact that answers it. */
  readonly fact: number;
  readonly reworded: boolean;
}

/** What is asked, at one point of the teaching. */
export interface Exam {
  /** Wordings of the facts' questions that are not learned. */
  readonly wordings: readonly FactQuestion[];
  /** Questions that are like a fact's, and ask something else. */
  readonly similar: readonly SimilarQuestion[];
  /** Questions of the world's families. */
  readonly families: readonly Question[];
}

/** How many questions an exam has. */
export interface ExamSize {
  /** Wordings of all facts together, and at most of one. */
  readonly wordings: number;
  readonly eachFact: number;
  readonly similar: number;
  readonly eachFamily: number;
}

/** A question like a fact's. */
export type SimilarQuestion = Question & Similar;

export interface LessonOptions {
  readonly seed: number;
  /** What the model was taught before, which it is to rehearse. */
  readonly earlier: readonly Fact[];
  readonly stopping: ExamSize;
  readonly reported: ExamSize;
  /** Questions like the facts' that are learned with the answers that the model gives already. */
  readonly similar: number;
  /** Conversations that are rehearsed. */
  readonly rehearsal: number;
  /** Whether the model can read a question whole. */
  readonly fits: (question: Question) => boolean;
}

export interface Lesson {
  readonly facts: readonly Fact[];
  /** The facts' questions as they were given. */
  readonly own: readonly FactQuestion[];
  /** Decides when the model has learned enough. */
  readonly stopping: Exam;
  /** Tells what it has learned; nothing of it was learned or decided when to stop. */
  readonly reported: Exam;
  /** Questions like the facts', to be learned with the answers that the model gives already. */
  readonly similar: readonly SimilarQuestion[];
  readonly rehearsal: Rehearsal;
  /** A fact in a wording to learn from. */
  learned(fact: number, random: Random): Conversation;
}

export async function prepareLesson(
  world: World,
  facts: readonly Fact[],
  options: LessonOptions,
): Promise<Lesson> {
  const { seed, earlier, fits } = options;
  const { files } = world;
  const rewording = await Rewording.load(files);
  const wordings = facts.map((fact) => rewording.of(fact, Random.of(seed, "templates", fact.instruction)));
  const questions = new SimilarQuestions(facts, earlier, files.lexicon, rewording);
  const similar = (n: number, part: Part): SimilarQuestion[] =>
    questions.draw(n, part, Random.of(seed, "similar", part)).map((question, i) => {
      const asked = { instruction: question.instruction, response: "" };
      const wordings = rewording.of(asked, Random.of(seed, "templates", part, i));
      const text = wordings.learned(Random.of(seed, "wording", part, i));
      return { ...question, instruction: typed(text, deriveSeed(seed, "typed", part, i)) };
    }).filter(fits);
  const exam = (part: "stopping" | "reported", size: ExamSize): Exam => ({
    wordings: facts.flatMap((fact, number) =>
      held(fact, wordings[number], { part, number, size, total: facts.length, seed })
    )
      .filter(fits),
    similar: similar(size.similar, part),
    families: familyQuestions(world, facts, { each: size.eachFamily, seed: deriveSeed(seed, part), fits }),
  });
  const [stopping, reported] = [exam("stopping", options.stopping), exam("reported", options.reported)];
  return {
    facts,
    own: facts.map((fact, number) => ({ ...asQuestion(fact), fact: number, reworded: false })),
    stopping,
    reported,
    similar: similar(options.similar, "learned"),
    rehearsal: withEarlier(
      await gatherRehearsal(world, facts, { count: options.rehearsal, seed }),
      rewording,
      {
        earlier: stillTrue(earlier, facts),
        seed,
      },
    ),
    learned(number, random) {
      const { past, response, where } = facts[number];
      const instruction = typed(wordings[number].learned(random), random.below(2 ** 31));
      return { turns: [...past, { instruction, response }], where };
    },
  };
}

const asQuestion = ({ past, instruction, response }: Fact): Question => ({ past, instruction, response });
const typed = (text: string, seed: number) => augment(text, TYPED, seed);

/** The facts that no later one answers otherwise. */
function stillTrue(earlier: readonly Fact[], facts: readonly Fact[]): Fact[] {
  const key = ({ instruction }: Fact) => plainText(instruction);
  const last = new Map(earlier.map((fact) => [key(fact), fact]));
  for (const fact of facts) last.delete(key(fact));
  return [...last.values()];
}

/** How often a fact that was taught before is rehearsed, in as many wordings. */
const AGAIN = 8;

/** With what the model was taught before. */
function withEarlier(
  { conversations, contradicting }: Rehearsal,
  rewording: Rewording,
  { earlier, seed }: { readonly earlier: readonly Fact[]; readonly seed: number },
): Rehearsal {
  const again = earlier.flatMap((fact) => {
    const random = Random.of(seed, "again", fact.instruction);
    const wordings = rewording.of(fact, random);
    const { past, response, where } = fact;
    return Array.from({ length: AGAIN }, () => ({
      turns: [...past, { instruction: wordings.learned(random), response }],
      where,
    }));
  });
  return { conversations: [...conversations, ...again], contradicting };
}

/** Wordings of a fact for an exam, each as it might be typed. */
function held(
  fact: Fact,
  wordings: QuestionWordings,
  { part, number, size, total, seed }: {
    readonly part: "stopping" | "reported";
    readonly number: number;
    readonly size: ExamSize;
    readonly total: number;
    readonly seed: number;
  },
): FactQuestion[] {
  const n = Math.max(2, Math.min(size.eachFact, Math.floor(size.wordings / total)));
  return wordings.held(part, n, Random.of(seed, part, fact.instruction)).map(({ text, reworded }, i) => ({
    ...asQuestion(fact),
    instruction: typed(text, deriveSeed(seed, "typed", part, number, i)),
    fact: number,
    reworded,
  }));
}
