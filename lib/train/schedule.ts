/** The learning rate: a linear warmup, then half a cosine down to a floor (Loshchilov and Hutter, 2016). */
export interface Schedule {
  readonly lr: number;
  readonly min_lr: number;
  /** Steps of warmup. */
  readonly warmup: number;
  readonly steps: number;
}

/** @param step from 1 */
export function learningRate(step: number, { lr, min_lr, warmup, steps }: Schedule): number {
  if (step <= warmup) return lr * step / warmup;
  const share = (step - warmup) / Math.max(1, steps - warmup);
  return min_lr + (lr - min_lr) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, share)));
}
