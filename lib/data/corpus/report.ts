/** The report on a prepared corpus, as data and as a page. */
import { html } from "hono/html";
import { funnel, type Html, image, numeral, page, type Picture, picture, say, table } from "../../page.ts";
import { plotBars } from "../../plot.ts";
import { count, percent } from "../../progress.ts";
import type { CharacterCount } from "./character_counts.ts";
import { SPANISH, UNITS } from "./step_names.ts";
import type { StepReport } from "./tally.ts";
import type { VarietyReport } from "./variety.ts";
import { renderVariety } from "./variety_report.ts";
import type { WorldSamples } from "./world_samples.ts";

export interface FileReport {
  readonly name: string;
  /** Size on disk. */
  readonly bytes: number;
  /** Checksum of a downloaded file. */
  readonly sha256?: string;
  characters: number;
  documents: number;
}

export interface CorpusReport {
  readonly files: readonly (FileReport & { readonly weight: number })[];
  /** In the order in which they are applied. */
  readonly steps: readonly StepReport[];
  readonly documents: { readonly found: number; readonly train: number; readonly validation: number };
  readonly characters: {
    /** Bytes in the files. */
    readonly bytes: number;
    readonly read: number;
    /** Characters in documents, before any is dropped. */
    readonly cleaned: number;
    readonly train: number;
    readonly validation: number;
  };
  /** Documents by length: entry i counts those of 2^i to 2^(i+1) - 1 characters. */
  readonly lengths: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** Characters of the text that is kept, most frequent first. */
  readonly alphabet: readonly CharacterCount[];
  /** A few of the documents that are kept. */
  readonly samples: readonly string[];
  /** A few of the copies, each with the document that it resembles. */
  readonly copies: readonly {
    readonly similarity: number;
    readonly dropped: string;
    readonly kept: string;
  }[];
  readonly split: string;
  readonly variety: VarietyReport;
  /** A sample text of each kind and family, for every source `world`. */
  readonly world: readonly WorldSamples[];
}

function histogram({ before, after }: CorpusReport["lengths"]): Picture {
  const size = Math.max(before.length, after.length);
  const first = Math.max(0, Math.min(...[before, after].map((buckets) => buckets.findIndex((n) => n > 0))));
  const range = Array.from({ length: size - first }, (_, i) => first + i);
  const values = (buckets: readonly number[]) => range.map((i) => buckets[i] ?? 0);
  const title = { en: "Lengths of documents", es: "Longitudes de los documentos" };
  return picture(title, (word) =>
    plotBars(
      word(title),
      {
        x: word({ en: "characters", es: "caracteres" }),
        unit: word({ en: "documents", es: "documentos" }),
      },
      range.map((i) => `${count(2 ** i)}–`),
      [
        { name: word({ en: "before", es: "antes" }), values: values(before) },
        { name: word({ en: "after", es: "después" }), values: values(after) },
      ],
    ));
}

/** The name of a step, and what it did. */
const named = ({ step }: StepReport) => say(step, SPANISH[step][0]);
const told = ({ step, unit, what }: StepReport) =>
  say(`${unit} ${what}`, `${UNITS[unit]} ${SPANISH[step][1]}`);

/** Whether a step drops documents; its count is then of documents. */
const drops = ({ unit, what }: StepReport) => unit === "documents" && /dropped|left out/.test(what);

/** The documents as a funnel: how many are left after each step that dropped any. */
function flow({ steps, documents, characters }: CorpusReport): Html {
  let left = documents.found;
  const start = {
    name: say("found in the text", "hallados en el texto"),
    left,
    note: say(
      `${count(left)} documents, ${count(characters.cleaned)} characters`,
      `${count(left)} documentos, ${count(characters.cleaned)} caracteres`,
    ),
  };
  const rows = steps.filter((step) => drops(step) && step.count > 0).map((step) => {
    const met = left;
    left -= step.count;
    const lost = `${count(step.count)} (${percent(step.count, met)})`;
    return {
      name: named(step),
      left,
      note: say(`${count(left)} left, ${lost} dropped`, `quedan ${count(left)}, se quitaron ${lost}`),
    };
  });
  const idle = steps.filter((step) => drops(step) && step.on && step.count === 0);
  return html`
    ${funnel([start, ...rows])}
    ${idle.length === 0
      ? ""
      : html`<p class="soft">${say("Looked for and not found", "Se buscó y no se halló")}: ${
        idle.map((step, i) => html`${i > 0 ? ", " : ""}${named(step)}`)
      }.</p>`}
  `;
}

/** What the steps changed; steps that changed nothing are folded away. */
function changes(steps: readonly StepReport[]): Html {
  const busy = steps.filter(({ count }) => count > 0), idle = steps.filter(({ count }) => count === 0);
  const head = [say("step", "paso"), say("count", "cantidad"), say("what", "qué")];
  const onOff = ({ on }: StepReport) => on ? say("found nothing", "no halló nada") : say("off", "apagado");
  return html`
    ${busy.length === 0
      ? html`<p>${say("No step changed or dropped anything.", "Ningún paso cambió ni quitó nada.")}</p>`
      : table(head, busy.map((step) => [named(step), count(step.count), told(step)]))}
    ${idle.length === 0 ? "" : html`<details><summary>${
      say(
        `${idle.length} other steps found nothing or are off`,
        `Otros ${idle.length} pasos no hallaron nada o están apagados`,
      )
    }</summary>${table(["", "", ""], idle.map((step) => [named(step), onOff(step), told(step)]))}</details>`}
  `;
}

/** What came in, what is left, and which step dropped most. */
function summary({ files, steps, documents, characters }: CorpusReport): Html {
  const kept = characters.train + characters.validation;
  const repeated = steps.find(({ step }) => step === "repeats")?.count ?? 0;
  const [worst] = steps.filter((step) => drops(step) && step.count > 0)
    .sort((a, b) => b.characters - a.characters);
  const card = (title: Html, figure: string, about: Html) =>
    html`<li><b>${title}</b><strong>${numeral(figure)}</strong>${about}</li>`;
  return html`<ul class="cards">
    ${
    card(
      say("Read", "Se leyó"),
      count(characters.read),
      say(
        `characters, ${count(characters.bytes)} bytes in ${count(files.length)} files`,
        `caracteres, ${count(characters.bytes)} bytes en ${count(files.length)} archivos`,
      ),
    )
  }
    ${
    card(
      say("Kept", "Se conserva"),
      percent(kept, characters.read),
      say(
        `${count(kept)} characters in ${count(documents.train + documents.validation)} documents${
          repeated > 0 ? `, ${count(repeated)} of them repeats` : ""
        }`,
        `${count(kept)} caracteres en ${count(documents.train + documents.validation)} documentos${
          repeated > 0 ? `, ${count(repeated)} de ellos repetidos` : ""
        }`,
      ),
    )
  }
    ${
    card(
      say("To learn from", "Para aprender"),
      count(documents.train),
      say(
        `documents; ${count(documents.validation)} are held out`,
        `documentos; ${count(documents.validation)} se apartan para validar`,
      ),
    )
  }
    ${
    worst
      ? card(
        say("Most was lost to", "Lo que más quitó"),
        count(worst.characters),
        html`${say("characters: ", "caracteres: ")}${named(worst)}`,
      )
      : ""
  }
  </ul>`;
}

const INVISIBLE: Readonly<Record<string, Html>> = {
  "\n": say("line end", "fin de línea"),
  " ": say("blank", "espacio"),
  "\t": say("tab", "tabulador"),
};

/** Where held-out text comes from, in Spanish. */
const SPLITS: Readonly<Record<string, string>> = {
  "whole documents, drawn by seed": "documentos enteros, sorteados por la semilla",
  "the end of the text, as there is one document": "el final del texto, pues hay un solo documento",
  "the end of the text": "el final del texto",
};

export function renderCorpusReport(name: string, report: CorpusReport): string {
  const { files, steps, documents, characters, alphabet, copies } = report;
  const total = alphabet.reduce((sum, { count }) => sum + count, 0);
  const sampled = steps.filter(({ samples }) => samples.length > 0);
  const size = (name: Html, documents: string, n: number) => {
    return [name, documents, count(n), percent(n, characters.read)];
  };
  return page(
    { en: `Corpus of ${name}`, es: `Corpus de ${name}` },
    html`
      ${summary(report)}
      <h2>${say("What became of the documents", "Qué fue de los documentos")}</h2>
      ${flow(report)}
      <h2>${say("Sizes", "Tamaños")}</h2>
      ${table(
        [
          "",
          say("documents", "documentos"),
          say("characters", "caracteres"),
          say("share of what was read", "parte de lo leído"),
        ],
        [
          size(say("read", "leído"), "", characters.read),
          size(
            say("cleaned, in documents", "limpio, en documentos"),
            count(documents.found),
            characters.cleaned,
          ),
          size(say("for training", "para entrenar"), count(documents.train), characters.train),
          size(say("held out", "apartado"), count(documents.validation), characters.validation),
        ],
      )}
      <p>${say(`Held out: ${report.split}.`, `Se aparta: ${SPLITS[report.split] ?? report.split}.`)}</p>
      ${image(histogram(report.lengths))}
      <h2>${say("What each step changed or dropped", "Qué cambió o quitó cada paso")}</h2>
      ${changes(steps)}
      ${sampled.length === 0 ? "" : html`<h3>${say("Samples", "Muestras")}</h3>${
        table(
          [say("step", "paso"), say("samples", "muestras")],
          sampled.map((step) => [named(step), step.samples.join("\n\n")]),
        )
      }`}
      ${copies.length === 0 ? "" : html`
        <h2>${say("Copies, and what they are like", "Copias, y a qué se parecen")}</h2>
        ${table(
          [say("similarity", "parecido"), say("dropped", "se quitó"), say("kept", "se conservó")],
          copies.map(({ similarity, dropped, kept }) => [similarity.toFixed(2), dropped, kept]),
        )}
      `}
      ${renderVariety(report.variety)}
      <h2>${say("Samples of what is kept", "Muestras de lo que se conserva")}</h2>
      ${table(["", say("text", "texto")], report.samples.map((sample, i) => [String(i + 1), sample]))}
      ${report.world.map(({ source, texts }) =>
        html`
          <h2>${say("A text of every kind", "Un texto de cada clase")}: ${source}</h2>
          ${texts.map(({ name, text }) =>
            html`
              <h3>${name}</h3>
              <p class="text">${text}</p>
            `
          )}
        `
      )}
      <h2>${say("Characters of what is kept", "Caracteres de lo que se conserva")}</h2>
      <details><summary>${say(
        `${count(alphabet.length)} different ones, the most frequent first`,
        `${count(alphabet.length)} distintos, los más frecuentes primero`,
      )}</summary>
      ${table(
        [
          say("character", "carácter"),
          say("code", "código"),
          say("count", "cantidad"),
          say("share", "parte"),
        ],
        alphabet.map((
          { character, code, count: n },
        ) => [INVISIBLE[character] ?? character, code, count(n), `${(100 * n / total).toFixed(4)} %`])
          .slice(0, 400),
      )}</details>
      <h2>${say("Files", "Archivos")}</h2>
      ${table(
        [
          say("file", "archivo"),
          "bytes",
          say("characters", "caracteres"),
          say("documents", "documentos"),
          say("weight", "peso"),
        ],
        files.slice(0, 400).map((
          f,
        ) => [f.name, count(f.bytes), count(f.characters), count(f.documents), String(f.weight)]),
      )}
    `,
  );
}
