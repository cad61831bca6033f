/** A unigram language model of tokens over bytes: cuts a piece so that the product of probabilities is largest. */
import { Trie } from "./trie.ts";

export class Unigram {
  readonly trie: Trie;
  readonly #scores: Float64Array;
  /** For each position in the piece: the best score up to it, the token that ends there, and where that begins. */
  #best = new Float64Array(0);
  #token = new Int32Array(0);
  #begin = new Int32Array(0);

  /**
   * @param tokens bytes by id; null for tokens that are never used
   * @param scores the natural logarithms of their probabilities
   */
  constructor(tokens: readonly (Uint8Array | null)[], scores: Float64Array) {
    this.trie = new Trie(tokens);
    this.#scores = scores;
  }

  /**
   * The most probable tokens of a piece; none if the tokens cannot spell it.
   * @param without a token that must not be used
   */
  encode(bytes: Uint8Array, without = -1): number[] {
    const n = bytes.length;
    if (this.#best.length <= n) {
      this.#best = new Float64Array(2 * n + 1);
      this.#token = new Int32Array(2 * n + 1);
      this.#begin = new Int32Array(2 * n + 1);
    }
    const best = this.#best, trie = this.trie, scores = this.#scores;
    best.fill(-Infinity, 1, n + 1);
    best[0] = 0;
    for (let from = 0; from < n; from++) {
      for (let node = 0, to = from; to < n;) {
        node = trie.child(node, bytes[to++]);
        if (node < 0) break;
        const token = trie.token(node);
        if (token < 0 || token === without) continue;
        const score = best[from] + scores[token];
        // If scores are equal, the longer last token is kept, as in Hugging Face's library.
        if (score <= best[to]) continue;
        best[to] = score;
        this.#token[to] = token;
        this.#begin[to] = from;
      }
    }
    const ids: number[] = [];
    if (best[n] === -Infinity) return ids;
    for (let end = n; end > 0; end = this.#begin[end]) ids.push(this.#token[end]);
    return ids.reverse();
  }
}
