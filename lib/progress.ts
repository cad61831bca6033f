/** What a person sees while a stage works: one line that rewrites itself, or plain lines in a log. */
import stringWidth from "string-width";

/** Writes a line to standard error, so that standard output stays free for results. */
export type Log = (line: string) => void;

const encoder = new TextEncoder();

/** Writes to the terminal or log. If that was closed, there is no one to tell, and the work goes on. */
function write(text: string): void {
  try {
    Deno.stderr.writeSync(encoder.encode(text));
  } catch (error) {
    const closed = error instanceof Deno.errors.BrokenPipe || (error as { code?: string }).code === "EIO";
    if (!closed) throw error;
  }
}

const CLEAR = "\r\x1b[K";

/** A part of a line that may be too long, and its rank: parts of the highest rank are left out first. */
export type Part = readonly [text: string, rank: number];

/** The parts that fit into so many columns, in their order; what is alone and too long is cut. */
export function fit(parts: readonly Part[], columns: number): string {
  const line = (shown: readonly Part[]) => shown.map(([text]) => text.replace(/\p{Cc}/gu, " ")).join("  ");
  let shown = parts.filter(([text]) => text !== "");
  while (shown.length > 1 && stringWidth(line(shown)) > columns) {
    const highest = shown.findLast(([, rank]) => shown.every(([, other]) => other <= rank));
    shown = shown.filter((part) => part !== highest);
  }
  const whole = line(shown);
  if (stringWidth(whole) <= columns) return whole;
  let cut = "";
  for (const character of whole) {
    if (stringWidth(cut + character) > columns) break;
    cut += character;
  }
  return cut;
}

export class Terminal {
  readonly interactive = Deno.stderr.isTerminal();
  #shown = false;

  /** A line that stays. */
  readonly log: Log = (line) => {
    write(`${this.#shown ? CLEAR : ""}${line}\n`);
    this.#shown = false;
  };

  /** A line that the next one replaces; shown on a terminal only. */
  progress(parts: readonly Part[]): void {
    if (!this.interactive) return;
    write(CLEAR + fit(parts, terminalWidth() - 1));
    this.#shown = true;
  }

  /** Ends the line that rewrites itself. */
  clear(): void {
    if (this.#shown) write(CLEAR);
    this.#shown = false;
  }
}

/** A terminal to which nothing is written. */
export class Silent extends Terminal {
  override readonly interactive = false;
  override readonly log = () => {};
}

const UNKNOWN_WIDTH = 80;

function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns || UNKNOWN_WIDTH; // a terminal that does not say is of 0 columns
  } catch {
    return UNKNOWN_WIDTH;
  }
}

/** `[█████░░░░░]` of the given width in characters. */
export function bar(share: number, width = 20): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${"█".repeat(full)}${"░".repeat(width - full)}]`;
}

/** Seconds as `1h02m`, `3m07s` or `12s`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s >= 3600) return `${Math.floor(s / 3600)}h${String(Math.floor(s % 3600 / 60)).padStart(2, "0")}m`;
  if (s >= 60) return `${Math.floor(s / 60)}m${String(s % 60).padStart(2, "0")}s`;
  return `${s}s`;
}

/** 1234567 as `1,234,567`. */
export function count(n: number): string {
  return n.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** "2.5 %" */
export const percent = (part: number, whole: number): string =>
  whole === 0 ? "–" : `${(100 * part / whole).toFixed(1)} %`;
