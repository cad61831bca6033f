/** Choosing the next token from logits. */
export interface Sampling {
  /** 0 always takes the most probable token. */
  readonly temperature: number;
  /** Only the k most probable tokens; 0 for all. */
  readonly topK: number;
}

/** @param draw uniform in [0, 1) */
export function sampleToken(logits: Float32Array, { temperature, topK }: Sampling, draw: number): number {
  if (temperature === 0) return logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const weights = kept.map((id) => Math.exp((logits[id] - logits[kept[0]]) / temperature));
  let left = draw * weights.reduce((a, b) => a + b, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return kept[i];
  }
  return kept.at(-1)!;
}
