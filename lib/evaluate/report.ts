/** Renders the evaluation as one self-contained page: a summary, tables, curves, matrices, samples. */
import { html } from "hono/html";
import { type Html, image, numeral, page, type Picture, say } from "../page.ts";
import { type CheckpointReport, percent } from "./report_checkpoint.ts";
import { comparison } from "./report_comparison.ts";
import {
  familySection,
  labelSection,
  pairSection,
  positionSection,
  sampleSection,
  storySection,
} from "./report_sections.ts";

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

export interface Pictures {
  /** Curves of the stages' training. */
  readonly curves: readonly Picture[];
  /** Confusion matrices. */
  readonly matrices: readonly Picture[];
  /** Attention in one text, head by head. */
  readonly attention: { readonly text: string; readonly heads: readonly Picture[] } | null;
}

/** A card for a checkpoint: its name, its most telling figure, and what it is. */
function card(name: string, { text, instruct, classify, stage }: CheckpointReport): Html {
  const bayes = classify?.baselines?.naive_bayes;
  const [figure, about] = classify
    ? [
      percent(classify.accuracy),
      bayes
        ? say(
          `of new texts labelled right; naive Bayes on words ${percent(bayes.accuracy)}`,
          `de textos nuevos bien clasificados; Bayes ingenuo con palabras, ${percent(bayes.accuracy)}`,
        )
        : say("of new texts labelled right", "de textos nuevos bien clasificados"),
    ]
    : instruct && stage !== "pretrain"
    ? [
      percent(instruct.all.contains),
      say(
        `of ${instruct.all.questions} new questions answered right`,
        `de ${instruct.all.questions} preguntas nuevas bien respondidas`,
      ),
    ]
    : [
      text?.bpb.toFixed(2) ?? "–",
      say("bits per byte of text that it never saw", "bits por byte de texto que nunca vio"),
    ];
  return html`<li><b>${name}</b><strong>${numeral(figure)}</strong>${about}</li>`;
}

/** A sentence on what a model that answers is best and worst at. */
function strengths(name: string, { instruct, stage }: CheckpointReport): Html | "" {
  const families = Object.entries(instruct?.families ?? {}).filter(([, { contains }]) => contains !== null)
    .sort(([, a], [, b]) => b.contains! - a.contains!);
  if (stage === "pretrain" || families.length < 4) return "";
  const list = (some: typeof families) =>
    some.map(([family, { contains }]) => `${family} (${percent(contains)})`).join(", ");
  const best = list(families.slice(0, 3)), worst = list(families.slice(-3).reverse());
  return html`<p>${
    say(
      `${name} is best at ${best}, and worst at ${worst}.`,
      `${name} acierta más en ${best}, y menos en ${worst}.`,
    )
  }</p>`;
}

const inSpanish = (bound: string) =>
  bound.replace("at least", "como mínimo").replace("at most", "como máximo");

function gate({ shortfalls }: Report): Html {
  return shortfalls.length === 0
    ? html`<p class="good">${
      say(
        "Every figure keeps the preset's thresholds.",
        "Todas las cifras cumplen los umbrales de la receta.",
      )
    }</p>`
    : html`
      <div class="short">
        <p>${say(
          "Figures short of the preset's thresholds:",
          "Cifras que no alcanzan los umbrales de la receta:",
        )}</p>
        <ul>${shortfalls.map(({ figure, value, bound }) =>
          html`<li>${
            say(`${figure} is ${value}, wanted ${bound}`, `${figure}: ${value} (${inSpanish(bound)})`)
          }</li>`
        )}</ul>
      </div>
    `;
}

/** The page. It is self-contained and requests nothing. */
export function renderReport(report: Report, gated: boolean, pictures: Pictures): string {
  const { checkpoints, preset, made, device } = report;
  const entries = Object.entries(checkpoints);
  const { attention } = pictures;
  const when = made.slice(0, 16).replace("T", " ");
  return page(
    { en: `Evaluation of ${preset}`, es: `Evaluación de ${preset}` },
    html`
      <p class="soft">${say(`${when} UTC, on ${device}`, `${when} UTC, en ${device}`)}</p>
      <ul class="cards">${entries.map(([name, one]) => card(name, one))}</ul>
      ${entries.map(([name, one]) => strengths(name, one))}
      ${gated ? gate(report) : ""}
      ${comparison(entries)}
      ${familySection(entries)}
      ${pairSection(entries)}
      ${storySection(entries)}
      ${labelSection(entries, pictures.matrices)}
      ${sampleSection(entries)}
      ${attention
        ? html`<h2>${say("Attention of one text", "La atención sobre un texto")}</h2><p>${attention.text}</p>
<p>${
          say(
            "Rows look at columns: each token at itself and at those before it. One picture for each head of the last layer.",
            "Cada fila mira a las columnas: cada token, a sí mismo y a los anteriores. Una imagen por cabeza de la última capa.",
          )
        }</p>
${attention.heads.map(image)}`
        : ""}
      ${positionSection(entries)}
      ${pictures.curves.length
        ? html`<h2>${say("Training", "Entrenamiento")}</h2>${pictures.curves.map(image)}`
        : ""}
    `,
  );
}
