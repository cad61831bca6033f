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
import { runAlone } from "../lib/run/main.ts";
import { defineStage } from "../lib/run/stage.ts";
import { TokenizerSection } from "../lib/run/tokenizer_section.ts";
import type { SpecialIds } from "../lib/text/special.ts";
import { type Tokenizer, vocabularyBuilder } from "../lib/text/tokenizer.ts";
import { prepareCorpus } from "./prepare-corpus.ts";

/** How often each token stands in the documents. */
function countTokens(tokenizer: Tokenizer, documents: readonly string[]): Float64Array {
  const counts = new Float64Array(tokenizer.size);
  for (const text of documents) for (const id of tokenizer.encode(text)) counts[id]++;
  return counts;
}

/** The share of the tokens that the vocabulary knows. */
function coverage(counts: Float64Array, { unk }: SpecialIds): number {
  const all = counts.reduce((sum, n) => sum + n, 0);
  return all === 0 || unk === null ? 1 : 1 - counts[unk] / all;
}

export const buildVocab = defineStage({
  name: "build-vocab",
  about: "Builds the tokenizer's vocabulary from the training documents.",
  module: import.meta.url,
  sections: { tokenizer: TokenizerSection.prefault({}) },
  settings: [],
  out: ({ name }) => `data/processed/${name}/vocabulary`,
  after: () => [prepareCorpus],
  shared: true,
  async run({ preset, out, terminal }) {
    const corpus = prepareCorpus.out(preset);
    const train = await readDocuments(join(corpus, "train.jsonl"));
    const validation = await readDocuments(join(corpus, "validation.jsonl"));
    const builder = vocabularyBuilder(preset.tokenizer.kind);
    for (const text of train) builder.add(text);
    const { min_count: minCount, always, size } = preset.tokenizer;
    const tokenizer = builder.build({ minCount, always, size });
    const special = Object.values(tokenizer.special).filter((id) => id !== null);
    const counts = countTokens(tokenizer, train);
    const rarest = Array.from(counts, (count, id) => ({ id, count }))
      .filter(({ id }) => !special.includes(id)).sort((a, b) => a.count - b.count).slice(0, 20)
      .map(({ id, count }) => ({ token: tokenizer.label(id), count }));
    const report = {
      kind: tokenizer.kind,
      size: tokenizer.size,
      special: special.map((id) => tokenizer.label(id)),
      coverage: {
        train: coverage(counts, tokenizer.special),
        validation: coverage(countTokens(tokenizer, validation), tokenizer.special),
      },
      rarest,
    };
    await writeFileAtomic(join(out, "tokenizer.json"), JSON.stringify(tokenizer.toJson()) + "\n");
    await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    const percent = (share: number) => `${(100 * share).toFixed(3)} %`;
    terminal.log(`  ${count(tokenizer.size)} tokens, ${special.length} of them special`);
    terminal.log(
      `  covers ${percent(report.coverage.train)} of training text, ` +
        `${percent(report.coverage.validation)} of validation text`,
    );
    terminal.log(
      `  rarest: ${rarest.slice(0, 10).map((r) => `${JSON.stringify(r.token)} ×${r.count}`).join(", ")}`,
    );
    return { finished: true, metrics: { size: report.size, coverage: report.coverage } };
  },
});

if (import.meta.main) runAlone(buildVocab, () => import("./pipeline.ts"));
