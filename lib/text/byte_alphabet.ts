/**
 * GPT-2's alphabet of bytes: each of the 256 is a visible character, so that any text is a string of them. Printable
 * bytes of Latin-1 stand for themselves; the others are U+0100 and what follows.
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

/** A text's bytes in UTF-8, as characters of the alphabet. */
export function toByteCharacters(text: string): string {
  let characters = "";
  for (const byte of encoder.encode(text)) characters += BYTE_CHARACTERS[byte];
  return characters;
}

/** The bytes of a token in the alphabet; null if another character is in it. */
export function fromByteCharacters(token: string): Uint8Array<ArrayBuffer> | null {
  const values = Array.from(token, (character) => BYTES.get(character) ?? -1);
  return values.includes(-1) ? null : Uint8Array.from(values);
}
