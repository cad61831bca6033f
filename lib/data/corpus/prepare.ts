/**
 * From sources to training and validation documents, in passes over files, so that memory does not grow
 * with the text:
 *
 * 1. read, clean and cut into documents; count lines, if boilerplate is looked for
 * 2. drop boilerplate, and documents that break a rule; fingerprint the rest
 * 3. find the copies
 * 4. split, weigh, join and write what is kept
 *
 * Threads do the work on blocks and documents of the first two; the main one keeps them in order, so the
 * result does not depend on how many there are.
 */
import { join } from "@std/path";
import { UserError } from "../../errors.ts";
import { AtomicWriter, explain } from "../../files.ts";
import { LineCounts } from "./boilerplate.ts";
import { CharacterCounts } from "./character_counts.ts";
import { Appender, readBatches, recordsOf, SpoolBuffer, type Spooled } from "./disk.ts";
import type { Batch } from "./digest.ts";
import { download } from "./download.ts";
import { type Copy, Duplicates, EXACT, KEPT } from "./duplicates.ts";
import type { CorpusOptions } from "./options.ts";
import { inOrder, Pool } from "./pool.ts";
import { readBlocks } from "./read.ts";
import type { CorpusReport, FileReport } from "./report.ts";
import { Segmenter } from "./segment.ts";
import { openSources, type Source, type SourceFile } from "./sources.ts";
import { type Document, type Piece, Splitter } from "./split.ts";
import { Histogram, Reservoir, shorten, type Step, STEPS, Tally } from "./tally.ts";

export interface Progress {
  readonly doing: "downloading" | "reading" | "filtering" | "comparing" | "writing";
  /** Bytes or documents done, and in all if that is known. */
  readonly done: number;
  readonly all: number | null;
  readonly documents: number;
  readonly what: string;
}

export interface PrepareOptions {
  readonly options: CorpusOptions;
  readonly seed: number;
  /** Where train.jsonl and validation.jsonl go, and temporary files meanwhile. */
  readonly out: string;
  /** Where downloads are kept. */
  readonly downloads: string;
  readonly progress?: (progress: Progress) => void;
  /** Milliseconds before a download's second attempt. */
  readonly pause?: number;
  /** Beside the main one; by default those of the machine, if the text is worth it. */
  readonly threads?: number;
}

/** Bytes of text below which starting threads takes longer than they save. */
const WORTH_THREADS = 8e6;
/** Bytes of documents that are worked on at once. */
const BATCH = 1 << 20;

export async function prepareCorpus(settings: PrepareOptions): Promise<CorpusReport> {
  const { out } = settings;
  const scratch = join(out, "scratch.tmp");
  await Deno.remove(scratch, { recursive: true }).catch(() => {});
  await Deno.mkdir(scratch, { recursive: true }).catch((error) => explain(error, scratch));
  try {
    return await new Preparation(settings, scratch).run();
  } finally {
    await Deno.remove(scratch, { recursive: true }).catch(() => {});
  }
}

/** A document to write: one of those that passed, or several neighbours. */
class Packed implements Document {
  constructor(readonly index: number, readonly records: readonly Spooled[], readonly length: number) {}

  get file(): number {
    return this.records[0].file;
  }

  get text(): string {
    return this.records.map(({ text }) => text).join("\n\n");
  }
}

class Preparation {
  readonly #settings: PrepareOptions;
  readonly #options: CorpusOptions;
  readonly #scratch: string;
  readonly #tally: Tally;
  readonly #progress: (progress: Progress) => void;
  readonly #files: (FileReport & { source: Source })[] = [];
  readonly #sizes = { bytes: 0, read: 0, cleaned: 0, train: 0, validation: 0 };
  readonly #documents = { found: 0, train: 0, validation: 0 };
  readonly #lengths = { before: new Histogram(), after: new Histogram() };
  /** Documents that passed the rules, in the spool `documents`. */
  #passed = 0;

  constructor(settings: PrepareOptions, scratch: string) {
    this.#settings = settings;
    this.#options = settings.options;
    this.#scratch = scratch;
    this.#tally = new Tally(settings.seed);
    this.#progress = settings.progress ?? (() => {});
  }

  async run(): Promise<CorpusReport> {
    const { options } = this.#settings;
    const sources = await openSources(options.sources);
    using pool = new Pool(this.#settings.threads ?? await threadsFor(sources), options);
    const lines = options.boilerplate === false ? null : new LineCounts(this.#scratch);
    await this.#read(sources, pool, lines);
    if (lines) pool.setCommon(lines.common(options.boilerplate as number));
    const { exact, near } = options.duplicates;
    const copies = exact || near !== false ? new Duplicates(options.duplicates, this.#scratch) : null;
    await this.#judge(pool, copies);
    const pairs = new Reservoir<Copy>(this.#settings.seed, "pairs");
    this.#tell("comparing", 0, null);
    const verdicts = copies ? copies.find((copy) => pairs.offer(() => copy)) : new Uint8Array(this.#passed);
    return await this.#write(pool, verdicts, pairs.items);
  }

  #tell(doing: Progress["doing"], done: number, all: number | null, what = ""): void {
    const documents = { filtering: this.#passed, comparing: this.#passed, writing: this.#documents.train };
    this.#progress({
      doing,
      done,
      all,
      documents: documents[doing as "writing"] ?? this.#documents.found,
      what,
    });
  }

  /** Pass 1: every document of every source. */
  async #read(sources: readonly Source[], pool: Pool, lines: LineCounts | null): Promise<void> {
    using raw = new Appender(join(this.#scratch, "raw"));
    const batch = new SpoolBuffer(2 * BATCH);
    const counting: Promise<Uint32Array>[] = [];
    const finish = () => {
      const bytes = batch.bytes();
      raw.write(bytes);
      if (lines) counting.push(pool.run("lines", bytes));
    };
    /** Takes in what threads have counted, but for the last few. */
    const settle = async (most: number) => {
      while (counting.length > most) lines!.add(await counting.shift()!);
    };
    const emit = (document: string, file: number) => {
      this.#files[file].documents++;
      this.#documents.found++;
      this.#sizes.cleaned += document.length;
      this.#lengths.before.add(document.length);
      batch.add(document, file);
      if (batch.length >= BATCH) finish();
    };
    // Files with an address count once they are here.
    const sizes = new Map<string, number>();
    const measure = async (path: string) => sizes.set(path, (await Deno.stat(path)).size);
    for (const { files } of sources) {
      for (const { path } of files) if (path !== undefined) await measure(path);
    }
    let done = 0;
    for (const source of sources) {
      let left = source.limit;
      for (const file of source.files) {
        if (left <= 0) break;
        const { path, ...checked } = file.path === undefined ? await this.#fetch(file) : { path: file.path };
        if (!sizes.has(path)) await measure(path);
        const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
        const report = { name: file.name, bytes: sizes.get(path)!, ...checked, characters: 0, documents: 0 };
        this.#files.push({ ...report, source });
        const tell = (bytes: number) => this.#tell("reading", done += bytes, all, file.name);
        for await (const taken of this.#readFile(path, left, pool, emit, tell)) {
          left -= taken;
          await settle(pool.ahead);
        }
      }
    }
    finish();
    await settle(0);
  }

  #fetch({ name, remote }: SourceFile): Promise<{ path: string; sha256: string }> {
    const { downloads, pause } = this.#settings;
    return download(remote!, {
      folder: downloads,
      progress: (done, all) => this.#tell("downloading", done, all, name),
      ...pause === undefined ? {} : { pause },
    });
  }

  /** The documents of the file that was noted last, up to some characters; yields how many each block has. */
  async *#readFile(
    path: string,
    limit: number,
    pool: Pool,
    emit: (document: string, file: number) => void,
    progress: (bytes: number) => void,
  ): AsyncGenerator<number> {
    const options = this.#options, index = this.#files.length - 1, report = this.#files[index];
    const { name, source: { column } } = report;
    const segmenter = new Segmenter(options, this.#tally, (document) => emit(document, index));
    const blocks = readBlocks(path, {
      name,
      column,
      bad_input: options.bad_input,
      tally: this.#tally,
      progress,
    });
    let line = 1, left = limit;
    for await (const cleaned of inOrder(blocks, pool.ahead, (block) => pool.run("clean", block))) {
      const { error, events, kind } = cleaned;
      if (error) throw new UserError(`${name}:${line + error.line}: ${error.why}`);
      line += cleaned.lines;
      report.characters += cleaned.read;
      for (const event of events) this.#tally.add(...event);
      for (const text of cleaned.texts) {
        const part = text.slice(0, Math.max(0, left));
        left -= part.length;
        if (kind === "text") segmenter.push(part);
        else segmenter.record(part);
      }
      yield cleaned.texts.reduce((sum, text) => sum + text.length, 0);
      if (left <= 0) break;
    }
    segmenter.end();
    this.#sizes.bytes += report.bytes;
    this.#sizes.read += report.characters;
  }

  /** Pass 2: rules and fingerprints. */
  async #judge(pool: Pool, copies: Duplicates | null): Promise<void> {
    using passed = new Appender(join(this.#scratch, "documents"));
    const raw = join(this.#scratch, "raw"), { size: all } = await Deno.stat(raw);
    let done = 0;
    const batches = inOrder(readBatches(raw), pool.ahead, (batch) => {
      done += batch.length;
      return pool.run("judge", batch);
    });
    for await (const { spool, documents, fingerprints, events } of batches) {
      passed.write(spool);
      copies?.add(fingerprints);
      this.#passed += documents;
      for (const event of events) this.#tally.add(...event);
      this.#tell("filtering", done, all);
    }
    await Deno.remove(raw);
  }

  /** The documents that passed. */
  *#spooled(): Generator<Spooled> {
    for (const batch of readBatches(join(this.#scratch, "documents"))) yield* recordsOf(batch);
  }

  /** The documents that are kept, neighbours of one file joined up to the length that the preset asks for. */
  *#kept(verdicts: Uint8Array): Generator<Packed> {
    const { pack } = this.#options;
    let number = 0, index = 0, held: Spooled[] = [], length = 0;
    for (const record of this.#spooled()) {
      if (verdicts[number++] !== KEPT) continue;
      const longer = length + 2 + record.length;
      if (held.length > 0 && held[0].file === record.file && longer <= pack) {
        held.push(record);
        length = longer;
        continue;
      }
      if (held.length > 0) yield new Packed(index++, held, length);
      held = [record];
      length = record.length;
    }
    if (held.length > 0) yield new Packed(index, held, length);
  }

  /** Pass 4, and as many more as a document is repeated: one of weight 3 is written in three of them. */
  async #write(pool: Pool, verdicts: Uint8Array, pairs: readonly Copy[]): Promise<CorpusReport> {
    const { options, seed, out } = this.#settings;
    const wanted = new Map(pairs.flatMap(({ document, original }) => [[document, ""], [original, ""]]));
    let number = 0, kept = 0;
    for (const record of this.#spooled()) {
      if (wanted.has(number)) wanted.set(number, shorten(record.text));
      const verdict = verdicts[number++];
      if (verdict === KEPT) kept++;
      else this.#tally.add(verdict === EXACT ? "exact duplicates" : "near duplicates", 1, record.length);
    }
    const splitter = new Splitter(options, seed);
    let packed = 0;
    for (const document of this.#kept(verdicts)) {
      splitter.count(document, this.#files[document.file].source.weight);
      packed++;
    }
    if (packed < kept) this.#tally.add("packing", kept - packed, 0);
    if (splitter.documents === 0) throw this.#nothingLeft();
    await using train = await AtomicWriter.open(join(out, "train.jsonl"));
    await using validation = await AtomicWriter.open(join(out, "validation.jsonl"));
    const samples = new Reservoir<string>(seed, "kept");
    const batches = this.#placed(verdicts, splitter, packed, samples);
    for await (const rendered of inOrder(batches, pool.ahead, (batch) => pool.run("render", batch))) {
      train.write(rendered.train);
      validation.write(rendered.validation);
    }
    const characters = new CharacterCounts();
    for (const counts of await pool.characters()) characters.merge(counts);
    await train.commit();
    await validation.commit();
    return {
      files: this.#files.map(({ source, ...file }) => ({ ...file, weight: source.weight })),
      steps: this.#tally.report(options),
      documents: this.#documents,
      characters: this.#sizes,
      lengths: { before: this.#lengths.before.buckets, after: this.#lengths.after.buckets },
      alphabet: characters.table(),
      samples: samples.items,
      copies: pairs.map(({ document, original, similarity }) => ({
        similarity: Math.round(similarity * 1000) / 1000,
        dropped: wanted.get(document)!,
        kept: wanted.get(original)!,
      })),
      split: splitter.how,
    };
  }

  /** What is written, in batches, in as many rounds as the most repeated document takes. */
  *#placed(
    verdicts: Uint8Array,
    splitter: Splitter,
    packed: number,
    samples: Reservoir<string>,
  ): Generator<Batch> {
    const spool = new SpoolBuffer(2 * BATCH);
    let documents: { records: number; pieces: Piece[] }[] = [];
    for (let round = 0; round < splitter.rounds; round++) {
      for (const document of this.#kept(verdicts)) {
        const { weight } = this.#files[document.file].source;
        const pieces = splitter.place(document, weight, round, this.#tally);
        if (pieces.length === 0) continue;
        for (const { part, from, to } of pieces) {
          this.#documents[part]++;
          this.#sizes[part] += to - from;
          this.#lengths.after.add(to - from);
          samples.offer(() => shorten(document.text.slice(from, to)));
        }
        documents.push({ records: document.records.length, pieces });
        for (const record of document.records) spool.copy(record);
        this.#tell("writing", document.index + round * packed, packed * splitter.rounds);
        if (spool.length < BATCH) continue;
        yield { spool: spool.bytes(), documents };
        documents = [];
      }
    }
    if (documents.length > 0) yield { spool: spool.bytes(), documents };
  }

  #nothingLeft(): UserError {
    const dropping = (Object.keys(STEPS) as Step[]).filter((step) =>
      this.#tally.count(step) > 0 && /dropped|skipped|left out/.test(STEPS[step].what)
    );
    const why =
      dropping.map((step) => `${step}: ${this.#tally.count(step)} ${STEPS[step].unit}`).join(", ") ||
      "the files are empty";
    return new UserError(
      `prepare-corpus.sources: no text is left after cleaning (${why}); give more text, or loosen that step`,
    );
  }
}

/** As many as the machine has, for text that is worth it; what is not here yet is taken to be. */
async function threadsFor(sources: readonly Source[]): Promise<number> {
  let bytes = 0;
  for (const { files } of sources) {
    for (const { path } of files) bytes += path === undefined ? Infinity : (await Deno.stat(path)).size;
  }
  return bytes < WORTH_THREADS ? 0 : navigator.hardwareConcurrency;
}
