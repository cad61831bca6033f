/**
 * Learns a unigram vocabulary (Kudo, arXiv:1804.10959, section 3.2): starts with many frequent substrings, then
 * alternates between expectation maximisation of their probabilities and removal of those that matter least. Constants
 * are SentencePiece's.
 */
import { beat } from "../pulse.ts";
import { Unigram } from "./unigram_model.ts";

/** Substrings are taken from this many of the commonest words; rarer words would only take memory. */
const SEEDING_WORDS = 300_000;
/** Characters of the longest token. */
const LONGEST_TOKEN = 16;
/** The most substrings to start with. */
const SEEDS = 2 ** 18;
/** The share of the tokens that a round keeps, and its passes of expectation maximisation. */
const KEPT = 0.75, PASSES = 2;
/** A token that is expected less often goes. Bytes stay, as if they were expected so often. */
const RARE = 0.5;
/** Rounds end with this many times the wanted number of tokens; the most probable of them are kept. */
const SPARE = 1.1;

export interface ScoredToken {
  readonly bytes: Uint8Array;
  /** The natural logarithm of its probability. */
  readonly score: number;
}

interface Word {
  readonly bytes: Uint8Array;
  readonly count: number;
}

const encoder = new TextEncoder();

/**
 * All 256 bytes and the most useful substrings, the most probable first.
 * @param words with their counts, the commonest first
 * @param size number of tokens, at least 256
 */
export function learnUnigram(words: readonly (readonly [string, number])[], size: number): ScoredToken[] {
  const spelled = words.map(([word, count]) => ({ bytes: encoder.encode(word), count }));
  const seeds = frequentSubstrings(words);
  let tokens: ScoredToken[] = [
    ...Array.from({ length: 256 }, (_, byte) => ({ bytes: Uint8Array.of(byte), weight: 1 })),
    ...seeds.map(([part, count]) => ({ bytes: encoder.encode(part), weight: count * part.length })),
  ].map(({ bytes, weight }) => ({ bytes, score: Math.log(weight) }));
  const sum = Math.log(tokens.reduce((sum, { score }) => sum + Math.exp(score), 0));
  tokens = tokens.map(({ bytes, score }) => ({ bytes, score: score - sum }));
  const enough = Math.max(256, Math.ceil(SPARE * size));
  for (;;) {
    for (let pass = 0; pass < PASSES; pass++) tokens = maximise(tokens, expectedCounts(tokens, spelled));
    if (tokens.length <= enough) break;
    tokens = prune(tokens, spelled, Math.max(enough, Math.floor(KEPT * tokens.length)));
  }
  const best = tokens.filter(({ bytes }) => bytes.length > 1).sort((a, b) => b.score - a.score);
  const chosen = [...tokens.filter(({ bytes }) => bytes.length === 1), ...best.slice(0, size - 256)];
  return chosen.sort((a, b) => b.score - a.score);
}

/**
 * The commonest substrings of words. Goes through lengths in increasing order, because a substring can only be common
 * if it is still common without its first or its last character.
 */
function frequentSubstrings(words: readonly (readonly [string, number])[]): [string, number][] {
  const seeds: [string, number][] = [];
  /** `common` marks where common substrings of the previous length begin. */
  const texts = words.slice(0, SEEDING_WORDS).map(([word, count]) => {
    const characters = [...word];
    return { characters, count, common: new Uint8Array(characters.length).fill(1) };
  });
  for (let length = 2; length <= LONGEST_TOKEN; length++) {
    const each = (visit: (part: string, text: typeof texts[number], at: number) => void) => {
      for (const text of texts) {
        beat();
        for (let at = 0; at + length <= text.characters.length; at++) {
          if (!text.common[at] || !text.common[at + 1]) text.common[at] = 0;
          else visit(text.characters.slice(at, at + length).join(""), text, at);
        }
      }
    };
    const counts = new Map<string, number>();
    each((part, { count }) => counts.set(part, (counts.get(part) ?? 0) + count));
    const found = [...counts].filter(([, n]) => n > 1).sort(([, m], [, n]) => n - m).slice(0, SEEDS);
    if (found.length === 0) break;
    const kept = new Set(found.map(([part]) => part));
    each((part, { common }, at) => common[at] = Number(kept.has(part)));
    for (const seed of found) seeds.push(seed);
  }
  return seeds.sort(([a, m], [b, n]) => n * b.length - m * a.length).slice(0, SEEDS);
}

/** The most bytes of a piece, and the most tokens that can be found in it. */
const MOST_BYTES = 512, MOST_EDGES = MOST_BYTES * 4 * LONGEST_TOKEN;

/**
 * How often each token is expected in the text, averaged over all ways to cut its words: the forward-backward algorithm
 * on the lattice of each word.
 */
function expectedCounts(tokens: readonly ScoredToken[], words: readonly Word[]): Float64Array {
  const { trie } = new Unigram(tokens.map(({ bytes }) => bytes), new Float64Array());
  // Probabilities are multiplied by a constant per byte, so that products stay near 1; it cancels out.
  const probabilities = Float64Array.from(tokens, ({ bytes, score }) => Math.exp(score + 2 * bytes.length));
  const expected = new Float64Array(tokens.length);
  const forward = new Float64Array(MOST_BYTES + 1), backward = new Float64Array(MOST_BYTES + 1);
  const edgeFrom = new Int32Array(MOST_EDGES), edgeTo = new Int32Array(MOST_EDGES);
  const edgeToken = new Int32Array(MOST_EDGES);
  for (const { bytes, count } of words) {
    beat();
    const n = bytes.length;
    let edges = 0;
    forward.fill(0, 0, n + 1);
    backward.fill(0, 0, n + 1);
    forward[0] = backward[n] = 1;
    for (let from = 0; from < n; from++) {
      for (let node = 0, to = from; to < n;) {
        node = trie.child(node, bytes[to++]);
        if (node < 0) break;
        const token = trie.token(node);
        if (token < 0) continue;
        forward[to] += forward[from] * probabilities[token];
        edgeFrom[edges] = from;
        edgeTo[edges] = to;
        edgeToken[edges++] = token;
      }
    }
    const scale = count / forward[n];
    // Skip a word that is so improbable that its probability underflowed to 0.
    if (!Number.isFinite(scale)) continue;
    for (let i = edges - 1; i >= 0; i--) {
      const token = edgeToken[i];
      const rest = probabilities[token] * backward[edgeTo[i]];
      expected[token] += scale * forward[edgeFrom[i]] * rest;
      backward[edgeFrom[i]] += rest;
    }
  }
  return expected;
}

/** New scores from the expected counts. The digamma function makes rare tokens rarer (SentencePiece's Bayesian EM). */
function maximise(tokens: readonly ScoredToken[], expected: Float64Array): ScoredToken[] {
  const kept = tokens.map(({ bytes }, i) => ({ bytes, count: expected[i] }))
    .filter(({ bytes, count }) => bytes.length === 1 || count >= RARE)
    .map(({ bytes, count }) => ({ bytes, count: Math.max(RARE, count) }));
  const sum = digamma(kept.reduce((sum, { count }) => sum + count, 0));
  return kept.map(({ bytes, count }) => ({ bytes, score: digamma(count) - sum }));
}

/** The derivative of the logarithm of the gamma function, by its asymptotic series. */
function digamma(x: number): number {
  let below = 0;
  for (; x < 7; x++) below += 1 / x;
  const y = x - 0.5, z = 1 / (y * y);
  return Math.log(y) + z / 24 - 7 * z ** 2 / 960 + 31 * z ** 3 / 8064 - 127 * z ** 4 / 30720 - below;
}

/** Keeps `most` tokens: the bytes, and the tokens whose removal would lower the text's likelihood most. */
function prune(tokens: readonly ScoredToken[], words: readonly Word[], most: number): ScoredToken[] {
  const scores = Float64Array.from(tokens, ({ score }) => score);
  const model = new Unigram(tokens.map(({ bytes }) => bytes), scores);
  const uses = new Float64Array(tokens.length);
  let sum = 0;
  for (const { bytes, count } of words) {
    beat();
    for (const token of model.encode(bytes)) {
      uses[token] += count;
      sum += count;
    }
  }
  const losses: { token: ScoredToken; loss: number }[] = [];
  tokens.forEach((token, id) => {
    if (token.bytes.length === 1 || uses[id] === 0) return;
    // Without the token, each of its uses becomes one of every token that then spells it.
    const others = model.encode(token.bytes, id);
    const used = uses[id], sumWithout = Math.log(sum + used * (others.length - 1));
    const without = others.reduce((log, other) => log + Math.log(uses[other] + used) - sumWithout, 0);
    losses.push({ token, loss: used * (Math.log(used / sum) - without) });
  });
  losses.sort((a, b) => b.loss - a.loss);
  return [
    ...tokens.filter(({ bytes }) => bytes.length === 1),
    ...losses.slice(0, most - 256).map(({ token }) => token),
  ];
}
