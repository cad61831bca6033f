/**
 * Teaches the pretrained model to answer instructions.
 *
 *   deno task finetune-instruct --config configs/mini.yaml
 *
 * Writes into models/<name>/instruct: checkpoints last/ and best/, metrics.jsonl, loss.svg and report.json.
 */
import { join } from "@std/path";
import {
  type Conversation,
  conversationBatch,
  splitConversations,
  varyConversations,
} from "../lib/data/instructions.ts";
import { filesOf, gatherConversations } from "../lib/data/conversations.ts";
import { groupedBatches } from "../lib/data/grouped.ts";
import { UserError } from "../lib/errors.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { answer } from "../lib/generate/answer.ts";
import { Decoder } from "../lib/model/decoder.ts";
import { count } from "../lib/progress.ts";
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
  keeps: true,
  async run(context) {
    const { preset, out, terminal } = context;
    const options = settings(preset);
    const all = await gatherConversations(options.data);
    const backbone = await readBackbone(backboneOf(preset), buildVocab.out(preset));
    const { tokenizer, config } = backbone;
    const time = config.context;
    const encode = ({ turns }: Conversation) => encodeConversation(tokenizer, turns, time);
    // Without its start, a question may have lost what its answer is taken from: one would learn to guess.
    const whole = all.filter((conversation) => !encode(conversation).truncated);
    if (all.length > 0 && whole.length === 0) {
      throw new UserError(
        `finetune-instruct.data: all ${all.length} conversations are longer than the context of ${time} tokens, ` +
          "the backbone's model.context; give shorter ones, or train a backbone with a longer context",
      );
    }
    const { train: learned, validation } = splitConversations(
      whole,
      options.validation,
      deriveSeed(preset.seed, "instruct", "split"),
    );
    const loaded = await readTeachers(teacherOf(preset), backbone);
    const device = await openFor(preset, terminal, { config, batch: options.batch });
    using closing = new DisposableStack();
    closing.defer(() => device.close());
    requireMemory(device, config, options.batch, {
      section: "finetune-instruct",
      teachers: loaded.map(({ config }) => config),
    });
    const model = new Decoder(device, { ...config, dropout: options.dropout });
    model.load(backbone.values);
    const seed = deriveSeed(preset.seed, "instruct");
    terminal.log(
      `  backbone: ${backbone.folder}; ${count(learned.length)} conversations to learn, ` +
        `${validation.length} to validate`,
    );
    const long = all.length - whole.length;
    if (long > 0) {
      terminal.log(`  ${long} conversations are longer than the context of ${time} tokens; left out`);
    }
    const mixed = preset.precision === "mixed";
    const batch = { batch: options.batch, time };
    const teachers = await openTeachers(device, loaded, { options: options.teacher, mixed, batch, terminal });

    const perEpoch = Math.ceil(learned.length / options.batch);
    const batchOf = (some: readonly EncodedConversation[]) =>
      conversationBatch(some, time, tokenizer.special.pad);
    const sorted = validation.map(encode).toSorted((a, b) => a.ids.length - b.ids.length);
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
    });
    const batches = groupedBatches(
      { n: learned.length, batch: options.batch, seed: deriveSeed(seed, "batches") },
      (rows, own) => varyConversations(learned, rows, options.augment, own).map(encode),
    );
    const result = await train(loop, {
      ...context,
      model,
      tokenizer,
      highestLoss: highestLanguageLoss(model, teachers),
      batch: (step) => languageBatch(model, batchOf(batches(step - 1)), teachers),
      evaluate: () => evaluateLoss(model, held, tokenizer),
      ...options.sample !== "" && { sample: () => sample(options.sample) },
    });
    const report = {
      data: options.data,
      conversations: { train: learned.length, validation: validation.length, long },
      backbone: backbone.folder,
      ...result,
    };
    if (result.finished) {
      await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    }
    return { finished: result.finished, device: device.description, metrics: { ...result } };
  },
});

if (import.meta.main) runAlone(finetuneInstruct, () => import("./pipeline.ts"));
