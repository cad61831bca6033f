/**
 * Learns merges (Sennrich et al., arXiv:1508.07909): repeatedly makes the commonest pair of neighbours one token. Each
 * merge updates the counts of the pairs that it changes, and a heap finds the commonest pair.
 */
import { BinaryHeap } from "@std/data-structures/binary-heap";
import { beat } from "../pulse.ts";

/** A word as the ids of its symbols, and how often it occurs. A symbol below 0 is never merged. */
export interface Word {
  readonly symbols: number[];
  readonly count: number;
}

interface Pair {
  readonly a: number;
  readonly b: number;
  count: number;
  /** Indices of words that may contain it. */
  readonly words: number[];
}

interface Candidate {
  readonly pair: Pair;
  /** The pair's count when this candidate was put on the heap. */
  readonly count: number;
}

const before = (x: Candidate, y: Candidate) =>
  y.count - x.count || x.pair.a - y.pair.a || x.pair.b - y.pair.b;

/** Ids are below this. */
const MOST_TOKENS = 2 ** 22;

/**
 * Learns merges until there are `size` tokens or no pair occurs twice. Adds to `tokens`, and merges the words' symbols.
 * @param tokens the symbols by id
 * @param join returns the spelling of the token made of two
 */
export function learnMerges(
  words: readonly Word[],
  tokens: string[],
  size: number,
  join: (a: string, b: string) => string,
): [string, string][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const pairs = new Map<number, Pair>();
  const add = (a: number, b: number, count: number, word: number): Pair | null => {
    if (a < 0 || b < 0) return null;
    const key = a * MOST_TOKENS + b;
    let pair = pairs.get(key);
    if (!pair) pairs.set(key, pair = { a, b, count: 0, words: [] });
    pair.count += count;
    if (count > 0 && pair.words.at(-1) !== word) pair.words.push(word);
    return pair;
  };
  words.forEach(({ symbols, count }, word) => {
    beat();
    for (let i = 0; i + 1 < symbols.length; i++) add(symbols[i], symbols[i + 1], count, word);
  });
  const heap = new BinaryHeap<Candidate>(before);
  for (const pair of pairs.values()) heap.push({ pair, count: pair.count });

  const merges: [string, string][] = [], merged = new Set<number>();
  while (tokens.length < size) {
    beat();
    const best = heap.pop();
    if (!best || best.count < 2) break;
    const { pair } = best;
    if (pair.count !== best.count) {
      if (pair.count > 1 && pair.count < best.count) heap.push({ pair, count: pair.count });
      continue;
    }
    const { a, b } = pair;
    const token = join(tokens[a], tokens[b]);
    let id = ids.get(token);
    if (id === undefined) {
      ids.set(token, id = tokens.length);
      tokens.push(token);
    }
    const key = a * MOST_TOKENS + b;
    // If a token arises in two ways, a pair that was merged before can occur again.
    if (!merged.has(key)) merges.push([tokens[a], tokens[b]]);
    merged.add(key);
    const grown = new Set<Pair>();
    for (const word of pair.words) {
      const { symbols, count } = words[word];
      mergeIn(symbols, pair, id, (x, y, sign) => {
        const changed = add(x, y, sign * count, word);
        if (changed && sign > 0) grown.add(changed);
      });
    }
    pair.count = 0;
    pairs.delete(key);
    for (const pair of grown) if (pair.count > 1) heap.push({ pair, count: pair.count });
  }
  return merges;
}

/** Replaces every `a b` among the symbols by `id`, and calls `change` for each pair that is added or removed. */
function mergeIn(
  symbols: number[],
  { a, b }: Pair,
  id: number,
  change: (x: number, y: number, sign: 1 | -1) => void,
): void {
  let n = 0;
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] !== a || symbols[i + 1] !== b) {
      symbols[n++] = symbols[i];
      continue;
    }
    if (n > 0) {
      change(symbols[n - 1], a, -1);
      change(symbols[n - 1], id, 1);
    }
    if (i + 2 < symbols.length) {
      change(b, symbols[i + 2], -1);
      change(id, symbols[i + 2], 1);
    }
    symbols[n++] = id;
    i++;
  }
  symbols.length = n;
}
