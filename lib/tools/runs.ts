/**
 * Shows trainings in a terminal, with the same data as the page /runs.
 *
 *   deno task runs
 *   deno task runs small/pretrain
 */
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";
import type { Columns } from "../runs/curve.ts";
import type { RunSummary, WatchedRun } from "../runs/run.ts";
import { Runs } from "../runs/runs.ts";
import { columns, figure, findRun, judged, named, progress, sparkline, time } from "./runs_text.ts";

const HELP = `Trainings, finished or going on: how far they are, and how well they do.

Usage: deno task runs [RUN...] [options]

Without a RUN, a line for each below models/, those that changed last first. With one, such as small/pretrain or
models/small/pretrain: its curves, its figures on held-out data by step or epoch, and what it wrote.

  --models FOLDER  where to look (models)
  --json           the same for programs, as /api/runs and /api/runs/curves of the server say it
  -h, --help       this text`;

const program = {
  ...{ name: "runs", help: HELP, operands: true },
  values: ["models"],
  switches: ["json"],
} as const;

const line = (run: RunSummary): string[] => [
  run.id,
  run.stage ?? "–",
  run.state,
  progress(run),
  figure(run.loss),
  judged(run),
  figure(run.tokens_per_s),
  time(run.seconds),
  run.left === null ? "" : time(run.left),
];

const HEAD = ["run", "stage", "state", "step", "loss", "held out", "tokens/s", "time", "left"];

/** Width of a curve in characters; the most rows of figures and samples that are shown. */
const WIDTH = 64, ROWS = 20, SAMPLES = 3;

/** A table of the latest figures on held-out data. */
function figuresTable({ step, figures }: Columns, epoch: number | null): string {
  const names = Object.keys(figures);
  const head = [epoch ? "epoch" : "step", ...epoch ? ["step"] : [], ...names];
  const rows = step.map((at, i) => [
    ...epoch ? [figure(at / epoch)] : [],
    String(at),
    ...names.map((name) => named(name, figures[name][i])),
  ]);
  return columns([head, ...rows.slice(-ROWS)]);
}

async function describe(run: WatchedRun): Promise<void> {
  const summary = await run.summary();
  const { id, stage, state, parameters, device, started, unit, epoch } = summary;
  const of = parameters === null ? "" : `, ${figure(parameters)} parameters`;
  console.log(`${id}: ${stage ?? "unknown stage"}, ${state}${of}${device ? ` on ${device}` : ""}`);
  const left = summary.left === null ? "" : `, ${time(summary.left)} left`;
  console.log(
    `  step ${progress(summary)}, ${time(summary.seconds)}${left}${started ? `, started ${started}` : ""}`,
  );
  const { training, validation, average, samples } = run.file;
  const { figures } = training.columns().columns;
  for (const [name, values] of Object.entries(figures)) {
    const last = `${figure(values[0])} → ${figure(values.at(-1))}${name === "loss" ? ` ${unit}` : ""}`;
    console.log(`  ${name.padEnd(12)} ${sparkline(values, WIDTH)}  ${last}`);
  }
  for (
    const [title, curve] of [["on held-out data", validation], ["of the averaged weights", average]] as const
  ) {
    if (curve.length > 0) console.log(`\n${title}\n${figuresTable(curve.columns().columns, epoch)}`);
  }
  for (const { step, text } of samples.slice(-SAMPLES)) console.log(`\nsample at step ${step}\n${text}`);
}

await runProgram(program, async (flags, operands) => {
  const runs = new Runs(flags.models ? callerPath(flags.models) : "models");
  const found: WatchedRun[] = [];
  for (const operand of operands) found.push(await findRun(runs, operand, callerPath(operand)));
  if (found.length === 0) {
    const summaries: RunSummary[] = [];
    for (const run of await runs.list()) summaries.push(await run.summary());
    if (flags.json) return console.log(JSON.stringify({ runs: summaries }, null, 1));
    if (summaries.length === 0) {
      return console.log(`no run below ${runs.root} yet; train one with deno task pretrain`);
    }
    return console.log(columns([HEAD, ...summaries.map(line)]));
  }
  if (flags.json) {
    const changes = [];
    for (const run of found) changes.push(await run.follow(1024).change());
    return console.log(JSON.stringify({ runs: changes }, null, 1));
  }
  for (const [i, run] of found.entries()) {
    if (i > 0) console.log();
    await describe(run);
  }
});
