/** Tables and a picture of an ablation, made only from its recorded results. */
import { UserError } from "../../errors.ts";
import { count } from "../../progress.ts";
import { type Dots, plotDots } from "../../plot.ts";
import { baseSteps, ratioOf, tokensPerStep } from "./calibrate.ts";
import { BASE, type Variant } from "./config.ts";
import { figuresOf } from "./figures.ts";
import { format, formatDifference, isMoreBetter, titleOf } from "./format.ts";
import type { Lab } from "./lab.ts";
import type { Results, Run } from "./results.ts";
import type { Plan } from "./runs.ts";
import { deviation, mean, pooledDeviation } from "./statistics.ts";

/** A variant's recorded runs. */
export interface Row {
  readonly variant: Variant;
  readonly recorded: readonly Run[];
  /** The runs that did not diverge. */
  readonly runs: readonly Run[];
  /** Tokens per second divided by the base's. */
  readonly speed: number;
}

/**
 * Rows of the variants that have recorded runs, the base first.
 * @throws {UserError} if the base has none
 */
export function rowsOf(lab: Lab, results: Results, plans: readonly Plan[]): Row[] {
  const rows = [...Map.groupBy(plans, ({ variant }) => variant)].flatMap(([variant, own]) => {
    const recorded = own.flatMap(({ run }) => run ?? []);
    if (recorded.length === 0) return [];
    const runs = recorded.filter(({ figures }) => figures);
    const tokens = tokensPerStep(lab.preset(variant)) / tokensPerStep(lab.base);
    return [{ variant, recorded, runs, speed: tokens / ratioOf(lab, results, variant)! }];
  });
  if (rows[0]?.variant.name === BASE) return rows;
  throw new UserError(
    `${results.path}: nothing is recorded of ${BASE} as ${lab.ablations.path} describes it now; run ` +
      `deno task ablate ${lab.ablations.path} first`,
  );
}

/** A variant's values of a figure, one per run. */
export const valuesOf = ({ runs }: Row, key: string): number[] =>
  runs.flatMap(({ figures }) => figures?.[key] ?? []);

/**
 * The least difference of two means that is larger than other seeds would cause: twice its standard error, from the
 * pooled deviation. Null if the deviation is not known or a variant has no run.
 */
export function leastDifference(deviation: number | null, a: Row, b: Row): number | null {
  const runs = [a, b].map((row) => row.runs.length);
  if (deviation === null || runs.includes(0)) return null;
  return 2 * deviation * Math.sqrt(1 / runs[0] + 1 / runs[1]);
}

interface Figure {
  readonly key: string;
  /** Standard deviation between seeds, pooled over all variants. */
  readonly deviation: number | null;
}

/** The whole report. */
export function renderReport(lab: Lab, results: Results, rows: readonly Row[], picture: string): string {
  const { path, preset, seeds, variants, minutes } = lab.ablations;
  const figures = figuresOf(lab).map((key) => ({
    key,
    deviation: pooledDeviation(rows.map((row) => valuesOf(row, key))),
  }));
  const steps = baseSteps(lab, results)!;
  const spread = figures.flatMap(({ key, deviation }) =>
    deviation === null ? [] : [`${titleOf(key)}: ${format(key, deviation)}`]
  );
  const groups = Map.groupBy(rows.slice(1), ({ variant }) => variant.group);
  return [
    `<!-- Made by deno task ablate ${path} --report; changes are lost. -->`,
    "# Ablations: results",
    "",
    `Variants of \`${preset}\`, each pretrained for the time in which the base makes ${count(steps)} steps` +
    `${minutes === undefined ? "" : ` (${minutes} minutes where it was measured)`}, with seed${
      seeds.length > 1 ? "s" : ""
    } ${seeds.join(", ")}. Made by \`deno task ablate ${path}\`.`,
    "",
    "Numbers are means over seeds ± the sample's standard deviation; in brackets, how far the mean is from the base's. " +
    "**Bold** differences are larger than twice their standard error, which is taken from the deviation within all " +
    "variants together; of variants that change nothing, about one figure in twenty would be bold by chance. " +
    "Speed is tokens per second, by the base's.",
    ...spread.length > 0 ? ["", `That deviation: ${spread.join("; ")}.`] : [],
    "",
    `![Figures of every variant: a dot for each seed, a bar at the mean, a line at the base](${picture})`,
    ...[...groups].flatMap(([group, own]) => ["", `## ${group}`, "", ...table([rows[0], ...own], figures)]),
    ...groups.size === 0 ? ["", ...table([rows[0]], figures)] : [],
    "",
    "## What each variant sets",
    "",
    ...variants.slice(1).filter((variant) => rows.some((row) => row.variant === variant)).map(setting),
    ...notes(lab, rows).flatMap((note) => ["", note]),
    "",
  ].join("\n");
}

function table(rows: readonly Row[], figures: readonly Figure[]): string[] {
  const [base] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const titles = ["variant", "parameters", "steps", "speed", ...figures.map(({ key }) => titleOf(key))];
  return [
    line(titles),
    line(titles.map((_, i) => i === 0 ? "---" : "---:")),
    ...rows.map((row) => {
      const { variant, recorded, runs, speed } = row, [{ parameters, steps }] = recorded;
      const diverged = recorded.length - runs.length;
      return line([
        variant.name + (diverged === 0 ? "" : ` (diverged: ${diverged} of ${recorded.length})`),
        count(parameters),
        count(steps),
        speed.toFixed(2),
        ...figures.map((figure) => cell(row, base, figure)),
      ]);
    }),
  ];
}

function cell(row: Row, base: Row, { key, deviation: pooled }: Figure): string {
  const values = valuesOf(row, key), others = valuesOf(base, key);
  if (values.length === 0) return "–";
  const spread = deviation(values);
  const own = format(key, mean(values)) + (spread === null ? "" : ` ± ${format(key, spread)}`);
  if (row === base || others.length === 0) return own;
  const difference = mean(values) - mean(others), least = leastDifference(pooled, row, base);
  const mark = least !== null && Math.abs(difference) > least ? "**" : "";
  return `${own} (${mark}${formatDifference(key, difference)}${mark})`;
}

function setting({ name, about, overrides }: Variant): string {
  const sets = overrides.map(({ key, value }) => `\`${key}: ${JSON.stringify(value)}\``).join(", ");
  return `- **${name}**${about && `, ${about}`}: ${sets}`;
}

/** The report has a note if the share of unknown tokens reaches this. */
const UNKNOWN = 0.001;

/** Notes on what makes runs less comparable than they look. */
function notes(lab: Lab, rows: readonly Row[]): string[] {
  const runs = rows.flatMap((row) => row.runs);
  const kinds = (of: (run: Run) => string, some: readonly Run[] = runs) => new Set(some.map(of)).size;
  const corpora = Map.groupBy(rows, ({ variant }) => lab.ownerOfData(variant));
  const changed = [...corpora.values()].some((own) =>
    kinds(({ data }) => data, own.flatMap((row) => row.runs)) > 1
  );
  const flattered = rows.filter((row) => row.runs.some(({ unknown = 0 }) => unknown > UNKNOWN));
  return [
    ...flattered.map(({ variant, runs }) =>
      `Of the tokens of a text, ${variant.name} does not know up to ` +
      `${
        (100 * Math.max(...runs.map(({ unknown = 0 }) => unknown))).toFixed(1)
      } %, which flatters its bits per byte.`
    ),
    ...kinds(({ code }) => code) > 1 ? ["Not all runs were made by the same version of the code."] : [],
    ...changed ? ["Texts that runs learn from were changed between them."] : [],
    ...kinds(({ test_hash }) => test_hash) > 1
      ? ["Not all runs were measured on the same texts and questions."]
      : [],
  ];
}

/** The picture: a row for each variant, a panel for each figure. */
export function renderPicture(lab: Lab, rows: readonly Row[]): string {
  const groups = Map.groupBy(rows, ({ variant }) => variant.group);
  const panels = figuresOf(lab).map((key) => ({
    title: titleOf(key),
    note: isMoreBetter(key) ? "more is better" : "less is better",
  }));
  const entries: Dots["rows"] = [...groups].flatMap(([group, own]) => [
    ...group ? [{ name: group, heading: true, values: [] }] : [],
    ...own.map((row) => ({
      name: row.variant.name,
      heading: false,
      values: figuresOf(lab).map((key) =>
        valuesOf(row, key).map((value) => isMoreBetter(key) ? 100 * value : value)
      ),
    })),
  ]);
  const title = `${lab.base.name}: a dot for each seed, a bar at the mean, a line at the base's mean`;
  return plotDots({
    title,
    panels,
    rows: entries,
    reference: entries[0].values.map((own) => own.length ? mean(own) : null),
  });
}
