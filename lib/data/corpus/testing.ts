/** Texts and options for tests and benchmarks of the corpus. */
import { join } from "@std/path";
import { deriveSeed, randomBits } from "../../tensor/random.ts";
import type { Fingerprinter } from "./fingerprint.ts";
import type { CorpusOptions } from "./options.ts";

/** Every step that a preset has to switch on is off. */
export const PLAIN: CorpusOptions = {
  sources: [],
  bad_input: "stop",
  clean: { byte_order_mark: true, line_ends: true, nfc: true, control_characters: true },
  lowercase: false,
  max_line_length: 0,
  unwrap: false,
  documents: "sections",
  min_document_length: 1,
  max_document_length: 0,
  boilerplate: false,
  quality: {
    symbols: false,
    digits: false,
    repetition: false,
    alphabet: false,
    language: false,
    final_punctuation: false,
  },
  duplicates: { exact: false, near: false },
  pack: 0,
  validation: { share: 0.2, by: "tail" },
};

/** Every step is on, with bounds that prose keeps. */
export const EVERY_STEP: CorpusOptions = {
  ...PLAIN,
  bad_input: "skip",
  lowercase: true,
  max_line_length: 10_000,
  unwrap: true,
  min_document_length: 40,
  max_document_length: 100_000,
  boilerplate: 50,
  quality: {
    symbols: 0.1,
    digits: 0.2,
    repetition: 0.3,
    alphabet: 0.9,
    language: "es",
    final_punctuation: true,
  },
  duplicates: { exact: true, near: 0.4 },
  pack: 8000,
  validation: { share: 0.02, by: "documents" },
};

/** A source of random numbers. */
export class Dice {
  readonly #seed: number;
  #index = 0;

  constructor(seed: number) {
    this.#seed = deriveSeed(seed, "dice");
  }

  /** Below n. */
  below(n: number): number {
    return Math.floor((randomBits(this.#seed, this.#index++) >>> 0) / 2 ** 32 * n);
  }

  chance(p: number): boolean {
    return this.below(1e6) < p * 1e6;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

/** Sentences out of pairs of words that stand side by side in a text: a Markov chain of the first order. */
export class Chain {
  readonly #next = new Map<string, string[]>();

  constructor(text: string) {
    const words = text.split(/\s+/);
    for (let i = 0; i + 1 < words.length; i++) {
      const next = this.#next.get(words[i]);
      if (next) next.push(words[i + 1]);
      else this.#next.set(words[i], [words[i + 1]]);
    }
  }

  /** Of the prose that ships with the project. */
  static async ofProse(): Promise<Chain> {
    const folder = new URL("../../../data/raw", import.meta.url).pathname;
    const texts: string[] = [];
    for await (const { name } of Deno.readDir(folder)) {
      texts.push(await Deno.readTextFile(join(folder, name)));
    }
    return new Chain(texts.sort().join("\n").replace(/^\*+$/gm, ""));
  }

  /** Paragraphs, parted by empty lines. */
  document(dice: Dice, paragraphs: number): string {
    let word = dice.pick([...this.#next.keys()].slice(0, 2000));
    return Array.from({ length: paragraphs }, () => {
      const words: string[] = [];
      while (words.length < 40 || !/[.!?]$/.test(words.at(-1)!) && words.length < 120) {
        word = dice.pick(this.#next.get(word) ?? ["La"]);
        words.push(word);
      }
      return words.join(" ");
    }).join("\n\n");
  }
}

/** The text with a share of its characters replaced by letters. */
export function alter(text: string, share: number, dice: Dice): string {
  const letters = "abcdefghijklmnopqrstuvwxyz ";
  return [...text].map((c) => dice.chance(share) ? letters[dice.below(letters.length)] : c).join("");
}

/** A text in UTF-8 and in UTF-16, which is what rules and fingerprints look at. */
export function encodings(text: string): { bytes: Uint8Array; units: Uint16Array } {
  return {
    bytes: new TextEncoder().encode(text),
    units: Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
  };
}

export function addText(fingerprinter: Fingerprinter, text: string): void {
  const { bytes, units } = encodings(text);
  fingerprinter.add(bytes, units);
}
