/**
 * `minutes` and `model: auto`: measures this device, and picks what the preset leaves open. The choice is stored in the
 * run, so that it can be repeated with the same seeds, or resumed from its checkpoints.
 */
import { z } from "zod";
import { UserError } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import { count, duration, type Log } from "../progress.ts";
import { dropoutFor, pickSize, type Size } from "./auto_size.ts";
import { parameterCount, stepFlops } from "./measure.ts";
import { Costs, type GivenPlan, Plan, planFor, planSeconds } from "./plan.ts";

const PickedModel = z.object({
  layers: z.number(),
  heads: z.number(),
  width: z.number(),
  context: z.number(),
  dropout: z.number(),
});
export type PickedModel = Readonly<z.infer<typeof PickedModel>>;

const Picked = z.object({ plan: Plan, costs: Costs, model: PickedModel.optional() });
export type Picked = Readonly<z.infer<typeof Picked>>;

/**
 * What a run that is being resumed has picked.
 * @throws {UserError} if the run does not say
 */
export function readPicked(run: { readonly picked?: unknown } | undefined, folder: string): Picked {
  const parsed = Picked.safeParse(run?.picked);
  if (parsed.success) return parsed.data;
  throw new UserError(`--resume: ${folder} does not say how many steps were picked; start anew with --force`);
}

/** Measuring steps takes this share of the time, and at most this many seconds. */
const MEASURED = { share: 0.02, seconds: 10 };

export interface PlanTask {
  /** The preset's section with the key `minutes`. */
  readonly section: string;
  readonly minutes: number;
  readonly given: GivenPlan;
  /** Seconds since the stage began. */
  elapsed(): number;
  /** Measures steps for this many seconds. Null if the user asked to stop meanwhile. */
  measure(seconds: number): Promise<Costs | null>;
}

/**
 * Measures the costs, and picks as many steps as fit into the time that is left.
 * @returns null if the user asked to stop meanwhile
 * @throws {UserError} if not even one step fits
 */
export async function pickPlan(
  { section, minutes, given, elapsed, measure }: PlanTask,
): Promise<Pick<Picked, "plan" | "costs"> | null> {
  const costs = await measure(Math.min(MEASURED.seconds, MEASURED.share * 60 * minutes));
  if (!costs) return null;
  const plan = planFor(60 * minutes - elapsed(), costs, given);
  if (plan) return { plan, costs };
  const { step, evaluation, sample, save } = costs;
  const least = (elapsed() + step + evaluation + sample + 2 * save) / 60;
  throw new UserError(
    `${section}.minutes: ${minutes} are too few: measuring, one step, a validation, a sample and saves take about ` +
      `${duration(60 * least)} here; give at least ${Math.ceil(100 * least) / 100}`,
  );
}

export interface ModelTask {
  readonly minutes: number;
  readonly textTokens: number;
  readonly batch: number;
  /** The longest sequence, and the dropout if the preset gives one. */
  readonly given: { readonly context: number; readonly dropout?: number | undefined };
  elapsed(): number;
  configOf(size: Size): ModelConfig;
  /** Tokens per second in training; null if the device cannot hold the model. */
  speed(config: ModelConfig): Promise<number | null>;
  readonly log: Log;
}

/** Measures sizes, smallest first, and picks one by the rules in `pickSize`. */
export async function pickModel(task: ModelTask): Promise<PickedModel> {
  const { minutes, textTokens, batch, given, elapsed, configOf, speed, log } = task;
  const parameters = (size: Size) => parameterCount(configOf(size));
  const { context } = given;
  const seconds = Math.max(0, 60 * minutes - elapsed());
  const picked = await pickSize({
    seconds,
    textTokens,
    parameters,
    operations: (size) => stepFlops({ ...configOf(size), batch }, parameters(size)) / (batch * context),
    speed: (size) => speed(configOf(size)),
  });
  const tokens = picked.tokensPerSecond * seconds, epochs = tokens / textTokens;
  const { layers, heads, width } = picked.size;
  log(
    `  auto: L${layers} H${heads} C${width}, ${count(picked.parameters)} parameters, sees some ` +
      `${count(tokens)} tokens in that time: ${(tokens / picked.parameters).toFixed(1)} a parameter, ` +
      `${epochs.toFixed(1)} epochs${picked.limitedByText ? "; the text is too little for a larger one" : ""}`,
  );
  return { layers, heads, width, context, dropout: given.dropout ?? dropoutFor(epochs) };
}

/** Log lines that say what was picked, and how to ask for the same again. */
export function explainPicked(
  { plan, costs, model }: Picked,
  { section, minutes }: Pick<PlanTask, "section" | "minutes">,
): string[] {
  const { step, evaluation, sample, save } = costs;
  const part = (seconds: number, what: string) =>
    `${what} ${seconds < 1 ? seconds.toFixed(3) : seconds.toFixed(1)} s`;
  const { steps, warmup, eval_every } = plan;
  const sets = [
    ...Object.entries({ steps, warmup, eval_every }).map(([key, value]) => `${section}.${key}=${value}`),
    ...Object.entries(model ?? {}).map(([key, value]) => `model.${key}=${value}`),
  ];
  return [
    `  measured: ${part(step, "a step")}, ${part(evaluation, "a validation")}, ${
      part(sample, "a sample")
    }, ` +
    part(save, "a save"),
    `  ${minutes} minutes: ${count(steps)} steps, which take about ${
      duration(planSeconds(plan, costs))
    }; to repeat them: ` +
    sets.map((set) => `--set ${set}`).join(" "),
  ];
}
