/** The report's section on variety, and its lines for the terminal. */
import { html } from "hono/html";
import { type Html, say, table } from "../../page.ts";
import { count, percent } from "../../progress.ts";
import type { NgramReport } from "./ngrams.ts";
import type { VarietyReport } from "./variety.ts";

const RUNS = [
  say("words", "palabras"),
  say("runs of two words", "series de dos palabras"),
  say("runs of three words", "series de tres palabras"),
  say("runs of four words", "series de cuatro palabras"),
];

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
      say("different", "distintas"),
      say("in all", "en total"),
      say("in all, per million words", "en total, por millón de palabras"),
      say(`in a sample of ${count(sample.words)} words`, `en una muestra de ${count(sample.words)} palabras`),
      say("in the sample, per million words", "en la muestra, por millón de palabras"),
    ],
    RUNS.map((name, i) => [name, ...cells(ngrams, i), ...cells(sample, i)]),
  );
}

export function renderVariety(report: VarietyReport): Html {
  const { ngrams, openings, near, compression } = report;
  return html`
    <h2>${say("Variety of what is kept", "Variedad de lo que se conserva")}</h2>
    <p>${say(
      `${
        count(ngrams.words)
      } words. What is different is estimated, with a standard error of 0.4 %. The longer a ` +
        "text, the fewer new words a million more bring, so compare texts by the sample: whole documents, drawn by seed.",
      `${
        count(ngrams.words)
      } palabras. Las distintas se estiman, con un error estándar del 0.4 %. Cuanto más largo ` +
        "un texto, menos palabras nuevas trae otro millón; por eso, compara textos por la muestra: documentos enteros, " +
        "sorteados por la semilla.",
    )}</p>
    ${ngramTable(report)}
    ${table(["", "", say("of", "de"), say("share", "parte")], [
      [
        say(
          "documents that begin with the same four words as another",
          "documentos que empiezan con las mismas cuatro palabras que otro",
        ),
        count(openings.shared),
        count(openings.documents),
        percent(openings.shared, openings.documents),
      ],
      near === null
        ? [
          say("near duplicates", "copias parecidas"),
          "–",
          "–",
          say("not looked for", "no se buscaron"),
        ]
        : [
          say("near duplicates, dropped", "copias parecidas, quitadas"),
          count(near.dropped),
          count(near.compared),
          percent(near.dropped, near.compared),
        ],
    ])}
    <p>${say(
      `zstd at level ${compression.level}, in streaming, turns ${count(compression.bytes)} bytes into ` +
        `${count(compression.compressed)}: ${ratio(compression)} to 1.`,
      `zstd en el nivel ${compression.level}, en flujo, deja ${count(compression.bytes)} bytes en ` +
        `${count(compression.compressed)}: ${ratio(compression)} a 1.`,
    )}</p>
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
