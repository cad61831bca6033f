/** A prefix tree over bytes, in typed arrays: finds all tokens that begin at a position in a text. */
export class Trie {
  /** Open addressing: the key is node * 256 + byte + 1; 0 marks an empty slot. */
  #keys: Float64Array;
  #children: Int32Array;
  /** The token that ends at a node, or -1. Node 0 is the root. */
  #tokens: Int32Array;
  #nodes = 1;

  /** @param tokens bytes by id; null for tokens that must not be found */
  constructor(tokens: readonly (Uint8Array | null)[]) {
    const most = 1 + tokens.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0);
    const slots = 2 ** Math.ceil(Math.log2(2 * most + 1));
    this.#keys = new Float64Array(slots);
    this.#children = new Int32Array(slots);
    this.#tokens = new Int32Array(most).fill(-1);
    tokens.forEach((bytes, id) => {
      if (!bytes) return;
      let node = 0;
      for (const byte of bytes) node = this.#insert(node, byte);
      this.#tokens[node] = id;
    });
  }

  #slot(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = Math.imul(key, 0x9e3779b1) >>> 7 & mask;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) slot = slot + 1 & mask;
    return slot;
  }

  #insert(node: number, byte: number): number {
    const key = node * 256 + byte + 1;
    const slot = this.#slot(key);
    if (this.#keys[slot] === 0) {
      this.#keys[slot] = key;
      this.#children[slot] = this.#nodes++;
    }
    return this.#children[slot];
  }

  /** The node that a byte leads to, or -1. */
  child(node: number, byte: number): number {
    const key = node * 256 + byte + 1;
    const slot = this.#slot(key);
    return this.#keys[slot] === 0 ? -1 : this.#children[slot];
  }

  /** The id of the token that ends at a node, or -1. */
  token(node: number): number {
    return this.#tokens[node];
  }
}
