/** Compares a classifier with its baselines, and writes the report on their accuracy. */
import { join } from "@std/path";
import { writeFileAtomic } from "../files.ts";
import { plotMatrix } from "../plot.ts";
import { count } from "../progress.ts";
import { type Quality, quality } from "./labels.ts";
import { naiveBayes } from "./naive_bayes.ts";
import { type ClassifierTask, classWeights, trainAlong, trainClassifier } from "./train_classifier.ts";

/**
 * Trains a task's classifier, tests it and the baselines, and writes the report. Returns null if stopped. When ranks
 * share the training, only rank 0 tests and reports; the others return no figures.
 */
export async function compareClassifier(task: ClassifierTask, folder: string) {
  if (task.ranks.rank > 0) return await trainAlong(task, folder) ? {} : null;
  const { name, splits, backbone, options, terminal } = task;
  const { labels, train: examples, test } = splits;
  const { context } = backbone.config;
  const cut = [...examples, ...splits.validation, ...test]
    .filter(({ text }) => backbone.tokenizer.encode(text).length + 1 > context).length;
  terminal.log(
    `  ${name}: ${count(examples.length)} texts to train, ${splits.validation.length} to validate, ` +
      `${test.length} to test; labels ${labels.join(", ")}`,
  );
  if (cut > 0) {
    terminal.log(`  ${name}: ${cut} texts are longer than the context of ${context} tokens; cut there`);
  }

  const finetuned = await trainClassifier(task, folder, "backbone");
  if (!finetuned) return null;
  const actual = test.map(({ label }) => label);
  const counts = labels.map((label) => examples.filter((example) => example.label === label).length);
  const majority = labels[counts.indexOf(Math.max(...counts))];
  const bayes = naiveBayes(examples);
  const baselines: Record<string, Quality> = {
    majority: quality(labels, actual, test.map(() => majority)),
    naive_bayes: quality(labels, actual, test.map(({ text }) => bayes(text))),
  };
  if (options.random_backbone) {
    const random = await trainClassifier(task, join(folder, "random-backbone"), "random");
    if (!random) return null;
    baselines.random_backbone = random.test;
    await Deno.remove(join(folder, "random-backbone"), { recursive: true });
  }
  const report = {
    task: name,
    data: options.tasks[name].data,
    labels,
    texts: { train: examples.length, validation: splits.validation.length, test: test.length, cut },
    freeze: options.freeze,
    class_weights: classWeights(splits, options) !== undefined,
    backbone: backbone.folder,
    ...finetuned,
    baselines,
    conclusion: conclusion(finetuned.test, baselines),
  };
  await writeFileAtomic(join(folder, "report.json"), JSON.stringify(report, null, 1) + "\n");
  await writeFileAtomic(
    join(folder, "confusion.svg"),
    plotMatrix({
      title: `${name}: ${test.length} texts of the test`,
      rows: { name: "true label", labels },
      columns: { name: "predicted label", labels },
      values: finetuned.test.confusion,
      cell: 76,
    }),
  );
  terminal.log(
    `  ${name}: test accuracy ${percent(finetuned.test.accuracy)}, macro F1 ${
      finetuned.test.macro_f1.toFixed(3)
    }`,
  );
  for (const sentence of report.conclusion) terminal.log(`  ${name}: ${sentence}`);
  const { accuracy, macro_f1 } = finetuned.test;
  return {
    accuracy,
    macro_f1,
    baselines: Object.fromEntries(Object.entries(baselines).map(([key, value]) => [key, value.accuracy])),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Sentences that say whether the model beat each baseline. */
function conclusion(own: Quality, baselines: Record<string, Quality>): string[] {
  const names: Record<string, string> = {
    majority: "always saying the commonest label",
    naive_bayes: "naive Bayes on words",
    random_backbone: "the same network without pretraining",
  };
  return Object.entries(baselines).map(([key, { accuracy }]) => {
    const verdict = own.accuracy > accuracy
      ? "beats"
      : own.accuracy === accuracy
      ? "equals"
      : "falls short of";
    return `${percent(own.accuracy)} right ${verdict} ${names[key]} (${percent(accuracy)})`;
  });
}
