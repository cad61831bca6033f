/** The corpus and its vocabulary made by several processes, started with `mpiexec`. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { alter, Chain, Dice } from "../lib/data/corpus/testing.ts";
import type { StepReport } from "../lib/data/corpus/tally.ts";
import { finish, type Launcher, testLaunchers } from "../lib/ranks/testing.ts";
import { ROOT, TINY, type Workspace, workspace } from "../lib/run/testing.ts";
import { rankArgs } from "./testing_ranks.ts";

/** A preset with every step, sources of every kind, and near-duplicates in other files than their originals. */
const CORPUS = `prepare-corpus:
  sources:
    - { path: "a/*", weight: 1.5 }
    - { world: { megabytes: 0.7, seed: 3 }, weight: 0.7 }
    - { path: b, limit: 90000 }
    - { path: c }
  bad_input: skip
  lowercase: true
  max_line_length: 600
  unwrap: true
  documents: sections
  min_document_length: 40
  max_document_length: 1500
  boilerplate: 12
  quality: { symbols: 0.1, digits: 0.2, repetition: 0.3, alphabet: 0.9, language: es, final_punctuation: true }
  duplicates: { exact: true, near: 0.4 }
  pack: 1500
tokenizer: { kind: bpe, size: 600 }
`;

/** Steps that find nothing to do in this corpus. */
const IDLE: string[] = [
  "byte order mark",
  "line ends",
  "NFC",
  "symbols",
  "repetition",
  "alphabet",
  "language",
];

/** A text of `documents` documents; some are copies, altered or not, of documents that all files share. */
function textOf(chain: Chain, seed: number, documents: number): string[] {
  const dice = new Dice(seed), shared = new Dice(1);
  const originals = Array.from({ length: 30 }, () => chain.document(shared, 3));
  return Array.from({ length: documents }, () => {
    const kind = dice.below(5), original = dice.pick(originals);
    if (kind === 0) return original;
    if (kind === 1) return alter(original, 0.02, dice);
    if (kind === 2) return "7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28.";
    return `Volver al inicio\u00a0${dice.below(3)}\n${chain.document(dice, 1 + dice.below(6))}`;
  });
}

async function project(): Promise<Workspace> {
  const work = await workspace(undefined, TINY.replace(/prepare-corpus:[^]*?(?=model:)/, CORPUS));
  await Deno.mkdir(work.path("data"));
  // The files from which a world is made, and the held-out questions that it must not resemble.
  for (const folder of ["world", "evaluate", "instruct"]) {
    await Deno.symlink(`${ROOT}data/${folder}`, work.path("data", folder));
  }
  const chain = await Chain.ofProse();
  for (const folder of ["a", "b", "c"]) {
    await Deno.mkdir(work.path(folder));
    for (let i = 0; i < 4; i++) {
      const texts = textOf(chain, 10 * folder.charCodeAt(0) + i, 12 + 10 * i);
      await work.write(`${folder}/${i}.txt`, texts.join("\n***\n"));
      const records = texts.toReversed().map((text, j) => j % 9 === 4 ? "{" : JSON.stringify({ text }));
      await work.write(`${folder}/${i}.jsonl`, records.join("\n"));
    }
  }
  return work;
}

/** A stage's output files by name, without the manifest, which contains times. */
async function filesOf(work: Workspace, folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const { name } of Deno.readDirSync(work.path(folder))) {
    if (name !== "manifest.json") files.set(name, await Deno.readFile(work.path(folder, name)));
  }
  return files;
}

const launchers = await testLaunchers();
for (const [i, launcher] of launchers.entries()) {
  Deno.test(`${launcher.family}: ${i > 0 ? 3 : "1, 2 and 4"} ranks make the corpus and the vocabulary of one process, byte for byte`, async () => {
    await using work = await project();
    const run = async ({ start }: Launcher, ranks: number, stage: string) => {
      const { code, output } = await finish(
        start([{ ranks, args: rankArgs(work, stage, "--force") }], { cwd: work.folder }),
      );
      assertEquals(code, 0, output);
      assertEquals(output.match(/ done in /g)?.length, 1, output);
    };
    const [corpus, vocabulary] = ["corpus", "vocabulary"].map((name) => `data/processed/tiny/${name}`);
    for (const stage of ["prepare-corpus", "build-vocab"]) {
      const { code, output } = await work.run(stage);
      assertEquals(code, 0, output);
    }
    const alone = await filesOf(work, corpus), encoded = await filesOf(work, vocabulary);
    const report = JSON.parse(await work.read(`${corpus}/report.json`));
    const idle = report.steps.filter(({ on, count }: StepReport) => on && count === 0);
    assertEquals(idle.map(({ step }: StepReport) => step), IDLE);
    for (const ranks of i > 0 ? [3] : [1, 2, 4]) {
      await run(launcher, ranks, "prepare-corpus");
      assertEquals(await filesOf(work, corpus), alone, `${ranks} ranks`);
      await run(launcher, ranks, "build-vocab");
      assertEquals(await filesOf(work, vocabulary), encoded, `${ranks} ranks`);
    }
  });
}

const [launcher] = launchers;
if (launcher) {
  Deno.test("vocabularies of every kind are those of one process, byte for byte, on 2 ranks", async () => {
    await using work = await project();
    const corpus = await work.run("prepare-corpus");
    assertEquals(corpus.code, 0, corpus.output);
    for (const kind of ["unigram", "wordpiece", "word", "char"]) {
      const flags = ["--force", "--set", `tokenizer.kind=${kind}`];
      const { code, output } = await work.run("build-vocab", ...flags);
      assertEquals(code, 0, output);
      const alone = await filesOf(work, "data/processed/tiny/vocabulary");
      const args = rankArgs(work, "build-vocab", ...flags);
      const shared = await finish(launcher.start([{ ranks: 2, args }], { cwd: work.folder }));
      assertEquals(shared.code, 0, shared.output);
      assertEquals(await filesOf(work, "data/processed/tiny/vocabulary"), alone, kind);
    }
  });

  Deno.test("what is wrong with a file is told by the rank that reads it, in one line, and nothing is left", async () => {
    await using work = await project();
    await work.write("c/3.txt", Uint8Array.of(65, 0, 66));
    const args = rankArgs(work, "prepare-corpus");
    const { code, output } = await finish(launcher.start([{ ranks: 3, args }], { cwd: work.folder }));
    assert(code !== 0, output);
    assertEquals(output.match(/^error/gm)?.length, 1, output);
    assertStringIncludes(output, "c/3.txt:1: a zero byte");
  });
}
