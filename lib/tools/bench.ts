/**
 * Measures speed on this machine.
 *
 *   deno task bench train [--shape "L4 H4 C128 T64 B12 V65"]... [--device cpu|webgpu] [--threads N]
 *                         [--steps N] [--rounds N] [--against COMMAND] [--json]
 *   deno task bench ops | decode [the same]
 *   deno task bench serve [--models models] [--seconds N]
 *   deno task bench runs [--rounds N]
 *   deno task bench prepare-corpus | tokenizers [--megabytes N]
 *
 * `--against` runs another program's benchmark alternately with ours. With train, COMMAND gets --arch, --layers,
 * --heads, --width, --context, --batch, --vocab and --steps, and prints a line of JSON with `ms_per_step`; with decode
 * it gets --model and --tokens, and prints `decode_ms` and `prefill_ms`, processor time per token.
 */
import type { Device } from "../device/device.ts";
import { openDevice } from "../device/open.ts";
import { UserError } from "../errors.ts";
import { callerPath } from "../run/caller.ts";
import { deviceFlag, numberFlag, runProgram } from "../run/flags.ts";
import { shortForms } from "../model/families/table.ts";
import { initialValues } from "../model/decoder.ts";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import type { LoadedModel } from "../checkpoint/huggingface.ts";
import { TARGETS } from "../checkpoint/quantise.ts";
import { runOther } from "./bench_against.ts";
import { benchCorpus } from "./bench_corpus.ts";
import { benchDecode } from "./bench_decode.ts";
import { benchRuns } from "./bench_runs.ts";
import { benchServe } from "./bench_serve.ts";
import { openRanks } from "../ranks/open.ts";
import { benchTokenizers } from "./bench_tokenizers.ts";
import type { OptimizerOptions } from "../train/optimizer.ts";
import {
  configOf,
  measureSteps,
  median,
  profileSteps,
  type Shape,
  shapeName,
  type Training,
} from "../train/measure.ts";
import { parseShape } from "./shape.ts";

const SHAPES = [
  "L4 H4 C128 T64 B12 V65", // nanoGPT's model for a CPU
  "L4 H4 C128 T128 B32 V65",
  "L6 H6 C384 T256 B16 V65", // nanoGPT's baby model
];

const HELP =
  `Usage: deno task bench train | ops | decode | serve | runs | prepare-corpus | tokenizers [options]

  train   whole training steps, with clipping and AdamW
  ops     the same, kernel by kernel
  decode  greedy decoding of one sequence with a cache, and reading of a prompt
  serve   the server's first model with 1, 4, 16 and 64 clients
  runs    the page of runs with fifty of ten thousand steps: the server's answer, and Chromium's drawing
  prepare-corpus  the stage on generated text: MB/s and peak memory, at two sizes
  tokenizers  each kind of vocabulary on generated text: learning and encoding

  --shape TEXT       "L4 H4 C128 T64 B12 V65"; repeatable; three usual ones by default
  --arch NAME        ${[...shortForms.keys()].join(", ")} (gpt2; train, ops and decode)
  --device NAME      auto, cpu or webgpu (auto)
  --threads N        threads of the cpu device (all cores)
  --precision NAME   float32 or, on a GPU with shader-f16, mixed (float32; train and ops); with decode, what weights
                     are stored in: float32, q8 or q4, or several in turns, such as float32,q8,q4
  --optimizer NAME   adamw or muon (adamw; train and ops only)
  --ema DECAY        keep a moving average of the weights (0: none; train and ops only)
  --teacher TEXT     another model to learn from, of the same T, B and V: "L6 H6 C192" (train and ops only)
  --steps N          timed steps of a measurement (20)
  --rounds N         measurements, in turns with --against (3)
  --model FILE       a GGUF file or a folder to decode with, instead of shapes (decode only)
  --against COMMAND  another program to measure in turns with ours (train, and decode with the --model of both)
  --models FOLDER    checkpoints (models; serve only)
  --seconds N        of each measurement (5; serve only)
  --megabytes N      the larger of the two sizes (200; prepare-corpus), or the text (100; tokenizers)
  --json             one line of JSON a measurement
  --help             this text`;

interface Options {
  readonly arch: string;
  readonly mixed: boolean;
  readonly algorithm: OptimizerOptions["algorithm"];
  readonly ema: number;
  /** The teacher's L, H and C, if there is a teacher. */
  readonly teacherSizes: string | undefined;
  readonly steps: number;
  readonly rounds: number;
  readonly against: string | undefined;
  readonly json: boolean;
}

/** How a shape is trained. */
function trainingOf(shape: Shape, { arch, teacherSizes, ...options }: Options): Training {
  if (teacherSizes === undefined) return options;
  const { context, batch, vocab } = shape;
  const all = `${teacherSizes} T${context} B${batch} V${vocab}`;
  return { ...options, teacher: configOf(parseShape(all, arch, "--teacher")) };
}

async function benchTrain(device: Device, shape: Shape, options: Options): Promise<void> {
  const steps = options.steps;
  const ours = [], other: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    ours.push(await measureSteps(device, shape, steps, trainingOf(shape, options)));
    if (options.against) {
      const { layers, heads, width, context, batch, vocab } = shape;
      const values = { arch: options.arch, layers, heads, width, context, batch, vocab, steps };
      other.push((await runOther(options.against, values, ["ms_per_step"])).ms_per_step);
    }
  }
  const middle = median(ours.map((m) => m.ms_per_step));
  const result = ours.find((m) => m.ms_per_step === middle)!;
  const theirs = other.length > 0 ? median(other) : null;
  if (options.json) {
    const against = theirs && { against_ms_per_step: theirs, ratio: theirs / middle };
    return console.log(
      JSON.stringify({ shape: shapeName(shape), device: device.name, ...result, ...against }),
    );
  }
  const { ms_per_step, tokens_per_s, gflops, memory_mib } = result;
  console.log(
    `${shapeName(shape).padEnd(26)} ${device.name.padEnd(7)} ${ms_per_step.toFixed(1).padStart(8)} ms/step ` +
      `${tokens_per_s.toLocaleString("en-US").padStart(9)} tokens/s ${
        gflops.toFixed(1).padStart(7)
      } GFLOPS ` +
      `${String(memory_mib).padStart(6)} MiB` +
      (theirs
        ? `   other ${theirs.toFixed(1)} ms/step: ours is ${(theirs / middle).toFixed(2)} times as fast`
        : ""),
  );
}

async function benchOps(device: Device, shape: Shape, options: Options): Promise<void> {
  const steps = options.steps;
  const profile = await profileSteps(device, shape, steps, trainingOf(shape, options));
  const { ms_per_step, kernels, ceilings, recording_us } = profile;
  if (options.json) {
    return console.log(JSON.stringify({ shape: shapeName(shape), device: device.name, ...profile }));
  }
  console.log(`${shapeName(shape)}: ${ms_per_step.toFixed(2)} ms/step`);
  if (ceilings) {
    const { gflops, gb_per_s } = ceilings;
    console.log(
      `at best: ${gflops.toPrecision(3)} GFLOPS in a product, ${gb_per_s.toFixed(1)} GB/s in a copy`,
    );
    console.log(`recording: ${recording_us.toFixed(1)} µs a dispatch`);
  }
  const inKernels = kernels.reduce((sum, { ms }) => sum + ms, 0) / steps;
  // On webgpu, shares refer to the sum of the kernels' times, because a step may be longer, or shorter by overlap.
  const whole = ceilings ? inKernels : ms_per_step;
  const columns = ["kernel".padEnd(28), "calls", "  ms/step", " share", "  GFLOPS", "    GB/s"];
  console.log([...columns, ...ceilings ? ["of ceiling"] : []].join(" "));
  const line = (name: string, calls: number, ms: number, rest = "") =>
    console.log(
      `${name.padEnd(28)} ${String(calls).padStart(5)} ${ms.toFixed(3).padStart(9)} ` +
        `${(100 * ms / whole).toFixed(1).padStart(5)}% ${rest}`,
    );
  for (const { name, calls, ms, flops, bytes } of kernels) {
    const gflops = flops / ms / 1e6, gb_per_s = bytes / ms / 1e6;
    const rate = (n: number) => (n > 0 ? n.toFixed(1) : "").padStart(8);
    const share = ceilings ? Math.max(gflops / ceilings.gflops, gb_per_s / ceilings.gb_per_s) : 0;
    const ceiling = ceilings ? ` ${(100 * share).toFixed(0).padStart(9)}%` : "";
    line(name, calls / steps, ms / steps, `${rate(gflops)} ${rate(gb_per_s)}${ceiling}`);
  }
  if (!ceilings) line("outside of kernels", 0, ms_per_step - inKernels);
}

const benches = { train: benchTrain, ops: benchOps };

/** The models to measure decoding with: the one given, or random ones of the given shapes. */
async function decoded(
  { model, shape: shapes, against }: {
    model: string | undefined;
    shape: readonly string[];
    against: string | undefined;
  },
  arch: string,
): Promise<{ name: string; model: LoadedModel }[]> {
  if (model) {
    if (shapes.length > 0) throw new UserError("--shape: a --model has its own");
    return [{ name: model, model: await readCheckpoint(await findCheckpoint(callerPath(model))) }];
  }
  if (against) throw new UserError("--against: decode needs the --model that both programs open");
  return (shapes.length > 0 ? shapes : SHAPES).map((text) => {
    const shape = parseShape(text, arch), config = configOf(shape);
    return {
      name: shapeName(shape),
      model: { config, head: null, values: (spec) => initialValues(spec, 1) },
    };
  });
}

const program = {
  ...{ name: "bench", help: HELP, operands: true },
  values: [
    "arch",
    "device",
    "threads",
    "precision",
    "optimizer",
    "ema",
    "teacher",
    "steps",
    "rounds",
    "against",
    "model",
    "models",
    "seconds",
    "megabytes",
  ],
  lists: ["shape"],
  switches: ["json"],
} as const;

await runProgram(program, async (flags, [what, ...more]) => {
  openRanks("bench-mpi"); // refuses ranks: each would measure the whole machine
  const { json, against } = flags;
  const rounds = numberFlag("rounds", flags.rounds ?? "3", 1, true);
  const device = deviceFlag(flags.device ?? "auto");
  if (more.length > 0) throw new UserError(`unknown argument ${more[0]}; deno task bench --help`);
  if (what === "serve") {
    const seconds = numberFlag("seconds", flags.seconds ?? "5", 0.1, false);
    return await benchServe({ device, models: flags.models ?? "models", seconds, json });
  }
  if (what === "runs") return await benchRuns({ rounds, json });
  if (what === "prepare-corpus") {
    const megabytes = numberFlag("megabytes", flags.megabytes ?? "200", 10, true);
    return await benchCorpus({ megabytes, rounds, json });
  }
  if (what === "tokenizers") {
    const megabytes = numberFlag("megabytes", flags.megabytes ?? "100", 1, true);
    return await benchTokenizers({ megabytes, json });
  }
  if (what === undefined || (what !== "decode" && !Object.hasOwn(benches, what))) {
    throw new UserError(
      "bench: say what to measure: train, ops, decode, serve, runs, prepare-corpus or tokenizers",
    );
  }
  const precision = flags.precision ?? "float32";
  const given = what === "decode" ? precision.split(",") : [precision];
  const precisions = ["float32", ...what === "decode" ? TARGETS : ["mixed"]];
  if (!given.every((name, i) => precisions.includes(name) && given.indexOf(name) === i)) {
    const several = what === "decode" ? ", or several with commas between them," : "";
    throw new UserError(
      `--precision ${precision}: expected ${precisions.join(" or ")}${several} with ${what}`,
    );
  }
  const algorithm = flags.optimizer ?? "adamw";
  if (algorithm !== "adamw" && algorithm !== "muon") {
    throw new UserError(`--optimizer ${algorithm}: expected adamw or muon`);
  }
  const arch = flags.arch ?? "gpt2";
  if (!shortForms.has(arch)) {
    throw new UserError(`--arch ${arch}: expected one of ${[...shortForms.keys()].join(", ")}`);
  }
  const options: Options = {
    ...{ arch, mixed: precision === "mixed" },
    ...{ algorithm, teacherSizes: flags.teacher, rounds, against, json },
    ema: numberFlag("ema", flags.ema ?? "0", 0, false),
    steps: numberFlag("steps", flags.steps ?? "20", 1, true),
  };
  if (options.ema >= 1) throw new UserError(`--ema ${flags.ema}: expected a decay below 1, such as 0.999`);
  const threads = flags.threads ? { threads: numberFlag("threads", flags.threads, 1, true) } : {};
  if (what === "decode") {
    for (const { name, model } of await decoded(flags, arch)) {
      const opened = await openDevice(device, threads);
      if (!json) console.log(`${opened.device.description} (${opened.device.name}, ${opened.why})`);
      const other = against && flags.model ? { command: against, file: callerPath(flags.model) } : null;
      const stored = given.map((name) => TARGETS.find((target) => target === name) ?? null);
      await benchDecode(opened.device, { name, model, precisions: stored, rounds, against: other, json });
      opened.device.close();
    }
    return;
  }
  for (const text of flags.shape.length > 0 ? flags.shape : SHAPES) {
    const shape = parseShape(text, arch);
    const opened = await openDevice(device, threads);
    if (options.mixed && !opened.device.float16) {
      throw new UserError(
        `--precision mixed: the ${opened.device.name} device (${opened.why}) has no shader-f16`,
      );
    }
    if (!json) console.log(`${opened.device.description} (${opened.device.name}, ${opened.why})`);
    await benches[what as keyof typeof benches](opened.device, shape, options);
    opened.device.close();
  }
});
Deno.exit(0);
