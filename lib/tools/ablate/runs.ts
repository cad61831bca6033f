/** The runs of an ablation: trains each variant with each seed, then measures, records and removes the models. */
import { DivergenceError } from "../../errors.ts";
import { duration } from "../../progress.ts";
import { type Manifest, readManifest } from "../../run/manifest.ts";
import { architecture } from "../../run/training.ts";
import { parameterCount } from "../../train/measure.ts";
import { buildVocab } from "../../../stages/build-vocab.ts";
import { stepsOf } from "./calibrate.ts";
import type { Variant } from "./config.ts";
import { measure, type Tests, testSettings } from "./figures.ts";
import { format } from "./format.ts";
import type { Known, Lab } from "./lab.ts";
import type { Results, Run } from "./results.ts";
import { type Data, hashFiles, type Workshop } from "./work.ts";

export interface Plan {
  readonly variant: Variant;
  readonly seed: number;
  /** Null if they depend on a time that was not measured yet. */
  readonly steps: number | null;
  /** The recorded run, if its settings are still the same. */
  readonly run: Run | null;
}

/** All runs. The first seed of all variants comes first, so that they can be compared early. */
export function plan(lab: Lab, results: Results, variants: readonly Variant[]): Plan[] {
  return lab.ablations.seeds.flatMap((seed) =>
    variants.map((variant) => {
      const steps = stepsOf(lab, results, variant);
      return { variant, seed, steps, run: recorded(lab, results, { variant, seed, steps }) };
    })
  );
}

/** The recorded run, if it would be made with the same settings now. */
function recorded(lab: Lab, results: Results, { variant, seed, steps }: Omit<Plan, "run">): Run | null {
  const run = results.run(variant.name, seed);
  if (!run || steps === null) return null;
  const asked = JSON.stringify(testSettings(lab)) === JSON.stringify(run.tests);
  return asked && lab.isMade(run.preset, seeded(lab, variant, { seed, steps })) ? run : null;
}

function seeded(lab: Lab, variant: Variant, { seed, steps }: { seed: number; steps: number }): Known {
  const place = `${lab.ablations.path}: variant ${variant.name}: `;
  return lab.preset(variant, { seed, overrides: [{ key: "pretrain.steps", value: steps, place }] });
}

/**
 * Makes the runs that are not recorded.
 * @param tests all runs are measured on these
 * @throws {Stopped} if a signal asked to stop
 */
export async function makeRuns(
  lab: Lab,
  workshop: Workshop,
  { results, plans, tests }: {
    readonly results: Results;
    readonly plans: readonly Plan[];
    readonly tests: Tests;
  },
): Promise<void> {
  const { terminal } = workshop;
  let made = 0;
  for (const { variant, seed, steps } of plans) {
    const label = `run ${++made} of ${plans.length}, ${variant.name}, seed ${seed}`;
    const preset = seeded(lab, variant, { seed, steps: steps! });
    const data = await workshop.prepare(lab, variant, label);
    const run = await trainAndMeasure(lab, workshop, { preset, data, tests, label });
    await results.add({ ...run, variant: variant.name, seed, steps: steps! });
    await workshop.removeModels(preset);
    if (lab.ownerOfData(variant) !== variant) await workshop.removeData(preset);
    terminal.log(`${label}: ${run.diverged ?? summary(run)}`);
  }
}

async function trainAndMeasure(
  lab: Lab,
  workshop: Workshop,
  { preset, data, tests, label }: {
    readonly preset: Known;
    readonly data: Data;
    readonly tests: Tests;
    readonly label: string;
  },
): Promise<Omit<Run, "variant" | "seed" | "steps">> {
  await workshop.claim(preset, data, (made) => lab.isMade(made, preset));
  const { size } = data.finished.get(buildVocab.out(preset))!.metrics;
  const about = {
    preset: { ...preset },
    tests: testSettings(lab),
    test_hash: tests.hash,
    parameters: parameterCount(architecture(preset.model, size as number)),
    code: await workshop.codeHash,
  };
  const seconds: Record<string, number> = {};
  const finished = new Map<string, Manifest>(data.finished);
  /** Hashes of all data that the run learns from. */
  const learned: Record<string, { hash: string }> = { corpus: { hash: data.hash } };
  try {
    for (const stage of lab.training) {
      const folder = stage.out(preset);
      // A finished stage is kept, even if the code has changed since.
      if (!await readManifest(folder)) await workshop.run([stage], preset, { label, finished });
      const manifest = (await readManifest(folder))!;
      finished.set(folder, manifest);
      seconds[stage.name] = manifest.seconds;
      Object.assign(learned, manifest.sources);
    }
    const measured = await measure(preset, tests, workshop.terminal);
    const broken = Object.entries(measured.figures).find(([, value]) => !Number.isFinite(value));
    if (broken) throw new DivergenceError(`${broken[0]} is not finite`);
    return { ...about, ...measured, seconds, data: hashFiles(learned), made: new Date().toISOString() };
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    workshop.terminal.clear();
    // The part behind the semicolon advises what to change; here the divergence itself is a result.
    const diverged = error.message.split(";")[0];
    return {
      ...about,
      figures: null,
      diverged,
      seconds,
      data: hashFiles(learned),
      made: new Date().toISOString(),
    };
  }
}

const summary = ({ figures }: Pick<Run, "figures">): string =>
  Object.entries(figures!).map(([key, value]) => `${key} ${format(key, value)}`).join(", ");

/** The runs that would be made, as lines of text. */
export function describePlan(lab: Lab, results: Results, plans: readonly Plan[]): string[] {
  const seconds = pretrainingSeconds(lab, results);
  const width = Math.max(...plans.map(({ variant }) => variant.name.length));
  const lines = plans.map(({ variant, seed, steps, run }) => {
    const said = run
      ? `recorded: ${run.diverged ? "diverged" : summary(run)}`
      : `to run${seconds === null ? "" : `, ${duration(seconds)} of pretraining`}`;
    const count = steps === null ? "steps not measured yet" : `${steps} steps`;
    return `${variant.name.padEnd(width)}  seed ${seed}  ${count.padStart(12)}  ${said}`;
  });
  const open = plans.filter(({ run }) => !run).length;
  const all = seconds === null || open === 0 ? "" : `, ${duration(open * seconds)} of pretraining`;
  return [
    ...lines,
    `${open} of ${plans.length} runs are to be made${all}; finetuning and measuring come on top`,
  ];
}

/** Seconds of pretraining in each run: as asked for, as measured, or as the base took; null if not known. */
function pretrainingSeconds(lab: Lab, results: Results): number | null {
  const { minutes, variants: [base] } = lab.ablations;
  if (minutes !== undefined) return 60 * minutes;
  return results.runs.find(({ variant }) => variant === base.name)?.seconds.pretrain ?? null;
}
