/**
 * The first pass: a rank reads its part of the text, cleans it and cuts it into documents. The text is in pieces, which
 * are runs of files or parts of worlds; sorted by place, the pieces are what a single process would read.
 */
import { join } from "@std/path";
import { UserError } from "../../errors.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import type { WorldTexts } from "../world/options.ts";
import type { LineCounts } from "./boilerplate.ts";
import { dealWorks, type Numbered, numbered, type Work, worksOf } from "./deal.ts";
import type { Block, Cleaned } from "./digest.ts";
import { bytesOf, type DigestThreads, freeBuffers, inOrder } from "./digest_threads.ts";
import { CHUNK, NOTHING, PartWriter, type Range, SpoolBuffer } from "./disk.ts";
import { download } from "./download.ts";
import type { EventSpool } from "./events.ts";
import type { PrepareOptions } from "./prepare.ts";
import { readBlocks, ROUND, worldBlocks } from "./read.ts";
import type { FileReport } from "./report.ts";
import { Segmenter } from "./segment.ts";
import type { Source, SourceFile } from "./sources.ts";
import { Histogram } from "./tally.ts";

/** A part of the text, in the spool of documents before the rules. */
export interface Piece {
  /** Its place: the number of its first file, and the number of the part of that file. */
  readonly file: number;
  readonly part: number;
  /** Documents in it. */
  documents: number;
  spooled: Range;
  /** Its events, in the spool of events. */
  events: Range;
}

/** What a reader needs besides the settings. */
interface Tools {
  readonly scratch: string;
  readonly threads: DigestThreads;
  readonly ranks: Ranks;
  readonly events: EventSpool;
  /** Counts lines, if boilerplate is looked for. */
  readonly lines: LineCounts | null;
  readonly tell: (doing: "downloading" | "reading", done: number, all: number | null, what: string) => void;
}

export class Reader {
  readonly #settings: PrepareOptions;
  readonly #tools: Tools;
  readonly pieces: Piece[] = [];
  /** Files by number, without those that other ranks read and those beyond a limit. */
  readonly files = new Map<number, FileReport>();
  /** Characters in documents. */
  cleaned = 0;
  documents = 0;
  readonly lengths = new Histogram();
  readonly #chunk = new SpoolBuffer(2 * CHUNK);
  readonly #spool: PartWriter;
  /** Lines that threads are counting. */
  readonly #counting: Promise<Uint32Array>[] = [];
  /** Bytes read so far; and the sizes of all this rank's files. */
  #done = 0;
  readonly #sizes = new Map<string, number>();

  constructor(settings: PrepareOptions, tools: Tools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#spool = new PartWriter(this.spool);
  }

  /** The path of the spool of documents. */
  get spool(): string {
    return join(this.#tools.scratch, "raw");
  }

  /** Reads this rank's part of the sources. All ranks must call this. */
  async read(sources: readonly Source[]): Promise<void> {
    const files = numbered(sources), works = dealWorks(await worksOf(files), this.#tools.ranks);
    const worlds = files.filter(({ file }) => file.world);
    for (const { file: { path } } of works.flatMap(({ files }) => files)) {
      if (path !== undefined) await this.#measure(path);
    }
    for (const { file: { name, world } } of worlds) this.#sizes.set(name, bytesOf(world!));
    for (const work of works) await this.#readWork(work);
    for (const world of worlds) await this.#makeWorld(world);
    await this.#settle(0);
    this.#spool[Symbol.dispose]();
  }

  async #measure(path: string): Promise<void> {
    // A file with a URL counts once it is downloaded.
    if (!this.#sizes.has(path)) this.#sizes.set(path, (await Deno.stat(path)).size);
  }

  #begin(file: number, part: number): Piece {
    const piece = { file, part, documents: 0, spooled: NOTHING, events: NOTHING };
    this.pieces.push(piece);
    return piece;
  }

  #end(piece: Piece): void {
    this.#finishChunk(piece);
    piece.events = this.#tools.events.flush(piece.events);
  }

  #emit(piece: Piece, document: string, file: number): void {
    piece.documents++;
    this.documents++;
    this.files.get(file)!.documents++;
    this.cleaned += document.length;
    this.lengths.add(document.length);
    this.#chunk.add(document, file);
    if (this.#chunk.length >= CHUNK) this.#finishChunk(piece);
  }

  #finishChunk(piece: Piece): void {
    if (this.#chunk.length === 0) return;
    const { lines, threads } = this.#tools, bytes = this.#chunk.bytes();
    piece.spooled = this.#spool.write(bytes, piece.spooled);
    if (lines) this.#counting.push(threads.run("lines", bytes));
    else freeBuffers(bytes);
  }

  /** Takes in the lines that threads have counted, until at most `most` counts are still running. */
  async #settle(most: number): Promise<void> {
    while (this.#counting.length > most) {
      const keys = await this.#counting.shift()!;
      this.#tools.lines!.add(keys);
      freeBuffers(keys);
    }
  }

  #tell(bytes: number, name: string): void {
    const all = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
    this.#tools.tell("reading", this.#done += bytes, all, name);
  }

  async #readWork({ files, limit }: Work): Promise<void> {
    const piece = this.#begin(files[0].number, 0);
    let left = limit;
    for (const each of files) {
      if (left <= 0) break;
      const { file, number } = each;
      const { path, ...checked } = file.remote ? await this.#fetch(file) : { path: file.path ?? file.name };
      await this.#measure(path);
      const report = {
        name: file.name,
        bytes: this.#sizes.get(path)!,
        ...checked,
        characters: 0,
        documents: 0,
      };
      this.files.set(number, report);
      for await (const taken of this.#readFile(each, path, left, piece)) {
        left -= taken;
        await this.#settle(this.#tools.threads.ahead);
      }
    }
    this.#end(piece);
  }

  #fetch({ name, remote }: SourceFile): Promise<{ path: string; sha256: string }> {
    const { downloads, pause } = this.#settings;
    return download(remote!, {
      folder: downloads,
      progress: (done, all) => this.#tools.tell("downloading", done, all, name),
      ...pause === undefined ? {} : { pause },
    });
  }

  /** Reads the documents of a file up to a limit of characters; yields how many characters each block has. */
  async *#readFile(
    { file: { name }, number, source: { column } }: Numbered,
    path: string,
    limit: number,
    piece: Piece,
  ): AsyncGenerator<number> {
    const { options } = this.#settings, { events } = this.#tools;
    const segmenter = new Segmenter(options, events, (document) => this.#emit(piece, document, number));
    const blocks = readBlocks(path, {
      ...{ name, column, bad_input: options.bad_input, tally: events },
      progress: (bytes) => this.#tell(bytes, name),
    });
    let line = 1, left = limit;
    for await (const cleaned of this.#clean(blocks)) {
      const { error } = cleaned;
      if (error) throw new UserError(`${name}:${line + error.line}: ${error.why}`);
      line += cleaned.lines;
      this.#take(cleaned, number);
      for (const text of cleaned.texts) {
        if (left <= 0) break;
        const part = text.slice(0, left);
        left -= part.length;
        if (cleaned.kind === "text") segmenter.push(part);
        else segmenter.record(part);
      }
      yield cleaned.texts.reduce((sum, text) => sum + text.length, 0);
      if (left <= 0) break;
    }
    segmenter.end();
  }

  #clean(blocks: Iterable<Block> | AsyncIterable<Block>): AsyncGenerator<Cleaned> {
    const { threads } = this.#tools;
    return inOrder(blocks, threads.ahead, (block) => threads.run("clean", block));
  }

  #take({ read, events }: Cleaned, file: number): void {
    this.files.get(file)!.characters += read;
    for (const event of events) this.#tools.events.add(...event);
  }

  /** Makes this rank's part of a world's documents. All ranks must call this, as they find its end together. */
  async #makeWorld({ file, number }: Numbered): Promise<void> {
    const world: WorldTexts = file.world!, { options } = this.#settings, { ranks, events } = this.#tools;
    const { rank, size } = ranks, bytes = bytesOf(world);
    this.files.set(number, { name: file.name, bytes, characters: 0, documents: 0 });
    const blocks = this.#clean(worldBlocks(world, ranks));
    let left = bytes;
    for (let round = 0; left > 0; round++) {
      const made = [];
      for (let i = 0; i < ROUND; i++) made.push((await blocks.next()).value as Cleaned);
      const totals = new Float64Array(size);
      for (const { sizes } of made) for (const n of sizes!) totals[rank] += n;
      ranks.sum(totals);
      let own = totals.subarray(0, rank).reduce((left, n) => left - n, left);
      const piece = this.#begin(number, round * size + rank);
      const segmenter = new Segmenter(options, events, (document) => this.#emit(piece, document, number));
      for (const cleaned of made) {
        if (own <= 0) break;
        this.#take(cleaned, number);
        for (const [i, text] of cleaned.texts.entries()) {
          if (own <= 0) break;
          own -= cleaned.sizes![i];
          this.#tell(cleaned.sizes![i], file.name);
          segmenter.record(text);
        }
      }
      this.#end(piece);
      await this.#settle(this.#tools.threads.ahead);
      left = totals.reduce((left, n) => left - n, left);
    }
    await blocks.return(undefined);
  }
}
