/** The section `pretrain` of a preset. */
import { z } from "zod";
import { checkRates, minutes, natural, optimization, weights, whole } from "./optimization_section.ts";
import { type Plan, WARMUP } from "./plan.ts";
import { TeacherSection } from "./teacher_section.ts";

/** Intervals in steps, for a preset that gives `steps` without them. */
const EVERY = { eval_every: 250, save_every: 250, sample_every: 500 };

/** The keys of the plan: steps or minutes, and the intervals. */
const plan = {
  steps: natural.optional().describe("Updates; or give minutes."),
  minutes: minutes.describe(
    "How long training takes, with validations, samples and saves: some steps are measured, and steps are picked.",
  ),
  warmup: whole.optional().describe(
    `Steps of rising learning rate; ${WARMUP} by default, or all of them if there are fewer. With minutes at most a fifth.`,
  ),
  eval_every: whole.optional()
    .describe(
      "Steps between validations; 0 for never. By default 250; with minutes ten of them, if they are quick.",
    ),
  save_every: whole.optional()
    .describe(
      "Steps between saves of `last`; 0 for only at the end. By default 250; with minutes ten of them.",
    ),
  sample_every: whole.optional()
    .describe(
      "Steps between samples of generated text; 0 for never. By default 500; with minutes four of them.",
    ),
};

export const PretrainSection = z.strictObject({
  ...optimization(1e-3, WARMUP),
  ...plan,
  snapshots: z.boolean().default(false).describe(
    "Whether checkpoints are kept in snapshots/, in float16: the random start, steps that double, and the end. The page /runs shows what each of them says.",
  ),
  teacher: TeacherSection.optional().describe("Trained models to learn from beside the text."),
  copying: z.strictObject({
    steps: whole.default(0).describe("Steps at the start in which all sequences are such ones."),
    share: z.number().min(0).max(1).default(0).describe("Their share of the sequences of later steps."),
  }).optional().describe(
    "Sequences of tokens drawn evenly in which spans from before come again, so that the model learns to copy.",
  ),
  weights,
  eval_batches: natural.default(20).describe("Batches of one validation, spread over the held-out text."),
  sample: z.strictObject({
    prompt: z.string().default(""),
    tokens: natural.default(200),
    temperature: z.number().nonnegative().default(0.8),
    top_k: whole.default(0),
  }).prefault({}),
}).superRefine(checkRates("pretrain")).superRefine(({ steps, minutes, warmup }, context) => {
  const refuse = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
  if (steps !== undefined && minutes !== undefined) {
    refuse("minutes", `pretrain.steps is given too, and is ${steps}; leave one of them out`);
  }
  if (steps === undefined && minutes === undefined) {
    refuse("steps", "it is missing; give steps, or minutes, such as --minutes 30");
  }
  if (steps === undefined || warmup === undefined || warmup <= steps) return;
  const less = `lower it too, such as --set pretrain.warmup=${Math.floor(steps / 10)}`;
  refuse("warmup", `${warmup} is more than pretrain.steps, which is ${steps}; ${less}`);
}).transform((given) => {
  const { steps } = given;
  if (steps === undefined) return given;
  return { ...EVERY, ...given, steps, warmup: given.warmup ?? Math.min(WARMUP, steps) };
});

export type PretrainSection = z.infer<typeof PretrainSection>;

/** The plan that a section gives, or null if it is left to be picked. */
export function givenPlan(
  { steps, warmup, eval_every, sample_every, save_every }: PretrainSection,
): Plan | null {
  if (steps === undefined) return null;
  // The schema fills in the intervals if `steps` is given.
  return { steps, warmup, eval_every, sample_every, save_every } as Plan;
}
