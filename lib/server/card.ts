/** The card of a model: its size, what it learned from and how well, and its evaluation. */
import { dirname, join } from "@std/path";
import { z } from "@hono/zod-openapi";
import { type CheckpointInfo, readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { isGguf } from "../checkpoint/gguf/path.ts";
import { readConfig } from "../checkpoint/huggingface.ts";
import type { ListedModel } from "./search.ts";

/** Larger reports are not read, in bytes. */
const LARGEST_REPORT = 64 << 20;
/** Most ancestors that are followed. */
const MOST_ANCESTORS = 8;

const Step = z.strictObject({
  stage: z.string().describe("The stage that made it, or average, quantise or teach."),
  folder: z.string(),
  made: z.string().nullable().describe("When its training started, in ISO 8601."),
  steps: z.number().int().nullable(),
  data: z.array(z.string()).describe("What it learned from: files and kinds of made text."),
  validation: z.record(z.string(), z.number()).nullable().describe("Figures on text held out, loss in nats."),
});

export const ModelCard = z.strictObject({
  id: z.string(),
  kind: z.enum(["chat", "text", "classifier"]),
  parameters: z.number().int(),
  architecture: z.strictObject({
    layers: z.number().int(),
    heads: z.number().int(),
    width: z.number().int(),
    context: z.number().int(),
    vocab: z.number().int(),
  }).nullable(),
  quantised: z.string().nullable().describe("`q8` or `q4`, if its matrices are stored so."),
  taught: z.number().int().describe("Facts that were taught to it by deno task teach."),
  lineage: z.array(Step).describe("How it was made, the last step first."),
  skills: z.array(z.strictObject({
    name: z.string(),
    right: z.number().describe("The share of unseen questions answered right."),
    questions: z.number().int(),
  })).describe("From the evaluation beside it, by family of questions; the best first."),
  accuracy: z.number().nullable().describe("Of a classifier: the share of unseen texts labelled right."),
  run: z.string().nullable().describe("Its training in /api/runs; null if it left no figures there."),
}).openapi("ModelCard");
export type ModelCard = z.infer<typeof ModelCard>;

/** The part of an evaluation's report that is read. */
const Report = z.object({
  checkpoints: z.record(
    z.string(),
    z.object({
      folder: z.string(),
      instruct: z.object({
        families: z.record(z.string(), z.object({ questions: z.number(), contains: z.number().nullable() })),
      }).optional(),
      classify: z.object({ accuracy: z.number() }).optional(),
    }),
  ),
});

/** The evaluation of the checkpoint in a folder. Its report is in `evaluate` beside the models of the preset. */
async function evaluated(folder: string) {
  for (let above = dirname(folder), i = 0; i < 4 && above !== dirname(above); above = dirname(above), i++) {
    const path = join(above, "evaluate", "report.json");
    const size = await Deno.stat(path).then((file) => file.size, () => null);
    if (size === null) continue;
    if (size > LARGEST_REPORT) return null;
    try {
      const { checkpoints } = Report.parse(JSON.parse(await Deno.readTextFile(path)));
      return Object.values(checkpoints).find((one) => folder.endsWith(one.folder)) ?? null;
    } catch {
      return null; // damaged, or being replaced
    }
  }
  return null;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Short names of the sources in a stage's section of the preset. */
function sourcesOf({ stage, origin, run }: CheckpointInfo): string[] {
  if (origin) return [origin.data];
  const section = run?.preset[stage === "pretrain" ? "prepare-corpus" : stage];
  const given = isRecord(section) ? section.sources ?? section.data : undefined;
  return [given ?? []].flat().map((source) => {
    if (!isRecord(source)) return String(source);
    const { world, path, url, huggingface } = source;
    if (!isRecord(world)) return String(path ?? url ?? huggingface ?? "–");
    const { megabytes, conversations } = world;
    return conversations ? `world: ${conversations} conversations` : `world: ${megabytes} MB`;
  });
}

/** The checkpoint that this one was made from, if recorded. */
function sourceOf({ quantised, average, taught, run }: CheckpointInfo): string | undefined {
  const weights = Object.keys(run?.inputs ?? {}).find((path) => path.endsWith("/model.safetensors"));
  return quantised?.folder ?? average?.[0].folder ?? taught?.at(-1)?.model ?? (weights && dirname(weights));
}

const stageOf = ({ stage, quantised, average, taught }: CheckpointInfo) =>
  quantised ? "quantise" : average ? "average" : taught ? "teach" : stage;

async function lineage(listed: ListedModel): Promise<z.infer<typeof Step>[]> {
  const steps: z.infer<typeof Step>[] = [];
  let { folder, info }: { folder: string; info: CheckpointInfo } = listed;
  while (steps.length < MOST_ANCESTORS) {
    const made = /^[\dT:.-]+Z/.exec(info.run?.id ?? "")?.[0] ?? null;
    const { step, validation } = info;
    steps.push({ stage: stageOf(info), folder, made, steps: step, data: sourcesOf(info), validation });
    const source = sourceOf(info);
    const before = source === undefined ? null : await readCheckpointInfo(source).catch(() => null);
    if (source === undefined || before === null || steps.some((one) => one.folder === source)) break;
    folder = source;
    info = before;
  }
  return steps;
}

const pick = ({ layers, heads, width, context, vocab }: NonNullable<ModelCard["architecture"]>) => ({
  layers,
  heads,
  width,
  context,
  vocab,
});

export async function modelCard(listed: ListedModel): Promise<Omit<ModelCard, "run">> {
  const { id, kind, folder, info } = listed;
  const config = isGguf(folder) ? null : await readConfig(folder).catch(() => null);
  const report = await evaluated(folder);
  const skills = Object.entries(report?.instruct?.families ?? {}).map(([name, { questions, contains }]) => {
    return { name, questions, right: contains ?? 0 };
  });
  return {
    id,
    kind,
    parameters: info.parameters,
    architecture: config && pick(config),
    quantised: info.quantised?.to ?? null,
    taught: info.taught?.reduce((sum, { facts }) => sum + facts.length, 0) ?? 0,
    lineage: await lineage(listed),
    skills: skills.sort((a, b) => b.right - a.right),
    accuracy: report?.classify?.accuracy ?? null,
  };
}
