import { assertEquals, assertNotEquals } from "@std/assert";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { CpuDevice } from "../device/cpu.ts";
import { Decoder } from "../model/decoder.ts";
import { snapshotFolder, snapshotSteps } from "../runs/snapshots.ts";
import { train } from "./loop.ts";
import { configOf } from "./measure.ts";
import { readRunFile } from "./run_file.ts";
import { OPTIONS, SHAPE, taskOf } from "./testing.ts";

Deno.test("a training keeps its random start, steps that double and its end, and says from the start what it is", async () => {
  const out = await Deno.makeTempDir();
  const device = await CpuDevice.open({ threads: 1 });
  const model = new Decoder(device, configOf(SHAPE));
  model.initialize(1);
  const start = new Float32Array(await device.read(model.parameters.weights.buffer));
  const schedule = { ...OPTIONS.schedule, steps: 6 };
  const batch = taskOf(model, out).batch;
  const seen: unknown[] = [];
  await train(
    { ...OPTIONS, schedule, snapshots: true },
    taskOf(model, out, {
      epoch: 3,
      batch(step, micro) {
        if (step === 1 && micro === 0) {
          seen.push(Deno.readTextFileSync(`${out}/run.json`));
        }
        return batch(step, micro);
      },
    }),
  );
  const { steps, epoch, stage, parameters } = (await readRunFile(out))!;
  assertEquals([steps, epoch, stage, parameters], [6, 3, "pretrain", model.parameters.count]);
  assertEquals(JSON.parse(String(seen[0])).steps, 6);
  assertEquals(await snapshotSteps(out), [0, 1, 2, 4, 6]);
  const weights = async (step: number) => {
    const { values } = await readCheckpoint(snapshotFolder(out, step));
    const other = new Decoder(device, configOf(SHAPE));
    other.load(values);
    return new Float32Array(await device.read(other.parameters.weights.buffer));
  };
  assertEquals(await weights(0), start.map((w) => new Float16Array([w])[0]), "the start, in float16");
  assertNotEquals(await weights(4), await weights(6));
  const last = await Deno.readTextFile(`${out}/metrics.jsonl`);
  const { tokens, seconds, step } = JSON.parse(last.trim().split("\n").at(-1)!);
  assertEquals([step, tokens, typeof seconds], [6, 6 * 2 * 128, "number"]);
  device.close();
  await Deno.remove(out, { recursive: true });
});
