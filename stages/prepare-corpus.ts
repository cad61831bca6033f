/**
 * From text files to clean documents, split for training and validation.
 *
 *   deno task prepare-corpus --config configs/mini.yaml
 *
 * Writes train.jsonl, validation.jsonl and report.json into data/processed/<name>/corpus.
 */
import { join } from "@std/path";
import { listSources, readCorpus } from "../lib/data/corpus.ts";
import { encodeDocuments } from "../lib/data/documents.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { bar, count } from "../lib/progress.ts";
import { paths } from "../lib/run/config.ts";
import { main, type Stage } from "../lib/run/stage.ts";

export const prepareCorpus: Stage = {
  name: "prepare-corpus",
  about: "Cleans text files and splits them into training and validation documents.",
  module: import.meta.url,
  out: (preset) => paths(preset).corpus,
  settings: (preset) => [preset["prepare-corpus"], preset.seed],
  after: () => [],
  sources: (preset) => listSources(preset["prepare-corpus"].sources),
  async run({ preset, out, terminal }) {
    const { train, validation, report } = await readCorpus(
      preset["prepare-corpus"],
      preset.seed,
      (done, all, path) => terminal.progress(`${bar(done / all)} ${done}/${all} files  ${path}`),
    );
    await writeFileAtomic(join(out, "train.jsonl"), encodeDocuments(train));
    await writeFileAtomic(join(out, "validation.jsonl"), encodeDocuments(validation));
    await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    const { documents, characters } = report;
    terminal.log(`  read ${count(characters.read)} characters in ${report.files.length} files`);
    for (const [name, { count: n, unit, what }] of Object.entries(report.steps)) {
      if (n > 0) terminal.log(`  ${name}: ${count(n)} ${unit} ${what}`);
    }
    terminal.log(
      `  kept for training: ${count(documents.train)} documents, ${count(characters.train)} characters`,
    );
    terminal.log(
      `  held out: ${count(documents.validation)} documents, ${count(characters.validation)} characters ` +
        `(${report.split})`,
    );
    return { finished: true, metrics: { documents, characters } };
  },
};

if (import.meta.main) await main(prepareCorpus.name, prepareCorpus.about, [prepareCorpus]);
