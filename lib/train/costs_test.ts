import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { Decoder } from "../model/decoder.ts";
import { Terminal } from "../progress.ts";
import { charTokenizer } from "../text/testing.ts";
import { measureCosts } from "./costs.ts";
import type { LoopOptions, LoopTask } from "./loop.ts";
import { configOf } from "./measure.ts";
import { highestLanguageLoss, languageBatch } from "./step.ts";

const SHAPE = { layers: 1, heads: 2, width: 16, context: 32, batch: 4, vocab: 9 };
const IDS = Uint32Array.from({ length: 128 }, (_, i) => i % 9);
const OPTIONS: LoopOptions = {
  stage: "pretrain",
  format: "text",
  seed: 1,
  schedule: { lr: 1e-3, min_lr: 1e-4, warmup: 2, steps: 8 },
  optimizer: { algorithm: "adamw", beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clip: 1 },
  accumulate: 1,
  mixed: false,
  every: { log: 1, evaluate: 1, sample: 1, save: 1 },
};

async function measured(rest: Partial<LoopTask> = {}) {
  const out = await Deno.makeTempDir();
  const device = await CpuDevice.open({ threads: 1 });
  const model = new Decoder(device, configOf(SHAPE));
  model.initialize(1);
  const weights = () => device.read(model.parameters.weights.buffer);
  const before = [...await weights()];
  const counts = { evaluations: 0, samples: 0 };
  const costs = await measureCosts(OPTIONS, {
    model,
    tokenizer: charTokenizer("a"),
    out,
    resumable: true,
    highestLoss: highestLanguageLoss(model),
    batch: () => languageBatch(model, { tokens: { ids: IDS, batch: 4, time: 32 }, targets: IDS }),
    evaluate: () => Promise.resolve({ loss: ++counts.evaluations }),
    sample: () => Promise.resolve(`${++counts.samples}`),
    begin: () => Promise.reject(new Error("nothing is replaced")),
    terminal: new Terminal(),
    signal: new AbortController().signal,
    ...rest,
  }, 0);
  assertEquals([...Deno.readDirSync(out)], []);
  assertEquals([...await weights()], before);
  device.close();
  await Deno.remove(out, { recursive: true });
  return { costs, counts };
}

Deno.test("measuring validates, samples and saves, changes no weight, and leaves no file", async () => {
  const { costs, counts } = await measured();
  assert(
    costs && costs.step > 0 && Object.values(costs).every((seconds) => seconds >= 0),
    JSON.stringify(costs),
  );
  assertEquals(counts, { evaluations: 1, samples: 1 });
});

Deno.test("a user who asks to stop is not kept waiting for what would be measured", async () => {
  const { costs, counts } = await measured({ signal: AbortSignal.abort() });
  assertEquals(costs, null);
  assertEquals(counts, { evaluations: 0, samples: 0 });
});
