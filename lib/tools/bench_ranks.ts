/**
 * Speed of training steps that several processes share, on the cpu device.
 *
 *   mpiexec -n 2 deno task bench-mpi [--shape "L6 H6 C192 T256 B8 V1536"] [--arch NAME] [--threads N] [--steps N] [--json]
 *
 * The sequences of a batch are dealt to the ranks, so that N of them compute what one process computes of the same shape
 * (`deno task bench train`).
 */
import { CpuDevice } from "../device/cpu.ts";
import { exitOnUserError, UserError } from "../errors.ts";
import { shortForms } from "../model/families/table.ts";
import { numberFlag, parseFlags } from "../run/flags.ts";
import { onRanks } from "../run/ranks.ts";
import { shapeName } from "../train/measure.ts";
import { measureShared } from "../train/ranks/measure.ts";
import { threadsOf } from "../ranks/neighbours.ts";
import type { Ranks } from "../ranks/ranks.ts";
import { parseShape } from "./shape.ts";

const SHAPE = "L6 H6 C192 T256 B8 V1536";

const HELP = `Usage: mpiexec -n N deno task bench-mpi [options]

  --shape TEXT   "${SHAPE}", whose B sequences are dealt to the ranks
  --arch NAME    ${[...shortForms.keys()].join(", ")} (gpt2)
  --threads N    threads of each rank (its part of the cores)
  --steps N      timed steps (20)
  --json         one line of JSON
  --help         this text`;

const program = {
  ...{ name: "bench-mpi", help: HELP },
  values: ["shape", "arch", "threads", "steps"],
  switches: ["json"],
} as const;

async function bench(ranks: Ranks): Promise<void> {
  const line = parseFlags(program, Deno.args);
  if (!line) return ranks.rank === 0 ? console.log(HELP) : undefined;
  const { flags } = line;
  const arch = flags.arch ?? "gpt2";
  if (!shortForms.has(arch)) {
    throw new UserError(`--arch ${arch}: expected one of ${[...shortForms.keys()].join(", ")}`);
  }
  const shape = parseShape(flags.shape ?? SHAPE, arch);
  if (shape.batch < ranks.size) {
    throw new UserError(`--shape: ${shape.batch} sequences cannot be dealt to ${ranks.size} ranks; raise B`);
  }
  const steps = numberFlag("steps", flags.steps ?? "20", 1, true);
  const threads = flags.threads ? numberFlag("threads", flags.threads, 1, true) : threadsOf(ranks.neighbours);
  const device = await CpuDevice.open({ threads });
  const measured = await measureShared(device, ranks, shape, steps);
  device.close();
  if (ranks.rank > 0) return;
  const name = shapeName(shape), { size: processes } = ranks;
  if (flags.json) return console.log(JSON.stringify({ shape: name, ranks: processes, threads, ...measured }));
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  console.log(
    `${name}: ${ranks.description}, ${threads} thread${threads > 1 ? "s" : ""} each: ` +
      `step ${ms(measured.step)}, compute ${ms(measured.compute)}, communication ${
        ms(measured.communication)
      }` +
      (processes > 1 ? `, ${(100 * measured.hidden).toFixed(0)} % of it hidden` : ""),
  );
}

await exitOnUserError(() => onRanks("bench-mpi", bench));
Deno.exit(0);
