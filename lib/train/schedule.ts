/** The learning rate and the weight decay at each step. */

export interface Schedule {
  /** The highest learning rate. */
  readonly lr: number;
  /** The learning rate of the last step. */
  readonly min_lr: number;
  /** Steps of linear warmup. */
  readonly warmup: number;
  readonly steps: number;
  /** What follows the warmup; a cosine by default. */
  readonly shape?: ScheduleShape;
}

export interface ScheduleShape {
  /** Half a cosine (Loshchilov and Hutter, 2016), or warmup-stable-decay (Hu et al., arXiv:2404.06395). */
  readonly kind: "cosine" | "wsd";
  /** For wsd: the share of steps, at the end, in which the rate falls. */
  readonly decay: number;
  readonly weight_decay: "constant" | "linear" | "lr";
  /** For linear: the factor of the weight decay at the last step. */
  readonly weight_decay_end: number;
}

/**
 * A linear warmup, then half a cosine, or a constant rate that falls at the end like 1 - √x from x = 0 to 1. Of the
 * shapes that Hägele et al. (arXiv:2405.18392) compared, 1 - √x gave the lowest loss.
 * @param step from 1
 */
export function learningRate(step: number, schedule: Schedule): number {
  const { lr, min_lr, warmup, steps, shape } = schedule;
  if (step <= warmup) return lr * step / warmup;
  if (shape?.kind === "wsd") {
    const stable = stableSteps(schedule);
    if (step <= stable) return lr;
    return min_lr + (lr - min_lr) * (1 - Math.sqrt(Math.min(1, (step - stable) / (steps - stable))));
  }
  const share = (step - warmup) / Math.max(1, steps - warmup);
  return min_lr + (lr - min_lr) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, share)));
}

/** For wsd: the last step before the learning rate falls. */
export function stableSteps({ warmup, steps, shape }: Schedule): number {
  const falling = Math.max(1, Math.round((shape?.decay ?? 0) * steps));
  return Math.min(steps, Math.max(warmup, steps - falling));
}

/**
 * The factor of the weight decay: 1, a line from 1 to an end value, or the learning rate divided by its highest value.
 * AdamW also multiplies the decay by the learning rate.
 * @param step from 1
 */
export function weightDecayFactor(step: number, schedule: Schedule): number {
  const { lr, steps, shape } = schedule;
  if (!shape || shape.weight_decay === "constant") return 1;
  if (shape.weight_decay === "lr") return learningRate(step, schedule) / lr;
  const share = (step - 1) / Math.max(1, steps - 1);
  return 1 + (shape.weight_decay_end - 1) * share;
}

/** How two presets differ, for a run that has already made some steps. */
interface Change<P> {
  /** Dotted keys. */
  readonly keys: readonly string[];
  readonly before: P;
  readonly now: P;
  readonly step: number;
}

/** Keys of a training's section that affect nothing but the schedule. */
const SCHEDULE_KEY = /^(?:steps|warmup|lr|min_lr|schedule\.\w+)$/;

/**
 * Whether an interrupted training may go on with another schedule: nothing else differs, and the steps so far are the
 * same.
 * @param scheduleOf a preset's schedule, or null if it does not follow from the preset alone
 */
export function mayFollow<P>(
  section: string,
  { keys, before, now, step }: Change<P>,
  scheduleOf: (preset: P) => Schedule | null,
): boolean {
  const isSchedule = (key: string) =>
    key.startsWith(`${section}.`) && SCHEDULE_KEY.test(key.slice(section.length + 1));
  const a = scheduleOf(before), b = scheduleOf(now);
  return keys.every(isSchedule) && !!a && !!b && step < b.steps && agreeUntil(step, a, b);
}

/** Whether two schedules agree on every step up to the given one, so that a training may switch between them there. */
export function agreeUntil(step: number, a: Schedule, b: Schedule): boolean {
  for (let t = 1; t <= step; t++) {
    if (learningRate(t, a) !== learningRate(t, b)) return false;
    if (weightDecayFactor(t, a) !== weightDecayFactor(t, b)) return false;
  }
  return true;
}
