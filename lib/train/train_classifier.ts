/** Trains a classifier on labelled texts. */
import { join } from "@std/path";
import { readBackbone } from "../checkpoint/backbone.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { drawAlike, encodeText, epochBatch, type Labelled, padded, splitTask } from "../data/labelled.ts";
import type { Device } from "../device/device.ts";
import { writeFileAtomic } from "../files.ts";
import { Classifier, type Freeze } from "../model/classifier.ts";
import { plotCurves } from "../plot.ts";
import { count } from "../progress.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";
import type { ClassifySection } from "./classify_section.ts";
import { finetuningLoop } from "./finetuning_loop.ts";
import { mostProbable, pooledStates, probabilities, qualityOn, statesOf } from "./labels.ts";
import { type LoopTask, train } from "./loop.ts";

type Splits = Awaited<ReturnType<typeof splitTask>>;
type Backbone = Awaited<ReturnType<typeof readBackbone>>;

/** What a classifier learns, from what, and for whom. */
export interface ClassifierTask extends Pick<LoopTask, "resume" | "run" | "begin" | "terminal" | "signal"> {
  readonly name: string;
  readonly splits: Splits;
  readonly backbone: Backbone;
  readonly options: ClassifySection;
  /** Whether it trains in mixed precision. */
  readonly mixed: boolean;
  readonly device: Device;
}

/** The weight of each label in the loss, N / (K·n); undefined where labels are balanced. */
export function classWeights(
  { labels, train }: Splits,
  { class_weights }: ClassifySection,
): Float32Array | undefined {
  const counts = labels.map((label) => train.filter((example) => example.label === label).length);
  if (class_weights === "none" || Math.max(...counts) <= 1.1 * Math.min(...counts)) return undefined;
  return Float32Array.from(counts, (n) => train.length / (labels.length * n));
}

/**
 * One training: from the backbone's weights, or from random ones. A frozen backbone computes its states
 * once, and only the head is trained on them.
 * @returns how right it is; null if it was stopped
 */
export async function trainClassifier(
  task: ClassifierTask,
  out: string,
  values: Backbone["values"] | undefined,
) {
  const { name, splits, backbone, options, mixed, device, terminal } = task;
  const { labels } = splits;
  const { tokenizer } = backbone;
  const config = { ...backbone.config, dropout: options.dropout };
  const head = { labels, pooling: options.pooling, norm: options.norm, dropout: options.dropout };
  const freeze: Freeze = options.freeze === "backbone" || options.freeze === "none"
    ? options.freeze
    : Math.min(config.layers, Number(options.freeze.split(" ")[1]));
  const model = new Classifier(device, config, head, tokenizer.special.pad, freeze);
  const { seed } = splits.origin;
  model.initialize(deriveSeed(seed, "weights"), values);
  terminal.log(
    `  ${name}: ${values ? "from the backbone" : "from a random backbone"}, ` +
      `${count(model.parameters.trained)} of ${count(model.parameters.count)} parameters are trained`,
  );
  const encode = (examples: readonly Labelled[]) => ({
    texts: examples.map(({ text }) => encodeText(tokenizer, text, config.context)),
    targets: Uint32Array.from(examples, ({ label }) => labels.indexOf(label)),
  });
  // Training texts, as many of each label as validate: they show whether the model only learns by heart.
  const seen = drawAlike(splits.train, splits.validation, deriveSeed(seed, "seen"));
  const data = {
    train: encode(splits.train),
    seen: encode(seen),
    validation: encode(splits.validation),
    test: encode(splits.test),
  };
  const frozen = freeze === "backbone"
    ? {
      train: await pooledStates(model, data.train.texts),
      seen: await pooledStates(model, data.seen.texts),
      validation: await pooledStates(model, data.validation.texts),
    }
    : null;
  const weights = classWeights(splits, options);
  const mask = tokenizer.special.unk ?? tokenizer.special.pad;
  const n = data.train.texts.length;
  const perEpoch = Math.ceil(n / options.batch);

  const accuracyPoints: Record<"seen" | "validation", [number, number][]> = { seen: [], validation: [] };
  let step = 0;
  const measure = async (part: "seen" | "validation") => {
    const p = await probabilities(model, frozen?.[part] ?? await pooledStates(model, data[part].texts));
    const { targets } = data[part];
    const right = p.filter((row, i) => mostProbable(row) === targets[i]).length;
    const loss = p.reduce((sum, row, i) => sum - Math.log(Math.max(1e-12, row[targets[i]])), 0) / p.length;
    accuracyPoints[part].push([step, right / p.length]);
    return { loss, accuracy: right / p.length };
  };
  const loop = finetuningLoop(options, {
    stage: "finetune-classify",
    format: "labels",
    perEpoch,
    seed,
    mixed,
  });
  const result = await train(loop, {
    ...task,
    model,
    tokenizer,
    out,
    origin: splits.origin,
    highestLoss: Infinity, // a few texts, confidently mistaken, cost any amount
    batch(at) {
      step = at;
      const rows = epochBatch(n, options.batch, at - 1, deriveSeed(seed, "batches"));
      const targets = Uint32Array.from(rows, (i) => data.train.targets[i]);
      const hidden = deriveSeed(seed, "hidden", at);
      const tokens = padded(
        rows.map((i, row) => {
          return hideTokens(data.train.texts[i], options.token_dropout, deriveSeed(hidden, row), mask);
        }),
        config.context,
        tokenizer.special.pad,
      );
      return {
        targets: rows.length,
        tokens: tokens.ids.length,
        loss: (passSeed) =>
          model.loss(
            frozen ? statesOf(device, frozen.train, config.width, rows) : tokens,
            targets,
            weights && Float32Array.from(targets, (label) => weights[label]),
            passSeed,
          ),
      };
    },
    async evaluate() {
      await measure("seen");
      return await measure("validation");
    },
    // The loss rises with confidence long before labels get worse; of equals, the later has seen more.
    better: (now, best) => now.accuracy >= best.accuracy,
  });
  if (!result.finished) return null;
  await writeFileAtomic(
    join(out, "accuracy.svg"),
    plotCurves(`${name}: accuracy`, "share right", [
      { name: "training texts", points: accuracyPoints.seen },
      { name: "validation texts", points: accuracyPoints.validation },
    ]),
  );
  model.parameters.load((await readCheckpoint(join(out, "best"))).values);
  return {
    best: result.best,
    validation: result.validation,
    seconds: result.seconds,
    train: await qualityOn(model, tokenizer, seen),
    test: await qualityOn(model, tokenizer, splits.test),
  };
}

/** Some tokens, drawn by seed, become `mask`: a text must be known by more than one of its words. */
function hideTokens(ids: Uint32Array, rate: number, seed: number, mask: number): Uint32Array {
  if (rate === 0) return ids;
  return ids.map((id, i) => i > 0 && uniform(seed, i) < rate ? mask : id);
}
