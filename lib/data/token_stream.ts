/** Encoded documents, one after another, from which batches are cut. */

/** In memory, or in a file of any size (`Shard`). */
export interface TokenStream {
  /** Tokens in all. */
  readonly length: number;
  /** Fills `into` with the tokens from position `from` on. The stream must have that many. */
  read(from: number, into: Uint32Array): void;
}

export function inMemory(tokens: Uint32Array): TokenStream {
  const { length } = tokens;
  return { length, read: (from, into) => into.set(tokens.subarray(from, from + into.length)) };
}
