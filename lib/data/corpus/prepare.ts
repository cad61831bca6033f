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
import { requireDisk } from "../../disk_space.ts";
import { UserError } from "../../errors.ts";
import { Appender, AtomicWriter, throwWriteError } from "../../files.ts";
import { LineCounts } from "./boilerplate.ts";
import { CharacterCounts } from "./character_counts.ts";
import { CHUNK, readRecords, readSpool, SpoolBuffer } from "./disk.ts";
import type { Placed, PlacedDocument } from "./digest.ts";
import { download } from "./download.ts";
import { type Copy, Duplicates, EXACT, KEPT } from "./duplicates.ts";
import type { CorpusOptions } from "./options.ts";
import { bytesOf, DigestThreads, freeBuffers, inOrder, sizeOf, threadsFor } from "./digest_threads.ts";
import { readKept } from "./kept.ts";
import { readBlocks, worldBlocks } from "./read.ts";
import type { CorpusReport, FileReport } from "./report.ts";
import { Segmenter } from "./segment.ts";
import { openSources, type Source, type SourceFile } from "./sources.ts";
import { Splitter } from "./split.ts";
import { Histogram, Reservoir, shorten, Tally } from "./tally.ts";
import { Variety } from "./variety.ts";

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

export async function prepareCorpus(settings: PrepareOptions): Promise<CorpusReport> {
  const { out } = settings;
  const scratch = join(out, "scratch.tmp");
  await Deno.remove(scratch, { recursive: true }).catch(() => {});
  await Deno.mkdir(scratch, { recursive: true }).catch((error) => throwWriteError(error, scratch));
  try {
    const sources = await openSources(settings.options.sources);
    const bytes = await sizeOf(sources.flatMap(({ files }) => files.filter(({ remote }) => !remote)));
    await requireDisk(scratch, COPIES * bytes, "free some, or give less text in prepare-corpus.sources");
    const made = sources.flatMap(({ files }) => files).filter(({ world }) => world);
    using threads = await DigestThreads.start(
      settings.threads ?? await threadsFor(sources),
      settings.options,
      made.length > 0,
    );
    const report = await new Preparation(settings, scratch, threads).run(sources);
    const world = await Promise.all(
      made.map(({ name, world }) => threads.run("samples", { source: name, options: world! })),
    );
    return { ...report, world };
  } finally {
    await Deno.remove(scratch, { recursive: true }).catch(() => {});
  }
}

/** Of the text, documents and lines that stand on the disk at once, beside the sources. */
const COPIES = 2;

class Preparation {
  readonly #settings: PrepareOptions;
  readonly #options: CorpusOptions;
  readonly #scratch: string;
  readonly #threads: DigestThreads;
  /** The spool of the documents that passed the rules. */
  readonly #documentsFile: string;
  readonly #tally: Tally;
  readonly #progress: (progress: Progress) => void;
  readonly #files: (FileReport & { source: Source })[] = [];
  readonly #sizes = { bytes: 0, read: 0, cleaned: 0, train: 0, validation: 0 };
  readonly #documents = { found: 0, train: 0, validation: 0 };
  readonly #lengths = { before: new Histogram(), after: new Histogram() };
  /** How many passed the rules. */
  #passed = 0;

  constructor(settings: PrepareOptions, scratch: string, threads: DigestThreads) {
    this.#settings = settings;
    this.#options = settings.options;
    this.#scratch = scratch;
    this.#threads = threads;
    this.#documentsFile = join(scratch, "documents");
    this.#tally = new Tally(settings.seed);
    this.#progress = settings.progress ?? (() => {});
  }

  async run(sources: readonly Source[]): Promise<Omit<CorpusReport, "world">> {
    const { options } = this.#settings;
    const lines = options.boilerplate === false ? null : new LineCounts(this.#scratch);
    await this.#read(sources, lines);
    if (lines) this.#threads.setCommon(lines.common(options.boilerplate as number));
    const { exact, near } = options.duplicates;
    const copies = exact || near !== false ? new Duplicates(options.duplicates, this.#scratch) : null;
    await this.#judge(copies);
    const pairs = new Reservoir<Copy>(this.#settings.seed, "pairs");
    this.#tell("comparing", 0, null);
    const verdicts = copies ? copies.find((copy) => pairs.offer(() => copy)) : new Uint8Array(this.#passed);
    return await this.#write(verdicts, pairs.items);
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
  async #read(sources: readonly Source[], lines: LineCounts | null): Promise<void> {
    using raw = new Appender(join(this.#scratch, "raw"));
    const chunk = new SpoolBuffer(2 * CHUNK);
    const counting: Promise<Uint32Array>[] = [];
    const finish = () => {
      const bytes = chunk.bytes();
      raw.write(bytes);
      if (lines) counting.push(this.#threads.run("lines", bytes));
      else freeBuffers(bytes);
    };
    /** Takes in what threads have counted, but for the last few. */
    const settle = async (most: number) => {
      while (counting.length > most) {
        const keys = await counting.shift()!;
        lines!.add(keys);
        freeBuffers(keys);
      }
    };
    const emit = (document: string, file: number) => {
      this.#files[file].documents++;
      this.#documents.found++;
      this.#sizes.cleaned += document.length;
      this.#lengths.before.add(document.length);
      chunk.add(document, file);
      if (chunk.length >= CHUNK) finish();
    };
    // Files with an address count once they are here.
    const sizes = new Map<string, number>();
    const measure = async (path: string) => sizes.set(path, (await Deno.stat(path)).size);
    for (const { name, path, world } of sources.flatMap(({ files }) => files)) {
      if (path !== undefined) await measure(path);
      else if (world) sizes.set(name, bytesOf(world));
    }
    let done = 0;
    for (const source of sources) {
      let left = source.limit;
      for (const file of source.files) {
        if (left <= 0) break;
        const { path, ...checked } = file.remote ? await this.#fetch(file) : { path: file.path ?? file.name };
        if (!sizes.has(path)) await measure(path);
        const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
        const report = { name: file.name, bytes: sizes.get(path)!, ...checked, characters: 0, documents: 0 };
        this.#files.push({ ...report, source });
        const tell = (bytes: number) => this.#tell("reading", done += bytes, all, file.name);
        const most = file.world ? bytesOf(file.world) : left;
        for await (const taken of this.#readFile(file, path, most, emit, tell)) {
          left -= taken;
          await settle(this.#threads.ahead);
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

  /**
   * The documents of the file that was noted last, up to some characters, or bytes of the world; yields how many
   * characters each block has.
   */
  async *#readFile(
    { world }: SourceFile,
    path: string,
    limit: number,
    emit: (document: string, file: number) => void,
    progress: (bytes: number) => void,
  ): AsyncGenerator<number> {
    const options = this.#options, index = this.#files.length - 1, report = this.#files[index];
    const { name, source: { column } } = report;
    const segmenter = new Segmenter(options, this.#tally, (document) => emit(document, index));
    const blocks = world ? worldBlocks(world) : readBlocks(path, {
      name,
      column,
      bad_input: options.bad_input,
      tally: this.#tally,
      progress,
    });
    let line = 1, left = limit;
    for await (
      const cleaned of inOrder(blocks, this.#threads.ahead, (block) => this.#threads.run("clean", block))
    ) {
      const { error, events, kind } = cleaned;
      if (error) throw new UserError(`${name}:${line + error.line}: ${error.why}`);
      line += cleaned.lines;
      report.characters += cleaned.read;
      for (const event of events) this.#tally.add(...event);
      for (const [i, text] of cleaned.texts.entries()) {
        if (left <= 0) break;
        const part = world ? text : text.slice(0, left);
        left -= cleaned.sizes?.[i] ?? part.length;
        if (world) progress(cleaned.sizes![i]);
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
  async #judge(copies: Duplicates | null): Promise<void> {
    using passed = new Appender(this.#documentsFile);
    const raw = join(this.#scratch, "raw"), { size: all } = await Deno.stat(raw);
    let done = 0;
    const chunks = inOrder(readSpool(raw), this.#threads.ahead, (chunk) => {
      done += chunk.length;
      return this.#threads.run("judge", chunk.slice());
    });
    for await (const judged of chunks) {
      const { spool, documents, fingerprints, events } = judged;
      passed.write(spool);
      copies?.add(fingerprints);
      this.#passed += documents;
      for (const event of events) this.#tally.add(...event);
      freeBuffers(judged);
      this.#tell("filtering", done, all);
    }
    await Deno.remove(raw);
  }

  /** Pass 4, and as many more as a document is repeated: one of weight 3 is written in three of them. */
  async #write(verdicts: Uint8Array, pairs: readonly Copy[]): Promise<Omit<CorpusReport, "world">> {
    const { options, seed, out } = this.#settings;
    const wanted = new Map(pairs.flatMap(({ document, original }) => [[document, ""], [original, ""]]));
    let number = 0, kept = 0;
    for (const record of readRecords(this.#documentsFile)) {
      if (wanted.has(number)) wanted.set(number, shorten(record.text));
      const verdict = verdicts[number++];
      if (verdict === KEPT) kept++;
      else this.#tally.add(verdict === EXACT ? "exact duplicates" : "near duplicates", 1, record.length);
    }
    const splitter = new Splitter(options, seed);
    let packed = 0;
    for (const document of readKept(this.#documentsFile, verdicts, this.#options.pack)) {
      splitter.count(document, this.#files[document.file].source.weight);
      packed++;
    }
    if (packed < kept) this.#tally.add("packing", kept - packed, 0);
    if (splitter.documents === 0) throw this.#nothingLeft();
    await using train = await AtomicWriter.open(join(out, "train.jsonl"));
    await using validation = await AtomicWriter.open(join(out, "validation.jsonl"));
    const samples = new Reservoir<string>(seed, "kept");
    const variety = new Variety(this.#scratch, seed, splitter.characters);
    const chunks = this.#placed(verdicts, splitter, packed, (text) => {
      samples.offer(() => shorten(text()));
      variety.offer(text);
    });
    for await (
      const rendered of inOrder(chunks, this.#threads.ahead, (chunk) => this.#threads.run("render", chunk))
    ) {
      train.write(rendered.train);
      validation.write(rendered.validation);
      await variety.add(rendered);
      freeBuffers(rendered);
    }
    const characters = new CharacterCounts();
    for (const counts of await this.#threads.counts()) {
      characters.merge(counts.characters);
      variety.merge(counts.ngrams);
    }
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
      variety: await variety.report(
        options.duplicates.near === false
          ? null
          : { compared: this.#passed, dropped: this.#tally.count("near duplicates") },
      ),
      copies: pairs.map(({ document, original, similarity }) => ({
        similarity: Math.round(similarity * 1000) / 1000,
        dropped: wanted.get(document)!,
        kept: wanted.get(original)!,
      })),
      split: splitter.how,
    };
  }

  /**
   * What is written, in chunks, in as many rounds as the most repeated document takes.
   * @param offer takes each text that is written for the first time
   */
  *#placed(
    verdicts: Uint8Array,
    splitter: Splitter,
    packed: number,
    offer: (text: () => string) => void,
  ): Generator<Placed> {
    const spool = new SpoolBuffer(2 * CHUNK);
    let documents: PlacedDocument[] = [];
    for (let round = 0; round < splitter.rounds; round++) {
      for (const document of readKept(this.#documentsFile, verdicts, this.#options.pack)) {
        const { weight } = this.#files[document.file].source;
        const pieces = splitter.place(document, weight, round, this.#tally);
        if (pieces.length === 0) continue;
        for (const { part, from, to } of pieces) {
          this.#documents[part]++;
          this.#sizes[part] += to - from;
          this.#lengths.after.add(to - from);
          if (round === 0) offer(() => document.text.slice(from, to));
        }
        documents.push({ records: document.records.length, pieces, again: round > 0 });
        for (const record of document.records) spool.copy(record);
        this.#tell("writing", document.index + round * packed, packed * splitter.rounds);
        if (spool.length < CHUNK) continue;
        yield { spool: spool.bytes(), documents };
        documents = [];
      }
    }
    if (documents.length > 0) yield { spool: spool.bytes(), documents };
  }

  #nothingLeft(): UserError {
    const why = this.#tally.dropped() || "the files are empty";
    return new UserError(
      `prepare-corpus.sources: no text is left after cleaning (${why}); give more text, or loosen that step`,
    );
  }
}
