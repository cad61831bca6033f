import { assert, assertEquals, assertRejects } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { UserError } from "../errors.ts";
import { Decoder } from "../model/decoder.ts";
import { Terminal } from "../progress.ts";
import { configOf } from "./measure.ts";
import { languageBatch } from "./step.ts";
import { teach, type Teaching } from "./teach.ts";

const SHAPE = { layers: 1, heads: 2, width: 16, context: 32, batch: 4, vocab: 9 };
const TOKENS = { ids: Uint32Array.from({ length: 128 }, (_, i) => i % 9), batch: 4, time: 32 };
const OPTIONS = {
  seed: 1,
  schedule: { lr: 1e-3, min_lr: 1e-4, warmup: 2, steps: 20 },
  every: 2,
  patience: 4,
};

/** A model, and a teaching whose verdicts have these scores. Records the weights at each verdict. */
async function setting(scores: readonly number[], rest: Partial<Teaching> = {}) {
  const device = await CpuDevice.open({ threads: 1 });
  const model = new Decoder(device, configOf(SHAPE));
  model.initialize(1);
  const weights = () => device.read(model.parameters.weights.buffer);
  const seen: Float32Array[] = [await weights()];
  const task: Teaching = {
    batches: () => [languageBatch(model, { tokens: TOKENS, targets: TOKENS.ids })],
    async judge() {
      seen.push((await weights()).slice());
      return { score: scores[seen.length - 2], done: seen.length > scores.length, line: "" };
    },
    terminal: new Terminal(),
    signal: new AbortController().signal,
    ...rest,
  };
  return { model, device, task, seen, weights };
}

Deno.test("teaching ends when a verdict says so, with the best weights that there were", async () => {
  const { model, device, task, seen, weights } = await setting([1, 3, 2]);
  assertEquals(await teach(model, OPTIONS, task), { step: 4, steps: 6, done: true });
  assertEquals(await weights(), seen[2]);
  assert(seen[1].some((value, i) => value !== seen[0][i]), "nothing was learned");
  device.close();
});

Deno.test("teaching ends when nothing better has come for a while", async () => {
  const { model, device, task, seen, weights } = await setting([1, 2, 2, 1, 0, 2, 9, 9, 9]);
  assertEquals(await teach(model, OPTIONS, task), { step: 4, steps: 12, done: false });
  assertEquals(await weights(), seen[2]);
  device.close();
});

Deno.test("teaching ends after the last step, or when the user stops it", async () => {
  const last = await setting(Array.from({ length: 20 }, (_, i) => i));
  assertEquals(await teach(last.model, OPTIONS, last.task), { step: 20, steps: 20, done: false });
  last.device.close();
  const controller = new AbortController();
  const stopped = await setting([1, 2, 3], { signal: controller.signal });
  const batches = stopped.task.batches;
  const task = {
    ...stopped.task,
    batches: (step: number) => {
      if (step === 3) controller.abort();
      return batches(step);
    },
  };
  assertEquals(await teach(stopped.model, OPTIONS, task), { step: 2, steps: 3, done: false });
  stopped.device.close();
});

Deno.test("a learning rate that is too high is told in a line, with what to do", async () => {
  const { model, device, task } = await setting([1, 2, 3]);
  const options = { ...OPTIONS, schedule: { ...OPTIONS.schedule, lr: 1e30, min_lr: 1e29 } };
  const { message } = await assertRejects(() => teach(model, options, task), UserError, "lower --lr");
  assert(!message.includes("\n") && !message.includes("teach.lr"), message);
  device.close();
});
