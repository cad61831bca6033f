/**
 * How varied the text is that is kept: different words and runs of words, documents that begin alike, and how well
 * it can be compressed. Documents that are repeated by weight count once. Memory does not grow with the text.
 */
import { Units } from "./characters.ts";
import { Compression, type CompressionReport } from "./compression.ts";
import { DocumentSample } from "./document_sample.ts";
import type { Rendered } from "./digest.ts";
import { ExternalSort } from "./external_sort.ts";
import { type NgramReport, Ngrams } from "./ngrams.ts";

export interface VarietyReport {
  /** Of all the text; what is distinct is estimated, with a standard error of 0.4 %. */
  readonly ngrams: NgramReport;
  /** The same of a sample of at most 100,000 words, so that texts of any length can be compared. */
  readonly sample: NgramReport;
  /** Documents, and those among them whose first four words are those of another. */
  readonly openings: { readonly documents: number; readonly shared: number };
  /** Documents that were compared, and those dropped as near duplicates; null if none were looked for. */
  readonly near: { readonly compared: number; readonly dropped: number } | null;
  readonly compression: CompressionReport;
}

/** Words of the sample, and characters that surely have as many. */
const SAMPLE_WORDS = 100_000, SAMPLE_CHARACTERS = 1_000_000;

export class Variety {
  readonly #ngrams = new Ngrams();
  readonly #sample: DocumentSample;
  readonly #openings: ExternalSort;
  #documents = 0;
  readonly #compression: Compression;

  /**
   * @param folder of temporary files, which whoever made it removes
   * @param characters that will come
   */
  constructor(folder: string, seed: number, characters: number) {
    this.#sample = new DocumentSample(seed, SAMPLE_CHARACTERS);
    this.#openings = new ExternalSort(folder, "openings", 1 << 17);
    this.#compression = new Compression(characters);
  }

  /** The next document may be drawn for the sample; `text` is called if it is. */
  offer(text: () => string): void {
    this.#sample.offer(text);
  }

  /** The next documents, as a thread rendered them. */
  async add({ text, openings }: Rendered): Promise<void> {
    for (let i = 0; i < openings.length; i += 2) this.#openings.add(openings[i], openings[i + 1]);
    this.#documents += openings.length / 2;
    await this.#compression.add(text);
  }

  /** What a thread has counted. */
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
