/**
 * Makes a vocabulary from training documents, and encodes the corpus with it.
 *
 *   deno task build-vocab --config configs/mini.yaml
 *
 * Writes tokenizer.json, report.json, train.safetensors and validation.safetensors into
 * data/processed/<name>/vocabulary.
 */
import { dirname, join } from "@std/path";
import { documentBlocks, ownDocuments } from "../lib/data/document_blocks.ts";
import { bytesPerToken, type Encoded, writeShard } from "../lib/data/shard.ts";
import { requireDisk } from "../lib/disk_space.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { bar, count, type Part } from "../lib/progress.ts";
import { broadcastValue, reduceValues } from "../lib/ranks/messages.ts";
import type { Ranks } from "../lib/ranks/ranks.ts";
import { runAlone } from "../lib/run/main.ts";
import { defineStage } from "../lib/run/stage.ts";
import { TokenizerSection } from "../lib/run/tokenizer_section.ts";
import { deriveSeed } from "../lib/tensor/random.ts";
import type { SpecialIds } from "../lib/text/special.ts";
import { type Tokenizer, tokenizerOf, vocabularyBuilder } from "../lib/text/tokenizer.ts";
import { prepareCorpus } from "./prepare-corpus.ts";

const PARTS = ["train", "validation"] as const;

/** Approximate tokens per byte of text, unless tokens are single characters. */
const TOKENS_PER_BYTE = 0.3;

/** Counts this rank's documents, joins the ranks' counts, builds the vocabulary on rank 0, and sends it to all. */
async function makeTokenizer(
  documents: AsyncIterable<string>,
  { kind, min_count: minCount, always, size }: TokenizerSection,
  ranks: Ranks,
): Promise<Tokenizer> {
  const builder = vocabularyBuilder(kind), { words } = builder;
  for await (const text of documents) builder.add(text);
  reduceValues(ranks, () => words.parts, (parts) => words.merge(parts));
  const made = ranks.rank === 0 ? builder.build({ minCount, always, size }).toJson() : null;
  return tokenizerOf(broadcastValue(ranks, made)!);
}

type Parts<T> = Record<typeof PARTS[number], T>;

/** The share of tokens that are in the vocabulary. */
function coverage(counts: Float64Array, { unk }: SpecialIds): number {
  const all = counts.reduce((sum, n) => sum + n, 0);
  return all === 0 || unk === null ? 1 : 1 - counts[unk] / all;
}

function reportOn(tokenizer: Tokenizer, { train, validation }: Parts<Encoded>) {
  const special = Object.values(tokenizer.special).filter((id) => id !== null);
  const rarest = Array.from(train.counts, (count, id) => ({ id, count }))
    .filter(({ id }) => !special.includes(id)).sort((a, b) => a.count - b.count).slice(0, 20)
    .map(({ id, count }) => ({ token: tokenizer.label(id), count }));
  return {
    kind: tokenizer.kind,
    size: tokenizer.size,
    special: special.map((id) => tokenizer.label(id)),
    coverage: {
      train: coverage(train.counts, tokenizer.special),
      validation: coverage(validation.counts, tokenizer.special),
    },
    tokens: { train: train.tokens, validation: validation.tokens },
    rarest,
  };
}

/** Shows, at most every tenth of a second, how much of a file has been read. */
function progressLine(
  doing: string,
  show: (parts: readonly Part[]) => void,
): (done: number, all: number) => void {
  const started = performance.now();
  let shown = started;
  return (done, all) => {
    const now = performance.now();
    if (now - shown < 100) return;
    shown = now;
    show([[doing, 2], [bar(done / all), 3], [`${(done / (now - started) / 1000).toFixed(1)} MB/s`, 1]]);
  };
}

export const buildVocab = defineStage({
  name: "build-vocab",
  about: "Builds the tokenizer's vocabulary from the training documents, and encodes the corpus with it.",
  module: import.meta.url,
  sections: { tokenizer: TokenizerSection.prefault({}) },
  settings: ["seed"],
  out: ({ name }) => `data/processed/${name}/vocabulary`,
  after: () => [prepareCorpus],
  shared: true,
  ranks: true,
  async run({ preset, out, terminal, ranks }) {
    const corpus = prepareCorpus.out(preset);
    const pathOf = (part: string) => join(corpus, `${part}.jsonl`);
    const progress = (doing: string) => progressLine(doing, (parts) => terminal.progress(parts));
    const { kind, size } = preset.tokenizer;
    const perByte = bytesPerToken(size) * (kind === "char" ? 1 : TOKENS_PER_BYTE);
    const bytes = { train: 0, validation: 0 };
    for (const part of PARTS) bytes[part] = (await Deno.stat(pathOf(part))).size * perByte;
    const remedy = "free some, or give less text in prepare-corpus.sources";
    const first = ranks.rank === 0;
    if (first) await requireDisk(dirname(out), bytes.train + bytes.validation, remedy);

    const documents = ownDocuments(pathOf("train"), ranks, progress("counting words"));
    const tokenizer = await makeTokenizer(documents, preset.tokenizer, ranks);
    if (first) await writeFileAtomic(join(out, "tokenizer.json"), JSON.stringify(tokenizer.toJson()) + "\n");
    const encode = (part: typeof PARTS[number]) =>
      writeShard(
        join(out, `${part}.safetensors`),
        documentBlocks(pathOf(part), ranks, progress("encoding")),
        {
          ranks,
          tokenizer,
          seed: deriveSeed(preset.seed, "documents", part),
          bytes: bytes[part],
        },
      );
    const report = reportOn(tokenizer, {
      train: await encode("train"),
      validation: await encode("validation"),
    });
    if (!first) return { finished: true, metrics: {} };
    await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    const percent = (share: number) => `${(100 * share).toFixed(3)} %`;
    terminal.log(`  ${count(report.size)} tokens, ${report.special.length} of them special`);
    terminal.log(
      `  covers ${percent(report.coverage.train)} of training text, ` +
        `${percent(report.coverage.validation)} of validation text`,
    );
    terminal.log(
      `  rarest: ${
        report.rarest.slice(0, 10).map((r) => `${JSON.stringify(r.token)} ×${r.count}`).join(", ")
      }`,
    );
    terminal.log(
      `  encoded: ${count(report.tokens.train)} training tokens, ${count(report.tokens.validation)} held out`,
    );
    return {
      finished: true,
      metrics: { size: report.size, coverage: report.coverage, tokens: report.tokens },
    };
  },
});

if (import.meta.main) runAlone(buildVocab, () => import("./pipeline.ts"));
