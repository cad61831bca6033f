/**
 * Estimates the speed of training on many ranks from measurements on a few.
 *
 *   deno task scaling docs/scaling.jsonl [--picture docs/scaling.svg] [--teraflops 20]
 */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { readText, writeFileAtomic } from "../files.ts";
import { type Curve, plotCurves } from "../plot.ts";
import { callerPath } from "../run/caller.ts";
import { numberFlag, runProgram } from "../run/flags.ts";
import { fetchedBucket } from "../train/ranks/gradient_sum.ts";
import { errors, fit, meanHidden, type Measured, type Network, stepTime } from "../train/ranks/scaling.ts";
import { parseShape } from "./shape.ts";

const HELP = `Predicts how training goes on with more ranks and other networks, from a few that were measured.

Usage: deno task scaling MEASURED.jsonl [options]

  --picture FILE     draws the predictions, such as docs/scaling.svg
  --teraflops X      what a rank with a GPU is taken to compute a second (20)
  --help             this text

MEASURED.jsonl has lines of bench-mpi --json, of one rank and of several:
  for n in 1 2 4; do mpiexec -n $n deno task bench-mpi --threads 1 --json; done > measured.jsonl
Lines of --device webgpu say which share of the sums is hidden on GPUs; without one, it is taken to be that on cores.`;

const program = {
  ...{ name: "scaling", help: HELP, operands: true },
  values: ["picture", "teraflops"],
} as const;

const positive = z.number().positive();
const Line = z.looseObject({
  shape: z.string(),
  device: z.enum(["cpu", "webgpu"]).default("cpu"),
  ranks: z.int().positive(),
  parameters: positive,
  step: positive,
  compute: positive,
  communication: z.number().nonnegative(),
  hidden: z.number().min(0).max(1),
});

const RANKS = [8, 16, 32, 64, 128, 256, 512, 1024];

/** Gigabits per second, and the latency of a message: over TCP, and with a network card that reads memory itself. */
const NETWORKS = [{ gigabits: 10, latency: 0.03 }, { gigabits: 100, latency: 0.005 }];

/** A micro-batch: what a rank computes between two sums of gradients over all ranks. */
interface Load {
  readonly name: string;
  readonly parameters: number;
  readonly tokens: number;
}

const LOADS: readonly Load[] = [
  { name: "8 M parameters, 8 × 256 tokens", parameters: 8e6, tokens: 8 * 256 },
  { name: "gpt2.yaml, 8 × 1,024 tokens", parameters: 111e6, tokens: 8 * 1024 },
];

async function readMeasured(path: string): Promise<z.infer<typeof Line>[]> {
  const lines = (await readText(path, "make it with bench-mpi --json; see --help")).split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      return [Line.parse(JSON.parse(line))];
    } catch {
      throw new UserError(`${path}:${i + 1}: expected a line of bench-mpi --json`);
    }
  });
}

/** Operations per millisecond of one rank, on the largest shape measured with one: 6 per parameter and token. */
function rateOf(measured: readonly (Measured & { readonly shape: string })[], path: string): number {
  const alone =
    measured.filter(({ ranks }) => ranks === 1).toSorted((a, b) => b.parameters - a.parameters)[0];
  if (!alone) {
    throw new UserError(`${path}: no line is of one rank; add what bench-mpi --json prints without mpiexec`);
  }
  const { batch, context } = parseShape(alone.shape, "gpt2");
  return 6 * alone.parameters * batch * context / alone.compute;
}

const percent = (share: number) => `${(100 * share).toFixed(share > 0.995 ? 1 : 0)} %`;

await runProgram(program, async (flags, operands) => {
  if (operands.length !== 1) throw new UserError("expected one file of measurements; see --help");
  const path = callerPath(operands[0]);
  const teraflops = numberFlag("teraflops", flags.teraflops ?? "20", 1e-3, false);
  const lines = await readMeasured(path);
  const measured = lines.filter(({ device }) => device === "cpu");
  const onGpus = lines.filter(({ device, ranks }) => device === "webgpu" && ranks > 1);
  if (measured.filter(({ ranks }) => ranks > 1).length < 3) {
    throw new UserError(
      `${path}: expected three lines or more of several ranks on cpu, to fit to two and try on the third`,
    );
  }
  const model = fit(measured), rate = rateOf(measured, path);
  const { latency, perByte } = model.network;
  console.log(
    `fitted: ${(1000 * latency).toFixed(0)} µs a message, ${
      perByte === 0 ? "nothing a byte" : `${(1e-6 / perByte).toFixed(2)} GB/s`
    }, ` +
      `${percent(model.overlap)} of the sums hidden; a rank does ${(rate / 1e9).toFixed(3)} TFLOPS`,
  );
  const overlapOnGpus = onGpus.length > 0 ? meanHidden(onGpus) : model.overlap;
  console.log(
    `on GPUs: ${percent(overlapOnGpus)} of the sums hidden, ` +
      `${onGpus.length > 0 ? "as measured there" : "as on cores, since no line is of --device webgpu"}; ` +
      "fetching gradients, 10 ms and more, is not in the predictions\n",
  );
  console.log(
    "| shape | ranks | step, ms | predicted from its computing, by a fit to the others | error |\n|---|---|---|---|---|",
  );
  for (const { measured: one, error } of errors(measured)) {
    const { shape } = one as typeof measured[number];
    const predicted = one.step * (1 + error);
    console.log(
      `| ${shape} | ${one.ranks} | ${one.step.toFixed(1)} | ${predicted.toFixed(1)} | ${
        (100 * error).toFixed(1)
      } % |`,
    );
  }
  const curves: Curve[] = [];
  console.log(
    `\n| of N ranks' speed, with | Gbit/s | ${RANKS.join(" | ")} |\n|---|---|${
      RANKS.map(() => "---|").join("")
    }`,
  );
  for (const load of LOADS) {
    const kinds = [
      { rank: "cores as these", operations: rate, overlap: model.overlap },
      {
        rank: `a GPU of ${teraflops} TFLOPS`,
        operations: teraflops * 1e9,
        overlap: overlapOnGpus,
        bucket: fetchedBucket(load.parameters),
      },
    ];
    for (const { rank, operations, overlap, bucket } of kinds) {
      const compute = 6 * load.parameters * load.tokens / operations;
      for (const { gigabits, latency } of NETWORKS) {
        const network: Network = { latency, perByte: Math.max(perByte, 8 / (gigabits * 1e6)) };
        const efficiency = RANKS.map((ranks) =>
          compute / stepTime(ranks, { ...load, compute, ...bucket && { bucket } }, { overlap, network })
        );
        const name = `${load.name}, ${rank}`;
        console.log(`| ${name} | ${gigabits} | ${efficiency.map(percent).join(" | ")} |`);
        const points = RANKS.map((ranks, i) => [Math.log2(ranks), 100 * efficiency[i]] as const);
        curves.push({ name: `${load.name.split(",")[0]}, ${rank}, ${gigabits} Gbit/s`, points });
      }
    }
  }
  if (flags.picture) {
    const svg = plotCurves("Speed of N ranks, of N times one", "%", curves, "log₂ of the number of ranks");
    await writeFileAtomic(callerPath(flags.picture), svg + "\n");
  }
});
