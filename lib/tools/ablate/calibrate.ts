/**
 * Finds how many steps of each variant take the same time: a variant slower than the base gets fewer steps, by the
 * ratio of their step times. Base and variant are timed alternately, in short trainings, because the speed of a shared
 * machine varies. That hardly affects the median ratio over the rounds; it would affect training until a time limit.
 */
import { UserError } from "../../errors.ts";
import { readManifest } from "../../run/manifest.ts";
import { pretrain } from "../../../stages/pretrain.ts";
import { BASE, type Variant } from "./config.ts";
import type { Known, Lab } from "./lab.ts";
import type { Calibration, Results } from "./results.ts";
import { median } from "./statistics.ts";
import type { Data, Workshop } from "./work.ts";

/** Settings of the short trainings: nearly no learning, so that they cannot diverge, and no output. */
const SHORT = {
  "pretrain.warmup": 0,
  "pretrain.lr": 1e-6,
  "pretrain.min_lr": 0,
  "pretrain.eval_every": 0,
  "pretrain.save_every": 0,
  "pretrain.sample_every": 0,
  "pretrain.log_every": 0,
};

/** Measures variants that were not measured yet; also the base if `minutes` is given, which needs its step time. */
export async function calibrateAll(
  lab: Lab,
  workshop: Workshop,
  { variants, results }: { readonly variants: readonly Variant[]; readonly results: Results },
): Promise<void> {
  for (const variant of variants) {
    const needed = variant.name === BASE ? lab.ablations.minutes !== undefined : !lab.isAsFastAsBase(variant);
    const key = lab.speedKey(variant);
    if (!needed || results.calibration(key)) continue;
    const calibration = await calibrate(lab, workshop, variant);
    await results.calibrate(key, calibration);
    const { ms, ratio, lowest, highest } = calibration;
    workshop.terminal.log(
      `${variant.name}: ${ms.toFixed(1)} ms a step, ${ratio.toFixed(3)} times the base's ` +
        `(${lowest.toFixed(3)} to ${highest.toFixed(3)})`,
    );
  }
}

async function calibrate(lab: Lab, workshop: Workshop, variant: Variant): Promise<Calibration> {
  const { rounds } = lab.ablations.calibration;
  const [base] = lab.ablations.variants;
  const measured = [...new Set([base, variant])].map((variant) => ({ variant, preset: short(lab, variant) }));
  try {
    const ready: { variant: Variant; preset: Known; data: Data; times: number[] }[] = [];
    for (const { variant, preset } of measured) {
      const data = await workshop.prepare(lab, variant, `speed of ${variant.name}`, preset);
      ready.push({ variant, preset, data, times: [] });
    }
    for (let round = 0; round < rounds; round++) {
      // Every other round goes in reverse order.
      for (const { variant, preset, data, times } of round % 2 ? ready.toReversed() : ready) {
        const label = `speed of ${variant.name}, round ${round + 1} of ${rounds}`;
        times.push(await stepTime(workshop, preset, data, label));
      }
    }
    const [first, last] = [ready[0], ready.at(-1)!];
    const ratios = last.times.map((ms, i) => ms / first.times[i]);
    return {
      variant: variant.name,
      base_ms: median(first.times),
      ms: median(last.times),
      ratio: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
      rounds,
      made: new Date().toISOString(),
    };
  } finally {
    for (const { preset } of measured) {
      await workshop.removeModels(preset);
      await workshop.removeData(preset);
    }
  }
}

function short(lab: Lab, variant: Variant): Known {
  const { calibration: { steps }, path } = lab.ablations;
  const overrides = Object.entries({ ...SHORT, "pretrain.steps": steps })
    .map(([key, value]) => ({ key, value, place: `${path}: ` }));
  return lab.preset(variant, { name: lab.folderName(variant, "speed"), overrides });
}

/** Milliseconds per step of a short training. */
async function stepTime(workshop: Workshop, preset: Known, data: Data, label: string): Promise<number> {
  await workshop.claim(preset, data, () => false);
  await workshop.run([pretrain], preset, { label, finished: data.finished });
  const { metrics } = (await readManifest(pretrain.out(preset)))!;
  return 1000 * tokensPerStep(preset) / (metrics.tokensPerSecond as number);
}

export const tokensPerStep = ({ pretrain: { batch, accumulate }, model: { context } }: Known): number =>
  batch * accumulate * context;

/**
 * Steps of the base, or null if they depend on a step time that was not measured yet.
 * @throws {UserError} if neither the ablations nor their preset give steps, or the ablations minutes
 */
export function baseSteps(lab: Lab, results: Results): number | null {
  const { path, preset, minutes, variants: [base] } = lab.ablations;
  const steps = lab.ablations.steps ?? lab.base.pretrain.steps;
  if (minutes === undefined) {
    if (steps !== undefined) return steps;
    throw new UserError(`${path}: ${preset} gives pretrain.minutes; give steps: or minutes: here`);
  }
  const measured = results.calibration(lab.speedKey(base));
  return measured && Math.max(1, Math.round(minutes * 60_000 / measured.base_ms));
}

/** A variant's step time divided by the base's; null if it was not measured yet. */
export function ratioOf(lab: Lab, results: Results, variant: Variant): number | null {
  return lab.isAsFastAsBase(variant) ? 1 : results.calibration(lab.speedKey(variant))?.ratio ?? null;
}

/** Steps of a variant that take as long as the base's steps; null if the times were not measured yet. */
export function stepsOf(lab: Lab, results: Results, variant: Variant): number | null {
  const steps = baseSteps(lab, results), ratio = ratioOf(lab, results, variant);
  return steps === null || ratio === null ? null : Math.max(1, Math.round(steps / ratio));
}
