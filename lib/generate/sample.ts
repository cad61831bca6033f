/** Choosing the next token from logits. */
export interface Sampling {
  /** 0 always takes the most probable token. */
  readonly temperature: number;
  /** Only the k most probable tokens; 0 for all. */
  readonly topK: number;
  /** Only the most probable tokens that together reach this probability; 1 by default, for all. */
  readonly topP?: number;
}

/** @param draw uniform in [0, 1) */
export function sampleToken(logits: Float32Array, options: Sampling, draw: number): number {
  const { temperature, topK, topP = 1 } = options;
  if (temperature === 0) return logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  let kept = topK > 0 ? order.slice(0, topK) : order;
  const weights = kept.map((id) => Math.exp((logits[id] - logits[kept[0]]) / temperature));
  let total = weights.reduce((a, b) => a + b, 0);
  if (topP < 1) {
    // The nucleus (Holtzman et al., arXiv:1904.09751): at least one token.
    let reached = 0, n = 0;
    while (n < kept.length && reached < topP * total) reached += weights[n++];
    kept = kept.slice(0, Math.max(1, n));
    total = kept.reduce((sum, _, i) => sum + weights[i], 0);
  }
  let left = draw * total;
  for (const [i, id] of kept.entries()) {
    left -= weights[i];
    if (left < 0) return id;
  }
  return kept.at(-1)!;
}

export interface Candidate {
  readonly id: number;
  /** Natural logarithm of its probability, before temperature and cuts. */
  readonly logprob: number;
}

/** The chosen token and the `n` most probable ones, with their log-probabilities. */
export function candidates(
  logits: Float32Array,
  chosen: number,
  n: number,
): { own: Candidate; top: Candidate[] } {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const lse = highest + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - highest), 0));
  const of = (id: number) => ({ id, logprob: logits[id] - lse });
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  return { own: of(chosen), top: order.slice(0, n).map(of) };
}
