/** The report's section on variety, and its lines for the terminal. */
import { html } from "hono/html";
import { type Html, table } from "../../page.ts";
import { count, percent } from "../../progress.ts";
import type { NgramReport } from "./ngrams.ts";
import type { VarietyReport } from "./variety.ts";

const RUNS = ["words", "runs of two words", "runs of three words", "runs of four words"];

const perMillion = (distinct: number, words: number) =>
  count(Math.round(1e6 * distinct / Math.max(1, words)));

const ratio = ({ bytes, compressed }: VarietyReport["compression"]) => (bytes / compressed).toFixed(2);

function ngramTable({ ngrams, sample }: VarietyReport): Html {
  const cells = ({ words, distinct }: NgramReport, i: number) => [
    count(distinct[i]),
    perMillion(distinct[i], words),
  ];
  return table(
    [
      "different",
      "in all",
      "in all, per million words",
      `in a sample of ${count(sample.words)} words`,
      "in the sample, per million words",
    ],
    RUNS.map((name, i) => [name, ...cells(ngrams, i), ...cells(sample, i)]),
  );
}

export function renderVariety(report: VarietyReport): Html {
  const { ngrams, openings, near, compression } = report;
  return html`
    <h2>Variety of what is kept</h2>
    <p>${count(
      ngrams.words,
    )} words. What is different is estimated, with a standard error of 0.4 %. The longer
    a text, the fewer new words a million more bring, so compare texts by the sample: whole documents, drawn by
    seed.</p>
    ${ngramTable(report)}
    ${table(["", "", "of", "share"], [
      [
        "documents that begin with the same four words as another",
        count(openings.shared),
        count(openings.documents),
        percent(openings.shared, openings.documents),
      ],
      near === null ? ["near duplicates", "–", "–", "not looked for"] : [
        "near duplicates, dropped",
        count(near.dropped),
        count(near.compared),
        percent(near.dropped, near.compared),
      ],
    ])}
    <p>zstd at level ${compression.level}, in streaming, turns ${count(compression.bytes)} bytes into
    ${count(compression.compressed)}: ${ratio(compression)} to 1.</p>
  `;
}

export function varietyLines({ ngrams, sample, openings, near, compression }: VarietyReport): string[] {
  const [words, , , fours] = sample.distinct;
  return [
    `variety: about ${count(ngrams.distinct[0])} different words in ${count(ngrams.words)}; in a sample of ` +
    `${count(sample.words)}, ${count(words)} and ${count(fours)} different runs of four`,
    `${
      percent(openings.shared, openings.documents)
    } of the documents begin with the same four words as another` +
    (near === null ? "" : `; ${percent(near.dropped, near.compared)} were near duplicates`),
    `zstd compresses what is kept ${ratio(compression)} to 1`,
  ];
}
