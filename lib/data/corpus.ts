/**
 * From files to clean documents: sources, cleaning steps, segmentation, split. Every step counts what it
 * changed or dropped and keeps samples, so that the report can say what happened to the text.
 */
import { extname, globToRegExp, isGlob, join } from "@std/path";
import { UserError } from "../errors.ts";
import { deriveSeed, permutation } from "../tensor/random.ts";

export interface CorpusOptions {
  /** Files, folders and globs. */
  readonly sources: readonly string[];
  /** What one document is; `sections` end at a line of three or more `*`, `-` or `=`. */
  readonly documents: "file" | "sections" | "paragraphs" | "lines";
  readonly lowercase: boolean;
  /** Characters; longer lines are dropped. 0 keeps all. */
  readonly max_line_length: number;
  /** Characters; shorter documents are dropped. */
  readonly min_document_length: number;
  readonly validation: {
    readonly share: number;
    /** `documents` draws whole documents; `tail` takes the end of the text, in order. */
    readonly by: "documents" | "tail";
  };
}

export interface StepReport {
  /** How many pieces the step changed or dropped: characters, lines or documents, as `unit` says. */
  count: number;
  readonly unit: string;
  readonly what: string;
  /** A few of them, shortened. */
  readonly samples: string[];
}

export interface CorpusReport {
  readonly files: { path: string; bytes: number; documents: number }[];
  readonly steps: Record<string, StepReport>;
  readonly documents: { train: number; validation: number };
  readonly characters: { read: number; train: number; validation: number };
  readonly split: string;
}

export interface Corpus {
  readonly train: string[];
  readonly validation: string[];
  readonly report: CorpusReport;
}

/** The files that sources name, sorted and without repeats; only `.txt` from folders and globs. */
export async function listSources(sources: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const source of sources) {
    const before = found.size;
    if (isGlob(source)) {
      const parts = source.split("/");
      const base = parts.slice(0, parts.findIndex((part) => isGlob(part))).join("/");
      const pattern: RegExp = globToRegExp(source);
      for await (const path of textFiles(base || (source.startsWith("/") ? "/" : "."))) {
        if (pattern.test(path)) found.add(path);
      }
      if (found.size === before) {
        throw new UserError(`prepare-corpus.sources: ${source} matches no .txt file`);
      }
      continue;
    }
    const info = await Deno.stat(source).catch(() => null);
    if (!info) {
      throw new UserError(
        `prepare-corpus.sources: ${source} does not exist; give a file, a folder or a glob`,
      );
    }
    if (info.isDirectory) {
      for await (const path of textFiles(source)) found.add(path);
      if (found.size === before) {
        throw new UserError(`prepare-corpus.sources: no .txt file in folder ${source}`);
      }
    } else found.add(source);
  }
  return [...found].sort();
}

async function* textFiles(folder: string): AsyncGenerator<string> {
  if (!(await Deno.stat(folder).catch(() => null))?.isDirectory) return;
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* textFiles(path);
    else if (extname(entry.name) === ".txt") yield path;
  }
}

/** @throws {UserError} for a binary file and for bytes that are not UTF-8, with the line */
export function decodeText(bytes: Uint8Array, path: string): string {
  const lineOf = (at: number) => bytes.subarray(0, at).reduce((n, b) => n + Number(b === 10), 1);
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    throw new UserError(
      `${path}:${lineOf(nul)}: a zero byte, so this is a binary file and no text; remove it`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const at = firstInvalidByte(bytes);
    throw new UserError(
      `${path}:${
        lineOf(at)
      }: near byte ${at} it is not valid UTF-8; convert the file (iconv -f latin1 -t utf-8)`,
    );
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

const SAMPLES = 5;

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 80 ? line.slice(0, 79) + "…" : line;
}

/** Control characters but tab and newline, and characters that only steer layout or direction. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]/gu;
const SEPARATOR = /^[ \t]*(?:\*[ \t]*){3,}$|^[ \t]*-{3,}[ \t]*$|^[ \t]*={3,}[ \t]*$/m;

class Cleaner {
  readonly steps: Record<string, StepReport> = {};
  readonly #options: CorpusOptions;

  constructor(options: CorpusOptions) {
    this.#options = options;
  }

  #note(step: string, unit: string, what: string, count: number, sample?: string): void {
    const report = this.steps[step] ??= { count: 0, unit, what, samples: [] };
    report.count += count;
    if (count > 0 && sample && report.samples.length < SAMPLES) report.samples.push(shorten(sample));
  }

  /** Replaces every match and counts them. */
  #replace(text: string, step: string, what: string, pattern: RegExp, by: string): string {
    const matches = text.match(pattern)?.length ?? 0;
    this.#note(step, "characters", what, matches);
    return matches ? text.replace(pattern, by) : text;
  }

  text(raw: string): string {
    let text = this.#replace(raw, "byte order mark", "removed", /^\ufeff/g, "");
    text = this.#replace(text, "line ends", "CR LF and CR turned to LF", /\r\n?/g, "\n");
    const composed = text.normalize("NFC");
    this.#note("NFC", "characters", "composed with their accents", text.length - composed.length);
    text = this.#replace(composed, "control characters", "removed", CONTROL, "");
    if (this.#options.lowercase) {
      const lower = text.toLowerCase();
      let changed = 0;
      for (let i = 0; i < text.length; i++) changed += Number(text[i] !== lower[i]);
      this.#note("lowercase", "characters", "turned to lower case", changed);
      text = lower;
    }
    return this.#longLines(text);
  }

  #longLines(text: string): string {
    const limit = this.#options.max_line_length;
    const what = `longer than ${limit} characters, dropped`;
    this.#note("long lines", "lines", what, 0);
    if (limit === 0) return text;
    return text.split("\n").filter((line) => {
      if (line.length <= limit) return true;
      this.#note("long lines", "lines", what, 1, line);
      return false;
    }).join("\n");
  }

  documents(text: string): string[] {
    const { documents, min_document_length: shortest } = this.#options;
    const separator = { file: null, sections: SEPARATOR, paragraphs: /\n[ \t]*\n/, lines: /\n/ }[documents];
    const pieces = separator ? text.split(separator) : [text];
    const what = `shorter than ${shortest} characters, dropped`;
    this.#note("short documents", "documents", what, 0);
    return pieces.map(tidy).filter((document) => {
      if (document === "") return false;
      if (document.length >= shortest) return true;
      this.#note("short documents", "documents", what, 1, document);
      return false;
    });
  }
}

/** No blanks at line ends, at most one empty line in a row, none at the ends. */
function tidy(document: string): string {
  return document.replace(/[ \t]+$/gm, "").replace(/\n{3,}/g, "\n\n").replace(/^\n+|\s+$/g, "");
}

/** Reads, cleans and splits the corpus. `progress` hears of every file. */
export async function readCorpus(
  options: CorpusOptions,
  seed: number,
  progress: (done: number, all: number, path: string) => void = () => {},
): Promise<Corpus> {
  const paths = await listSources(options.sources);
  const cleaner = new Cleaner(options);
  const files: CorpusReport["files"] = [];
  const documents: string[] = [];
  let read = 0;
  for (const [i, path] of paths.entries()) {
    progress(i, paths.length, path);
    const bytes = await Deno.readFile(path);
    const raw = decodeText(bytes, path);
    read += raw.length;
    const made = cleaner.documents(cleaner.text(raw));
    files.push({ path, bytes: bytes.length, documents: made.length });
    documents.push(...made);
  }
  if (documents.length === 0) {
    const dropped = Object.entries(cleaner.steps).filter(([, s]) =>
      s.count > 0 && s.what.endsWith("dropped")
    );
    const why = dropped.map(([name, s]) => `${name}: ${s.count} ${s.unit}`).join(", ") ||
      "the files are empty";
    throw new UserError(`prepare-corpus.sources: no text is left after cleaning (${why}); give more text`);
  }
  const { train, validation, how } = split(documents, options.validation, seed);
  const length = (texts: string[]) => texts.reduce((sum, text) => sum + text.length, 0);
  return {
    train,
    validation,
    report: {
      files,
      steps: cleaner.steps,
      documents: { train: train.length, validation: validation.length },
      characters: { read, train: length(train), validation: length(validation) },
      split: how,
    },
  };
}

/** Whole documents drawn by seed until the share is reached; or the last part of the text in order. */
function split(documents: string[], { share, by }: CorpusOptions["validation"], seed: number) {
  const total = documents.reduce((sum, d) => sum + d.length, 0);
  if (by === "documents" && documents.length > 1) {
    const chosen = new Set<number>();
    let taken = 0;
    for (const i of permutation(deriveSeed(seed, "split"), documents.length)) {
      if (taken >= share * total || chosen.size === documents.length - 1) break;
      chosen.add(i);
      taken += documents[i].length;
    }
    return {
      train: documents.filter((_, i) => !chosen.has(i)),
      validation: documents.filter((_, i) => chosen.has(i)),
      how: "whole documents, drawn by seed",
    };
  }
  let left = Math.round((1 - share) * total);
  const train: string[] = [], validation: string[] = [];
  for (const document of documents) {
    if (left >= document.length) train.push(document);
    else if (left <= 0) validation.push(document);
    else {
      train.push(document.slice(0, left));
      validation.push(document.slice(left));
    }
    left -= document.length;
  }
  const why = by === "documents" ? "the end of the text, as there is one document" : "the end of the text";
  return { train, validation, how: why };
}
