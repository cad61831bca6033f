/**
 * Makes clean documents from files, addresses and data sets, split for training and validation.
 *
 *   deno task prepare-corpus --config configs/mini.yaml
 *
 * Writes train.jsonl, validation.jsonl, report.json and report.html into data/processed/<name>/corpus.
 * Downloads stay in data/downloads.
 */
import { join } from "@std/path";
import { CorpusOptions } from "../lib/data/corpus/options.ts";
import { prepareCorpus as prepare, type Progress } from "../lib/data/corpus/prepare.ts";
import { renderCorpusReport } from "../lib/data/corpus/report.ts";
import { listLocal } from "../lib/data/corpus/sources.ts";
import { varietyLines } from "../lib/data/corpus/variety_report.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { bar, count, duration, type Part } from "../lib/progress.ts";
import { runAlone } from "../lib/run/main.ts";
import { defineStage } from "../lib/run/stage.ts";

/** Shows, at most every tenth of a second, the progress, the speed, how much is kept, and the remaining time. */
function progressLine(show: (parts: readonly Part[]) => void): (progress: Progress) => void {
  let started = performance.now(), shown = 0, doing = "", from = 0;
  return ({ doing: now, done, all, documents, what }) => {
    const time = performance.now();
    if (now !== doing) [doing, started, from] = [now, time, done];
    else if (time - shown < 100) return;
    shown = time;
    const seconds = (time - started) / 1000, rate = (done - from) / seconds;
    const bytes = now === "downloading" || now === "reading";
    show([
      [now.padEnd(11), 2],
      [all === null ? "" : bar(done / all), 4],
      [bytes ? `${(rate / 1e6 || 0).toFixed(1)} MB/s` : "", 1],
      [`${count(documents)} documents`, 3],
      [all !== null && rate > 0 ? `${duration((all - done) / rate)} left` : "", 0],
      [what, 5],
    ]);
  };
}

export const prepareCorpus = defineStage({
  name: "prepare-corpus",
  about: "Cleans text and splits it into training and validation documents.",
  module: import.meta.url,
  sections: { "prepare-corpus": CorpusOptions },
  pathKeys: ["prepare-corpus.sources"],
  settings: ["seed"],
  out: ({ name }) => `data/processed/${name}/corpus`,
  after: () => [],
  sources: (preset) => listLocal(preset["prepare-corpus"].sources),
  shared: true,
  ranks: true,
  async run({ preset, out, terminal, ranks }) {
    const report = await prepare({
      options: preset["prepare-corpus"],
      seed: preset.seed,
      out,
      downloads: "data/downloads",
      progress: progressLine((parts) => terminal.progress(parts)),
      ranks,
    });
    if (!report) return { finished: true, metrics: {} };
    await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    await writeFileAtomic(join(out, "report.html"), renderCorpusReport(preset.name, report));
    const { documents, characters } = report;
    terminal.log(`  read ${count(characters.read)} characters in ${count(report.files.length)} files`);
    for (const { step, count: n, unit, what } of report.steps) {
      if (n > 0) terminal.log(`  ${step}: ${count(n)} ${unit} ${what}`);
    }
    terminal.log(
      `  kept for training: ${count(documents.train)} documents, ${count(characters.train)} characters`,
    );
    terminal.log(
      `  held out: ${count(documents.validation)} documents, ${count(characters.validation)} characters ` +
        `(${report.split})`,
    );
    for (const line of varietyLines(report.variety)) terminal.log(`  ${line}`);
    terminal.log(`  what was dropped and why: ${join(out, "report.html")}`);
    const fetched = Object.fromEntries(
      report.files.flatMap(({ name, sha256 }) => sha256 === undefined ? [] : [[name, sha256]]),
    );
    const remote = Object.keys(fetched).length > 0 ? { fetched } : {};
    return { finished: true, metrics: { documents, characters }, ...remote };
  },
});

if (import.meta.main) runAlone(prepareCorpus, () => import("./pipeline.ts"));
