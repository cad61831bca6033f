/**
 * Compares trainings in a terminal, with the same data as the page /runs.
 *
 *   deno task compare small/pretrain world/pretrain
 */
import { UserError } from "../errors.ts";
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";
import type { Columns } from "../runs/curve.ts";
import type { RunSummary, WatchedRun } from "../runs/run.ts";
import { Runs } from "../runs/runs.ts";
import { compareSettings } from "../runs/settings.ts";
import { columns, figure, findRun, named, progress, time } from "./runs_text.ts";

const HELP = `Trainings beside each other: figures, losses at the same place, and the settings that differ.

Usage: deno task compare RUN RUN... [options]

  --by AXIS        what places are counted in: step, tokens or time (step)
  --all            settings that are the same, too
  --models FOLDER  where to look (models)
  --json           the same for programs, as /api/runs/curves and /api/runs/settings of the server say it
  -h, --help       this text

A RUN is a training below models/, such as small/pretrain; deno task runs lists them.`;

const program = {
  ...{ name: "compare", help: HELP, operands: true },
  values: ["by", "models"],
  switches: ["all", "json"],
} as const;

const AXES = { step: "step", tokens: "tokens", time: "seconds" } as const;
type Axis = keyof typeof AXES;

/** Number of points at which losses are compared. */
const PLACES = 10;
/** The most characters of a setting's value that are shown. */
const LONGEST = 60;

/** A row for each figure that any of the runs has. */
function figureRows(runs: readonly RunSummary[]): string[][] {
  const names = new Set(runs.flatMap(({ validation }) => Object.keys(validation?.figures ?? {})));
  return [
    ["stage", ...runs.map(({ stage }) => stage ?? "–")],
    ["state", ...runs.map(({ state }) => state)],
    ["step", ...runs.map(progress)],
    ["parameters", ...runs.map(({ parameters }) => figure(parameters))],
    ["tokens", ...runs.map(({ tokens }) => figure(tokens))],
    ["time", ...runs.map(({ seconds }) => time(seconds))],
    ["tokens/s", ...runs.map(({ tokens_per_s }) => figure(tokens_per_s))],
    ["loss", ...runs.map(({ loss }) => figure(loss))],
    ...[...names].map((name) => [
      `held out: ${name}`,
      ...runs.map(({ validation }) => named(name, validation?.figures[name])),
    ]),
  ];
}

/** A run's loss at the last point up to `place` on an axis; null before its first point and after its last. */
function lossAt({ figures, ...axes }: Columns, axis: Axis, place: number): number | null {
  const xs = axes[AXES[axis]];
  if (place > (xs.at(-1) ?? 0)) return null;
  const at = xs.findLastIndex((x) => x !== null && x <= place);
  return at < 0 ? null : figures.loss?.[at] ?? null;
}

/** Losses at evenly spaced points up to the end of the longest run. */
function lossRows(curves: readonly Columns[], axis: Axis): string[][] {
  const end = Math.max(0, ...curves.map((curve) => curve[AXES[axis]].at(-1) ?? 0));
  if (end === 0) return [];
  return Array.from({ length: PLACES }, (_, i) => {
    const place = i === PLACES - 1 ? end : Math.round(end * (i + 1) / PLACES);
    const name = axis === "time" ? time(place) : figure(place);
    return [name, ...curves.map((curve) => figure(lossAt(curve, axis, place)))];
  });
}

function settingRows(settings: ReturnType<typeof compareSettings>, all: boolean): string[][] {
  const shown = (json: string | null) => {
    const text = json?.replace(/^"(.*)"$/, "$1") ?? "–";
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  };
  return settings.filter(({ differs }) => all || differs).map(({ key, values, differs }) => [
    all && differs ? `* ${key}` : key,
    ...values.map(shown),
  ]);
}

await runProgram(program, async (flags, operands) => {
  const axis = flags.by ?? "step";
  if (axis !== "step" && axis !== "tokens" && axis !== "time") {
    throw new UserError(`--by ${axis}: expected step, tokens or time`);
  }
  if (operands.length < 2) {
    throw new UserError(
      `compare: give at least two runs, such as small/pretrain small/instruct; got ${operands.length}; ` +
        "deno task runs lists them",
    );
  }
  const runs = new Runs(flags.models ? callerPath(flags.models) : "models");
  const found: WatchedRun[] = [];
  for (const operand of operands) found.push(await findRun(runs, operand, callerPath(operand)));
  const summaries: RunSummary[] = [], facts = [];
  for (const run of found) {
    summaries.push(await run.summary());
    facts.push(await run.facts());
  }
  const settings = compareSettings(facts);
  if (flags.json) {
    const changes = [];
    for (const run of found) changes.push(await run.follow(1024).change());
    return console.log(JSON.stringify({ runs: changes, settings }, null, 1));
  }
  const ids = found.map(({ id }) => id);
  console.log(columns([["", ...ids], ...figureRows(summaries)]));
  const curves = found.map(({ file }) => file.training.columns().columns);
  const losses = lossRows(curves, axis);
  if (losses.length > 0) console.log(`\n${columns([[`loss at ${axis}`, ...ids], ...losses])}`);
  const rows = settingRows(settings, flags.all);
  const none = rows.length === 0 ? "\nthe settings are the same" : "";
  console.log(
    none || `\n${columns([[flags.all ? "settings (* differs)" : "settings that differ", ...ids], ...rows])}`,
  );
});
