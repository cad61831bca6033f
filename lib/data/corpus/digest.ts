/**
 * The work on single blocks and documents: bytes to clean texts, and clean documents to verdicts and
 * fingerprints. Each is independent of the others, so any thread can do it.
 */
import { describe } from "../../errors.ts";
import { type CommonLines, lineKeys, stripLines } from "./boilerplate.ts";
import { CharacterCounts } from "./character_counts.ts";
import { Units } from "./characters.ts";
import { cleanText } from "./clean.ts";
import { recordsOf, SpoolBuffer } from "./disk.ts";
import { Fingerprinter, type Fingerprints } from "./fingerprint.ts";
import type { CorpusOptions } from "./options.ts";
import { Ngrams } from "./ngrams.ts";
import { Quality } from "./quality.ts";
import type { Part, Piece } from "./split.ts";
import type { WorldTexts } from "../world/options.ts";
import type { Drawn, World } from "../world/world.ts";
import { EventList, type TallyEvent } from "./tally.ts";
import { type WorldSamples, worldSamples } from "./world_samples.ts";

/** A part of a file: whole lines of text or JSONL, the texts of records, or some documents of the world. */
export interface Block {
  readonly kind: "text" | "jsonl" | "records" | "world";
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly texts?: readonly string[];
  readonly world?: WorldBlock;
  /** Whether it is the beginning of the file. */
  readonly first: boolean;
  /** The key of the text in JSONL records. */
  readonly column: string;
}

/** `count` documents of the world, from number `from` on. */
export interface WorldBlock {
  readonly options: WorldTexts;
  readonly from: number;
  readonly count: number;
}

export interface Cleaned {
  readonly kind: Block["kind"];
  readonly texts: readonly string[];
  /** Characters before cleaning. */
  readonly read: number;
  /** For documents of the world: the bytes of each. */
  readonly sizes?: readonly number[];
  readonly lines: number;
  readonly events: readonly TallyEvent[];
  /** What is wrong with the block, and in which of its lines (from 0). */
  readonly error?: { readonly line: number; readonly why: string };
}

export interface Judged {
  /** The documents that passed, in the format of a spool. */
  readonly spool: Uint8Array<ArrayBuffer>;
  readonly documents: number;
  readonly fingerprints: Fingerprints;
  readonly events: readonly TallyEvent[];
}

/** Documents to write. Each joins one or more records of the spool, and says where its pieces go. */
export interface Placed {
  readonly spool: Uint8Array<ArrayBuffer>;
  readonly documents: readonly PlacedDocument[];
}

export interface PlacedDocument {
  readonly records: number;
  readonly pieces: readonly Piece[];
  /** Whether it repeats a document already written, because the weight of its source is above 1. */
  readonly again: boolean;
}

/** Lines of JSON for each part. `text` and `openings` leave out repeated documents. */
export interface Rendered extends Readonly<Record<Part, Uint8Array<ArrayBuffer>>> {
  /** The documents' text in UTF-8. */
  readonly text: Uint8Array<ArrayBuffer>;
  /** Hashes of the documents' beginnings, each in two halves. */
  readonly openings: Uint32Array<ArrayBuffer>;
}

/** Counts of all text that a thread has rendered. */
export interface Counts {
  readonly characters: CharacterCounts["parts"];
  readonly ngrams: Ngrams["parts"];
}

/** A fault in a block that stops the stage. */
class Fault extends Error {
  readonly line: number;

  constructor(line: number, why: string) {
    super(why);
    this.line = line;
  }
}

export class Digester {
  readonly #options: CorpusOptions;
  readonly #quality: Quality;
  readonly #fingerprinter: Fingerprinter;
  readonly #units = new Units();
  readonly #characters = new CharacterCounts();
  readonly #ngrams = new Ngrams();
  #common: CommonLines | null = null;
  readonly #worlds = new Map<string, Drawn<string>>();

  /** @param world null if no source needs it */
  constructor(options: CorpusOptions, private readonly world: World | null) {
    this.#options = options;
    this.#quality = new Quality(options.quality);
    this.#fingerprinter = new Fingerprinter(options.duplicates);
  }

  clean(block: Block): Cleaned {
    const events = new EventList();
    const lines = block.bytes ? linesIn(block.bytes) : 0;
    try {
      const raw = block.kind === "records"
        ? block.texts!
        : block.kind === "world"
        ? this.#made(block.world!)
        : block.kind === "jsonl"
        ? this.#records(block, events)
        : [this.#decode(block.bytes!, events)];
      const first = block.first && block.kind === "text";
      const texts = raw.map((text) => cleanText(text, first, this.#options, events));
      return {
        kind: block.kind,
        texts,
        ...block.kind === "world" ? { sizes: texts.map((text) => encoder.encode(text).length) } : {},
        read: raw.reduce((sum, text) => sum + text.length, 0),
        lines,
        events: events.list(),
      };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return {
        kind: block.kind,
        texts: [],
        read: 0,
        lines,
        events: [],
        error: { line: error.line, why: describe(error) },
      };
    }
  }

  #made({ options, from, count }: WorldBlock): string[] {
    const key = JSON.stringify(options);
    let texts = this.#worlds.get(key);
    if (!texts) this.#worlds.set(key, texts = this.world!.texts(options.seed, options.mix));
    return Array.from({ length: count }, (_, i) => texts.at(from + i));
  }

  #decode(bytes: Uint8Array, events: EventList): string {
    const zero = bytes.indexOf(0);
    if (zero >= 0) {
      throw new Fault(
        linesIn(bytes.subarray(0, zero)),
        "a zero byte, so this is a binary file and no text; remove it",
      );
    }
    try {
      return decodeStrictly(bytes, "convert the file (iconv -f latin1 -t utf-8)");
    } catch (error) {
      if (this.#options.bad_input === "stop") throw error;
      return lenient.decode(bytes).split("\n").filter((line) => {
        if (!line.includes("\ufffd")) return true;
        events.add("bad input", 1, line.length, line);
        return false;
      }).join("\n");
    }
  }

  #records({ bytes, first, column }: Block, events: EventList): string[] {
    const stop = this.#options.bad_input === "stop";
    let all = stop ? decodeStrictly(bytes!, "mend the line") : lenient.decode(bytes);
    if (first && all.startsWith("\ufeff")) {
      all = all.slice(1);
      events.add("byte order mark", 1, 1);
    }
    return all.split("\n").flatMap((line, i) => {
      if (line.trim() === "") return [];
      const found = line.includes("\ufffd") && !stop ? { why: "not UTF-8" } : textOf(line, column);
      if ("text" in found) return [found.text];
      if (stop) {
        throw new Fault(i, `${found.why}; mend the line, or set prepare-corpus.bad_input: skip`);
      }
      events.add("bad input", 1, line.length, line);
      return [];
    });
  }

  /** A sample text of each kind and family of a source. */
  samples({ source, options }: { readonly source: string; readonly options: WorldTexts }): WorldSamples {
    return { source, texts: worldSamples(this.world!, options) };
  }

  /** The keys of the documents' lines, for `LineCounts`. */
  lines(spool: Uint8Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    const keys: number[] = [];
    for (const { content } of recordsOf(spool)) lineKeys(content, keys);
    return Uint32Array.from(keys);
  }

  /** Sets the lines that `judge` drops from documents. */
  setCommon(common: CommonLines): void {
    this.#common = common;
  }

  /** @param spool documents one after another */
  judge(spool: Uint8Array<ArrayBuffer>): Judged {
    const { min_document_length: shortest } = this.#options;
    const events = new EventList();
    const passed = new SpoolBuffer(spool.length);
    this.#fingerprinter.begin();
    let documents = 0;
    for (const record of recordsOf(spool)) {
      const stripped = this.#common &&
        stripLines(record.content, this.#common, (line) => events.add("boilerplate", 1, line.length, line));
      const content = stripped === null ? record.content : new TextEncoder().encode(stripped);
      const units = this.#units.of(content);
      const broken = units.length < shortest ? "short documents" : this.#quality.broken(units);
      if (broken) {
        events.add(broken, 1, units.length, stripped ?? record.text);
        continue;
      }
      if (stripped === null) passed.copy(record);
      else passed.add(stripped, record.file);
      this.#fingerprinter.add(content, units);
      documents++;
    }
    return {
      spool: passed.bytes(),
      documents,
      fingerprints: this.#fingerprinter.end(),
      events: events.list(),
    };
  }

  /** Turns documents into the lines that are written, and counts their characters and words. */
  render({ spool, documents }: Placed): Rendered {
    const lines: Record<Part, string[]> = { train: [], validation: [] };
    const once: string[] = [], openings: number[] = [];
    const records = recordsOf(spool);
    for (const { records: count, pieces, again } of documents) {
      const text = Array.from({ length: count }, () => records.next().value!.text).join("\n\n");
      for (const { part, from, to } of pieces) {
        const piece = text.slice(from, to);
        lines[part].push(JSON.stringify({ text: piece }), "\n");
        const units = this.#units.of(encoder.encode(piece));
        this.#characters.add(units);
        if (again) continue;
        once.push(piece, "\n\n");
        openings.push(...this.#ngrams.add(units));
      }
    }
    const encode = (parts: readonly string[]) => encoder.encode(parts.join(""));
    return {
      train: encode(lines.train),
      validation: encode(lines.validation),
      text: encode(once),
      openings: Uint32Array.from(openings),
    };
  }

  /** The counts of everything rendered so far. */
  counts(): Counts {
    return { characters: this.#characters.parts, ngrams: this.#ngrams.parts };
  }
}

/** The text of a record, or why it has none. */
function textOf(line: string, column: string): { text: string } | { why: string } {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return { why: "no JSON" };
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    return { why: "no JSON object" };
  }
  const value = (record as Record<string, unknown>)[column];
  const text = Array.isArray(value) ? said(value) ?? value : value;
  if (typeof text === "string") return { text };
  if (text !== undefined) return { why: `the value of ${JSON.stringify(column)} is no text` };
  const keys = Object.keys(record).slice(0, 12).join(", ");
  return {
    why: `no key ${JSON.stringify(column)} (it has: ${keys}); name the right one as column: of the source`,
  };
}

/** The messages of a chat, joined by newlines, or null if one has no text. */
function said(messages: readonly unknown[]): string | null {
  const texts = messages.map((message) => (message as { content?: unknown } | null)?.content);
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : null;
}

function linesIn(bytes: Uint8Array): number {
  let n = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) n++;
  return n;
}

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** @throws {Fault} with the line of the first byte that is not UTF-8, and advice */
function decodeStrictly(bytes: Uint8Array, advice: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    const line = linesIn(bytes.subarray(0, firstInvalidByte(bytes)));
    throw new Fault(line, `not valid UTF-8; ${advice}, or set prepare-corpus.bad_input: skip`);
  }
}

/** Bisects: the longest prefix that decodes as the start of a UTF-8 stream. */
function firstInvalidByte(bytes: Uint8Array): number {
  let good = 0, bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}
