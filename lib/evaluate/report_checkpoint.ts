/** What is reported about a checkpoint, and how its figures are formatted. */
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
  /** For a language model. */
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
  /** Bytes of the weights as stored: in float32, or quantised. */
  readonly weights_bytes: number;
  /** Peak memory use on the device, in bytes. */
  readonly memory_bytes: number;
  /** For a classifier. */
  readonly classify?: {
    readonly task: string;
    /** Scores of baselines on the same texts, by name; older classifiers have none. */
    readonly baselines?: Readonly<Record<string, { readonly accuracy: number; readonly macro_f1: number }>>;
  } & Quality;
}

export const percent = (share: number | null | undefined) =>
  share == null ? "–" : `${(100 * share).toFixed(1)} %`;
export const fixed = (digits: number) => (x: number | null | undefined) =>
  x == null ? "–" : x.toFixed(digits);

/** A row in the comparison of checkpoints. */
export interface Figure {
  readonly en: string;
  readonly es: string;
  readonly value: (c: CheckpointReport) => number | null | undefined;
  readonly write: (value: number | null | undefined) => string;
  /** Which values are better; undefined if neither. */
  readonly better?: "high" | "low";
}

const whole = (x: number | null | undefined) => x == null ? "–" : Math.round(x).toLocaleString("en-US");

export const FIGURES: readonly Figure[] = [
  { en: "parameters", es: "parámetros", value: (c) => c.parameters, write: whole },
  { en: "steps of its training", es: "pasos de su entrenamiento", value: (c) => c.step, write: whole },
  {
    en: "loss, nats per token",
    es: "pérdida, nats por token",
    value: (c) => c.text?.loss,
    write: fixed(4),
    better: "low",
  },
  { en: "perplexity", es: "perplejidad", value: (c) => c.text?.perplexity, write: fixed(2), better: "low" },
  {
    en: "bits per character",
    es: "bits por carácter",
    value: (c) => c.text?.bpc,
    write: fixed(3),
    better: "low",
  },
  // Quantised copies differ in the fourth digit.
  { en: "bits per byte", es: "bits por byte", value: (c) => c.text?.bpb, write: fixed(5), better: "low" },
  {
    en: "random tokens: nats per token",
    es: "tokens al azar: nats por token",
    value: (c) => c.copying?.first,
    write: fixed(2),
  },
  {
    en: "random tokens: the same again",
    es: "tokens al azar: los mismos otra vez",
    value: (c) => c.copying?.again,
    write: fixed(2),
    better: "low",
  },
  {
    en: "unknown tokens",
    es: "tokens desconocidos",
    value: (c) => c.text?.unknown || null,
    write: percent,
    better: "low",
  },
  {
    en: "questions: exact answers",
    es: "preguntas: respuestas exactas",
    value: (c) => c.instruct?.all.exact,
    write: percent,
    better: "high",
  },
  {
    en: "questions: answers with what they should contain",
    es: "preguntas: respuestas que contienen lo debido",
    value: (c) => c.instruct?.all.contains,
    write: percent,
    better: "high",
  },
  {
    en: "questions: chrF",
    es: "preguntas: chrF",
    value: (c) => c.instruct?.all.chrf,
    write: fixed(3),
    better: "high",
  },
  {
    en: "pairs: the right sentence is the more probable",
    es: "pares: la oración correcta es la más probable",
    value: (c) => c.pairs?.all.right,
    write: percent,
    better: "high",
  },
  {
    en: "stories: nothing found that does not hold together",
    es: "cuentos: sin nada que no cuadre",
    value: (c) => c.stories?.all.coherent,
    write: percent,
    better: "high",
  },
  {
    en: "samples: distinct-1",
    es: "muestras: distinct-1",
    value: (c) => c.variety?.distinct_1,
    write: fixed(3),
  },
  {
    en: "samples: distinct-2",
    es: "muestras: distinct-2",
    value: (c) => c.variety?.distinct_2,
    write: fixed(3),
  },
  {
    en: "samples: repeated 4-grams",
    es: "muestras: 4-gramas repetidos",
    value: (c) => c.variety?.repetition,
    write: percent,
  },
  {
    en: "labels: accuracy",
    es: "etiquetas: exactitud",
    value: (c) => c.classify?.accuracy,
    write: percent,
  },
  { en: "labels: macro F1", es: "etiquetas: F1 macro", value: (c) => c.classify?.macro_f1, write: fixed(3) },
  {
    en: "prefill, tokens per second",
    es: "lectura, tokens por segundo",
    value: (c) => c.speed?.prefill_tokens_per_s,
    write: whole,
  },
  {
    en: "decode, tokens per second",
    es: "escritura, tokens por segundo",
    value: (c) => c.speed?.decode_tokens_per_s,
    write: whole,
  },
  {
    en: "first token, ms",
    es: "primer token, ms",
    value: (c) => c.speed?.first_token_ms,
    write: fixed(1),
  },
  { en: "weights, MiB", es: "pesos, MiB", value: (c) => c.weights_bytes / 2 ** 20, write: fixed(2) },
  { en: "memory, MiB", es: "memoria, MiB", value: (c) => c.memory_bytes / 2 ** 20, write: fixed(1) },
];

/** A checkpoint's most important figures, on one line. */
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
