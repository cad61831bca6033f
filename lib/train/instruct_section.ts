/** The section `finetune-instruct` of a preset. */
import { z } from "zod";
import { MOST_HELD_OUT } from "../data/conversations.ts";
import { WorldConversations } from "../data/world/options.ts";
import {
  checkRates,
  finetuning,
  minutes,
  natural,
  optimization,
  probability,
  whole,
} from "./optimization_section.ts";
import type { Plan } from "./plan.ts";
import { TeacherSection } from "./teacher_section.ts";

/** Epochs if a preset does not say. */
const EPOCHS = 5;

/** Keys that say how long training takes; a preset gives one of them. */
const LENGTHS = ["epochs", "steps", "minutes"] as const;

const share = z.number().min(0).max(1).default(0);

export const InstructSection = z.strictObject({
  data: z.array(z.union([
    z.string().min(1),
    z.strictObject({
      path: z.string().min(1),
      weight: z.number().int().min(1).max(100).default(1).describe(
        "How often each of its conversations is learned in an epoch.",
      ),
    }),
    z.strictObject({ world: WorldConversations }),
  ])).min(1).describe(
    "Files of instructions and answers: .jsonl or .json, in the shape of Alpaca or of chats, one that is to be " +
      "learned several times an epoch as { path, weight }; or conversations that are made from the words and " +
      "stories of data/world.",
  ),
  validation: z.number().gt(0).refine((held) => held < 1 || Number.isInteger(held), {
    error: ({ input }) => `expected a part below 1, or a whole number of conversations, got ${input}`,
  }).default(0.05).describe(
    `Conversations held out to choose the best checkpoint: a part of all, but at most ${MOST_HELD_OUT}; or how many, ` +
      "such as 3000.",
  ),
  backbone: finetuning.backbone,
  adapter: finetuning.adapter,
  teacher: TeacherSection.optional().describe("Finetuned models to learn from beside the answers."),
  augment: z.strictObject({
    case: share.describe("Probability of changing capitals and small letters."),
    accents: share.describe("Probability of leaving accents out."),
    punctuation: share.describe("Probability of leaving marks out."),
    history: share.describe(
      "Probability of another conversation before it, so that the last question is what is answered.",
    ),
  }).prefault({}).describe("How instructions are varied while training; answers never are."),
  dropout: probability.default(0.1),
  weights: finetuning.weights,
  epochs: natural.optional().describe(
    `Passes over the conversations; ${EPOCHS} by default. Or give steps, or minutes.`,
  ),
  steps: natural.optional().describe("Updates, in place of epochs."),
  minutes: minutes.describe(
    "How long training takes, in place of epochs: some steps are measured, and steps are picked.",
  ),
  ...optimization(5e-4, 20),
  eval_every: whole.optional().describe(
    "Steps between validations; 0 for never. Once an epoch by default; with minutes ten of them, if they are quick.",
  ),
  save_every: whole.optional().describe(
    "Steps between saves of `last`, from which --resume goes on; 0 for only at the end. Once an epoch by default; " +
      "with minutes ten of them.",
  ),
  sample_every: whole.optional().describe(
    "Steps between answers to `sample`; 0 for never. Once an epoch by default; with minutes four of them.",
  ),
  sample: z.string().default("").describe("An instruction that is answered on the way."),
}).superRefine(checkRates("finetune-instruct")).superRefine((section, context) => {
  const [first, second] = LENGTHS.filter((key) => section[key] !== undefined);
  if (second === undefined) return;
  const message = `finetune-instruct.${first} is given too, and is ${section[first]}; leave one of them out`;
  context.addIssue({ code: "custom", path: [second], message });
}).transform((given) =>
  LENGTHS.every((key) => given[key] === undefined) ? { ...given, epochs: EPOCHS } : given
);

export type InstructSection = z.infer<typeof InstructSection>;

/**
 * The plan that a section gives, or null if it is left to be picked.
 * @param perEpoch steps per epoch
 */
export function instructPlan(section: InstructSection, perEpoch: number): Plan | null {
  const { epochs, steps = epochs && epochs * perEpoch, warmup } = section;
  if (steps === undefined) return null;
  const { eval_every = perEpoch, sample_every = perEpoch, save_every = perEpoch } = section;
  return { steps, warmup: Math.min(warmup, steps), eval_every, sample_every, save_every };
}
