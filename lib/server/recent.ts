/** Recent answers, which clients may refer to by id instead of sending them back. */

/** UTF-16 units of all texts together: 8 MiB. */
const MOST_TEXT = 2 ** 22;

export class RecentAnswers {
  /** The oldest first. */
  readonly #texts = new Map<string, string>();
  #length = 0;

  /** Keeps a text until newer ones take its place. */
  remember(id: string, text: string): void {
    this.#texts.set(id, text);
    // Even an empty entry takes memory.
    const cost = (text: string) => text.length + 100;
    this.#length += cost(text);
    for (const [oldest, text] of this.#texts) {
      if (this.#length <= MOST_TEXT) break;
      this.#texts.delete(oldest);
      this.#length -= cost(text);
    }
  }

  recall(id: string): string | undefined {
    return this.#texts.get(id);
  }
}
