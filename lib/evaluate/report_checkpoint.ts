/** What is reported of a checkpoint, and how its figures are written. */
import type { Prediction } from "../train/validation.ts";
import type { Quality } from "../train/labels.ts";
import type { Answered, Sample, Score, Speed } from "./language.ts";
import type { Copying } from "./copying.ts";
import type { PairScore, ScoredPair } from "./pairs.ts";
import type { PositionLoss } from "./positions.ts";
import type { JudgedStory, StoryScore } from "./stories.ts";

export interface CheckpointReport {
  readonly folder: string;
  readonly stage: string;
  readonly step: number;
  readonly parameters: number;
  /** Of a language model. */
  readonly text?: Prediction;
  readonly positions?: PositionLoss[];
  readonly copying?: Copying;
  readonly instruct?: {
    readonly all: Score;
    readonly families: Record<string, Score>;
    readonly answers: Answered[];
  };
  readonly pairs?: {
    readonly all: PairScore;
    readonly phenomena: Record<string, PairScore>;
    readonly scored: ScoredPair[];
  };
  readonly stories?: { readonly all: StoryScore; readonly judged: readonly JudgedStory[] };
  readonly samples?: Sample[];
  readonly variety?: { distinct_1: number; distinct_2: number; repetition: number };
  readonly speed?: Speed;
  /** Of the weights as they are held: in float32, or quantised. */
  readonly weights_bytes: number;
  /** Most bytes of the device that were in use. */
  readonly memory_bytes: number;
  /** Of a classifier. */
  readonly classify?: { readonly task: string } & Quality;
}

export const percent = (share: number | null | undefined) =>
  share == null ? "–" : `${(100 * share).toFixed(1)} %`;
export const fixed = (digits: number) => (x: number | null | undefined) =>
  x == null ? "–" : x.toFixed(digits);

/** Rows of the comparison: a name, and how a checkpoint's figure is written. */
export const FIGURES: readonly [string, (c: CheckpointReport) => string][] = [
  ["parameters", ({ parameters }) => parameters.toLocaleString("en-US")],
  ["trained by, steps", ({ stage, step }) => `${stage}, ${step}`],
  ["loss, nats per token", ({ text }) => fixed(4)(text?.loss)],
  ["perplexity", ({ text }) => fixed(2)(text?.perplexity)],
  ["bits per character", ({ text }) => fixed(3)(text?.bpc)],
  ["bits per byte", ({ text }) => fixed(3)(text?.bpb)],
  ["random tokens: nats per token", ({ copying }) => fixed(2)(copying?.first)],
  ["random tokens: the same again", ({ copying }) => fixed(2)(copying?.again)],
  ["unknown tokens", ({ text }) => percent(text?.unknown)],
  ["questions: exact answers", ({ instruct }) => percent(instruct?.all.exact)],
  ["questions: answers with what they should contain", ({ instruct }) => percent(instruct?.all.contains)],
  ["questions: chrF", ({ instruct }) => fixed(3)(instruct?.all.chrf)],
  ["pairs: the right sentence is the more probable", ({ pairs }) => percent(pairs?.all.right)],
  ["stories: nothing found that does not hold together", ({ stories }) => percent(stories?.all.coherent)],
  ["samples: distinct-1", ({ variety }) => fixed(3)(variety?.distinct_1)],
  ["samples: distinct-2", ({ variety }) => fixed(3)(variety?.distinct_2)],
  ["samples: repeated 4-grams", ({ variety }) => percent(variety?.repetition)],
  ["labels: accuracy", ({ classify }) => percent(classify?.accuracy)],
  ["labels: macro F1", ({ classify }) => fixed(3)(classify?.macro_f1)],
  ["prefill, tokens per second", ({ speed }) => fixed(0)(speed?.prefill_tokens_per_s)],
  ["decode, tokens per second", ({ speed }) => fixed(0)(speed?.decode_tokens_per_s)],
  ["first token, ms", ({ speed }) => fixed(1)(speed?.first_token_ms)],
  ["weights, MiB", ({ weights_bytes }) => fixed(2)(weights_bytes / 2 ** 20)],
  ["memory, MiB", ({ memory_bytes }) => fixed(1)(memory_bytes / 2 ** 20)],
];

/** The figures of a checkpoint that matter most, in a line. */
export function summary({ text, instruct, pairs, stories, classify, speed }: CheckpointReport): string {
  return [
    ...text ? [`${text.bpc.toFixed(3)} bits per character`] : [],
    ...instruct ? [`${percent(instruct.all.contains)} of ${instruct.all.questions} questions right`] : [],
    ...pairs ? [`${percent(pairs.all.right)} of ${pairs.all.pairs} pairs right`] : [],
    ...stories ? [`${percent(stories.all.coherent)} of ${stories.all.stories} stories hold together`] : [],
    ...classify ? [`${percent(classify.accuracy)} of labels right`] : [],
    ...speed ? [`${speed.decode_tokens_per_s} tokens/s`] : [],
  ].join(", ");
}
