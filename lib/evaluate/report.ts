/** The evaluation as one page that needs nothing else: tables, curves, matrices, samples. */
import { html } from "hono/html";
import { image, page, type Picture, table } from "../page.ts";
import { type CheckpointReport, FIGURES } from "./report_checkpoint.ts";
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
      ${familySection(entries)}
      ${pairSection(entries)}
      ${storySection(entries)}
      ${labelSection(entries, pictures.matrices)}
      ${sampleSection(entries)}
      ${attention
        ? html`<h2>Attention of one text</h2><p>${attention.text}</p>
<p>Rows look at columns: each token at itself and at those before it. One picture for each head of the last layer.</p>
${attention.heads.map(image)}`
        : ""}
      ${positionSection(entries)}
      ${pictures.curves.length ? html`<h2>Training</h2>${pictures.curves.map(image)}` : ""}
    `,
  );
}
