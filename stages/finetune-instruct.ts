/**
 * Teaches the pretrained model to answer instructions.
 *
 *   deno task finetune-instruct --config configs/mini.yaml [--minutes 30] [--resume]
 *
 * Writes into models/<name>/instruct: checkpoints last/ and best/, metrics.jsonl, loss.svg and report.json.
 */
import { join } from "@std/path";
import { backboneFiles } from "../lib/checkpoint/backbone.ts";
import {
  filesOf,
  gatherConversations,
  type Gathered,
  splitConversations,
} from "../lib/data/conversations.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { answer } from "../lib/generate/answer.ts";
import { openDecoder } from "../lib/checkpoint/open_model.ts";
import { count, Silent, type Terminal } from "../lib/progress.ts";
import type { PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { type Context, defineStage } from "../lib/run/stage.ts";
import { openFor } from "../lib/run/training.ts";
import { deriveSeed } from "../lib/tensor/random.ts";
import { describeAdapter, type Learner, readLearner } from "../lib/train/adapting.ts";
import { measureCosts } from "../lib/train/costs.ts";
import { loopOptions, stepsPerEpoch } from "../lib/train/loop_options.ts";
import { instructPlan, InstructSection } from "../lib/train/instruct_section.ts";
import { heldBatches, instructTask, type InstructText } from "../lib/train/instructing.ts";
import { type LoopOptions, train } from "../lib/train/loop.ts";
import { mayFollow } from "../lib/train/schedule.ts";
import { requireMemory } from "../lib/train/memory.ts";
import { explainPicked, type Picked, pickPlan, readPicked } from "../lib/train/pick.ts";
import { type Plan, UNPLANNED } from "../lib/train/plan.ts";
import { requireShareable } from "../lib/train/ranks/shareable.ts";
import { loadUnfinished } from "../lib/train/resume.ts";
import { teacherPathKeys } from "../lib/train/teacher_section.ts";
import { openTeachers, readTeachers, teacherFiles } from "../lib/train/teachers.ts";
import { buildVocab } from "./build-vocab.ts";
import { pretrain } from "./pretrain.ts";

const sections = { "finetune-instruct": InstructSection };
type Preset = PresetWith<typeof sections>;

const settings = (preset: Preset) => preset["finetune-instruct"];
const backboneOf = (preset: Preset) => settings(preset).backbone ?? pretrain.out(preset);
const outOf = ({ name }: Pick<Preset, "name">) => `models/${name}/instruct`;

const teacherOf = (preset: Preset) => ({
  key: "finetune-instruct.teacher",
  options: settings(preset).teacher,
  vocabulary: buildVocab.out(preset),
  out: outOf(preset),
});

export const finetuneInstruct = defineStage({
  name: "finetune-instruct",
  about: "Teaches the pretrained model to answer instructions.",
  module: import.meta.url,
  sections,
  pathKeys: ["finetune-instruct.backbone", "finetune-instruct.data", ...teacherPathKeys("finetune-instruct")],
  settings: ["seed", "device", "precision"],
  rivals: [["epochs", "steps"], ["epochs", "minutes"], ["steps", "minutes"]].map(([a, b]) =>
    [`finetune-instruct.${a}`, `finetune-instruct.${b}`] as const
  ),
  minutes: "finetune-instruct.minutes",
  out: outOf,
  after: (preset) => settings(preset).backbone ? [] : [pretrain],
  async sources(preset) {
    const { backbone, data } = settings(preset);
    return [
      ...await filesOf(data),
      ...backbone ? await backboneFiles(backbone, buildVocab.out(preset)) : [],
      ...await teacherFiles(teacherOf(preset)),
    ];
  },
  backbone: (preset) => ({ key: "finetune-instruct.backbone", folder: backboneOf(preset) }),
  models: () => ({ instruct: "." }),
  optional: true,
  interruptible: true,
  resumable: true,
  ranks: true,
  goesOn: (change) =>
    mayFollow("finetune-instruct", change, (preset) => {
      // If a preset gives epochs, the steps depend on the number of conversations.
      const plan = settings(preset).steps === undefined ? null : instructPlan(settings(preset), 1);
      return plan && loopOf(preset, plan).schedule;
    }),
  keeps: true,
  async run(context) {
    const { preset, out, terminal, resume, run, ranks } = context;
    const options = settings(preset);
    requireShareable(ranks, "finetune-instruct", options);
    const seed = deriveSeed(preset.seed, "instruct");
    const backbone = await readLearner(backboneOf(preset), buildVocab.out(preset), {
      section: "finetune-instruct",
      options: options.adapter,
      seed,
    });
    const { tokenizer, config: { context: time } } = backbone;
    const gathered = await gatherConversations(options.data, { tokenizer, context: time });
    const { train: learned, validation } = splitConversations(
      gathered.conversations,
      options.validation,
      deriveSeed(preset.seed, "instruct", "split"),
    );
    const perEpoch = stepsPerEpoch(learned.length, options);
    terminal.log(
      `  backbone: ${backbone.folder}; ${count(learned.length)} conversations to learn, ${count(perEpoch)} ` +
        `steps an epoch; ${count(validation.length)} to validate`,
    );
    const trained = describeAdapter(backbone);
    if (trained) terminal.log(`  ${trained}`);
    tellLong(gathered, time, terminal);
    const held = heldBatches(validation, { tokenizer, context: time, batch: options.batch });
    const source = { backbone, text: { tokenizer, learned, held, seed } };
    const given = instructPlan(options, perEpoch);
    const picked = given ? null : resume ? readPicked(run, join(out, "last")) : await pick(context, source);
    const plan = picked?.plan ?? given;
    if (!plan) return { finished: false, metrics: {} }; // stopped while measuring

    using opened = await open(preset, source, { terminal, ranks });
    const { device, model, task } = opened;
    if (resume) {
      await loadUnfinished(join(out, "last"), model, tokenizer);
      terminal.log(`  resuming after step ${resume.step}`);
    }
    const result = await train(loopOf(preset, plan), {
      ...context,
      ...picked && { run: { ...run, picked } },
      ...task,
      epoch: perEpoch,
    });
    const report = {
      data: options.data,
      conversations: { train: learned.length, validation: validation.length, long: gathered.long },
      backbone: backbone.folder,
      ...result,
    };
    if (result.finished && ranks.rank === 0) {
      await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    }
    const metrics = { ...result, ...picked && { picked } };
    return { finished: result.finished, device: device.description, metrics };
  },
});

/** The model to train, and the conversations to train it on. */
interface Source {
  readonly backbone: Learner;
  readonly text: InstructText;
}

function loopOf(preset: Preset, plan: Plan): LoopOptions {
  return loopOptions(settings(preset), {
    stage: "finetune-instruct",
    format: "chat",
    plan,
    seed: deriveSeed(preset.seed, "instruct"),
    mixed: preset.precision === "mixed",
  });
}

/** The device with the model and its teachers, and the task of the training loop. Closing it frees all of them. */
async function open(
  preset: Preset,
  { backbone, text }: Source,
  { terminal, ranks }: Pick<Context<Preset>, "terminal" | "ranks">,
) {
  const options = settings(preset), { config, tokenizer } = backbone;
  const loaded = await readTeachers(teacherOf(preset), backbone);
  const device = await openFor(preset, terminal, {
    config,
    batch: options.batch,
    ranks,
    sharded: options.shard_optimizer,
  });
  using closing = new DisposableStack();
  closing.defer(() => device.close());
  requireMemory(device, config, {
    section: "finetune-instruct",
    sequences: options.batch,
    teachers: loaded.map(({ config }) => config),
    ema: options.ema,
    frozen: backbone.frozen,
    ranks,
    sharded: options.shard_optimizer,
  });
  const model = openDecoder(device, backbone, { ...config, dropout: options.dropout });
  const teachers = await openTeachers(device, loaded, {
    options: options.teacher,
    mixed: preset.precision === "mixed",
    batch: { batch: options.batch, time: config.context },
    terminal,
  });
  const sample = async () => {
    const drawing = { maxNewTokens: 100, temperature: 0, topK: 0, seed: text.seed };
    return `${options.sample} ${(await answer(model, tokenizer, options.sample, drawing)).text}`;
  };
  const task = {
    ...instructTask(model, options, { ...text, teachers }),
    adapter: backbone.adapter,
    ...options.sample !== "" && { sample },
  };
  const kept = closing.move();
  return { device, model, task, [Symbol.dispose]: () => kept.dispose() };
}

/** Measures, and picks as many steps as fit into the minutes. Null if the user asked to stop meanwhile. */
async function pick(context: Context<Preset>, source: Source): Promise<Picked | null> {
  const { preset, terminal } = context, given = settings(preset);
  const minutes = given.minutes!, started = performance.now(), section = "finetune-instruct";
  terminal.log(`  measuring what fits into ${minutes} minutes`);
  const picked = await pickPlan({
    section,
    minutes,
    given,
    elapsed: () => (performance.now() - started) / 1000,
    async measure(seconds) {
      using opened = await open(preset, source, { terminal: new Silent(), ranks: context.ranks });
      return await measureCosts(loopOf(preset, UNPLANNED), { ...context, ...opened.task }, seconds);
    },
  });
  if (!picked) return null;
  for (const line of explainPicked(picked, { section, minutes })) terminal.log(line);
  return picked;
}

/** Logs which conversations are left out because they exceed the context. */
function tellLong({ long, redrawn }: Gathered, context: number, { log }: Terminal): void {
  const longer = `longer than the context of ${context} tokens`;
  if (long > 0) log(`  ${count(long)} conversations are ${longer}; left out`);
  if (redrawn > 0) {
    log(
      `  some ${(100 * redrawn).toFixed(1)} % of the world's are ${longer}; others are drawn in their place`,
    );
  }
}

if (import.meta.main) runAlone(finetuneInstruct, () => import("./pipeline.ts"));
