/** The evaluation as one page that needs nothing else: tables, curves, matrices, samples. */
import { html } from "hono/html";
import { type Html, image, page, type Picture, table } from "../page.ts";
import { plotCurves } from "../plot.ts";
import type { Prediction } from "../train/held_out.ts";
import type { Quality } from "../train/labels.ts";
import type { Answered, Sample, Score, Speed } from "./language.ts";
import { isRight, type PairScore, type ScoredPair } from "./pairs.ts";
import type { PositionLoss } from "./positions.ts";

export interface CheckpointReport {
  readonly folder: string;
  readonly stage: string;
  readonly step: number;
  readonly parameters: number;
  /** Of a language model. */
  readonly text?: Prediction;
  readonly positions?: PositionLoss[];
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
  readonly samples?: Sample[];
  readonly variety?: { distinct_1: number; distinct_2: number; repetition: number };
  readonly speed?: Speed;
  /** Most bytes of the device that were in use. */
  readonly memory_bytes: number;
  /** Of a classifier. */
  readonly classify?: { readonly task: string } & Quality;
}

export interface Shortfall {
  readonly figure: string;
  readonly value: number;
  readonly bound: string;
}

export interface Report {
  readonly preset: string;
  readonly made: string;
  readonly device: string;
  readonly checkpoints: Record<string, CheckpointReport>;
  readonly shortfalls: Shortfall[];
}

const percent = (share: number | null | undefined) => share == null ? "–" : `${(100 * share).toFixed(1)} %`;
const fixed = (digits: number) => (x: number | null | undefined) => x == null ? "–" : x.toFixed(digits);

/** Rows of the comparison: a name, and how a checkpoint's figure is written. */
const FIGURES: readonly [string, (c: CheckpointReport) => string][] = [
  ["parameters", ({ parameters }) => parameters.toLocaleString("en-US")],
  ["trained by, steps", ({ stage, step }) => `${stage}, ${step}`],
  ["loss, nats per token", ({ text }) => fixed(4)(text?.loss)],
  ["perplexity", ({ text }) => fixed(2)(text?.perplexity)],
  ["bits per character", ({ text }) => fixed(3)(text?.bpc)],
  ["bits per byte", ({ text }) => fixed(3)(text?.bpb)],
  ["unknown tokens", ({ text }) => percent(text?.unknown)],
  ["questions: exact answers", ({ instruct }) => percent(instruct?.all.exact)],
  ["questions: answers with what they should contain", ({ instruct }) => percent(instruct?.all.contains)],
  ["questions: chrF", ({ instruct }) => fixed(3)(instruct?.all.chrf)],
  ["pairs: the right sentence is the more probable", ({ pairs }) => percent(pairs?.all.right)],
  ["samples: distinct-1", ({ variety }) => fixed(3)(variety?.distinct_1)],
  ["samples: distinct-2", ({ variety }) => fixed(3)(variety?.distinct_2)],
  ["samples: repeated 4-grams", ({ variety }) => percent(variety?.repetition)],
  ["labels: accuracy", ({ classify }) => percent(classify?.accuracy)],
  ["labels: macro F1", ({ classify }) => fixed(3)(classify?.macro_f1)],
  ["prefill, tokens per second", ({ speed }) => fixed(0)(speed?.prefill_tokens_per_s)],
  ["decode, tokens per second", ({ speed }) => fixed(0)(speed?.decode_tokens_per_s)],
  ["first token, ms", ({ speed }) => fixed(1)(speed?.first_token_ms)],
  ["memory, MiB", ({ memory_bytes }) => fixed(1)(memory_bytes / 2 ** 20)],
];

/** The loss by position of all language models in one picture. */
function positions(entries: [string, CheckpointReport][]): Html | "" {
  const curves = entries.flatMap(([name, { positions = [] }]) => {
    return positions.length === 0
      ? []
      : [{ name, points: positions.map((p) => [p.position, p.loss] as const) }];
  });
  if (curves.length === 0) return "";
  const title = "loss by position, up to twice the context";
  return html`<h2>Position</h2>
    <p>The more a model has read, the better it predicts; beyond the context that it was trained with, only as far as
    its positions reach: learned ones end there.</p>
    ${image({ title, svg: plotCurves(title, "nats per token", curves, "position") })}`;
}

function families(entries: [string, CheckpointReport][]): Html | "" {
  const asked = entries.filter(([, { instruct }]) => instruct);
  if (asked.length === 0) return "";
  const names = [...new Set(asked.flatMap(([, { instruct }]) => Object.keys(instruct!.families)))];
  const cells = (name: string) =>
    asked.flatMap(([, { instruct }]) => {
      const own = instruct!.families[name];
      return own ? [percent(own.exact), percent(own.contains), fixed(3)(own.chrf)] : ["–", "–", "–"];
    });
  const questions = (name: string) => String(asked[0][1].instruct!.families[name]?.questions ?? "–");
  return html`<h2>Questions by family</h2>
    <p>None of these questions was trained on. Temperature 0, no rules besides the model.</p>
    ${
    table(
      [
        "family",
        "questions",
        ...asked.flatMap(([name]) => [`${name}: exact`, `${name}: contains`, `${name}: chrF`]),
      ],
      names.map((name) => [name, questions(name), ...cells(name)]),
    )
  }
    ${
    asked.map(([name, { instruct }]) =>
      html`<details><summary>Every answer of ${name}</summary>${
        table(
          ["question", "expected", "answer"],
          instruct!.answers.map(({ past = [], instruction, response, contains, answer }) => [
            [...past.flatMap((turn) => [turn.instruction, turn.response]), instruction].join(" / "),
            response ?? contains?.flat().join(", ") ?? "–",
            answer,
          ]),
        )
      }</details>`
    )
  }`;
}

function pairs(entries: [string, CheckpointReport][]): Html | "" {
  const scored = entries.filter(([, { pairs }]) => pairs);
  if (scored.length === 0) return "";
  const phenomena = Object.entries(scored[0][1].pairs!.phenomena);
  return html`<h2>Minimal pairs</h2>
    <p>Two sentences that differ in grammar alone: the share of pairs whose right sentence the model finds more
    probable. Guessing gets half.</p>
    ${
    table(
      ["phenomenon", "pairs", ...scored.map(([name]) => name)],
      phenomena.map(([phenomenon, { pairs: n }]) => [
        phenomenon,
        String(n),
        ...scored.map(([, { pairs }]) => percent(pairs!.phenomena[phenomenon].right)),
      ]),
    )
  }
    ${
    scored.map(([name, { pairs }]) =>
      html`<details><summary>Every pair that ${name} gets wrong</summary>${
        table(
          ["phenomenon", "right, nats", "wrong, nats"],
          pairs!.scored.filter((pair) => !isRight(pair)).map((pair) => [
            pair.phenomenon,
            `${pair.good}  ${fixed(2)(pair.good_logprob)}`,
            `${pair.bad}  ${fixed(2)(pair.bad_logprob)}`,
          ]),
        )
      }</details>`
    )
  }`;
}

function labels(entries: [string, CheckpointReport][], matrices: readonly Picture[]): Html | "" {
  const classifiers = entries.filter(([, { classify }]) => classify);
  if (classifiers.length === 0) return "";
  return html`<h2>Labels</h2>${matrices.map(image)}${
    classifiers.map(([name, { classify }]) =>
      table(
        [`${name}: label`, "texts", "precision", "recall", "F1"],
        Object.entries(classify!.labels).map(([label, { texts, precision, recall, f1 }]) => [
          label,
          String(texts),
          percent(precision),
          percent(recall),
          fixed(3)(f1),
        ]),
      )
    )
  }`;
}

function samples(entries: [string, CheckpointReport][]): Html | "" {
  const drawn = entries.filter(([, { samples }]) => samples?.length);
  if (drawn.length === 0) return "";
  const settings = drawn[0][1].samples!;
  return html`<h2>Samples</h2>${
    table(
      ["prompt, temperature, seed", ...drawn.map(([name]) => name)],
      settings.map(({ prompt, temperature, seed }, i) => [
        `${JSON.stringify(prompt)}, ${temperature}, ${seed}`,
        ...drawn.map(([, { samples }]) => {
          const { prompt, text } = samples![i];
          return html`<b>${prompt}</b>${text}`;
        }),
      ]),
    )
  }`;
}

export interface Pictures {
  /** Curves of the stages' training. */
  readonly curves: readonly Picture[];
  /** Confusion matrices. */
  readonly matrices: readonly Picture[];
  /** Attention of one text, head by head. */
  readonly attention: { readonly text: string; readonly heads: readonly Picture[] } | null;
}

/** The page, self-contained: no script, no request. */
export function renderReport(report: Report, gated: boolean, pictures: Pictures): string {
  const { checkpoints, shortfalls } = report;
  const entries = Object.entries(checkpoints);
  const gate = !gated
    ? ""
    : shortfalls.length === 0
    ? html`<p class="good">Every figure keeps the preset's thresholds.</p>`
    : html`
      <div class="short">
        <p>Figures short of the preset's thresholds:</p>
        <ul>${shortfalls.map(({ figure, value, bound }) =>
          html`<li>${figure} is ${value}, wanted ${bound}</li>`
        )}</ul>
      </div>
    `;
  const { attention } = pictures;
  return page(
    `Evaluation of ${report.preset}`,
    html`
      <p>${report.made.slice(0, 16).replace("T", " ")} UTC, on ${report.device}</p>
      ${gate}
      <h2>Side by side</h2>
      ${table(
        ["figure", ...entries.map(([name]) => name)],
        [
          ["folder", ...entries.map(([, { folder }]) => folder)],
          ...FIGURES.map(([name, write]) => [name, ...entries.map(([, c]) => write(c))]),
        ],
      )}
      ${families(entries)}
      ${pairs(entries)}
      ${labels(entries, pictures.matrices)}
      ${samples(entries)}
      ${attention
        ? html`<h2>Attention of one text</h2><p>${attention.text}</p>
<p>Rows look at columns: each token at itself and at those before it. One picture for each head of the last layer.</p>
${attention.heads.map(image)}`
        : ""}
      ${positions(entries)}
      ${pictures.curves.length ? html`<h2>Training</h2>${pictures.curves.map(image)}` : ""}
    `,
  );
}

/** The figures of a checkpoint that matter most, in a line. */
export function summary({ text, instruct, pairs, classify, speed }: CheckpointReport): string {
  return [
    ...text ? [`${text.bpc.toFixed(3)} bits per character`] : [],
    ...instruct ? [`${percent(instruct.all.contains)} of ${instruct.all.questions} questions right`] : [],
    ...pairs ? [`${percent(pairs.all.right)} of ${pairs.all.pairs} pairs right`] : [],
    ...classify ? [`${percent(classify.accuracy)} of labels right`] : [],
    ...speed ? [`${speed.decode_tokens_per_s} tokens/s`] : [],
  ].join(", ");
}
