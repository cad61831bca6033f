/** Progress on the terminal: one line that rewrites itself, or plain lines in a log. */
import stringWidth from "string-width";

/** Writes a line to standard error, so that standard output stays free for results. */
export type Log = (line: string) => void;

const encoder = new TextEncoder();

/** Writes to the terminal or log. If that has been closed, the work goes on without output. */
function write(text: string): void {
  try {
    Deno.stderr.writeSync(encoder.encode(text));
  } catch (error) {
    const closed = error instanceof Deno.errors.BrokenPipe || (error as { code?: string }).code === "EIO";
    if (!closed) throw error;
  }
}

const CLEAR = "\r\x1b[K";

/** A part of a line, with its rank: if the line is too long, parts with the highest rank are left out first. */
export type Part = readonly [text: string, rank: number];

/** Joins the parts that fit into the given columns, in order. A single part that is too long is cut. */
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

  /** Writes a line that stays. */
  readonly log: Log = (line) => {
    write(`${this.#shown ? CLEAR : ""}${line}\n`);
    this.#shown = false;
  };

  /** Shows a line that the next one replaces; on a terminal only. */
  progress(parts: readonly Part[]): void {
    if (!this.interactive) return;
    write(CLEAR + fit(parts, terminalWidth() - 1));
    this.#shown = true;
  }

  /** Clears the line that rewrites itself. */
  clear(): void {
    if (this.#shown) write(CLEAR);
    this.#shown = false;
  }
}

/** A terminal that writes nothing. */
export class Silent extends Terminal {
  override readonly interactive = false;
  override readonly log = () => {};
}

const UNKNOWN_WIDTH = 80;

function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns || UNKNOWN_WIDTH; // some terminals report 0 columns if they do not know
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
