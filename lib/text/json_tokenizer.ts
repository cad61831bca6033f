/** The tokenizer that a tokenizer.json describes. */
import { copy } from "./words.ts";
import { type Cut, windowOf } from "./compose.ts";
import type { ParsedTokenizer } from "./parse_json.ts";
import type { SpecialIds } from "./special.ts";
import type { TokenDecoder, Tokenizer, TokenizerKind } from "./tokenizer.ts";
import type { TokenizerJson } from "./tokenizer_json.ts";

/** Pieces of at most this many UTF-16 units are cached; longer ones hardly ever occur again. */
const KNOWN_LENGTH = 32;
/** About how many bytes the cached pieces may take before the cache is cleared. */
const KNOWN_BYTES = 2 ** 24;

export class JsonTokenizer implements Tokenizer {
  readonly kind: TokenizerKind;
  readonly special: SpecialIds;
  readonly size: number;
  readonly #parsed: ParsedTokenizer;
  /** Matches the added tokens that can be spelled in text; null if there are none. */
  readonly #added: RegExp | null;
  /** Cache of encoded pieces, as a text has few different ones. */
  readonly #known = new Map<string, readonly number[]>();
  #knownBytes = 0;

  constructor(parsed: ParsedTokenizer) {
    this.#parsed = parsed;
    this.kind = parsed.kind;
    this.special = parsed.special;
    this.size = parsed.tokens.length;
    const added = [...parsed.added.keys()].map((content) => RegExp.escape(content));
    this.#added = added.length > 0 ? new RegExp(`(${added.join("|")})`, "u") : null;
  }

  encode(text: string, cut?: Cut): Uint32Array {
    const { longest } = this.#parsed;
    const pieces = this.#pieces(cut ? windowOf(text, cut, longest.token, longest.piece) : text);
    if (!cut) {
      const ids: number[] = [];
      for (const piece of pieces) {
        const own = this.#idsOf(piece);
        for (let i = 0; i < own.length; i++) ids.push(own[i]);
      }
      return new Uint32Array(ids);
    }
    const fromStart = "first" in cut;
    const wanted = fromStart ? cut.first : cut.last;
    const taken: (readonly number[])[] = [];
    for (let n = 0, at = 0; n < wanted && at < pieces.length; at++) {
      taken.push(this.#idsOf(fromStart ? pieces[at] : pieces[pieces.length - 1 - at]));
      n += taken[at].length;
    }
    const ids = Uint32Array.from((fromStart ? taken : taken.reverse()).flat());
    return fromStart ? ids.subarray(0, wanted) : ids.subarray(Math.max(0, ids.length - wanted));
  }

  #pieces(text: string): string[] {
    const { normalise, split } = this.#parsed;
    const normal = normalise(text);
    if (!this.#added) return split(normal);
    // Every other section is an added token.
    return normal.split(this.#added).flatMap((section, i) => i % 2 === 1 ? [section] : split(section));
  }

  /** Ids of one piece. */
  #idsOf(piece: string): readonly number[] {
    const known = this.#known.get(piece);
    if (known) return known;
    const added = this.#added && this.#parsed.added.get(piece);
    const ids = typeof added === "number" ? [added] : this.#parsed.encode(piece);
    if (piece.length > KNOWN_LENGTH) return ids;
    // Two bytes a character and eight an id; the rest is an estimate of what V8 needs for an entry.
    const bytes = 2 * piece.length + 8 * ids.length + 100;
    if (this.#knownBytes + bytes > KNOWN_BYTES) {
      this.#known.clear();
      this.#knownBytes = 0;
    }
    this.#known.set(copy(piece), ids);
    this.#knownBytes += bytes;
    return ids;
  }

  /** About how many bytes the cached pieces take. */
  get knownBytes(): number {
    return this.#knownBytes;
  }

  decode(ids: Iterable<number>, options: { special?: boolean } = {}): string {
    const decoder = this.decoder();
    let text = "";
    for (const id of ids) {
      if (options.special && this.bytes(id).length === 0) text += decoder.end() + this.label(id);
      else text += decoder.push(id);
    }
    return text + decoder.end();
  }

  decoder(): TokenDecoder {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return {
      push: (id) => decoder.decode(this.bytes(id), { stream: true }),
      end: () => decoder.decode(),
    };
  }

  bytes(id: number): Uint8Array<ArrayBuffer> {
    return this.#parsed.bytes[id] ?? new Uint8Array();
  }

  label(id: number): string {
    const bytes = this.bytes(id);
    if (bytes.length === 0) return this.#parsed.tokens[id] ?? "";
    const text = this.decode([id]);
    if (!text.includes("\ufffd")) return text;
    return Array.from(bytes, (byte) => byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)
      .join("");
  }

  toJson(): TokenizerJson {
    return this.#parsed.json;
  }
}
