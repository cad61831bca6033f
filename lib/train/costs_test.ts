import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { Decoder } from "../model/decoder.ts";
import { measureCosts } from "./costs.ts";
import type { LoopTask } from "./loop.ts";
import { configOf } from "./measure.ts";
import { OPTIONS, SHAPE, taskOf } from "./testing.ts";

const EVERY = { log: 1, evaluate: 1, sample: 1, save: 1 };

async function measured(rest: Partial<LoopTask> = {}) {
  const out = await Deno.makeTempDir();
  const device = await CpuDevice.open({ threads: 1 });
  const model = new Decoder(device, configOf(SHAPE));
  model.initialize(1);
  const weights = () => device.read(model.parameters.weights.buffer);
  const before = [...await weights()];
  const counts = { evaluations: 0, samples: 0 };
  const task = taskOf(model, out, {
    resumable: true,
    evaluate: () => Promise.resolve({ loss: ++counts.evaluations }),
    sample: () => Promise.resolve(`${++counts.samples}`),
    begin: () => Promise.reject(new Error("nothing is replaced")),
    ...rest,
  });
  const costs = await measureCosts({ ...OPTIONS, accumulate: 1, every: EVERY }, task, 0);
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
