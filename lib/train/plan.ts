/** Computes how many steps of training fit into a time, and how often to validate, sample and save. */
import { z } from "zod";

const natural = z.number().int().positive();
const whole = z.number().int().nonnegative();

export const Plan = z.object({
  steps: natural,
  warmup: whole,
  eval_every: whole,
  sample_every: whole,
  save_every: whole,
});
export type Plan = Readonly<z.infer<typeof Plan>>;

/** Used instead of a plan when parts of a training are only being measured. */
export const UNPLANNED: Plan = { steps: 1, warmup: 0, eval_every: 0, sample_every: 0, save_every: 0 };

/** The parts of a plan that a preset gives; the rest is derived. 0 means never. */
export type GivenPlan = { readonly [K in Exclude<keyof Plan, "steps">]?: number | undefined };

/** Seconds that each part of a training takes. */
export const Costs = z.object({
  step: z.number(),
  evaluation: z.number(),
  sample: z.number(),
  save: z.number(),
});
export type Costs = Readonly<z.infer<typeof Costs>>;

/** Warmup steps, if a preset does not say. */
export const WARMUP = 100;
/** The largest share of the steps that warmup takes. */
const WARMUP_SHARE = 0.2;

/** Unless a preset says: how often each part is done at most, and the largest share of the time for each part. */
const PARTS = { evaluation: 10, sample: 4, save: 10 };
const PART_SHARE = 0.05;

/**
 * The plan with the most steps that fits into the time.
 * @param seconds for everything, including validations, samples and saves
 * @returns null if not even one step fits
 */
export function planFor(seconds: number, costs: Costs, given: GivenPlan = {}): Plan | null {
  const planOf = (steps: number) => derivePlan(steps, { seconds, costs, given });
  const fits = (steps: number) => planSeconds(planOf(steps), costs) <= seconds;
  if (!fits(1)) return null;
  let most = 1, tooMany = Math.floor(seconds / costs.step) + 1;
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (fits(middle)) most = middle;
    else tooMany = middle;
  }
  return planOf(most);
}

/** Seconds that a plan takes, assuming that every validation finds a new best checkpoint, which is then saved. */
export function planSeconds(plan: Plan, { step, evaluation, sample, save }: Costs): number {
  const { steps, eval_every, sample_every, save_every } = plan;
  const times = (every: number) => every === 0 ? 0 : Math.ceil(steps / every);
  return steps * step + times(eval_every) * (evaluation + save) + times(sample_every) * sample +
    Math.max(1, times(save_every)) * save;
}

function derivePlan(
  steps: number,
  { seconds, costs, given }: { readonly seconds: number; readonly costs: Costs; readonly given: GivenPlan },
): Plan {
  const every = (cost: number, most: number) => {
    const affordable = Math.floor(PART_SHARE * seconds / Math.max(cost, Number.MIN_VALUE));
    return Math.ceil(steps / Math.max(1, Math.min(most, affordable)));
  };
  return {
    steps,
    warmup: Math.min(given.warmup ?? WARMUP, Math.ceil(WARMUP_SHARE * steps)),
    eval_every: given.eval_every ?? every(costs.evaluation + costs.save, PARTS.evaluation),
    sample_every: given.sample_every ?? every(costs.sample, PARTS.sample),
    save_every: given.save_every ?? every(costs.save, PARTS.save),
  };
}
