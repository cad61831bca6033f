/** Tables that classify every UTF-16 code unit, so that one quick pass over a document is enough. */

export const BLANK = 0, LETTER = 1, FOREIGN = 2, DIGIT = 3, SYMBOL = 5;
const PUNCTUATION = 4;

export interface Tables {
  /**
   * The kind in bits 16 and up (BLANK; LETTER, that is a to z and the accented letters of Spanish;
   * FOREIGN, other letters; …), and `folded` in the 16 bits below: one look-up for both.
   */
  readonly both: Uint32Array;
  /** Letters in lower case without accents, digits unchanged, 0 for everything else. */
  readonly folded: Uint16Array;
  /** Letters in lower case with their accents, digits unchanged, 0 for everything else. */
  readonly lower: Uint16Array;
}

const SPANISH = "áéíóúüñÁÉÍÓÚÜÑ";
const MARKS = ".,;:!?¡¿…()[]«»“”‘’\"'—–-/%";
let tables: Tables | undefined;

/** The tables, of 65,536 entries each; made on first use. */
export function characterTables(): Tables {
  if (tables) return tables;
  const kind = new Uint8Array(65536).fill(SYMBOL),
    folded = new Uint16Array(65536),
    lower = new Uint16Array(65536);
  for (let code = 0; code < 65536; code++) {
    const character = String.fromCharCode(code);
    if (/\s/.test(character)) kind[code] = BLANK;
    else if (/\p{N}/u.test(character)) {
      kind[code] = DIGIT;
      folded[code] = lower[code] = code;
    } else if (/\p{L}|\p{M}/u.test(character)) {
      kind[code] = /[a-zA-Z]/.test(character) || SPANISH.includes(character) ? LETTER : FOREIGN;
      const small = character.toLowerCase();
      lower[code] = small.charCodeAt(0);
      // Latin, Greek and Cyrillic letters decompose into a base letter and its accents.
      folded[code] = (code < 0x2000 ? small.normalize("NFD") : small).charCodeAt(0);
    } else if (MARKS.includes(character)) kind[code] = PUNCTUATION;
  }
  const both = Uint32Array.from(kind, (k, code) => k << 16 | folded[code]);
  return tables = { both, folded, lower };
}

/** Decodes UTF-8 to UTF-16 in a growing buffer: a typed array is read several times faster than a string. */
export class Units {
  #buffer = new Uint16Array(1 << 16);

  /** @param bytes well-formed UTF-8; the result is valid until the next call */
  of(bytes: Uint8Array): Uint16Array {
    if (bytes.length > this.#buffer.length) this.#buffer = new Uint16Array(2 * bytes.length);
    const buffer = this.#buffer;
    let n = 0;
    for (let i = 0; i < bytes.length;) {
      const byte = bytes[i++];
      if (byte < 0x80) buffer[n++] = byte;
      else if (byte < 0xe0) buffer[n++] = (byte & 31) << 6 | bytes[i++] & 63;
      else if (byte < 0xf0) buffer[n++] = (byte & 15) << 12 | (bytes[i++] & 63) << 6 | bytes[i++] & 63;
      else {
        const point = (byte & 7) << 18 | (bytes[i++] & 63) << 12 | (bytes[i++] & 63) << 6 | bytes[i++] & 63;
        buffer[n++] = 0xd800 + (point - 0x10000 >> 10);
        buffer[n++] = 0xdc00 + (point - 0x10000 & 1023);
      }
    }
    return buffer.subarray(0, n);
  }
}
