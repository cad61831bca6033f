/**
 * From training documents to a vocabulary.
 *
 *   deno task build-vocab --config configs/mini.yaml
 *
 * Writes tokenizer.json and report.json into data/processed/<name>/vocabulary.
 */
import { join } from "@std/path";
import { readDocuments } from "../lib/data/documents.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { count } from "../lib/progress.ts";
import { paths } from "../lib/run/config.ts";
import { main } from "../lib/run/main.ts";
import type { Stage } from "../lib/run/stage.ts";
import { type Tokenizer, vocabularyBuilder } from "../lib/text/tokenizer.ts";
import { prepareCorpus } from "./prepare-corpus.ts";

/** The share of the documents' tokens that the vocabulary knows. */
function coverage(tokenizer: Tokenizer, documents: readonly string[]): number {
  let all = 0, unknown = 0;
  for (const text of documents) {
    const ids = tokenizer.encode(text);
    all += ids.length;
    unknown += ids.reduce((n, id) => n + Number(id === tokenizer.special.unk), 0);
  }
  return all === 0 ? 1 : 1 - unknown / all;
}

export const buildVocab: Stage = {
  name: "build-vocab",
  about: "Builds the tokenizer's vocabulary from the training documents.",
  module: import.meta.url,
  out: (preset) => paths(preset).vocabulary,
  settings: ({ tokenizer }) => ({ tokenizer }),
  after: () => [prepareCorpus],
  shared: true,
  async run({ preset, out, terminal }) {
    const { corpus } = paths(preset);
    const train = await readDocuments(join(corpus, "train.jsonl"));
    const validation = await readDocuments(join(corpus, "validation.jsonl"));
    const builder = vocabularyBuilder(preset.tokenizer.kind);
    for (const text of train) builder.add(text);
    const { min_count: minCount, always, size } = preset.tokenizer;
    const tokenizer = builder.build({ minCount, always, size });
    const file = tokenizer.toFile();
    const rarest = file.tokens.map((token, i) => ({ token, count: file.counts[i] }))
      .sort((a, b) => a.count - b.count).slice(0, 20);
    const report = {
      kind: tokenizer.kind,
      size: tokenizer.size,
      special: file.special,
      coverage: { train: coverage(tokenizer, train), validation: coverage(tokenizer, validation) },
      rarest,
    };
    await writeFileAtomic(join(out, "tokenizer.json"), JSON.stringify(file) + "\n");
    await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    const percent = (share: number) => `${(100 * share).toFixed(3)} %`;
    terminal.log(`  ${count(tokenizer.size)} tokens, ${file.special.length} of them special`);
    terminal.log(
      `  covers ${percent(report.coverage.train)} of training text, ` +
        `${percent(report.coverage.validation)} of validation text`,
    );
    terminal.log(
      `  rarest: ${rarest.slice(0, 10).map((r) => `${JSON.stringify(r.token)} ×${r.count}`).join(", ")}`,
    );
    return { finished: true, metrics: { size: report.size, coverage: report.coverage } };
  },
};

if (import.meta.main) await main(buildVocab.name, buildVocab.about, [buildVocab]);
