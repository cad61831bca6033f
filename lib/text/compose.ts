/** Text in its composed form, in a time that grows with its length and not with its square. */

/**
 * The most combining marks that a letter keeps: Unicode's own bound for texts that programs can process piece by
 * piece (UAX #15, section 13). No language comes near it, but a megabyte of marks took 20 s to be put into order.
 */
export const MOST_MARKS = 30;
const TOO_MANY_MARKS = new RegExp(`(\\p{M}{${MOST_MARKS}})\\p{M}+`, "gu");

/**
 * What such a run always matches, and ordinary text hardly ever: all marks are above. It is several times as fast as
 * to look for marks.
 */
const MANY_HIGH_UNITS = new RegExp(`[\\u0300-\\uffff]{${MOST_MARKS + 1}}`);

/** The most UTF-16 units that become one composed character, when a text arrives fully decomposed. */
const UNITS = 8;

/** The text in NFC. Of more than 30 combining marks in a row the first 30 are kept. */
export function compose(text: string): string {
  const bounded = MANY_HIGH_UNITS.test(text) ? text.replace(TOO_MANY_MARKS, "$1") : text;
  return bounded.normalize("NFC");
}

/** Which of a text's tokens are wanted: the first so many, or the last so many. */
export type Cut = { readonly first: number } | { readonly last: number };

/**
 * The start or the end of a text, long enough to hold the wanted tokens and one more piece, which the cut may have
 * gone through.
 * @param longest characters of the longest token
 * @param piece characters of the longest piece that is encoded on its own
 */
export function windowOf(text: string, cut: Cut, longest: number, piece: number): string {
  const wanted = "first" in cut ? cut.first : cut.last;
  const units = UNITS * (longest * wanted + piece);
  if (text.length <= units) return text;
  return "first" in cut ? text.slice(0, units) : text.slice(-units);
}
