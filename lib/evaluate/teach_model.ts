/** Teaches a model facts: trains it on them and on other material, decides when to stop, and examines the result. */
import { conversationBatch } from "../data/instructions.ts";
import { groupedBatches } from "../data/grouped.ts";
import type { Lesson, SimilarQuestion } from "../data/teaching/lesson.ts";
import { Random } from "../data/world/random.ts";
import type { Decoder } from "../model/decoder.ts";
import type { Terminal } from "../progress.ts";
import { deriveSeed } from "../tensor/random.ts";
import { encodeConversation, type EncodedConversation, type Turn } from "../text/prompt.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { languageBatch } from "../train/step.ts";
import { type Taught, teach, type TeachingOptions, type Verdict } from "../train/teach.ts";
import { type Standing, standingLine } from "./standing.ts";
import { Examiner, type ExamResult, type Leaked, sum, type Tally } from "./teaching.ts";

/** Rows per step: facts, similar questions, and rehearsed material. */
const ROWS = { facts: 4, similar: 8, rehearsal: 8 };

/**
 * The goal, as shares: how many wordings of the facts must be answered right, and how many questions about others, and
 * about other things of the same name, may get a taught answer, unless more of them did before.
 */
const GOAL = { wordings: 0.95, others: 0.1, sameName: 0.35 };

export interface TeachModel {
  readonly model: Decoder;
  readonly tokenizer: Tokenizer;
  readonly lesson: Lesson;
  readonly options: TeachingOptions;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

export interface Before {
  /** The model's answer to each fact's question in its original wording. */
  readonly answers: readonly string[];
  /** Whether the model already knows all facts. */
  readonly known: boolean;
}

export interface TeachResult extends Taught {
  readonly before: ExamResult;
  readonly after: ExamResult;
}

/** The model's answers before it is taught. */
export async function askBefore(examiner: Examiner, lesson: Lesson): Promise<Before> {
  const own = await examiner.ask(lesson.own);
  const right = own.every(({ answer, fact }) => examiner.isAnswer(fact, answer));
  const known = right && met(sum((await examiner.wordings(lesson.stopping.wordings)).facts));
  return { answers: own.map(({ answer }) => answer), known };
}

const met = ({ right, all }: Tally) => right >= GOAL.wordings * all;

/** @returns null if the user stopped it */
export async function teachModel(task: TeachModel, examiner: Examiner): Promise<TeachResult | null> {
  const { model, tokenizer, lesson, options, terminal, signal } = task;
  const stopped = () => signal.aborted;
  const similar = await similarTurns(lesson.similar, examiner, tokenizer);
  if (stopped()) return null;
  const { stopping } = lesson;
  const judge = new Judge(examiner, lesson, {
    leaked: await examiner.leaked(stopping.similar),
    families: sum(Object.values(await examiner.families(stopping.families))),
  });
  if (stopped()) return null;
  const before = await examiner.examine(lesson.reported);
  if (stopped()) return null;
  const encode = (turns: readonly Turn[]) => encodeConversation(tokenizer, turns, model.config.context);
  const batchOf = (rows: readonly EncodedConversation[]) =>
    languageBatch(model, conversationBatch(rows, model.config.context, tokenizer.special.pad));
  const kept = similar.map((turn) => encode([turn]));
  const { facts, rehearsal: { conversations } } = lesson;
  const rehearsed = groupedBatches(
    { n: conversations.length, batch: ROWS.rehearsal, seed: deriveSeed(options.seed, "rehearsal") },
    (rows) => rows.map((i) => encode(conversations[i].turns)),
  );
  const taught = await teach(model, options, {
    terminal,
    signal,
    batches(step) {
      const random = Random.of(options.seed, "step", step);
      const learned = Array.from({ length: ROWS.facts }, (_, row) => {
        // Every fact appears equally often.
        const at = (step - 1) * ROWS.facts + row;
        const order = Random.of(options.seed, "facts", Math.floor(at / facts.length)).shuffle(
          facts.map((_, i) => i),
        );
        return encode(lesson.learned(order[at % facts.length], random).turns);
      });
      return [
        batchOf([...learned, ...random.sample(kept, ROWS.similar)]),
        ...conversations.length > 0 ? [batchOf(rehearsed(step - 1))] : [],
      ];
    },
    judge: () => judge.judge(),
  });
  if (stopped()) return null;
  return { ...taught, before, after: await examiner.examine(lesson.reported) };
}

const share = ({ right, all }: Tally) => right / Math.max(1, all);

/** Judges how good a model is, and whether that is enough. Computes the cheapest figures first, others if needed. */
class Judge {
  #best = -Infinity;

  constructor(
    private readonly examiner: Examiner,
    private readonly lesson: Lesson,
    private readonly before: { readonly leaked: Leaked; readonly families: Tally },
  ) {}

  async judge(): Promise<Verdict> {
    const { examiner, before, lesson: { own, stopping } } = this;
    const first = sum((await examiner.wordings(own)).facts);
    const standing: Standing = { taught: first };
    const verdict = (score: number, done = false) => ({ score, done, line: standingLine(standing) });
    // Score below any model that has learned its facts.
    if (!met(first)) return verdict(share(first) - 3);
    const wordings = sum((await examiner.wordings(stopping.wordings)).facts);
    const { others, sameName } = await examiner.leaked(stopping.similar);
    const similar = sum([others, sameName]);
    Object.assign(standing, { wordings, similar });
    const learned = share(wordings) - share(similar);
    // Forgetting could only lower the score, so it is not measured.
    if (learned <= this.#best) return verdict(learned - 1);
    const families = sum(Object.values(await examiner.families(stopping.families)));
    Object.assign(standing, { known: families, before: before.families });
    const forgotten = Math.max(0, before.families.right - families.right);
    // If only few answers were right before, most of them were right by chance.
    const score = learned - forgotten / Math.max(1, before.families.right, before.families.all / 2);
    this.#best = Math.max(this.#best, score);
    const done = met(wordings) && forgotten === 0 &&
      others.right <= Math.max(before.leaked.others.right, GOAL.others * others.all) &&
      sameName.right <= Math.max(before.leaked.sameName.right, GOAL.sameName * sameName.all);
    return verdict(score, done);
  }
}

/** What a model says about someone it was told nothing about, as in data/world/questions/unknown.yaml. */
const UNKNOWN = "No lo sé.";

/**
 * Similar questions with the model's own answers, if these are complete. About someone it was told nothing about, the
 * answer is that it does not know: in the model's words if it says so, otherwise in ours.
 */
async function similarTurns(
  questions: readonly SimilarQuestion[],
  examiner: Examiner,
  tokenizer: Tokenizer,
): Promise<Turn[]> {
  const answered = await examiner.ask(questions);
  return answered.flatMap(({ instruction, unknown, answer }) => {
    const response = !unknown || /^no (?:lo )?sé/i.test(answer) ? answer : UNKNOWN;
    const whole = response !== "" && tokenizer.encode(response).length < examiner.longest - 1;
    return whole && !examiner.isTaught(response) ? [{ instruction, response }] : [];
  });
}
