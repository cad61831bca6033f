/** The moving average of the weights in training: its values, which weights are saved, and that runs resume with it. */
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { readCheckpoint, readCheckpointInfo, type WeightsKind } from "../checkpoint/checkpoint.ts";
import { CpuDevice } from "../device/cpu.ts";
import type { Device } from "../device/device.ts";
import { testGpu } from "../device/testing.ts";
import { Decoder } from "../model/decoder.ts";
import { relativeError } from "../ops/conformance.ts";
import { Terminal } from "../progress.ts";
import { charTokenizer } from "../text/testing.ts";
import { type LoopOptions, type LoopTask, train } from "./loop.ts";
import { configOf } from "./measure.ts";
import { highestLanguageLoss, languageBatch } from "./step.ts";

const SHAPE = { layers: 1, heads: 2, width: 16, context: 32, batch: 2, vocab: 9 };
const TOKENS = { ids: Uint32Array.from({ length: 64 }, (_, i) => i * i % 9), batch: 2, time: 32 };
const STEPS = 12;
const OPTIONS: LoopOptions = {
  stage: "pretrain",
  format: "text",
  seed: 1,
  schedule: { lr: 1e-2, min_lr: 1e-3, warmup: 2, steps: STEPS },
  optimizer: {
    algorithm: "adamw",
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.1,
    clip: 1,
    ema: 0.6,
  },
  accumulate: 1,
  mixed: false,
  every: { log: 0, evaluate: 0, sample: 0, save: 0 },
};

/** What a validation was given. */
interface Seen {
  readonly step: number;
  readonly weights: WeightsKind;
  readonly values: Float32Array;
  /** The float16 copies with which mixed precision computes. */
  readonly copies: Float32Array[];
}

interface Run {
  readonly out: string;
  readonly evaluate?: number;
  readonly mixed?: boolean;
  /** Stops the run at this step. */
  readonly until?: number;
  readonly loss?: (step: number, weights: WeightsKind) => number;
  readonly task?: Partial<LoopTask>;
}

/** Trains a small model, from the start or from `last/` in its folder. */
async function run(device: Device, { out, evaluate = 1, mixed = false, until, loss, task }: Run) {
  const model = new Decoder(device, configOf(SHAPE));
  const stop = new AbortController(), seen: Seen[] = [];
  const resume = await readCheckpointInfo(`${out}/last`);
  if (resume) model.load((await readCheckpoint(`${out}/last`)).values);
  else model.initialize(1);
  let at = 0;
  const result = await train({ ...OPTIONS, mixed, every: { ...OPTIONS.every, evaluate } }, {
    model,
    tokenizer: charTokenizer("a"),
    out,
    resumable: true,
    resume,
    highestLoss: highestLanguageLoss(model),
    batch(step) {
      at = step;
      if (step === until) stop.abort();
      return languageBatch(model, { tokens: TOKENS, targets: TOKENS.ids });
    },
    async evaluate(weights) {
      const { parameters } = model;
      const copies = [...parameters.all.values()].flatMap(({ copy }) =>
        copy ? [device.read(copy.buffer)] : []
      );
      const values = await device.read(parameters.weights.buffer);
      seen.push({ step: at, weights, values, copies: await Promise.all(copies) });
      return { loss: loss?.(at, weights) ?? 1 };
    },
    terminal: new Terminal(),
    signal: stop.signal,
    ...task,
  });
  return { result, seen, weights: await device.read(model.parameters.weights.buffer) };
}

/** Runs a test in a temporary folder. */
async function inFolder(test: (out: string) => Promise<void>): Promise<void> {
  const out = await Deno.makeTempDir();
  await test(out);
  await Deno.remove(out, { recursive: true });
}

const cpu = await CpuDevice.open({ threads: 1 });
const gpu = await testGpu();
const devices = gpu ? [cpu, gpu] : [cpu];

for (const device of devices) {
  Deno.test(`${device.name}: the average is that of the weights after each step, with a decay that rises to its own`, () =>
    inFolder(async (out) => {
      const { seen } = await run(device, { out });
      const model = new Decoder(device, configOf(SHAPE));
      model.initialize(1);
      let expected = Float64Array.from(await device.read(model.parameters.weights.buffer));
      assertEquals(seen.length, 2 * STEPS);
      for (let t = 1; t <= STEPS; t++) {
        const [raw, average] = seen.filter(({ step }) => step === t);
        assertEquals([raw.weights, average.weights], ["raw", "average"]);
        const decay = Math.min(0.6, (1 + t) / (10 + t));
        expected = expected.map((x, i) => decay * x + (1 - decay) * raw.values[i]);
        assertLess(relativeError(average.values, expected), 1e-6, `step ${t}`);
        assert(relativeError(average.values, raw.values) > 1e-4);
      }
    }));

  Deno.test(`${device.name}: validating with the average changes no bit of what is trained`, async () => {
    const mixed = device.float16;
    await inFolder(async (out) => {
      const often = await run(device, { out, mixed });
      await inFolder(async (other) => {
        const never = await run(device, { out: other, mixed, evaluate: 0 });
        assertEquals(often.weights, never.weights);
        const [state, expected] = await Promise.all(
          [out, other].map((folder) => Deno.readFile(`${folder}/last/optimizer.safetensors`)),
        );
        assertEquals(state, expected);
      });
      // The float16 copies match the weights that the model has during the validation.
      for (const { values, copies } of mixed ? often.seen : []) {
        const known = new Set(Float16Array.from(values));
        for (const copy of copies) assert(copy.every((x) => known.has(x)));
      }
    });
  });

  Deno.test(`${device.name}: an interrupted run with an average ends as an unbroken one, bit for bit`, () =>
    inFolder(async (whole) => {
      // At the last validation the average is better than everything before.
      const loss = (step: number, weights: WeightsKind) => (weights === "raw" ? 2 : 1) / step;
      await run(device, { out: whole, evaluate: 3, loss });
      await inFolder(async (parts) => {
        for (const until of [4, 9, undefined]) {
          await run(device, { out: parts, evaluate: 3, loss, ...until && { until } });
        }
        for (const name of ["last/model", "last/optimizer", "best/model"]) {
          const [a, b] = await Promise.all(
            [whole, parts].map((out) => Deno.readFile(`${out}/${name}.safetensors`)),
          );
          assertEquals(a, b, name);
        }
        const best = await readCheckpointInfo(`${parts}/best`);
        assertEquals([best?.step, best?.weights], [STEPS, "average"]);
      });
    }));
}

Deno.test("best/ has the weights with the lowest loss, raw or averaged, and checkpoint.json says which", async () => {
  const losses: Record<WeightsKind, Record<number, number>> = {
    raw: { 4: 3, 8: 1.5, 12: 1.2 },
    average: { 4: 2, 8: 2.5, 12: 1.1 },
  };
  for (const [best, lowest, step] of [["average", 1.1, 12], ["raw", 1, 8], ["average", 0.9, 4]] as const) {
    await inFolder(async (out) => {
      const loss = (at: number, weights: WeightsKind) =>
        at === step && weights === best ? lowest : losses[weights][at];
      const { seen, result, weights: end } = await run(cpu, { out, evaluate: 4, loss });
      assertEquals(result.best, { step, loss: lowest });
      assertEquals(result.average, { loss: loss(12, "average") });
      const checkpoint = await readCheckpoint(`${out}/best`);
      assertEquals(checkpoint.info.weights, best);
      assertEquals(checkpoint.info.validation, { loss: lowest });
      const { values } = seen.find((one) => one.step === step && one.weights === best)!;
      const model = new Decoder(cpu, configOf(SHAPE));
      model.load(checkpoint.values);
      assertEquals(await cpu.read(model.parameters.weights.buffer), values);
      // Training resumes from the raw weights.
      const last = await readCheckpoint(`${out}/last`);
      assertEquals([last.info.weights, last.info.validation], ["raw", { loss: loss(12, "raw") }]);
      model.load(last.values);
      assertEquals(await cpu.read(model.parameters.weights.buffer), end);
      const lines = (await Deno.readTextFile(`${out}/metrics.jsonl`)).trim().split("\n").map((line) =>
        JSON.parse(line)
      );
      for (const [key, kind] of [["validation", "raw"], ["average", "average"]] as const) {
        assertEquals(lines.flatMap((line) => line[key]?.loss ?? []), [4, 8, 12].map((at) => loss(at, kind)));
      }
      assertStringIncludes(await Deno.readTextFile(`${out}/loss.svg`), "averaged weights");
    });
  }
});

Deno.test("a run that validated nothing says that last/ has the raw weights", () =>
  inFolder(async (out) => {
    const terminal = new Terminal(), said: string[] = [];
    Object.assign(terminal, { log: (line: string) => said.push(line) });
    await run(cpu, { out, evaluate: 0, task: { terminal } });
    assertStringIncludes(said.join("\n"), `${out}/last has the raw weights`);
    assertEquals((await readCheckpointInfo(`${out}/last`))?.weights, "raw");
  }));

Deno.test("a run without an average says nothing of it", () =>
  inFolder(async (out) => {
    const { seen } = await run(cpu, { out, evaluate: 6 });
    assert(seen.some(({ weights }) => weights === "average"));
    await Deno.remove(out, { recursive: true });
    const model = new Decoder(cpu, configOf(SHAPE));
    model.initialize(1);
    const { ema: _, ...optimizer } = OPTIONS.optimizer;
    const kinds: WeightsKind[] = [];
    await train({ ...OPTIONS, optimizer, every: { ...OPTIONS.every, evaluate: 6 } }, {
      model,
      tokenizer: charTokenizer("a"),
      out,
      highestLoss: highestLanguageLoss(model),
      batch: () => languageBatch(model, { tokens: TOKENS, targets: TOKENS.ids }),
      evaluate: (weights) => Promise.resolve({ loss: kinds.push(weights) }),
      terminal: new Terminal(),
      signal: new AbortController().signal,
    });
    assertEquals(kinds, ["raw", "raw"]);
    assertEquals((await readCheckpointInfo(`${out}/best`))?.weights, undefined);
  }));
