/** The API's requests and answers about runs. */
import { z } from "@hono/zod-openapi";

const known = z.number().nullable();
const figures = z.record(z.string(), z.number());

export const RunSummary = z.strictObject({
  id: z.string().describe("Its folder below the models' folder, such as small/pretrain."),
  stage: z.string().nullable(),
  state: z.enum(["starting", "training", "finished", "stopped"]).describe(
    "starting: a process trains it that has not told any figures yet.",
  ),
  step: z.number(),
  steps: known.describe("Updates in all."),
  epoch: known.describe("Updates of an epoch, of a finetuning."),
  unit: z.string().describe("What losses are counted in."),
  parameters: known,
  device: z.string().nullable(),
  started: z.string().nullable(),
  updated: z.string().nullable(),
  loss: known.describe("Of the last steps."),
  tokens_per_s: known,
  tokens: known.describe("Read so far."),
  seconds: known.describe("Trained so far."),
  left: known.describe("Seconds until the end, by the speed of the last steps."),
  snapshots: z.array(z.number()).describe("Steps of which checkpoints were kept."),
  validation: z.strictObject({ step: z.number(), figures }).nullable().describe(
    "The last figures on held-out data, such as loss, bpb (bits per byte) or accuracy.",
  ),
}).openapi("Run");
export type RunSummary = z.infer<typeof RunSummary>;

export const RunList = z.strictObject({ runs: z.array(RunSummary) }).openapi("Runs");

const values = z.array(known);

const Points = z.strictObject({
  step: z.array(z.number()).describe("The last step of each point."),
  tokens: values.describe("Read up to there."),
  seconds: values.describe("Trained up to there."),
  figures: z.record(z.string(), values).describe("Means over the steps of each point."),
}).openapi("Points");

const CurveChange = z.strictObject({
  from: z.number().int().describe("The first point that is told; those before are as they were."),
  points: Points,
}).nullable().openapi("CurveChange");

export const RunChange = z.strictObject({
  run: RunSummary,
  training: CurveChange.describe("loss, lr (learning rate), norm (of gradients) and tokens_per_s."),
  validation: CurveChange.describe("Figures on held-out data."),
  average: CurveChange.describe("The same of the averaged weights."),
  seen: CurveChange.describe("The same on data that was trained on, where that is measured, too."),
  samples: z.array(z.strictObject({ step: z.number(), text: z.string() })).nullable(),
}).openapi("RunChange");

export const RunCurves = z.strictObject({ runs: z.array(RunChange) }).openapi("RunCurves");

export const RunEvent = z.union([RunChange, RunList, z.strictObject({ id: z.string() })]).openapi("RunEvent");

export const RunSettings = z.strictObject({
  runs: z.array(z.string()),
  settings: z.array(z.strictObject({
    key: z.string(),
    values: z.array(z.string().nullable()).describe("Of each run, in JSON; null where it is not set."),
    differs: z.boolean(),
  })),
}).openapi("RunSettings");

export interface Origin {
  folder: string;
  by: string;
  made: string | null;
  seconds: number | null;
  device: string | null;
  seed: number | null;
  repeated: boolean;
  taught: { instruction: string; response: string }[];
  parts: string[];
  files: { path: string; bytes: number | null; sha256: string }[];
  missing: { path: string; command: string | null; sources: string[] }[];
  from: Origin[];
}

export const Origin: z.ZodType<Origin> = z.lazy(() =>
  z.strictObject({
    folder: z.string(),
    by: z.string().describe("The stage, or what else made it."),
    made: z.string().nullable().describe("When; null if it is unfinished, or does not say."),
    seconds: known,
    device: z.string().nullable(),
    seed: known,
    repeated: z.boolean().describe("Whether it is told already, elsewhere in the same chain."),
    taught: z.array(z.strictObject({ instruction: z.string(), response: z.string() })),
    parts: z.array(z.string()).describe("Of an average or a quantised model: its sources, in a line each."),
    files: z.array(z.strictObject({
      path: z.string(),
      bytes: known.describe("null of an address."),
      sha256: z.string(),
    })).describe("Files that no stage made."),
    missing: z.array(z.strictObject({
      path: z.string(),
      command: z.string().nullable().describe("What makes it again."),
      sources: z.array(z.string()).describe("From what it does."),
    })).describe("What is not there any more."),
    from: z.array(Origin),
  })
).openapi("Origin", { type: "object" });

export const RunOrigins = z.strictObject({ runs: z.array(Origin) }).openapi("RunOrigins");

/** Most runs in one request. */
const MOST_RUNS = 100;

const ids = z.preprocess(
  (value) => typeof value === "string" ? [value] : value,
  z.array(z.string().min(1).max(500)).min(1).max(MOST_RUNS),
).openapi({ type: "array", items: { type: "string" }, description: "A run's id; repeatable." });

export const RunsQuery = z.object({ run: ids });
export const CurvesQuery = z.object({
  run: ids,
  points: z.coerce.number().int().min(10).max(1024).default(1024).describe("Points of a curve at most."),
});
export const EventsQuery = CurvesQuery.extend({ run: ids.optional() });
