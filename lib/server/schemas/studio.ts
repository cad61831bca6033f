/** The API's requests and answers about trainings and lessons. */
import { z } from "@hono/zod-openapi";
import { MINUTES, type SizeName, SIZES } from "../../run/text_preset.ts";
import { RunSummary } from "./runs.ts";

/** Most characters of a pasted text; `deno task train-on` takes longer ones. */
export const LONGEST_TEXT = 8_000_000;

/** Most facts in one lesson, and most characters of a fact. */
export const MOST_FACTS = 50;
const LONGEST_FACT = 1000;

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]*$/).max(100);
export const TrainingParams = z.object({ name });

export const NewTraining = z.strictObject({
  text: z.string().min(1).max(LONGEST_TEXT),
  name: z.string().max(200).default("").describe("Names its folders; one like it, if it is taken."),
  size: z.enum(Object.keys(SIZES) as [SizeName, ...SizeName[]]).default("auto"),
  minutes: z.number().positive().max(43_200).default(MINUTES),
}).openapi("NewTraining");

export const Training = z.strictObject({
  name: z.string(),
  title: z.string().nullable().describe("What it is called here; null where nobody has renamed it."),
  state: z.enum(["running", "stopping", "stopped", "failed", "finished"]),
  stage: z.string().nullable().describe("The stage that runs, or ran last."),
  error: z.string().nullable().describe("What went wrong, in a line."),
  command: z.string().nullable().describe("What goes on with it in a terminal."),
  model: z.string().nullable().describe("What can be talked to; null until something was saved."),
  run: z.string().nullable().describe("Its run in /api/runs; null until training has begun."),
  started: z.string().nullable(),
  progress: z.union([RunSummary, z.null()]),
  sample: z.strictObject({ step: z.number(), text: z.string() }).nullable().describe(
    "The last text that it wrote.",
  ),
}).openapi("Training");
export type Training = z.infer<typeof Training>;

export const TrainingList = z.strictObject({ trainings: z.array(Training) }).openapi("Trainings");
// Not Training.extend(): it would be described as a Training, which has no other fields, with another one.
export const TrainingWithLog = z.strictObject({ ...Training.shape, log: z.array(z.string()) })
  .openapi("TrainingWithLog");

export const NewTitle = z.strictObject({
  title: z.string().trim().max(100).describe("What the page calls it; empty, its own name again."),
}).openapi("TrainingTitle");

export const Contents = z.strictObject({
  folder: z.string().nullable().describe("What deleting removes; null if nothing was saved."),
  parts: z.array(z.string()).describe("The folders in it."),
  bytes: z.number(),
  shipped: z.boolean().describe("Whether it came with the project."),
  kept: z.array(z.string()).describe("What of it stays: text, preset, prepared text."),
}).openapi("TrainingContents");

export const Deletion = z.strictObject({
  shipped: z.boolean().default(false).describe("Whether also one that came with the project."),
}).openapi("TrainingDeletion");

export const Started = z.strictObject({ name: z.string() }).openapi("StartedTraining");

const fact = z.strictObject({
  question: z.string().trim().max(LONGEST_FACT).default("").describe(
    "Found in the answer where it is empty, if it can be.",
  ),
  answer: z.string().trim().min(1).max(LONGEST_FACT),
});
const facts = z.array(fact).min(1).max(MOST_FACTS);

export const Wordless = z.strictObject({ facts }).openapi("Facts");
export const Worded = z.strictObject({
  facts: z.array(z.strictObject({
    question: z.string(),
    answer: z.string(),
    wordings: z.array(z.string()).describe("Some of those that are learned."),
  })),
}).openapi("WordedFacts");

export const NewLesson = z.strictObject({ model: z.string(), facts }).openapi("NewLesson");

const tally = z.strictObject({ right: z.number(), all: z.number() });
const exam = z.strictObject({
  facts: z.array(tally).describe("Wordings that were not learned, by fact."),
  known: tally.describe("Questions of what it may have known before."),
  leaked: tally.describe("Questions like the facts' that are wrongly answered with a fact."),
});

const standing = z.strictObject({
  taught: tally.describe("Its facts in their own words."),
  wordings: tally.describe("Wordings that were not learned."),
  similar: tally.describe("Questions like the facts' that are wrongly answered with a fact."),
  known: tally.describe("Questions of what it may have known before."),
  before: tally.describe("The same, before it was taught."),
}).partial();

export const Lesson = z.strictObject({
  id: z.string().describe("The model that comes of it."),
  model: z.string().nullable().describe("The model that is taught."),
  facts: z.array(z.strictObject({ question: z.string(), answer: z.string() })),
  state: z.enum(["running", "stopping", "stopped", "failed", "known", "finished"]).describe(
    "known: the model answered all of it already, and no other was made.",
  ),
  error: z.string().nullable(),
  steps: z.array(z.strictObject({
    step: z.number(),
    most: z.number().describe("How many steps it takes at most."),
    loss: z.number(),
    standing: standing.nullable().describe("How well it does; null where it was not examined."),
  })),
  result: z.strictObject({
    done: z.boolean().describe("Whether it reached its goals."),
    steps: z.number(),
    seconds: z.number(),
    before: exam,
    after: exam,
  }).nullable(),
  started: z.string().nullable(),
}).openapi("Lesson");
export type Lesson = z.infer<typeof Lesson>;

export const LessonList = z.strictObject({ lessons: z.array(Lesson) }).openapi("Lessons");
export const LessonQuery = z.object({ id: z.string().max(500) });
export const StartedLesson = z.strictObject({ id: z.string() }).openapi("StartedLesson");
export const Nothing = z.strictObject({}).openapi("Nothing");
