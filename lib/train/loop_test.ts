import { assert, assertEquals, assertLess } from "@std/assert";
import type { Device } from "../device/device.ts";
import { CpuDevice } from "../device/cpu.ts";
import { testGpu } from "../device/testing.ts";
import { Decoder } from "../model/decoder.ts";
import { readSafetensors } from "../checkpoint/safetensors.ts";
import { SCALING } from "../ops/update_scaling.ts";
import { readCheckpoint, readCheckpointInfo, saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { train } from "./loop.ts";
import { languageBatch } from "./step.ts";
import { configOf } from "./measure.ts";
import { Metrics } from "./metrics.ts";
import { Optimizer } from "./optimizer.ts";
import { OPTIONS, SHAPE, taskOf, TOKENIZER, TOKENS } from "./testing.ts";

/** A device that works asynchronously, and needs `ms` milliseconds for the work before each snapshot. */
function slow(device: Device, ms: number): Device {
  let done = Promise.resolve();
  const snapshot: Device["snapshot"] = (buffer) => {
    const { data } = device.snapshot(buffer);
    const mine = done = done.then(() => new Promise((resolve) => setTimeout(resolve, ms)));
    return { data: () => mine.then(data) };
  };
  return new Proxy(device, {
    get(target, key) {
      if (key === "snapshot") return snapshot;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("each step's figures stand under its own number, also where those of several are fetched together", async () => {
  const out = await Deno.makeTempDir();
  const model = new Decoder(await CpuDevice.open({ threads: 1 }), configOf(SHAPE));
  model.initialize(1);
  const steps = 40;
  await train({ ...OPTIONS, schedule: { ...OPTIONS.schedule, steps } }, taskOf(model, out));
  const { lines } = await Metrics.open(`${out}/metrics.jsonl`, Infinity);
  assertEquals(lines.map(({ step }) => step), Array.from({ length: steps }, (_, i) => i + 1));
  model.parameters.device.close();
});

Deno.test("the speed of training counts all the time that a device takes, also while results are waited for", async () => {
  const out = await Deno.makeTempDir();
  const ms = 50, snapshots = 3; // the losses of two micro-batches, and the norm
  const cpu = await CpuDevice.open({ threads: 1 });
  const model = new Decoder(slow(cpu, ms), configOf(SHAPE));
  model.initialize(1);
  const every = { ...OPTIONS.every, evaluate: 2 };
  const evaluate = () => Promise.resolve({ loss: 1 });
  const result = await train({ ...OPTIONS, every }, taskOf(model, out, { evaluate }));
  const most = 2 * TOKENS.ids.length / (snapshots * ms / 1000);
  assert(result.tokensPerSecond <= most, `${result.tokensPerSecond} tokens/s of at most ${most}`);
  const { lines } = await Metrics.open(`${out}/metrics.jsonl`, Infinity);
  const speeds = lines.flatMap((line) => line.tokens_per_s ?? []);
  assertEquals(speeds.length, 8);
  for (const speed of speeds) assert(speed <= most, `${speed} tokens/s of at most ${most}`);
  cpu.close();
  await Deno.remove(out, { recursive: true });
});

const gpu = await testGpu();
if (gpu) {
  Deno.test("webgpu: the training loop hands over each step in one piece, and makes nothing for it", async () => {
    const out = await Deno.makeTempDir();
    const model = new Decoder(gpu, configOf(SHAPE));
    model.initialize(1);
    const counts: ({ submits: number } & typeof gpu.created)[] = [];
    await train(
      OPTIONS,
      taskOf(model, out, {
        batch(_, micro) {
          if (micro === 0) counts.push({ submits: gpu.submits, ...gpu.created });
          return languageBatch(model, { tokens: TOKENS, targets: TOKENS.ids });
        },
      }),
    );
    const [first, last] = [counts[4], counts[7]];
    // How many results wait to be fetched at the same time depends on how long steps take.
    assertEquals(last, { ...first, submits: first.submits + 3, staging: last.staging });
    assertLess(last.staging, 3 * 8);
    await Deno.remove(out, { recursive: true });
  });

  if (gpu.float16) {
    const options = { ...OPTIONS, mixed: true, schedule: { ...OPTIONS.schedule, steps: 24 } };
    const start = 2 ** 34; // far too large, so that the first steps overflow
    /** Saves a checkpoint after two steps, for training to resume from. */
    const begin = async (out: string) => {
      const model = new Decoder(gpu, configOf(SHAPE));
      model.initialize(1);
      model.parameters.addFloat16Copies();
      const optimizer = new Optimizer(model.parameters, OPTIONS.optimizer);
      const data = Float32Array.of(start, start, 1 - 0.9 ** 2, 1 - 0.95 ** 2, 2);
      optimizer.restore(new Map([["scaling", { dtype: "float32", shape: [5], data }]]), 2);
      const info = {
        stage: "pretrain",
        format: "text" as const,
        step: 2,
        seed: 1,
        finished: false,
        validation: null,
        best: null,
      };
      await saveCheckpoint(`${out}/last`, model, TOKENIZER, info, { optimizer: optimizer.state });
    };
    /** Resumes, and trains up to a step, or to the end. */
    const goOn = async (out: string, until = Infinity) => {
      const stop = new AbortController();
      const model = new Decoder(gpu, configOf(SHAPE));
      model.load((await readCheckpoint(`${out}/last`)).values);
      const task = taskOf(model, out, {
        resumable: true,
        resume: await readCheckpointInfo(`${out}/last`),
        signal: stop.signal,
        batch(step) {
          if (step === until) stop.abort();
          return languageBatch(model, { tokens: TOKENS, targets: TOKENS.ids });
        },
      });
      await train(options, task);
    };

    Deno.test("webgpu: an overflow costs a mixed run one step and one halving; AdamW does not count it, nor does an interruption change a bit", async () => {
      const [whole, parts] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
      for (const out of [whole, parts]) await begin(out);
      await goOn(whole);
      const { lines } = await Metrics.open(`${whole}/metrics.jsonl`, Infinity);
      const overflowed = lines.filter((line) => line.loss !== undefined && line.norm === undefined).length;
      assert(overflowed >= 4 && overflowed < 16, `${overflowed} steps overflowed`);
      const { data } = (await readSafetensors(`${whole}/last/optimizer.safetensors`)).tensors.get("scaling")!;
      assertEquals(data[SCALING.next], start / 2 ** overflowed);
      assertLess(Math.abs(data[SCALING.correction2] - (1 - 0.95 ** (24 - overflowed))), 1e-6);

      for (const until of [5, 17]) await goOn(parts, until); // during overflows, and after them
      await goOn(parts);
      for (const name of ["model", "optimizer"]) {
        const [a, b] = await Promise.all(
          [whole, parts].map((out) => Deno.readFile(`${out}/last/${name}.safetensors`)),
        );
        assertEquals(a, b, name);
      }
      for (const out of [whole, parts]) await Deno.remove(out, { recursive: true });
    });
  }
}
