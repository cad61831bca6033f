/**
 * Compares variants of a preset, each trained for the same time with several seeds.
 *
 *   deno task ablate configs/ablations.yaml [--only NAME|GROUP]... [--dry-run] [--report]
 *
 * Writes models/<name>/ablations/results.json after each run, and the table and the picture at the end.
 */
import { basename, join } from "@std/path";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../files.ts";
import { lockFolder } from "../lock.ts";
import { Terminal } from "../progress.ts";
import { callerPath } from "../run/caller.ts";
import { checkThreads } from "../run/main.ts";
import { deviceFlag, numberFlag, runProgram } from "../run/flags.ts";
import { calibrateAll } from "./ablate/calibrate.ts";
import { chosen, readAblations, type Variant } from "./ablate/config.ts";
import { readTests } from "./ablate/figures.ts";
import { Lab } from "./ablate/lab.ts";
import { renderPicture, renderReport, rowsOf } from "./ablate/report.ts";
import { Results } from "./ablate/results.ts";
import { describePlan, makeRuns, plan } from "./ablate/runs.ts";
import { Stopped, Workshop } from "./ablate/work.ts";

const HELP = `Trains variants of a preset for the same time, with some seeds each, and compares them.

Usage: deno task ablate FILE [options]

  FILE              what is compared, such as configs/ablations.yaml
  --only NAME       only this variant, or the variants of this group, and the base; repeatable
  --dry-run         says what would be run, with steps and time, and runs nothing
  --report          writes table and picture of what is recorded, and runs nothing
  --force           runs again what is recorded already
  --out FILE        the table, a .md file; the picture lies beside it (as the file says)
  --device NAME     auto, cpu or webgpu (as the preset says)
  --threads N       threads of the cpu device (as the preset says)
  --help            this text

Each run is recorded when it is done. After Ctrl-C, a kill or a power cut the same command goes on where it was.`;

const program = {
  ...{ name: "ablate", help: HELP, operands: true },
  values: ["out", "device", "threads"],
  lists: ["only"],
  switches: ["dry-run", "report", "force"],
} as const;

/** The folder of an ablation's results. */
const folderOf = ({ base }: Lab) => join("models", base.name, "ablations");

interface Work {
  readonly lab: Lab;
  readonly results: Results;
  readonly variants: readonly Variant[];
}

async function runAll({ lab, results, variants }: Work, command: string, force: boolean): Promise<void> {
  const workshop = new Workshop(new Terminal(), lab.ablations.path, command);
  await using _lock = await lockFolder(folderOf(lab), "ablate");
  const [base] = lab.ablations.variants;
  await workshop.prepare(lab, base, base.name);
  await calibrateAll(lab, workshop, { variants, results });
  const plans = plan(lab, results, variants).filter(({ run }) => force || !run);
  if (plans.length === 0) return workshop.terminal.log("ablate: every run is recorded already");
  const tests = await readTests(lab, workshop, lab.preset(base));
  await makeRuns(lab, workshop, { results, plans, tests });
}

async function writeReport({ lab, results, variants }: Work, out: string): Promise<void> {
  const rows = rowsOf(lab, results, plan(lab, results, variants));
  const picture = out.replace(/\.md$/, ".svg");
  await writeFileAtomic(picture, renderPicture(lab, rows));
  await writeFileAtomic(out, renderReport(lab, results, rows, basename(picture)));
  console.error(`ablate: wrote ${out} and ${picture}`);
}

await runProgram(program, async (flags, [file, ...more]) => {
  const { only, report, force, device, threads } = flags, dry = flags["dry-run"];
  if (file === undefined) throw new UserError("ablate: say what to compare, such as configs/ablations.yaml");
  if (more.length > 0) throw new UserError(`unknown argument ${more[0]}; deno task ablate --help`);
  if ([dry, report, force].filter(Boolean).length > 1) {
    throw new UserError("--dry-run, --report and --force exclude each other; leave all but one out");
  }
  if (flags.out !== undefined && !flags.out.endsWith(".md")) {
    throw new UserError(`--out ${flags.out}: expected a file that ends in .md`);
  }
  const sets = [
    ...device === undefined ? [] : [`device=${deviceFlag(device)}`],
    ...threads === undefined ? [] : [`threads=${numberFlag("threads", threads, 1, true)}`],
  ];
  const ablations = await readAblations(callerPath(file));
  const variants = chosen(ablations, only);
  const lab = await Lab.open(ablations, sets);
  checkThreads(lab.base);
  const results = await Results.open(join(folderOf(lab), "results.json"));
  const work = { lab, results, variants };
  if (dry) {
    for (const line of describePlan(lab, results, plan(lab, results, variants))) console.log(line);
    return;
  }
  const command = ["deno task ablate", ...Deno.args.filter((arg) => arg !== "--force")].join(" ");
  if (!report) {
    try {
      await runAll(work, command, force);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      Deno.exit(error.code);
    }
  }
  await writeReport(work, flags.out === undefined ? ablations.out : callerPath(flags.out));
});
