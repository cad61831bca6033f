/**
 * Teaches a model that answers to prefer right answers to nearly right ones, by direct preference optimization.
 *
 *   deno task finetune-preference --config configs/world.yaml
 *
 * Writes into models/<name>/preference: checkpoints last/ and best/, metrics.jsonl, loss.svg and report.json.
 */
import { join } from "@std/path";
import { valuesApart } from "../lib/checkpoint/adapted.ts";
import { backboneFiles } from "../lib/checkpoint/backbone.ts";
import { readCheckpoint, readCheckpointInfo } from "../lib/checkpoint/checkpoint.ts";
import { filesOf } from "../lib/data/conversations.ts";
import { groupedBatches } from "../lib/data/grouped.ts";
import {
  encodePreference,
  gatherPreferences,
  type Preference,
  preferenceBatch,
  splitPreferences,
  varyPreference,
} from "../lib/data/preferences.ts";
import { UserError } from "../lib/errors.ts";
import { type InventionScore, inventionScore, questionsToAsk } from "../lib/evaluate/invented.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { openDecoder } from "../lib/checkpoint/open_model.ts";
import { bar, count } from "../lib/progress.ts";
import type { PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { defineStage, isPresent } from "../lib/run/stage.ts";
import { openFor } from "../lib/run/training.ts";
import { deriveSeed } from "../lib/tensor/random.ts";
import { describeAdapter, readLearner } from "../lib/train/adapting.ts";
import { epochsPlan, loopOptions, microIndex, stepsPerEpoch } from "../lib/train/loop_options.ts";
import { train } from "../lib/train/loop.ts";
import { requireMemory } from "../lib/train/memory.ts";
import { PreferenceSection } from "../lib/train/preference_section.ts";
import {
  highestPreferenceLoss,
  pairLogprobs,
  type PreferenceFigures,
  preferenceFigures,
  preferenceMicroBatch,
} from "../lib/train/preferences.ts";
import { buildVocab } from "./build-vocab.ts";
import { finetuneInstruct } from "./finetune-instruct.ts";

const sections = { "finetune-preference": PreferenceSection };
type Preset = PresetWith<typeof sections>;

/** The most tokens in an answer that is compared with the chosen one. */
const LONGEST_ANSWER = 60;

const settings = (preset: Preset) => preset["finetune-preference"];
const backboneOf = (preset: Preset) => settings(preset).backbone ?? finetuneInstruct.out(preset);

export const finetunePreference = defineStage({
  name: "finetune-preference",
  about: "Teaches a model that answers to prefer right answers to nearly right ones.",
  module: import.meta.url,
  sections,
  pathKeys: ["finetune-preference.backbone", "finetune-preference.data"],
  settings: ["seed", "device", "precision"],
  out: ({ name }) => `models/${name}/preference`,
  after(preset) {
    if (settings(preset).backbone) return [];
    if (isPresent(finetuneInstruct, preset)) return [finetuneInstruct];
    throw new UserError(
      "finetune-preference starts from a model that answers: give finetune-preference.backbone, or add a section " +
        "finetune-instruct",
    );
  },
  async sources(preset) {
    const { backbone, data } = settings(preset);
    return [...await filesOf(data), ...backbone ? await backboneFiles(backbone, buildVocab.out(preset)) : []];
  },
  backbone: (preset) => ({ key: "finetune-preference.backbone", folder: backboneOf(preset) }),
  models: () => ({ preference: "." }),
  optional: true,
  interruptible: true,
  keeps: true,
  async run(context) {
    const { preset, out, terminal, signal } = context;
    const options = settings(preset);
    const { beta, sft } = options;
    const seed = deriveSeed(preset.seed, "preference");
    const all = await gatherPreferences(options.data);
    const backbone = await readLearner(backboneOf(preset), buildVocab.out(preset), {
      section: "finetune-preference",
      options: options.adapter,
      seed,
    });
    await requireChat(backbone.folder);
    const { tokenizer, config } = backbone;
    const { context: time } = config, { pad } = tokenizer.special;
    const encode = (pair: Preference) => encodePreference(tokenizer, pair, time);
    const whole = all.filter(encode);
    if (whole.length === 0) {
      throw new UserError(
        `finetune-preference.data: all ${all.length} pairs are longer than the context of ${time} tokens, the ` +
          "backbone's model.context; give shorter ones, or train a backbone with a longer context",
      );
    }
    const split = splitPreferences(whole, options.validation, deriveSeed(seed, "split"));
    const sequences = 2 * options.batch;
    const device = await openFor(preset, terminal, { config, batch: sequences });
    using closing = new DisposableStack();
    closing.defer(() => device.close());
    requireMemory(device, config, {
      section: "finetune-preference",
      sequences,
      ema: options.ema,
      frozen: backbone.frozen,
    });
    const model = openDecoder(device, backbone, { ...config, dropout: options.dropout });
    const mixed = preset.precision === "mixed";
    if (mixed) model.parameters.addFloat16Copies();

    const held = split.validation.map((pair) => encode(pair)!);
    const learned = split.train.map((pair, i) => {
      const varied = varyPreference(pair, options.augment, deriveSeed(seed, "augment", i));
      // With varied letters a pair may take more tokens, and no longer fit.
      return encode(varied) ?? encode(pair)!;
    });
    const pairs = { train: learned.length, validation: held.length, long: all.length - whole.length };
    terminal.log(
      `  from ${backbone.folder}; ${count(pairs.train)} pairs to learn, ${pairs.validation} to validate`,
    );
    const trained = describeAdapter(backbone);
    if (trained) terminal.log(`  ${trained}`);
    if (pairs.long > 0) {
      terminal.log(`  ${count(pairs.long)} pairs are longer than the context of ${time} tokens; left out`);
    }

    // The log-probabilities by the initial model, which stay the same throughout training.
    const passes = { batch: options.batch, pad, signal };
    const reference = await pairLogprobs(model, learned, {
      ...passes,
      onProgress(done) {
        const text = `reference: ${done}/${learned.length} pairs`;
        terminal.progress([[bar(done / learned.length), 1], [text, 0]]);
      },
    });
    const heldReference = await pairLogprobs(model, held, passes);
    const judge = async () =>
      preferenceFigures(await pairLogprobs(model, held, { batch: options.batch, pad }), heldReference, beta);
    const asked = questionsToAsk(split.validation, options.asked);
    const measure = async (pairs: PreferenceFigures): Promise<Measured> => {
      const answers = await inventionScore(model, tokenizer, asked, LONGEST_ANSWER);
      return { pairs, ...asked.length > 0 && { answers } };
    };
    if (signal.aborted) return { finished: false, metrics: {} };
    const before = await measure(preferenceFigures(heldReference, heldReference, beta));
    terminal.log(`  before: ${summary(before)}`);

    const batches = groupedBatches(
      { n: learned.length, batch: options.batch, seed: deriveSeed(seed, "batches") },
      (rows) => rows.map((i) => ({ ...learned[i], reference: reference.subarray(2 * i, 2 * i + 2) })),
    );
    const perEpoch = stepsPerEpoch(learned.length, options);
    const plan = epochsPlan(options, perEpoch), stage = "finetune-preference";
    const result = await train(loopOptions(options, { stage, format: "chat", plan, seed, mixed }), {
      ...context,
      model,
      tokenizer,
      epoch: perEpoch,
      adapter: backbone.adapter,
      unit: "nats per pair",
      highestLoss: highestPreferenceLoss(model, sft),
      batch(step, micro) {
        const drawn = batches(microIndex(options, step, micro));
        const own = Float32Array.from(drawn.flatMap(({ reference }) => [...reference]));
        return preferenceMicroBatch(model, preferenceBatch(drawn, time, pad), { reference: own, beta, sft });
      },
      evaluate: judge,
    });
    if (result.finished) {
      model.load(valuesApart(await readCheckpoint(join(out, "best"))));
      const after = await measure(await judge());
      terminal.log(`  after: ${summary(after)}`);
      const report = { data: options.data, pairs, backbone: backbone.folder, before, after, ...result };
      await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    }
    return { finished: result.finished, device: device.description, metrics: { ...result } };
  },
});

/** Figures on held-out pairs. */
interface Measured {
  readonly pairs: PreferenceFigures;
  readonly answers?: InventionScore;
}

/** @throws {UserError} if a checkpoint of ours holds a model that does not answer */
async function requireChat(folder: string): Promise<void> {
  const format = (await readCheckpointInfo(folder))?.format ?? "chat";
  if (format === "chat") return;
  throw new UserError(
    `finetune-preference.backbone: ${folder} is no model that answers; give one that finetune-instruct has made`,
  );
}

function summary({ pairs: { accuracy, likelier }, answers }: Measured): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const parts = [
    `the chosen answer is the more probable one in ${percent(likelier)} of held-out pairs`,
    ...accuracy > 0 ? [`it gained more in ${percent(accuracy)}`] : [],
  ];
  const { unanswerable, answerable } = answers ?? {};
  if (unanswerable?.invented != null) {
    parts.push(`${percent(unanswerable.invented)} of unanswerable questions are answered`);
  }
  if (answerable?.declined != null) parts.push(`${percent(answerable.declined)} of others are not`);
  return parts.join("; ");
}

if (import.meta.main) runAlone(finetunePreference, () => import("./pipeline.ts"));
