/**
 * Makes training and validation documents from sources, in passes over files, so that memory does not grow
 * with the text:
 *
 * 1. read, clean and cut into documents; count lines, if boilerplate is looked for
 * 2. drop boilerplate, and documents that break a rule; fingerprint the rest
 * 3. find the copies
 * 4. split, weight, join and write the documents that are kept
 *
 * In the first two passes threads work on blocks and documents, and the main thread keeps them in order, so the
 * result does not depend on the number of threads. Nor does it depend on the number of ranks: each rank does the
 * first two passes for some pieces of the text, all ranks compare documents, and rank 0 writes what has passed.
 */
import { join } from "@std/path";
import { requireDisk } from "../../disk_space.ts";
import { UserError } from "../../errors.ts";
import { AtomicWriter, throwWriteError } from "../../files.ts";
import { ALONE } from "../../ranks/alone.ts";
import { broadcastValue } from "../../ranks/messages.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import { LineCounts } from "./boilerplate.ts";
import { CharacterCounts } from "./character_counts.ts";
import { CHUNK, NOTHING, PartWriter, readSpool, SpoolBuffer } from "./disk.ts";
import type { Placed, PlacedDocument } from "./digest.ts";
import { type Copy, Duplicates, EXACT, KEPT } from "./duplicates.ts";
import { EventSpool } from "./events.ts";
import type { CorpusOptions } from "./options.ts";
import { DigestThreads, freeBuffers, inOrder, sizeOf, threadsFor } from "./digest_threads.ts";
import { type Packed, readKept } from "./kept.ts";
import { Reader } from "./reading.ts";
import type { CorpusReport } from "./report.ts";
import { openSources, type Source } from "./sources.ts";
import { type Document, type Piece, Splitter } from "./split.ts";
import { Histogram, Reservoir, shorten, type Tally } from "./tally.ts";
import { gatherText, numberPieces, ownerOf, type Passed, type Text } from "./text_of_ranks.ts";
import { Variety } from "./variety.ts";

export interface Progress {
  readonly doing: "downloading" | "reading" | "filtering" | "comparing" | "writing";
  /** Bytes or documents done, and how many there are in all, if known. */
  readonly done: number;
  readonly all: number | null;
  readonly documents: number;
  readonly what: string;
}

export interface PrepareOptions {
  readonly options: CorpusOptions;
  readonly seed: number;
  /** Where train.jsonl, validation.jsonl and the temporary files go. */
  readonly out: string;
  /** Where downloads are kept. */
  readonly downloads: string;
  readonly progress?: (progress: Progress) => void;
  /** Milliseconds before a download's second attempt. */
  readonly pause?: number;
  /** Threads besides the main one; by default this rank's share of the machine's, or none for little text. */
  readonly threads?: number;
  /** The processes that share the work; by default there is one. */
  readonly ranks?: Ranks;
}

/** Returns the report on rank 0, and null on the others. All ranks must call this. */
export async function prepareCorpus(settings: PrepareOptions): Promise<CorpusReport | null> {
  const { out, ranks = ALONE } = settings;
  const scratch = join(out, ranks.rank === 0 ? "scratch.tmp" : `scratch-${ranks.rank}.tmp`);
  await Deno.remove(scratch, { recursive: true }).catch(() => {});
  await Deno.mkdir(scratch, { recursive: true }).catch((error) => throwWriteError(error, scratch));
  try {
    const sources = await sharedSources(settings.options, ranks);
    const bytes = await sizeOf(sources.flatMap(({ files }) => files.filter(({ remote }) => !remote)));
    const copies = ranks.rank === 0 ? COPIES : COPIES / ranks.size;
    await requireDisk(scratch, copies * bytes, "free some, or give less text in prepare-corpus.sources");
    const made = sources.flatMap(({ files }) => files).filter(({ world }) => world);
    using threads = await DigestThreads.start(
      settings.threads ?? await threadsFor(sources, ranks),
      settings.options,
      made.length > 0,
    );
    const report = await new Preparation(settings, scratch, threads, ranks).run(sources);
    if (!report) return null;
    const world = await Promise.all(
      made.map(({ name, world }) => threads.run("samples", { source: name, options: world! })),
    );
    return { ...report, world };
  } finally {
    await Deno.remove(scratch, { recursive: true }).catch(() => {});
  }
}

/** How many copies of the text are on the disk at once, besides the sources. */
const COPIES = 2;

/** Rank 0 lists the sources for all ranks, as a data set or a folder may change meanwhile. */
async function sharedSources({ sources }: CorpusOptions, ranks: Ranks): Promise<Source[]> {
  const found = broadcastValue(ranks, ranks.rank === 0 ? await openSources(sources) : []);
  return found.map((source) => ({ ...source, limit: source.limit ?? Infinity })); // JSON has no infinity
}

class Preparation {
  readonly #settings: PrepareOptions;
  readonly #options: CorpusOptions;
  readonly #scratch: string;
  readonly #threads: DigestThreads;
  readonly #ranks: Ranks;
  readonly #events: EventSpool;
  readonly #progress: (progress: Progress) => void;
  /** What this rank has read. */
  #reader: Reader | undefined;
  readonly #sizes = { train: 0, validation: 0 };
  readonly #documents = { train: 0, validation: 0 };
  readonly #lengths = new Histogram();
  /** How many passed the rules. */
  #passed = 0;

  constructor(settings: PrepareOptions, scratch: string, threads: DigestThreads, ranks: Ranks) {
    this.#settings = settings;
    this.#options = settings.options;
    this.#scratch = scratch;
    this.#threads = threads;
    this.#ranks = ranks;
    this.#events = new EventSpool(join(scratch, "events"));
    this.#progress = settings.progress ?? (() => {});
  }

  async run(sources: readonly Source[]): Promise<Omit<CorpusReport, "world"> | null> {
    const options = this.#options, ranks = this.#ranks, scratch = this.#scratch;
    const lines = options.boilerplate === false ? null : new LineCounts(scratch, ranks);
    const reader = this.#reader = new Reader(this.#settings, {
      ...{ scratch, threads: this.#threads, ranks, events: this.#events, lines },
      tell: (doing, done, all, what) => this.#tell(doing, done, all, what),
    });
    await reader.read(sources);
    if (lines) this.#threads.setCommon(lines.common(options.boilerplate as number));
    const { pieces, numbers } = numberPieces(ranks, reader.pieces);
    const { exact, near } = options.duplicates;
    const copies = exact || near !== false
      ? new Duplicates(options.duplicates, scratch, numbers, { ranks, owner: ownerOf(pieces) })
      : null;
    const firsts: number[] = [];
    for (const { rank, index, first } of pieces) if (rank === ranks.rank) firsts[index] = first;
    const passed = await this.#judge(reader, firsts, copies);
    const pairs = new Reservoir<Copy>(this.#settings.seed, "pairs");
    this.#tell("comparing", 0, null);
    const verdicts = copies ? copies.find((copy) => pairs.offer(() => copy)) : new Uint8Array(numbers);
    this.#events[Symbol.dispose]();
    const text = gatherText({
      ranks,
      scratch,
      seed: this.#settings.seed,
      reader,
      events: this.#events,
      pieces,
      passed,
    });
    return text && await this.#write(sources, text, verdicts, pairs.items);
  }

  #tell(doing: Progress["doing"], done: number, all: number | null, what = ""): void {
    const documents = { filtering: this.#passed, comparing: this.#passed, writing: this.#documents.train };
    this.#progress({
      doing,
      done,
      all,
      documents: documents[doing as "writing"] ?? this.#reader?.documents ?? 0,
      what,
    });
  }

  /**
   * Pass 2: rules and fingerprints.
   * @param firsts the number of the first document of each piece
   */
  async #judge(
    { pieces, spool }: Reader,
    firsts: readonly number[],
    copies: Duplicates | null,
  ): Promise<Passed[]> {
    const passed = pieces.map((): Passed => ({ documents: NOTHING, count: 0, events: NOTHING }));
    using file = new PartWriter(join(this.#scratch, "documents"));
    const { size: all } = await Deno.stat(spool);
    let done = 0;
    function* chunks() {
      for (const [i, { spooled }] of pieces.entries()) {
        for (const chunk of readSpool(spool, spooled)) yield { i, chunk: chunk.slice() };
      }
    }
    const judging = inOrder(chunks(), this.#threads.ahead, async ({ i, chunk }) => {
      done += chunk.length;
      return { i, judged: await this.#threads.run("judge", chunk) };
    });
    for await (const { i, judged } of judging) {
      const piece = passed[i];
      copies?.add(judged.fingerprints, firsts[i] + piece.count);
      piece.documents = file.write(judged.spool, piece.documents);
      piece.count += judged.documents;
      this.#passed += judged.documents;
      for (const event of judged.events) this.#events.add(...event);
      piece.events = this.#events.flush(piece.events);
      freeBuffers(judged);
      this.#tell("filtering", done, all);
    }
    await Deno.remove(spool);
    return passed;
  }

  /** Pass 4, in as many rounds as the most repeated document takes: one of weight 3 is written in three rounds. */
  async #write(
    sources: readonly Source[],
    text: Text,
    verdicts: Uint8Array,
    pairs: readonly Copy[],
  ): Promise<Omit<CorpusReport, "world">> {
    const { options, seed, out } = this.#settings, { tally } = text;
    const wanted = new Map(pairs.flatMap(({ document, original }) => [[document, ""], [original, ""]]));
    const weights = sources.flatMap(({ files, weight }) => files.map(() => weight));
    const read = () => readKept(text.documents(), verdicts, options.pack);
    let kept = 0;
    for (const [number, record] of text.documents()) {
      if (wanted.has(number)) wanted.set(number, shorten(record.text));
      const verdict = verdicts[number];
      if (verdict === KEPT) kept++;
      else tally.add(verdict === EXACT ? "exact duplicates" : "near duplicates", 1, record.length);
    }
    const splitter = new Splitter(options, seed);
    let packed = 0;
    for (const document of read()) {
      splitter.count(document, weights[document.file]);
      packed++;
    }
    if (packed < kept) tally.add("packing", kept - packed, 0);
    if (splitter.documents === 0) throw nothingLeft(tally);
    await using train = await AtomicWriter.open(join(out, "train.jsonl"));
    await using validation = await AtomicWriter.open(join(out, "validation.jsonl"));
    const samples = new Reservoir<string>(seed, "kept");
    const variety = new Variety(this.#scratch, seed, splitter.characters);
    const place = (document: Document, round: number) =>
      splitter.place(document, weights[document.file], round, tally);
    const chunks = this.#placed({ read, place, rounds: splitter.rounds, packed }, (text) => {
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
    const { files, found, cleaned } = text;
    return {
      files: files.map(({ number, ...file }) => ({ ...file, weight: weights[number] })),
      steps: tally.report(options),
      documents: { found, ...this.#documents },
      characters: {
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        read: files.reduce((sum, { characters }) => sum + characters, 0),
        cleaned,
        ...this.#sizes,
      },
      lengths: { before: text.lengths.buckets, after: this.#lengths.buckets },
      alphabet: characters.table(),
      samples: samples.items,
      variety: await variety.report(
        options.duplicates.near === false
          ? null
          : { compared: text.passed, dropped: tally.count("near duplicates") },
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
   * The documents to write, in chunks, in as many rounds as the most repeated document takes.
   * @param offer called with each text that is written for the first time
   */
  *#placed(
    { read, place, rounds, packed }: {
      read: () => Iterable<Packed>;
      place: (document: Packed, round: number) => readonly Piece[];
      rounds: number;
      packed: number;
    },
    offer: (text: () => string) => void,
  ): Generator<Placed> {
    const spool = new SpoolBuffer(2 * CHUNK);
    let documents: PlacedDocument[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const document of read()) {
        const pieces = place(document, round);
        if (pieces.length === 0) continue;
        for (const { part, from, to } of pieces) {
          this.#documents[part]++;
          this.#sizes[part] += to - from;
          this.#lengths.add(to - from);
          if (round === 0) offer(() => document.text.slice(from, to));
        }
        documents.push({ records: document.records.length, pieces, again: round > 0 });
        for (const record of document.records) spool.copy(record);
        this.#tell("writing", document.index + round * packed, packed * rounds);
        if (spool.length < CHUNK) continue;
        yield { spool: spool.bytes(), documents };
        documents = [];
      }
    }
    if (documents.length > 0) yield { spool: spool.bytes(), documents };
  }
}

function nothingLeft(tally: Tally): UserError {
  const why = tally.dropped() || "the files are empty";
  return new UserError(
    `prepare-corpus.sources: no text is left after cleaning (${why}); give more text, or loosen that step`,
  );
}
