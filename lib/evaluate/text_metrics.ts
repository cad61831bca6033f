/** Figures on texts: how close an answer is to the expected one, and how repetitive a text is. */

/** Normalises answers for comparison: lower case, single spaces, no marks at either end. */
export function normalizeAnswer(text: string): string {
  return text.normalize("NFC").toLowerCase().replace(/\s+/g, " ").replace(/^[\s¿¡«"]+|[\s.!?»"]+$/g, "");
}

/**
 * Whether words occur in a text as whole words, in any case: "Ana" does not occur in "mañana", nor "s-o-l" in
 * "s-o-l-a".
 */
export function mentions(text: string, words: string): boolean {
  const plain = (written: string) => written.normalize("NFC").toLowerCase().replace(/\s+/g, " ");
  const whole = RegExp.escape(plain(words));
  return new RegExp(`(?<![\\p{L}\\p{N}])(?<![\\p{L}\\p{N}]-)${whole}(?!-?[\\p{L}\\p{N}])`, "u").test(
    plain(text),
  );
}

function ngrams(items: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= items.length; i++) {
    const gram = items.slice(i, i + n).join("\u0000");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/**
 * chrF, the F-score of character n-grams (Popović, 2015, aclanthology.org/W15-3049), in [0, 1]: n from 1 to 6, with
 * recall weighted β = 2 times as much as precision. Spaces are ignored, and so are values of n for which both texts are
 * too short.
 */
export function chrf(hypothesis: string, reference: string, order = 6, beta = 2): number {
  const characters = (text: string) => [...text.normalize("NFC").replace(/\s/g, "")];
  const ours = characters(hypothesis), theirs = characters(reference);
  let precision = 0, recall = 0, orders = 0;
  for (let n = 1; n <= order; n++) {
    const made = ngrams(ours, n), wanted = ngrams(theirs, n);
    const total = (counts: Map<string, number>) => counts.values().reduce((a, b) => a + b, 0);
    if (total(made) === 0 && total(wanted) === 0) break;
    const common = made.entries().reduce((sum, [gram, k]) => sum + Math.min(k, wanted.get(gram) ?? 0), 0);
    precision += common / Math.max(1, total(made));
    recall += common / Math.max(1, total(wanted));
    orders++;
  }
  if (orders === 0) return 1; // two empty texts
  [precision, recall] = [precision / orders, recall / orders];
  const weight = beta ** 2;
  return precision + recall === 0 ? 0 : (1 + weight) * precision * recall / (weight * precision + recall);
}

export const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** distinct-n (Li et al., arXiv:1510.03055): the number of different word n-grams, divided by the number of all. */
export function distinct(texts: readonly string[], n: number): number {
  const seen = new Set<string>();
  let all = 0;
  for (const text of texts) {
    for (const [gram, k] of ngrams(wordsOf(text), n)) {
      seen.add(gram);
      all += k;
    }
  }
  return all === 0 ? 0 : seen.size / all;
}

/** The share of word 4-grams that occurred earlier in the same text. */
export function repetition(texts: readonly string[]): number {
  let repeated = 0, all = 0;
  for (const text of texts) {
    for (const k of ngrams(wordsOf(text), 4).values()) {
      all += k;
      repeated += k - 1;
    }
  }
  return all === 0 ? 0 : repeated / all;
}
