/** The evaluation as one page that needs nothing else: tables, curves, matrices, samples. */
import { html, raw } from "hono/html";
import type { Prediction } from "../train/evaluate.ts";
import type { Quality } from "../train/classify.ts";
import type { Answered, Sample, Score, Speed } from "./language.ts";

export interface CheckpointReport {
  readonly folder: string;
  readonly stage: string;
  readonly step: number;
  readonly parameters: number;
  /** Of a language model. */
  readonly text?: Prediction;
  readonly instruct?: {
    readonly all: Score;
    readonly families: Record<string, Score>;
    readonly answers: Answered[];
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

export interface Picture {
  readonly title: string;
  readonly svg: string;
}

type Html = ReturnType<typeof html>;

/** An SVG as an image of its own: pictures on one page would otherwise share the names inside them. */
const image = ({ title, svg }: Picture) =>
  html`<img alt="${title}" src="data:image/svg+xml;base64,${new TextEncoder().encode(svg).toBase64()}">`;

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
  ["questions: exact answers", ({ instruct }) => percent(instruct?.all.exact)],
  ["questions: answers with what they should contain", ({ instruct }) => percent(instruct?.all.contains)],
  ["questions: chrF", ({ instruct }) => fixed(3)(instruct?.all.chrf)],
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

function table(head: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  return html`
    <div class="wide">
      <table>
        <thead>
          <tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr>
        </thead>
        <tbody>${rows.map(([first, ...rest]) =>
          html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`
        )}</tbody>
      </table>
    </div>
  `;
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
          instruct!.answers.map(({ instruction, response, contains, answer }) => [
            instruction,
            response ?? contains?.join(", ") ?? "–",
            answer,
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

const STYLE = `
  :root { color-scheme: light dark; --line: light-dark(#d5dae0, #3a4149); --soft: light-dark(#f4f6f8, #20252b); }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 70rem;
         background: light-dark(#fff, #15191d); color: light-dark(#1a1f24, #e4e8ec); }
  h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
  .wide { overflow-x: auto; margin: 1rem 0; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
  td { white-space: pre-wrap; overflow-wrap: anywhere; } thead th, tbody th { background: var(--soft); font-weight: 600; }
  img { max-width: 100%; height: auto; margin: .5rem .5rem .5rem 0; border: 1px solid var(--line); border-radius: 6px; }
  .short { border-left: 4px solid #c0392b; padding: .2rem 1rem; background: var(--soft); }
  .good { border-left: 4px solid #2e8b57; padding: .2rem 1rem; background: var(--soft); }
  summary { cursor: pointer; margin: .5rem 0; }`;

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
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Evaluation of ${report.preset}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
    <h1>Evaluation of ${report.preset}</h1>
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
    ${labels(entries, pictures.matrices)}
    ${samples(entries)}
    ${attention
      ? html`<h2>Attention of one text</h2><p>${attention.text}</p>
<p>Rows look at columns: each token at itself and at those before it. One picture for each head of the last layer.</p>
${attention.heads.map(image)}`
      : ""}
    ${pictures.curves.length ? html`<h2>Training</h2>${pictures.curves.map(image)}` : ""}
      </body>
    </html>
  `;
  return String(page);
}
