/** Composes text (NFC) in time that is linear in its length, not quadratic. */

/**
 * The most combining marks in a row that are kept: Unicode's limit for text that is processed as a stream (UAX #15,
 * section 13). No language comes near it, but normalising a megabyte of marks took 20 s.
 */
export const MOST_MARKS = 30;
const TOO_MANY_MARKS = new RegExp(`(\\p{M}{${MOST_MARKS}})\\p{M}+`, "gu");

/**
 * Matches every run of too many marks, which are all in this range, and hardly ever ordinary text. This test is several
 * times as fast as a search for marks.
 */
const MANY_HIGH_UNITS = new RegExp(`[\\u0300-\\uffff]{${MOST_MARKS + 1}}`);

/** The most UTF-16 units that a composed character has in a fully decomposed text. */
const UNITS = 8;

/** The text in NFC. Of more than 30 combining marks in a row, only the first 30 are kept. */
export function compose(text: string): string {
  const bounded = MANY_HIGH_UNITS.test(text) ? text.replace(TOO_MANY_MARKS, "$1") : text;
  return bounded.normalize("NFC");
}

/** Which of a text's tokens are wanted: the first so many, or the last so many. */
export type Cut = { readonly first: number } | { readonly last: number };

/**
 * The start or the end of a text, long enough for the wanted tokens and one more piece, because the cut may go through
 * a piece.
 * @param longest characters of the longest token
 * @param piece characters of the longest piece that is encoded on its own
 */
export function windowOf(text: string, cut: Cut, longest: number, piece: number): string {
  const wanted = "first" in cut ? cut.first : cut.last;
  const units = UNITS * (longest * wanted + piece);
  if (text.length <= units) return text;
  return "first" in cut ? text.slice(0, units) : text.slice(-units);
}
