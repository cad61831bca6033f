/**
 * Measures the speed of training steps that several processes share.
 *
 *   mpiexec -n 2 deno task bench-mpi [--shape "L6 H6 C192 T256 B8 V1536"] [--device cpu] [--threads N] [--steps N] [--json]
 *
 * The sequences of a batch are divided among the ranks, so that N ranks together compute what one process computes for
 * the same shape (`deno task bench train`).
 */
import { openDevice } from "../device/open.ts";
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
  --device NAME  cpu or webgpu (cpu)
  --threads N    threads of each rank on cpu (its part of the cores)
  --steps N      timed steps (20)
  --json         one line of JSON
  --help         this text

It prints the milliseconds of a step, of its computing, and of its communication if nothing else is done; and how much
of that the computing hides. Each time is that of the slowest rank. The computing is what steps without sums take, which
are timed between the others.`;

const program = {
  ...{ name: "bench-mpi", help: HELP },
  values: ["shape", "arch", "device", "threads", "steps"],
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
  const choice = flags.device ?? "cpu";
  if (choice !== "cpu" && choice !== "webgpu") {
    throw new UserError(`--device ${choice}: expected cpu or webgpu`);
  }
  if (choice === "webgpu" && flags.threads) {
    throw new UserError("--threads: those of the cpu device; leave it out with --device webgpu");
  }
  const steps = numberFlag("steps", flags.steps ?? "20", 1, true);
  const threads = flags.threads ? numberFlag("threads", flags.threads, 1, true) : threadsOf(ranks.neighbours);
  const { device } = await openDevice(choice, { threads });
  const measured = await measureShared(device, ranks, shape, steps);
  device.close();
  if (ranks.rank > 0) return;
  const name = shapeName(shape), { size: processes } = ranks;
  if (flags.json) {
    const setting = {
      shape: name,
      ranks: processes,
      device: device.name,
      ...choice === "cpu" && { threads },
    };
    return console.log(JSON.stringify({ ...setting, ...measured }));
  }
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  console.log(
    `${name}: ${ranks.description}, each ${device.description}: ` +
      `step ${ms(measured.step)}, compute ${ms(measured.compute)}, communication ${
        ms(measured.communication)
      }` +
      (processes > 1 ? `, ${(100 * measured.hidden).toFixed(0)} % of it hidden` : ""),
  );
}

await exitOnUserError(async () => {
  await onRanks("bench-mpi", async (ranks) => {
    await bench(ranks);
    return 0;
  });
});
Deno.exit(0);
