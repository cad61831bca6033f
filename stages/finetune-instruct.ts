/**
 * Teaches the pretrained model to answer instructions.
 *
 *   deno task finetune-instruct --config configs/mini.yaml [--resume]
 *
 * Writes into models/<name>/instruct: checkpoints last/ and best/, metrics.jsonl, loss.svg and report.json.
 */
import { join } from "@std/path";
import {
  filesOf,
  gatherConversations,
  type Gathered,
  splitConversations,
  varyConversations,
} from "../lib/data/conversations.ts";
import { groupedBatches } from "../lib/data/grouped.ts";
import { type Conversation, conversationBatch } from "../lib/data/instructions.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { answer } from "../lib/generate/answer.ts";
import { Decoder } from "../lib/model/decoder.ts";
import { count, type Terminal } from "../lib/progress.ts";
import type { PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { defineStage } from "../lib/run/stage.ts";
import { openFor } from "../lib/run/training.ts";
import { deriveSeed } from "../lib/tensor/random.ts";
import { encodeConversation, type EncodedConversation } from "../lib/text/prompt.ts";
import { backboneFiles, readBackbone } from "../lib/checkpoint/backbone.ts";
import { evaluateLoss } from "../lib/train/validation.ts";
import { finetuningLoop } from "../lib/train/finetuning_loop.ts";
import { InstructSection } from "../lib/train/instruct_section.ts";
import { train } from "../lib/train/loop.ts";
import { highestLanguageLoss, languageBatch } from "../lib/train/step.ts";
import { requireMemory } from "../lib/train/memory.ts";
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
  keeps: true,
  async run(context) {
    const { preset, out, terminal, resume } = context;
    const options = settings(preset);
    const backbone = await readBackbone(backboneOf(preset), buildVocab.out(preset));
    const { tokenizer, config } = backbone;
    const { context: time } = config;
    const gathered = await gatherConversations(options.data, { tokenizer, context: time });
    const { train: learned, validation } = splitConversations(
      gathered.conversations,
      options.validation,
      deriveSeed(preset.seed, "instruct", "split"),
    );
    const loaded = await readTeachers(teacherOf(preset), backbone);
    const device = await openFor(preset, terminal, { config, batch: options.batch });
    using closing = new DisposableStack();
    closing.defer(() => device.close());
    requireMemory(device, config, {
      section: "finetune-instruct",
      sequences: options.batch,
      teachers: loaded.map(({ config }) => config),
      ema: options.ema,
    });
    const model = new Decoder(device, { ...config, dropout: options.dropout });
    const seed = deriveSeed(preset.seed, "instruct");
    const perEpoch = Math.ceil(learned.length / options.batch);
    terminal.log(
      `  backbone: ${backbone.folder}; ${count(learned.length)} conversations to learn, ${
        count(perEpoch)
      } steps an ` +
        `epoch; ${count(validation.length)} to validate`,
    );
    tellLong(gathered, time, terminal);
    if (resume) {
      await loadUnfinished(join(out, "last"), model, tokenizer);
      terminal.log(`  resuming after step ${resume.step}`);
    } else model.load(backbone.values);
    const mixed = preset.precision === "mixed";
    const batch = { batch: options.batch, time };
    const teachers = await openTeachers(device, loaded, { options: options.teacher, mixed, batch, terminal });

    const encode = ({ turns }: Conversation) => encodeConversation(tokenizer, turns, time);
    const batchOf = (some: readonly EncodedConversation[]) =>
      conversationBatch(some, time, tokenizer.special.pad);
    const sorted = Array.from({ length: validation.length }, (_, i) => encode(validation.at(i)))
      .toSorted((a, b) => a.ids.length - b.ids.length);
    const held = Array.from(
      { length: Math.ceil(sorted.length / options.batch) },
      (_, i) => batchOf(sorted.slice(i * options.batch, (i + 1) * options.batch)),
    );
    const sample = async (instruction: string) => {
      const options = { maxNewTokens: 100, temperature: 0, topK: 0, seed };
      return `${instruction} ${(await answer(model, tokenizer, instruction, options)).text}`;
    };
    const loop = finetuningLoop(options, {
      stage: "finetune-instruct",
      format: "chat",
      perEpoch,
      seed,
      mixed,
      every: {
        evaluate: options.eval_every ?? perEpoch,
        sample: options.sample_every ?? perEpoch,
        save: options.save_every ?? perEpoch,
      },
    });
    const batches = groupedBatches(
      { n: learned.length, batch: options.batch, seed: deriveSeed(seed, "batches") },
      (rows, own) => varyConversations(learned, rows, options.augment, own).map(encode),
    );
    const result = await train(loop, {
      ...context,
      resumable: true,
      model,
      tokenizer,
      highestLoss: highestLanguageLoss(model, teachers),
      batch: (step) => languageBatch(model, batchOf(batches(step - 1)), teachers),
      evaluate: () => evaluateLoss(model, held, tokenizer),
      ...options.sample !== "" && { sample: () => sample(options.sample) },
    });
    const report = {
      data: options.data,
      conversations: { train: learned.length, validation: validation.length, long: gathered.long },
      backbone: backbone.folder,
      ...result,
    };
    if (result.finished) {
      await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    }
    return { finished: result.finished, device: device.description, metrics: { ...result } };
  },
});

/** What is not learned because the model cannot take it in one piece. */
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
