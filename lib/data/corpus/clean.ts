/** Cleans characters: those that an editor does not show, and those that Unicode can write in several ways. */
import type { CorpusOptions } from "./options.ts";
import type { Counter } from "./tally.ts";

/**
 * Control characters except tab and newline; soft hyphens, zero-width characters and those that only control
 * direction or layout; private use, replacement and non-characters.
 */
const CONTROL =
  // deno-lint-ignore no-control-regex
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\uffff]/;
/** Spaces of other widths, and line ends other than CR and LF. */
const ODD_BLANK = /[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]/, ODD_LINE_END = /[\x85\u2028\u2029]/;
const REMOVE = 1, BLANK = 2, LINE_END = 3;
const REPLACED = ["", "", " ", "\n"];

let table: Uint8Array | undefined;

/** What each code unit is replaced with: REMOVE, BLANK, LINE_END, or 0 to keep it. */
function replacements(): Uint8Array {
  return table ??= Uint8Array.from({ length: 65536 }, (_, code) => {
    const character = String.fromCharCode(code);
    return CONTROL.test(character)
      ? REMOVE
      : ODD_BLANK.test(character)
      ? BLANK
      : ODD_LINE_END.test(character)
      ? LINE_END
      : 0;
  });
}

function replaceControl(text: string, tally: Counter): string {
  // Lone surrogates become U+FFFD, which is removed below.
  if (!text.isWellFormed()) text = text.toWellFormed();
  const kinds = replacements(), found = new Map<number, number>(), parts: string[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i), kind = kinds[code];
    if (kind === 0) continue;
    found.set(code, (found.get(code) ?? 0) + 1);
    parts.push(text.slice(from, i), REPLACED[kind]);
    from = i + 1;
  }
  for (const [code, n] of found) {
    tally.add("control characters", n, n, `U+${code.toString(16).toUpperCase().padStart(4, "0")}`);
  }
  return from === 0 ? text : parts.join("") + text.slice(from);
}

function occurrences(text: string, what: string): number {
  let n = 0;
  for (let at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + what.length)) n++;
  return n;
}

/** Counts capitals of the Latin alphabet; others hardly occur in Spanish text. */
function countCapitals(text: string): number {
  const capital = /[A-Z\xc0-\xd6\xd8-\xde]/g;
  let n = 0;
  while (capital.test(text)) n++;
  return n;
}

/**
 * @param first whether the text is the beginning of a file
 * @returns the text after the steps that the options switch on
 */
export function cleanText(text: string, first: boolean, options: CorpusOptions, tally: Counter): string {
  const { clean, lowercase } = options;
  if (first && clean.byte_order_mark && text.startsWith("\ufeff")) {
    text = text.slice(1);
    tally.add("byte order mark", 1, 1);
  }
  if (clean.line_ends && text.includes("\r")) {
    const pairs = occurrences(text, "\r\n"), all = occurrences(text, "\r");
    text = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    tally.add("line ends", all, pairs);
  }
  // All characters below U+0300 are composed already.
  if (clean.nfc && /[\u0300-\uffff]/.test(text)) {
    const composed = text.normalize("NFC");
    if (composed !== text) tally.add("NFC", Math.max(1, text.length - composed.length), 0);
    text = composed;
  }
  if (clean.control_characters) text = replaceControl(text, tally);
  if (lowercase) {
    const lower = text.toLowerCase();
    if (lower !== text) {
      const capitals = countCapitals(text);
      tally.add("lowercase", capitals, capitals);
    }
    text = lower;
  }
  return text;
}
