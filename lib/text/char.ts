/** One token per character: a Unicode code point of the text in its composed form (NFC). */
import { compose, type Cut, windowOf } from "./compose.ts";
import { FIRST_IDS, SPECIAL_TOKENS } from "./special.ts";
import type { Tokenizer, TokenizerFile, VocabularyBuilder } from "./tokenizer.ts";

export class CharTokenizer implements Tokenizer {
  readonly kind = "char";
  readonly special = FIRST_IDS;
  readonly size: number;
  #characters: readonly string[];
  #counts: readonly number[];
  #ids: ReadonlyMap<string, number>;

  /** @param counts how often each character stood in the training text */
  constructor(characters: readonly string[], counts: readonly number[]) {
    this.#characters = characters;
    this.#counts = counts;
    this.#ids = new Map(characters.map((c, i) => [c, i + SPECIAL_TOKENS.length]));
    this.size = characters.length + SPECIAL_TOKENS.length;
  }

  static builder(): VocabularyBuilder {
    const counts = new Map<string, number>();
    return {
      add(text) {
        for (const c of compose(text)) counts.set(c, (counts.get(c) ?? 0) + 1);
      },
      build({ minCount, always }) {
        const forced = new Set(compose(always));
        for (const c of forced) if (!counts.has(c)) counts.set(c, 0);
        const kept = [...counts].filter(([c, n]) => n >= minCount || forced.has(c));
        kept.sort(([a], [b]) => a.codePointAt(0)! - b.codePointAt(0)!);
        return new CharTokenizer(kept.map(([c]) => c), kept.map(([, n]) => n));
      },
    };
  }

  encode(text: string, cut?: Cut): Uint32Array {
    const unknown = FIRST_IDS.unk!;
    const seen = cut ? windowOf(text, cut, 1, 1) : text;
    const ids = Uint32Array.from(compose(seen), (c) => this.#ids.get(c) ?? unknown);
    if (!cut) return ids;
    return "first" in cut ? ids.slice(0, cut.first) : ids.slice(Math.max(0, ids.length - cut.last));
  }

  decode(ids: Iterable<number>, options: { special?: boolean } = {}): string {
    let text = "";
    for (const id of ids) {
      const marker = SPECIAL_TOKENS[id];
      if (marker === undefined) text += this.#characters[id - SPECIAL_TOKENS.length] ?? "";
      else if (options.special) text += marker;
    }
    return text;
  }

  toFile(): TokenizerFile {
    return {
      kind: this.kind,
      special: [...SPECIAL_TOKENS],
      tokens: [...this.#characters],
      counts: [...this.#counts],
    };
  }
}
