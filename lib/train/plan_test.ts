import { assert, assertEquals } from "@std/assert";
import { type Costs, planFor, planSeconds } from "./plan.ts";

const FREE: Costs = { step: 0.5, evaluation: 0, sample: 0, save: 0 };
const COSTS: Costs = { step: 0.25, evaluation: 2, sample: 1, save: 0.5 };
const NEVER = { eval_every: 0, sample_every: 0, save_every: 0 };

Deno.test("a plan has as many steps as fit when all that is between them takes no time", () => {
  assertEquals(planFor(60, FREE, NEVER), { steps: 120, warmup: 24, ...NEVER });
});

Deno.test("a plan is as long as it may be and no longer, with validations, samples and saves as a preset gives them", () => {
  const given = { eval_every: 100, sample_every: 300, save_every: 200 };
  const plan = planFor(600, COSTS, given)!;
  // 22 validations, each with a save, take 55 s; 8 samples take 8 s, 11 saves 5.5 s; that leaves 531.5 s for steps.
  assertEquals(plan, { steps: 2126, warmup: 100, ...given });
  assertEquals(planSeconds(plan, COSTS), 600);
  assert(planSeconds({ ...plan, steps: 2127 }, COSTS) > 600);
});

Deno.test("a last save is counted where none is asked for", () => {
  assertEquals(planFor(1, { ...FREE, save: 0.5 }, NEVER)?.steps, 1);
});

Deno.test("what a preset leaves open is done some times, and takes a small share of the time", () => {
  const long = planFor(3600, COSTS)!;
  const times = (every: number) => Math.ceil(long.steps / every);
  assertEquals([long.eval_every, long.sample_every, long.save_every].map(times), [10, 4, 10]);
  assertEquals(long.warmup, 100);
  // In a training of a minute, a validation of half a minute is made only once.
  const short = planFor(60, { ...COSTS, evaluation: 30 })!;
  assertEquals(short.eval_every, short.steps);
  assert(planSeconds(short, { ...COSTS, evaluation: 30 }) <= 60);
});

Deno.test("warmup takes at most a fifth of the steps, whatever the preset gives", () => {
  assertEquals(planFor(60, FREE, { ...NEVER, warmup: 80 })?.warmup, 24);
  assertEquals(planFor(600, FREE, { ...NEVER, warmup: 80 })?.warmup, 80);
  assertEquals(planFor(0.6, FREE, { ...NEVER, warmup: 0 })?.warmup, 0);
});

Deno.test("there is no plan if not even one step fits", () => {
  assertEquals(planFor(0.4, FREE, NEVER), null);
  assertEquals(planFor(0.5, FREE, NEVER)?.steps, 1);
  assertEquals(planFor(3, COSTS), null); // a step, its validation, two saves and a sample take 4.25 s
  assertEquals(planFor(4.25, COSTS)?.steps, 1);
});
