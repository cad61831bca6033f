/**
 * Measures how varied the kept text is: distinct words and runs of words, documents that begin alike, and how well
 * it compresses. Documents that are repeated by weight count once. Memory does not grow with the text.
 */
import { Units } from "./characters.ts";
import { Compression, type CompressionReport } from "./compression.ts";
import { DocumentSample } from "./document_sample.ts";
import type { Rendered } from "./digest.ts";
import { ExternalSort } from "./external_sort.ts";
import { type NgramReport, Ngrams } from "./ngrams.ts";

export interface VarietyReport {
  /** N-grams of all the text; the distinct counts are estimates with a standard error of 0.4 %. */
  readonly ngrams: NgramReport;
  /** The same for a sample of at most 100,000 words, so that texts of any length can be compared. */
  readonly sample: NgramReport;
  /** Documents, and how many of them share their first four words with another. */
  readonly openings: { readonly documents: number; readonly shared: number };
  /** Documents compared, and those dropped as near duplicates; null if near duplicates were not looked for. */
  readonly near: { readonly compared: number; readonly dropped: number } | null;
  readonly compression: CompressionReport;
}

/** Words of the sample, and characters that surely contain that many words. */
const SAMPLE_WORDS = 100_000, SAMPLE_CHARACTERS = 1_000_000;

export class Variety {
  readonly #ngrams = new Ngrams();
  readonly #sample: DocumentSample;
  readonly #openings: ExternalSort;
  #documents = 0;
  readonly #compression: Compression;

  /**
   * @param folder of temporary files; the caller removes it
   * @param characters of the text to come
   */
  constructor(folder: string, seed: number, characters: number) {
    this.#sample = new DocumentSample(seed, SAMPLE_CHARACTERS);
    this.#openings = new ExternalSort(folder, "openings", 1 << 17);
    this.#compression = new Compression(characters);
  }

  /** Offers the next document to the sample; `text` is called only if it is drawn. */
  offer(text: () => string): void {
    this.#sample.offer(text);
  }

  /** Adds the next documents, as rendered by a thread. */
  async add({ text, openings }: Rendered): Promise<void> {
    for (let i = 0; i < openings.length; i += 2) this.#openings.add(openings[i], openings[i + 1]);
    this.#documents += openings.length / 2;
    await this.#compression.add(text);
  }

  /** Adds the counts of a thread. */
  merge(parts: Ngrams["parts"]): void {
    this.#ngrams.merge(parts);
  }

  async report(near: VarietyReport["near"]): Promise<VarietyReport> {
    return {
      ngrams: this.#ngrams.report(),
      sample: this.#sampled(),
      openings: { documents: this.#documents, shared: this.#shared() },
      near,
      compression: await this.#compression.report(),
    };
  }

  #sampled(): NgramReport {
    const ngrams = new Ngrams(), units = new Units(), encoder = new TextEncoder();
    for (const text of this.#sample.texts()) ngrams.add(units.of(encoder.encode(text)), SAMPLE_WORDS);
    return ngrams.report();
  }

  #shared(): number {
    let shared = 0, alike = 0, last: readonly [number, number] = [-1, -1];
    this.#openings.drain((high, low) => {
      alike = high === last[0] && low === last[1] ? alike + 1 : 1;
      last = [high, low];
      if (alike > 1) shared += alike === 2 ? 2 : 1;
    });
    return shared;
  }
}
