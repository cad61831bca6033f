/** Makes documents from lines. */
import type { CorpusOptions } from "./options.ts";
import type { Counter } from "./tally.ts";

const SEPARATOR = /^[ \t]*(?:\*[ \t]*){3,}$|^[ \t]*-{3,}[ \t]*$|^[ \t]*={3,}[ \t]*$/;
/** On average, lines of verse are shorter than this and lines of wrapped prose longer, in characters. */
const PROSE = 42;
/** Beginnings of lines that no wrapping made: list items, and dialogue after the end of a sentence. */
const ITEM = /^\s*(?:[•*·-] |\d+[.)])/, SPEECH = /^\s*[—–-]/, SENTENCE_END = /[.!?…:»”"]$/;

/**
 * Joins the lines of wrapped paragraphs, which are separated by blank lines; verse, dialogue and lists stay as they
 * are. A hyphen at a line's end is dropped if the next line begins with a small letter.
 */
export function unwrapLines(lines: readonly string[]): string[] {
  const out: string[] = [];
  for (let start = 0; start < lines.length; start++) {
    let end = start;
    while (end < lines.length && lines[end] !== "") end++;
    const paragraph = lines.slice(start, end);
    const full = paragraph.slice(0, -1);
    const wide = full.reduce((sum, line) => sum + line.length, 0) >= PROSE * full.length;
    for (const [i, line] of paragraph.entries()) {
      const last = out.length - 1;
      if (
        i === 0 || !wide || ITEM.test(line) || SPEECH.test(line) && SENTENCE_END.test(out[last])
      ) out.push(line);
      else if (/\p{L}-$/u.test(out[last]) && /^\s*\p{Ll}/u.test(line)) {
        out[last] = out[last].slice(0, -1) + line.trimStart();
      } else out[last] += " " + line.trimStart();
    }
    if (end < lines.length) out.push("");
    start = end;
  }
  return out;
}

/** Cuts a text into pieces of at most `max` characters, at the end of a paragraph, else of a line, sentence or word. */
export function cutText(text: string, max: number): string[] {
  const pieces: string[] = [];
  while (text.length > max) {
    const window = text.slice(0, max + 1), half = max >> 1;
    const sentence = Math.max(...[". ", "? ", "! ", "… "].map((end) => window.lastIndexOf(end) + 1));
    const good = [window.lastIndexOf("\n\n"), window.lastIndexOf("\n"), sentence].find((at) => at > half);
    let at = good ?? (window.lastIndexOf(" ") > 0 ? window.lastIndexOf(" ") : max);
    // Not between the halves of a surrogate pair.
    if (/[\ud800-\udbff]/.test(text[at - 1])) at--;
    pieces.push(text.slice(0, at).trimEnd());
    text = text.slice(at).trimStart();
  }
  if (text !== "") pieces.push(text);
  return pieces;
}

/** Gathers the lines of one file into documents; holds no more than one document at a time. */
export class Segmenter {
  readonly #options: CorpusOptions;
  readonly #tally: Counter;
  readonly #emit: (document: string) => void;
  #lines: string[] = [];
  #length = 0;

  constructor(options: CorpusOptions, tally: Counter, emit: (document: string) => void) {
    this.#options = options;
    this.#tally = tally;
    this.#emit = emit;
  }

  /** @param block whole lines of a text file */
  push(block: string): void {
    const { documents } = this.#options;
    this.#eachLine(block, (line) => {
      if (documents === "lines") {
        if (line !== "") this.#finish(line);
      } else if (documents === "paragraphs" && line === "") this.end();
      else if (documents === "sections" && SEPARATOR.test(line)) this.end();
      else this.#add(line);
    });
  }

  /** Adds a text that is a whole document, such as a record of JSONL or Parquet. */
  record(text: string): void {
    this.#eachLine(text, (line) => this.#add(line));
    this.end();
  }

  /** Ends the document; also called at the end of a file. */
  end(): void {
    while (this.#lines.at(-1) === "") this.#lines.pop();
    if (this.#lines.length > 0) this.#finish(this.#text());
    this.#lines = [];
    this.#length = 0;
  }

  /** Visits lines without trailing blanks; lines that are too long are dropped. */
  #eachLine(block: string, visit: (line: string) => void): void {
    const { max_line_length: longest } = this.#options;
    const lines = block.split("\n");
    if (lines.at(-1) === "") lines.pop();
    for (let line of lines) {
      const last = line.charCodeAt(line.length - 1);
      if (last === 32 || last === 9) line = line.trimEnd();
      if (longest > 0 && line.length > longest) this.#tally.add("long lines", 1, line.length, line);
      else visit(line);
    }
  }

  /** Adds a line; keeps at most one empty line in a row, and none at the beginning. */
  #add(line: string): void {
    if (line === "" && (this.#lines.length === 0 || this.#lines.at(-1) === "")) return;
    this.#lines.push(line);
    this.#length += line.length + 1;
    const { max_document_length: longest } = this.#options;
    if (longest > 0 && this.#length > longest + 1) {
      const pieces = cutText(this.#text(), longest);
      for (const piece of pieces.slice(0, -1)) this.#cut(piece);
      const rest = pieces.at(-1) ?? "";
      this.#lines = [rest];
      this.#length = rest.length + 1;
    }
  }

  #text(): string {
    if (!this.#options.unwrap) return this.#lines.join("\n");
    const joined = unwrapLines(this.#lines);
    if (joined.length < this.#lines.length) {
      this.#tally.add("unwrapping", this.#lines.length - joined.length, 0);
    }
    return joined.join("\n");
  }

  #cut(piece: string): void {
    this.#tally.add("long documents", 1, piece.length, piece);
    this.#emit(piece);
  }

  #finish(document: string): void {
    const { max_document_length: longest } = this.#options;
    const pieces = longest > 0 ? cutText(document, longest) : [document];
    for (const piece of pieces.slice(0, -1)) this.#cut(piece);
    if (pieces.length > 0) this.#emit(pieces.at(-1)!);
  }
}
