/** The report's comparison tables: of all checkpoints, and of each classifier with its baselines. */
import { html } from "hono/html";
import { type Html, numeral, say, table } from "../page.ts";
import { type CheckpointReport, FIGURES, fixed, percent } from "./report_checkpoint.ts";

type Entries = readonly (readonly [name: string, CheckpointReport])[];

/** The parts of paths that differ, without the start and the end that all share. */
function differing(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split("/"));
  const [first] = parts;
  const same = (at: (all: readonly string[], i: number) => string | undefined) => {
    let n = 0;
    while (n < first.length - 1 && parts.every((all) => at(all, n) === at(first, n))) n++;
    return n;
  };
  if (paths.length < 2) return [...paths];
  const start = same((all, i) => all[i]), end = same((all, i) => all.at(-1 - i));
  return parts.map((all) => all.slice(start, all.length - end).join("/") || all.join("/"));
}

/** A table of checkpoints, without figures that none of them has. The best value of each row is bold. */
function figures(entries: Entries): Html {
  const folders = differing(entries.map(([, { folder }]) => folder));
  const rows = FIGURES.flatMap(({ en, es, value, write, better }) => {
    const values = entries.map(([, checkpoint]) => value(checkpoint));
    const known = values.filter((one) => one != null);
    if (known.length === 0) return [];
    const best = known.length > 1 && better
      ? (better === "high" ? Math.max(...known) : Math.min(...known))
      : undefined;
    const cells = values.map((one) =>
      one != null && one === best ? html`<b>${numeral(write(one))}</b>` : write(one)
    );
    return [[say(en, es), ...cells]];
  });
  return table(
    [say("figure", "cifra"), ...entries.map(([name]) => name)],
    [[say("folder", "carpeta"), ...folders], ...rows],
  );
}

const BASELINES: Readonly<Record<string, Html>> = {
  majority: say("always the most frequent label", "siempre la etiqueta más frecuente"),
  naive_bayes: say("naive Bayes on words", "Bayes ingenuo con palabras"),
  random_backbone: say("the same model without pretraining", "el mismo modelo sin preentrenar"),
};

/** A table of a classifier and its baselines, the best first. */
function besideBaselines([name, { classify }]: Entries[number]): Html {
  const { baselines = {}, accuracy, macro_f1, task } = classify!;
  const rows = [
    { name: html`<b>${name}</b>` as string | Html, accuracy, macro_f1 },
    ...Object.entries(baselines).map(([key, found]) => ({ name: BASELINES[key] ?? key, ...found })),
  ].sort((a, b) => b.accuracy - a.accuracy);
  return html`<h3>${task}</h3>${
    table(
      [say("what labels", "qué etiqueta"), say("accuracy", "exactitud"), "macro F1"],
      rows.map((row) => [row.name, percent(row.accuracy), fixed(3)(row.macro_f1)]),
    )
  }`;
}

export function comparison(entries: Entries): Html {
  const classifiers = entries.filter(([, { classify }]) => classify);
  const writers = entries.filter(([, { classify }]) => !classify);
  return html`
    <h2>${say("Side by side", "Lado a lado")}</h2>
    ${writers.length > 0 ? figures(writers) : ""}
    ${classifiers.length > 0
      ? html`<h2>${say("Classifiers beside simpler means", "Clasificadores junto a medios más simples")}</h2>
    <p>${
        say(
          "All label the same texts, which none of them was trained on.",
          "Todos clasifican los mismos textos, con los que ninguno se entrenó.",
        )
      }</p>
    ${classifiers.map(besideBaselines)}${figures(classifiers)}`
      : ""}
  `;
}
