import { assertAlmostEquals, assertEquals } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { Parameters } from "../model/parameters.ts";
import { scope } from "../tensor/tensor.ts";
import { Optimizer } from "./optimizer.ts";
import {
  agreeUntil,
  learningRate,
  type Schedule,
  type ScheduleShape,
  stableSteps,
  weightDecayFactor,
} from "./schedule.ts";

const SHAPE: ScheduleShape = { kind: "wsd", decay: 0.2, weight_decay: "constant", weight_decay_end: 0 };
const schedule = (shape: Partial<ScheduleShape>, rest: Partial<Schedule> = {}): Schedule => (
  { lr: 1, min_lr: 0.1, warmup: 10, steps: 110, ...rest, shape: { ...SHAPE, ...shape } }
);

Deno.test("the learning rate rises to its highest, then falls along a cosine to its floor", () => {
  for (const cosine of [{ lr: 1, min_lr: 0.1, warmup: 10, steps: 110 }, schedule({ kind: "cosine" })]) {
    assertAlmostEquals(learningRate(1, cosine), 0.1);
    assertAlmostEquals(learningRate(10, cosine), 1);
    assertAlmostEquals(learningRate(60, cosine), 0.55);
    assertAlmostEquals(learningRate(110, cosine), 0.1);
  }
});

Deno.test("wsd: the learning rate rises, stays, and falls as 1 - √x to its floor in the last share of steps", () => {
  const wsd = schedule({}, { steps: 500 });
  assertAlmostEquals(learningRate(5, wsd), 0.5);
  assertEquals(stableSteps(wsd), 400);
  for (const step of [10, 11, 200, 400]) assertEquals(learningRate(step, wsd), 1);
  // After a hundredth, a quarter and all of the last 100 steps, 1 - √x is 0.9, 0.5 and 0.
  assertAlmostEquals(learningRate(401, wsd), 0.1 + 0.9 * 0.9);
  assertAlmostEquals(learningRate(425, wsd), 0.1 + 0.9 * 0.5);
  assertAlmostEquals(learningRate(500, wsd), 0.1);
});

Deno.test("wsd: until the rate falls, a longer training goes exactly as a shorter one", () => {
  const until = (step: number, shape: Partial<ScheduleShape> = {}) =>
    agreeUntil(step, schedule(shape, { steps: 100 }), schedule(shape, { steps: 1000 }));
  assertEquals([1, 80, 81].map((step) => until(step)), [true, true, false]);
  assertEquals([1, 80, 81].map((step) => until(step, { weight_decay: "lr" })), [true, true, false]);
  assertEquals(until(2, { weight_decay: "linear" }), false);
  assertEquals([10, 11].map((step) => until(step, { kind: "cosine" })), [true, false]);
});

Deno.test("wsd: a warmup longer than what the decay leaves shortens the decay, and all of it may be decay", () => {
  const late = schedule({ decay: 0.5 }, { warmup: 90, steps: 100 });
  assertEquals(stableSteps(late), 90);
  assertEquals(learningRate(90, late), 1);
  assertAlmostEquals(learningRate(100, late), 0.1);
  const one = schedule({ decay: 1 }, { warmup: 0, steps: 1 });
  assertAlmostEquals(learningRate(1, one), 0.1);
  const warm = schedule({}, { warmup: 100, steps: 100 });
  assertEquals(learningRate(100, warm), 1);
});

Deno.test("weight decay stays, goes to an end value in a straight line, or follows the learning rate", () => {
  const at = (step: number, shape: Partial<ScheduleShape>) =>
    weightDecayFactor(step, schedule(shape, { steps: 101 }));
  for (const step of [1, 50, 101]) assertEquals(at(step, {}), 1);
  const linear = { weight_decay: "linear", weight_decay_end: 0.5 } as const;
  assertEquals([1, 51, 101].map((step) => at(step, linear)), [1, 0.75, 0.5]);
  const byRate = { weight_decay: "lr" } as const;
  assertAlmostEquals(at(5, byRate), 0.5);
  assertEquals(at(50, byRate), 1);
  assertAlmostEquals(at(101, byRate), 0.1);
});

Deno.test("an update's factor reaches the weight decay of every role", async () => {
  const device = await CpuDevice.open({ threads: 1 });
  const specs = ([["a", "matrix", [2, 2]], ["b", "head", [2, 2]], ["c", "vector", [2]]] as const)
    .map(([name, role, shape]) => ({ name, role, shape, layer: null, deviation: 0 }));
  /** The weights, all 1 at first, after an update without gradients. */
  const decayed = async (algorithm: "adamw" | "muon", decay?: number) => {
    const parameters = new Parameters(device, specs);
    parameters.load(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1));
    const options = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.4, clip: 0 };
    const roles = { head: { weight_decay: 0.2 } };
    const optimizer = new Optimizer(parameters, { ...options, algorithm, roles });
    optimizer.zeroGradients();
    scope(() => optimizer.step(1, 0.5, decay));
    const values = parameters.split(await device.read(parameters.weights.buffer));
    return specs.map(({ name }) => values.get(name)![0]);
  };
  const close = (actual: number[], expected: number[]) =>
    actual.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-6));
  for (const algorithm of ["adamw", "muon"] as const) {
    close(await decayed(algorithm), [1 - 0.5 * 0.4, 1 - 0.5 * 0.2, 1]);
    close(await decayed(algorithm, 0.25), [1 - 0.5 * 0.1, 1 - 0.5 * 0.05, 1]);
    close(await decayed(algorithm, 0), [1, 1, 1]);
  }
  device.close();
});
