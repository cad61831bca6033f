/** What changes from step to step: the learning rate, and the weight decay. */

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
  /** Of wsd: the share of all steps in which the rate falls, the last ones. */
  readonly decay: number;
  readonly weight_decay: "constant" | "linear" | "lr";
  /** Of linear: the factor of the weight decay at the last step. */
  readonly weight_decay_end: number;
}

/**
 * A linear warmup, then half a cosine, or a constant rate that falls at the end as 1 - √x does from 1 to 0. Of the
 * shapes that Hägele et al. (arXiv:2405.18392) compared, that one gave the lowest loss.
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

/** Of wsd: the last step before the learning rate falls. */
export function stableSteps({ warmup, steps, shape }: Schedule): number {
  const falling = Math.max(1, Math.round((shape?.decay ?? 0) * steps));
  return Math.min(steps, Math.max(warmup, steps - falling));
}

/**
 * The factor of the weight decay: 1, a straight line from 1 to an end value, or the learning rate's share of its
 * highest value. AdamW multiplies the decay by the learning rate besides.
 * @param step from 1
 */
export function weightDecayFactor(step: number, schedule: Schedule): number {
  const { lr, steps, shape } = schedule;
  if (!shape || shape.weight_decay === "constant") return 1;
  if (shape.weight_decay === "lr") return learningRate(step, schedule) / lr;
  const share = (step - 1) / Math.max(1, steps - 1);
  return 1 + (shape.weight_decay_end - 1) * share;
}

/** What differs between two presets for a run of which so many steps are made. */
interface Change<P> {
  /** Dotted keys. */
  readonly keys: readonly string[];
  readonly before: P;
  readonly now: P;
  readonly step: number;
}

/** Keys of a training's section from which nothing but the schedule follows. */
const SCHEDULE_KEY = /^(?:steps|warmup|lr|min_lr|schedule\.\w+)$/;

/**
 * Whether an interrupted training may go on by another schedule: nothing else differs, and none of the steps so far does.
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

/** Whether two schedules give each step up to one the same, so that a training could have gone by either so far. */
export function agreeUntil(step: number, a: Schedule, b: Schedule): boolean {
  for (let t = 1; t <= step; t++) {
    if (learningRate(t, a) !== learningRate(t, b)) return false;
    if (weightDecayFactor(t, a) !== weightDecayFactor(t, b)) return false;
  }
  return true;
}
