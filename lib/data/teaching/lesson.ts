/** A lesson: all training material and all test questions for teaching facts, drawn by seed before training starts. */
import { deriveSeed } from "../../tensor/random.ts";
import { augment, type Conversation, type Question } from "../instructions.ts";
import { plainText } from "../plain_words.ts";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { type Similar, SimilarQuestions } from "./similar.ts";
import type { Fact } from "./facts.ts";
import { familyQuestions, gatherRehearsal, type Rehearsal } from "./rehearsal.ts";
import { type Part, type QuestionWordings, Rewording } from "./wordings.ts";

/** How instructions are varied, both in training and in exams. */
const TYPED = { case: 0.25, accents: 0.25, punctuation: 0.25 };

export interface FactQuestion extends Question {
  /** Number of the fact that answers it. */
  readonly fact: number;
  readonly reworded: boolean;
}

/** The questions of one exam. */
export interface Exam {
  /** Wordings of the facts' questions that are not learned. */
  readonly wordings: readonly FactQuestion[];
  /** Questions that resemble a fact's but ask for something else. */
  readonly similar: readonly SimilarQuestion[];
  /** Questions of the world's families. */
  readonly families: readonly Question[];
}

/** How many questions an exam has. */
export interface ExamSize {
  /** Wordings over all facts, and most wordings of one fact. */
  readonly wordings: number;
  readonly eachFact: number;
  readonly similar: number;
  readonly eachFamily: number;
}

/** A question that resembles a fact's. */
export type SimilarQuestion = Question & Similar;

export interface LessonOptions {
  readonly seed: number;
  /** Facts that the model was taught before; it rehearses them. */
  readonly earlier: readonly Fact[];
  readonly stopping: ExamSize;
  readonly reported: ExamSize;
  /** How many questions similar to the facts' are trained on, with the answers that the model gives already. */
  readonly similar: number;
  /** How many conversations are rehearsed. */
  readonly rehearsal: number;
  /** Whether the whole question fits into the model's context. */
  readonly fits: (question: Question) => boolean;
}

export interface Lesson {
  readonly facts: readonly Fact[];
  /** The facts' questions as they were given. */
  readonly own: readonly FactQuestion[];
  /** Decides when the model has learned enough. */
  readonly stopping: Exam;
  /** Measures what the model has learned; none of it was used for training or for deciding when to stop. */
  readonly reported: Exam;
  /** Questions similar to the facts', to be trained on with the answers that the model gives already. */
  readonly similar: readonly SimilarQuestion[];
  readonly rehearsal: Rehearsal;
  /** A fact in one of the wordings for training. */
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

/** The earlier facts whose question is not asked again; of several with the same question, the last. */
function stillTrue(earlier: readonly Fact[], facts: readonly Fact[]): Fact[] {
  const key = ({ instruction }: Fact) => plainText(instruction);
  const last = new Map(earlier.map((fact) => [key(fact), fact]));
  for (const fact of facts) last.delete(key(fact));
  return [...last.values()];
}

/** How often an earlier fact is rehearsed, each time in a new wording. */
const AGAIN = 8;

/** Adds the facts that the model was taught before. */
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

/** Wordings of a fact for an exam, varied as people might type them. */
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
