/**
 * GPT-2's alphabet of bytes: a visible character for each of the 256 bytes, so that any bytes can be written as a text.
 * Printable Latin-1 bytes stand for themselves; the others are U+0100 and the following characters.
 */

const isPlain = (byte: number) =>
  byte >= 0x21 && byte <= 0x7e || byte >= 0xa1 && byte <= 0xff && byte !== 0xad;
const bytes = Array.from({ length: 256 }, (_, byte) => byte);
const others = bytes.filter((byte) => !isPlain(byte));

/** The character of each byte. */
export const BYTE_CHARACTERS: readonly string[] = bytes.map((byte) =>
  String.fromCharCode(isPlain(byte) ? byte : 0x100 + others.indexOf(byte))
);

/** The 256 characters in the order of GPT-2's vocabulary. */
export const ALPHABET: readonly string[] = [...bytes.filter(isPlain), ...others].map((b) =>
  BYTE_CHARACTERS[b]
);

const BYTES = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));
const encoder = new TextEncoder();

/** A text's UTF-8 bytes, as characters of the alphabet. */
export function toByteCharacters(text: string): string {
  let characters = "";
  for (const byte of encoder.encode(text)) characters += BYTE_CHARACTERS[byte];
  return characters;
}

/** The bytes of a token that is spelled in the alphabet; null if it has other characters. */
export function fromByteCharacters(token: string): Uint8Array<ArrayBuffer> | null {
  const values = Array.from(token, (character) => BYTES.get(character) ?? -1);
  return values.includes(-1) ? null : Uint8Array.from(values);
}
