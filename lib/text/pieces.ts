/**
 * How a text is cut before a model sees it. Tokens never cross the border between two pieces, so a word is encoded
 * the same wherever it stands, and a long text in a time that grows with its length.
 */

/** The most letters of a word, or marks of a run, in one piece; longer ones are cut. */
const LONGEST = 64;

/**
 * A word with its combining marks, an opening ¿ or ¡, # or a run of other marks, each with the space before it; a digit,
 * a run of line ends, one other white space. Digits are single, so that numbers are read by their place values; ¿
 * and ¡ are apart, so that a word is the same at a question's start. # is apart because WordPiece marks with ## what
 * continues a word. `\p{White_Space}` is the same in JavaScript and in Hugging Face's tokenizers; `\s` is not.
 */
export const PIECES = [
  ` ?\\p{L}[\\p{L}\\p{M}]{0,${LONGEST - 1}}`,
  `\\p{N}`,
  ` ?[¿¡#]`,
  ` ?[^\\p{White_Space}\\p{L}\\p{N}¿¡#]{1,${LONGEST}}`,
  `[\\r\\n]{1,${LONGEST}}`,
  `\\p{White_Space}`,
].join("|");

/** A piece for every character. */
export const CHARACTERS = "[\\s\\S]";

/** GPT-2's pieces, which Hugging Face's `ByteLevel` brings along. */
export const GPT2_PIECES =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Characters of the longest piece. Of patterns from elsewhere it is not known; longer ones are hardly ever met. */
export function longestPiece(patterns: readonly string[]): number {
  if (patterns.length !== 1) return 4096;
  if (patterns[0] === CHARACTERS) return 1;
  return patterns[0] === PIECES ? LONGEST + 1 : 4096;
}

/** Cuts a text into pieces. */
export type Splitter = (text: string) => string[];

/** Every match is a piece, and so is what stands between two matches. */
export function isolate(pattern: RegExp): Splitter {
  return (text) => {
    const matches = text.match(pattern) ?? [];
    // Most patterns match everything; then nothing stands between.
    if (matches.reduce((n, { length }) => n + length, 0) === text.length) return matches;
    const pieces: string[] = [];
    let end = 0;
    for (const match of text.matchAll(pattern)) {
      if (match.index > end) pieces.push(text.slice(end, match.index));
      if (match[0] !== "") pieces.push(match[0]);
      end = match.index + match[0].length;
    }
    if (end < text.length) pieces.push(text.slice(end));
    return pieces;
  };
}
