/** Means over seeds, and their spread. */

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The sample standard deviation, √(Σ(x - mean)² / (n - 1)); null for fewer than two values. */
export function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  return Math.sqrt(squares(values) / (values.length - 1));
}

/**
 * The standard deviation within groups that may have different means, √(ΣΣ(x - mean of its group)² / Σ(n - 1)): the
 * spread between seeds, estimated from all variants together. Null if no group has two values.
 */
export function pooledDeviation(groups: readonly (readonly number[])[]): number | null {
  const freedom = groups.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0);
  if (freedom === 0) return null;
  return Math.sqrt(groups.reduce((sum, group) => sum + squares(group), 0) / freedom);
}

function squares(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, x) => sum + (x - middle) ** 2, 0);
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1));
}
