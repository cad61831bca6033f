/** What became of the text, as data and as a page. */
import { html } from "hono/html";
import { type Html, image, page, table } from "../../page.ts";
import { plotBars } from "../../plot.ts";
import { count, percent } from "../../progress.ts";
import type { CharacterCount } from "./character_counts.ts";
import type { StepReport } from "./tally.ts";
import type { VarietyReport } from "./variety.ts";
import { renderVariety } from "./variety_report.ts";
import type { WorldSamples } from "./world_samples.ts";

export interface FileReport {
  readonly name: string;
  /** On disk. */
  readonly bytes: number;
  /** Of a file from the network. */
  readonly sha256?: string;
  characters: number;
  documents: number;
}

export interface CorpusReport {
  readonly files: readonly (FileReport & { readonly weight: number })[];
  /** In the order in which text meets them. */
  readonly steps: readonly StepReport[];
  readonly documents: { readonly found: number; readonly train: number; readonly validation: number };
  readonly characters: {
    /** Bytes of the files. */
    readonly bytes: number;
    readonly read: number;
    /** In documents, before any is dropped. */
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
  /** A few of the copies, each beside the document that it is like. */
  readonly copies: readonly {
    readonly similarity: number;
    readonly dropped: string;
    readonly kept: string;
  }[];
  readonly split: string;
  readonly variety: VarietyReport;
  /** A text of each kind and family of every source `world`. */
  readonly world: readonly WorldSamples[];
}

function histogram({ before, after }: CorpusReport["lengths"]): string {
  const size = Math.max(before.length, after.length);
  const first = Math.max(0, Math.min(...[before, after].map((buckets) => buckets.findIndex((n) => n > 0))));
  const range = Array.from({ length: size - first }, (_, i) => first + i);
  return plotBars(
    "Lengths of documents",
    "documents",
    range.map((i) => `${count(2 ** i)}–`),
    [["before", before], ["after", after]].map(([name, buckets]) => ({
      name: name as string,
      values: range.map((i) => (buckets as readonly number[])[i] ?? 0),
    })),
  );
}

/** The path of the documents: how many each step met, and how many it left. */
function flow({ steps, documents }: CorpusReport): Html {
  let left = documents.found;
  const rows = steps.filter(({ unit, on, count: n }) => unit === "documents" && (on || n > 0)).flatMap(
    ({ step, what, count: n, characters }) => {
      if (!/dropped|left out/.test(what)) return [];
      const met = left;
      left -= n;
      return [[step, count(met), count(n), percent(n, met), count(characters), count(left)]];
    },
  );
  return table(["step", "documents met", "dropped", "share", "characters dropped", "left"], rows);
}

const visible = (character: string) =>
  ({ "\n": "line end", " ": "blank", "\t": "tab" })[character] ?? character;

export function renderCorpusReport(name: string, report: CorpusReport): string {
  const { files, steps, documents, characters, alphabet, copies } = report;
  const total = alphabet.reduce((sum, { count }) => sum + count, 0);
  const kept = characters.train + characters.validation;
  const sampled = steps.filter(({ samples }) => samples.length > 0);
  return page(
    `Corpus of ${name}`,
    html`
      <h2>Sizes</h2>
      ${table(["", "documents", "characters", "share of what was read"], [
        ["read", "", count(characters.read), "100.0 %"],
        [
          "cleaned, in documents",
          count(documents.found),
          count(characters.cleaned),
          percent(characters.cleaned, characters.read),
        ],
        ["kept", count(documents.train + documents.validation), count(kept), percent(kept, characters.read)],
        [
          "of these, for training",
          count(documents.train),
          count(characters.train),
          percent(characters.train, characters.read),
        ],
        [
          "of these, held out",
          count(documents.validation),
          count(characters.validation),
          percent(characters.validation, characters.read),
        ],
      ])}
      <p>${count(characters.bytes)} bytes in ${count(files.length)} files. Held out: ${report.split}.</p>
      ${image({ title: "Lengths of documents", svg: histogram(report.lengths) })}
      ${renderVariety(report.variety)}
      <h2>Steps</h2>
      <p>In the order in which text meets them.</p>
      ${table(
        ["step", "", "count", "what"],
        steps.map((
          { step, on, unit, what, count: n },
        ) => [step, on ? "on" : "off", on || n > 0 ? count(n) : "–", `${unit} ${what}`]),
      )}
      <h2>Documents, step by step</h2>
      ${flow(report)}
      <h2>Samples of what each step changed or dropped</h2>
      ${sampled.length === 0 ? html`<p>No step changed or dropped anything.</p>` : table(
        ["step", "samples"],
        sampled.map(({ step, samples }) => [step, samples.join("\n\n")]),
      )}
      ${copies.length === 0 ? "" : html`
        <h2>Copies, and what they are like</h2>
        ${table(
          ["similarity", "dropped", "kept"],
          copies.map(({ similarity, dropped, kept }) => [similarity.toFixed(2), dropped, kept]),
        )}
      `}
      <h2>Samples of what is kept</h2>
      ${table(["", "text"], report.samples.map((sample, i) => [String(i + 1), sample]))}
      ${report.world.map(({ source, texts }) =>
        html`
          <h2>A text of every kind: ${source}</h2>
          ${texts.map(({ name, text }) =>
            html`
              <h3>${name}</h3>
              <p class="text">${text}</p>
            `
          )}
        `
      )}
      <h2>Characters of what is kept</h2>
      <p>${count(alphabet.length)} different ones.</p>
      <details open><summary>The most frequent, and the rarest behind them</summary>
      ${table(
        ["character", "code", "count", "share"],
        alphabet.map((
          { character, code, count: n },
        ) => [visible(character), code, count(n), `${(100 * n / total).toFixed(4)} %`])
          .slice(0, 400),
      )}</details>
      <h2>Files</h2>
      ${table(
        ["file", "bytes", "characters", "documents", "weight"],
        files.slice(0, 400).map((
          f,
        ) => [f.name, count(f.bytes), count(f.characters), count(f.documents), String(f.weight)]),
      )}
    `,
  );
}
