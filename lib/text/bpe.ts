/**
 * Byte-pair encoding (Sennrich et al., arXiv:1508.07909) over characters: text is cut into words, each with
 * the space before it, and the commonest neighbours are merged, over and over, until the vocabulary is as
 * large as wanted. Merges never cross words. Digits stay alone.
 */
import { compose, type Cut, windowOf } from "./compose.ts";
import { FIRST_IDS, SPECIAL_TOKENS } from "./special.ts";
import type { Tokenizer, TokenizerFile, VocabularyBuilder } from "./tokenizer.ts";

/**
 * A word, a digit or a run of marks, with the space before it; other white space. Words and runs of more than 64
 * characters are cut, because the time to merge one grows with its square.
 */
const PIECES = / ?\p{L}[\p{L}\p{M}]{0,63}| ?\p{N}| ?[^\s\p{L}\p{N}]{1,64}|\s/gu;
/** Characters of the longest piece. */
const LONGEST_PIECE = 65;

/** Words up to this many UTF-16 units are remembered with their ids; longer ones hardly ever come back. */
const KNOWN_LENGTH = 32;
/** About how many bytes the remembered words may take before they are forgotten. */
const KNOWN_BYTES = 2 ** 24;

/** Merges are learned from so many different words, the commonest; rarer ones would only take memory. */
const LEARNED = 300_000;

const pieces = (text: string) => compose(text).match(PIECES) ?? [];

/** A string of its own: V8 would keep a whole text alive for the sake of a piece that was cut from it. */
const copy = (piece: string) => [...piece].join("");

/** Two neighbours as the key of a map. No token contains the separator. */
const pairOf = (a: string, b: string) => `${a}\u0000${b}`;

export class BpeTokenizer implements Tokenizer {
  readonly kind = "bpe";
  readonly special = FIRST_IDS;
  readonly size: number;
  readonly #file: TokenizerFile;
  readonly #ids: ReadonlyMap<string, number>;
  /** How early a pair was merged. */
  readonly #ranks: ReadonlyMap<string, number>;
  /** Characters of the longest token. */
  readonly #longest: number;
  /** Encoded words; a text has few different ones. */
  readonly #known = new Map<string, readonly number[]>();
  #knownBytes = 0;

  constructor(file: Omit<TokenizerFile, "kind" | "special">) {
    this.#file = { kind: "bpe", special: [...SPECIAL_TOKENS], ...file };
    this.#ids = new Map(file.tokens.map((token, i) => [token, i + SPECIAL_TOKENS.length]));
    this.#ranks = new Map((file.merges ?? []).map(([a, b], rank) => [pairOf(a, b), rank]));
    this.#longest = file.tokens.reduce((most, token) => Math.max(most, [...token].length), 1);
    this.size = file.tokens.length + SPECIAL_TOKENS.length;
  }

  static builder(): VocabularyBuilder {
    const words = new Map<string, number>();
    return {
      add(text) {
        for (const piece of pieces(text)) {
          const count = words.get(piece);
          words.set(count === undefined ? copy(piece) : piece, (count ?? 0) + 1);
        }
      },
      build: ({ minCount, always, size }) => new BpeTokenizer(learn(words, minCount, always, size)),
    };
  }

  encode(text: string, cut?: Cut): Uint32Array {
    if (!cut) return Uint32Array.from(pieces(text).flatMap((piece) => this.#idsOf(piece)));
    const window = pieces(windowOf(text, cut, this.#longest, LONGEST_PIECE));
    const fromStart = "first" in cut;
    const wanted = fromStart ? cut.first : cut.last;
    const taken: (readonly number[])[] = [];
    for (let n = 0, at = 0; n < wanted && at < window.length; at++) {
      taken.push(this.#idsOf(fromStart ? window[at] : window[window.length - 1 - at]));
      n += taken[at].length;
    }
    const ids = Uint32Array.from((fromStart ? taken : taken.reverse()).flat());
    return fromStart ? ids.subarray(0, wanted) : ids.subarray(Math.max(0, ids.length - wanted));
  }

  /** Ids of one piece. */
  #idsOf(piece: string): readonly number[] {
    const known = this.#known.get(piece);
    if (known) return known;
    const ids = this.#merge([...piece]).map((token) => this.#ids.get(token) ?? FIRST_IDS.unk!);
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

  /** About how many bytes the remembered words take. */
  get knownBytes(): number {
    return this.#knownBytes;
  }

  /** Merges neighbours, the pair that was learned first before others. */
  #merge(parts: string[]): string[] {
    for (;;) {
      let best = Infinity, at = -1;
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = this.#ranks.get(pairOf(parts[i], parts[i + 1])) ?? Infinity;
        if (rank < best) [best, at] = [rank, i];
      }
      if (at < 0) return parts;
      parts = mergePair(parts, parts[at], parts[at + 1]);
    }
  }

  decode(ids: Iterable<number>, options: { special?: boolean } = {}): string {
    let text = "";
    for (const id of ids) {
      const marker = SPECIAL_TOKENS[id];
      if (marker === undefined) text += this.#file.tokens[id - SPECIAL_TOKENS.length] ?? "";
      else if (options.special) text += marker;
    }
    return text;
  }

  toFile(): TokenizerFile {
    return this.#file;
  }
}

/** Every place where `a` stands before `b` becomes one token. */
function mergePair(parts: readonly string[], a: string, b: string): string[] {
  const merged: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === a && parts[i + 1] === b) merged.push(a + parts[++i]);
    else merged.push(parts[i]);
  }
  return merged;
}

/** The words that stand most often in the text, at most so many of them. */
export function commonest(counts: ReadonlyMap<string, number>, most: number): [string, number][] {
  const words = [...counts];
  if (words.length <= most) return words;
  return words.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, most);
}

/** The alphabet, then merges until there are `size` tokens with the special ones, or no pair stands twice. */
function learn(counts: ReadonlyMap<string, number>, minCount: number, always: string, size: number) {
  const letters = new Map<string, number>([...compose(always)].map((c) => [c, minCount]));
  for (const [word, n] of counts) for (const c of word) letters.set(c, (letters.get(c) ?? 0) + n);
  const alphabet = [...letters].filter(([, n]) => n >= minCount).map(([c]) => c).sort();

  const words = commonest(counts, LEARNED).map(([word, count]) => ({ parts: [...word], count }));
  // How often each pair stands in the text, and the words it stands in, kept up to date by every merge.
  const pairs = new Map<string, { count: number; words: Set<number> }>();
  const note = (index: number, sign: 1 | -1) => {
    const { parts, count } = words[index];
    for (let i = 0; i + 1 < parts.length; i++) {
      const key = pairOf(parts[i], parts[i + 1]);
      const pair = pairs.get(key) ?? { count: 0, words: new Set() };
      pair.count += sign * count;
      if (sign > 0) pair.words.add(index);
      if (pair.count > 0) pairs.set(key, pair);
      else pairs.delete(key);
    }
  };
  words.forEach((_, index) => note(index, 1));

  const tokens = [...alphabet], merges: [string, string][] = [];
  while (tokens.length + SPECIAL_TOKENS.length < size) {
    let best = "", highest = 1;
    for (const [key, { count }] of pairs) {
      if (count > highest || (count === highest && count > 1 && key < best)) [best, highest] = [key, count];
    }
    if (best === "") break;
    const [a, b] = best.split("\u0000");
    for (const index of [...pairs.get(best)!.words]) {
      note(index, -1);
      words[index].parts = mergePair(words[index].parts, a, b);
      note(index, 1);
    }
    merges.push([a, b]);
    if (!tokens.includes(a + b)) tokens.push(a + b);
  }
  const used = new Map<string, number>();
  for (const { parts, count } of words) {
    for (const part of parts) used.set(part, (used.get(part) ?? 0) + count);
  }
  return { tokens, counts: tokens.map((token) => used.get(token) ?? 0), merges };
}
