/** Multinomial naive Bayes on words: the baseline that a classifier of texts has to beat. */

const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/**
 * Learns word counts per label, and returns a function that predicts a text's most probable label. Every count
 * is raised by one (Laplace); words that were never seen are ignored.
 */
export function naiveBayes(
  examples: readonly { readonly text: string; readonly label: string }[],
): (text: string) => string {
  const classes = new Map<string, { texts: number; words: number; counts: Map<string, number> }>();
  const vocabulary = new Set<string>();
  for (const { text, label } of examples) {
    const own = classes.get(label) ?? { texts: 0, words: 0, counts: new Map<string, number>() };
    classes.set(label, own);
    own.texts++;
    for (const word of words(text)) {
      vocabulary.add(word);
      own.words++;
      own.counts.set(word, (own.counts.get(word) ?? 0) + 1);
    }
  }
  return (text) => {
    const known = words(text).filter((word) => vocabulary.has(word));
    let best = "", highest = -Infinity;
    for (const [label, { texts, words: total, counts }] of classes) {
      let score = Math.log(texts / examples.length);
      for (const word of known) {
        score += Math.log(((counts.get(word) ?? 0) + 1) / (total + vocabulary.size));
      }
      if (score > highest) [best, highest] = [label, score];
    }
    return best;
  };
}
