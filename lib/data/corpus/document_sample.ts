/** A random sample of whole documents from a series of any length: each gets a random key, and the lowest stay. */
import { deriveSeed, uniform } from "../../tensor/random.ts";

export class DocumentSample {
  readonly #seed: number;
  readonly #wanted: number;
  #offered = 0;
  /** Sorted by key. */
  readonly #drawn: { readonly key: number; readonly text: string }[] = [];
  #characters = 0;

  /** @param wanted characters: the sample has just enough documents to reach this; a longer document is cut */
  constructor(seed: number, wanted: number) {
    this.#seed = deriveSeed(seed, "document-sample");
    this.#wanted = wanted;
  }

  /** `make` is called only if the document is drawn. */
  offer(make: () => string): void {
    const key = uniform(this.#seed, this.#offered++);
    if (this.#characters >= this.#wanted && key > this.#drawn.at(-1)!.key) return;
    const text = make().slice(0, this.#wanted);
    const after = this.#drawn.findIndex((other) => other.key > key);
    this.#drawn.splice(after < 0 ? this.#drawn.length : after, 0, { key, text });
    this.#characters += text.length;
    for (;;) {
      const { length } = this.#drawn.at(-1)!.text;
      if (this.#characters - length < this.#wanted) break;
      this.#drawn.pop();
      this.#characters -= length;
    }
  }

  texts(): string[] {
    return this.#drawn.map(({ text }) => text);
  }
}
