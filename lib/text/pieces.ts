/**
 * How a text is cut into pieces before it is encoded. Tokens never span two pieces, so a word is encoded the same
 * everywhere, and encoding takes time that is linear in the text's length.
 */

/** The most letters of a word, or marks of a run, in one piece; longer ones are split. */
const LONGEST = 64;

/**
 * A piece is a word with its combining marks, an opening ¿ or ¡, a #, or a run of other marks, each with the space
 * before it; or a digit, a run of line ends, or one other white space. Digits are separate, so that numbers are read by
 * place value; so are ¿ and ¡, so that a word is the same at a question's start, and #, because WordPiece marks
 * continuations with ##. `\p{White_Space}` is the same in JavaScript and in Hugging Face's tokenizers; `\s` is not.
 */
export const PIECES = [
  ` ?\\p{L}[\\p{L}\\p{M}]{0,${LONGEST - 1}}`,
  `\\p{N}`,
  ` ?[¿¡#]`,
  ` ?[^\\p{White_Space}\\p{L}\\p{N}¿¡#]{1,${LONGEST}}`,
  `[\\r\\n]{1,${LONGEST}}`,
  `\\p{White_Space}`,
].join("|");

/** Makes every character a piece. */
export const CHARACTERS = "[\\s\\S]";

/** GPT-2's pieces, which Hugging Face's `ByteLevel` cuts by itself. */
export const GPT2_PIECES =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Characters of the longest piece. For patterns from elsewhere, 4,096: longer pieces hardly ever occur. */
export function longestPiece(patterns: readonly string[]): number {
  if (patterns.length !== 1) return 4096;
  if (patterns[0] === CHARACTERS) return 1;
  return patterns[0] === PIECES ? LONGEST + 1 : 4096;
}

/** Cuts a text into pieces. */
export type Splitter = (text: string) => string[];

/** Every match is a piece, and so is the text between two matches. */
export function isolate(pattern: RegExp): Splitter {
  return (text) => {
    const matches = text.match(pattern) ?? [];
    // Most patterns match the whole text, so that nothing is left between matches.
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
