/** Decides which documents are trained on, how often, and which are held out. */
import { deriveSeed, uniform } from "../../tensor/random.ts";
import type { CorpusOptions } from "./options.ts";
import type { Counter } from "./tally.ts";

export type Part = "train" | "validation";

export interface Document {
  /** Its number among the documents that are kept. */
  readonly index: number;
  /** Its length in characters, and the number of its file. */
  readonly length: number;
  readonly file: number;
  readonly text: string;
}

/** A range of a document's characters, and the part that they go to. */
export interface Piece {
  readonly part: Part;
  readonly from: number;
  readonly to: number;
}

/**
 * Documents come in order, twice: first to be counted, then to be placed. In placing, each is held out with
 * probability (characters still wanted) / (characters still to come): Knuth, The Art of Computer Programming 2,
 * 3.4.2, algorithm S, by characters instead of records.
 */
export class Splitter {
  readonly #options: CorpusOptions["validation"];
  readonly #draws: number;
  readonly #weights: number;
  documents = 0;
  /** Rounds of placing: how often the most repeated document is trained on. */
  rounds = 1;
  #characters = 0;
  // Characters still to come, and how many of them are still to be held out.
  #left = 0;
  #wanted = 0;
  #placed = 0;
  #heldOut = 0;

  constructor(options: CorpusOptions, seed: number) {
    this.#options = options.validation;
    this.#draws = deriveSeed(seed, "split");
    this.#weights = deriveSeed(seed, "weights");
  }

  /** How often a document is trained on: with weight 2.5 twice, and a third time with probability 0.5. */
  #times(index: number, weight: number): number {
    return Math.floor(weight) + Number(uniform(this.#weights, index) < weight % 1);
  }

  count({ index, length }: Document, weight: number): void {
    const times = this.#times(index, weight);
    if (times === 0) return;
    this.documents++;
    this.rounds = Math.max(this.rounds, times);
    this.#characters += length;
    this.#left = this.#characters;
    this.#wanted = this.#options.share * this.#characters;
  }

  /** Characters of the documents counted, without repeats. */
  get characters(): number {
    return this.#characters;
  }

  get #byTail(): boolean {
    return this.#options.by === "tail" || this.documents < 2;
  }

  get how(): string {
    if (!this.#byTail) return "whole documents, drawn by seed";
    return this.#options.by === "documents"
      ? "the end of the text, as there is one document"
      : "the end of the text";
  }

  /**
   * Where a document goes; in two pieces if the training text ends within it.
   * @param round counts from 0; later rounds only repeat training documents
   */
  place(document: Document, weight: number, round: number, tally: Counter): Piece[] {
    const { index, length } = document;
    const times = this.#times(index, weight);
    if (times === 0) {
      if (round === 0) tally.add("weights", 1, length, document.text);
      return [];
    }
    if (round > 0 && this.#placed === this.documents) this.#rewind();
    this.#placed++;
    const pieces = this.#byTail ? this.#tail(length) : this.#draw(index, length);
    if (round === 0) return pieces;
    const repeated = round < times ? pieces.filter(({ part }) => part === "train") : [];
    for (const { from, to } of repeated) tally.add("repeats", 1, to - from);
    return repeated;
  }

  #rewind(): void {
    this.#placed = 0;
    this.#heldOut = 0;
    this.#left = this.#characters;
    this.#wanted = this.#options.share * this.#characters;
  }

  #draw(index: number, length: number): Piece[] {
    // At the last document, make sure that at least one is held out and at least one is not.
    const all = this.#heldOut === this.#placed - 1;
    const drawn = this.#placed === this.documents && (all || this.#heldOut === 0)
      ? !all
      : this.#chance(index);
    this.#left -= length;
    if (drawn) {
      this.#wanted -= length;
      this.#heldOut++;
    }
    return [{ part: drawn ? "validation" : "train", from: 0, to: length }];
  }

  #chance(index: number): boolean {
    return uniform(this.#draws, index) * this.#left < this.#wanted;
  }

  #tail(length: number): Piece[] {
    const before = this.#characters - this.#left;
    this.#left -= length;
    const left = Math.round((1 - this.#options.share) * this.#characters) - before;
    if (left >= length) return [{ part: "train", from: 0, to: length }];
    if (left <= 0) return [{ part: "validation", from: 0, to: length }];
    return [{ part: "train", from: 0, to: left }, { part: "validation", from: left, to: length }];
  }
}
