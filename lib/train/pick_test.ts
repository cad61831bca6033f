import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../errors.ts";
import { modelConfig } from "../model/config.ts";
import { SIZES } from "./auto_size.ts";
import { explainPicked, pickModel, pickPlan, type PlanTask, readPicked } from "./pick.ts";
import type { Costs } from "./plan.ts";

const COSTS: Costs = { step: 0.25, evaluation: 2, sample: 1, save: 0.5 };
const GIVEN = { warmup: undefined, eval_every: 0, sample_every: 0, save_every: 0 };

/** A stage that began 5 seconds ago, and in which measuring takes exactly as long as it may. */
function task(rest: Partial<PlanTask> = {}): PlanTask {
  let seconds = 5;
  return {
    section: "pretrain",
    minutes: 2,
    given: GIVEN,
    elapsed: () => seconds,
    measure(asked) {
      seconds += asked;
      return Promise.resolve(COSTS);
    },
    ...rest,
  };
}

Deno.test("what has passed until the steps are measured is taken off the time", async () => {
  // 120 s less 5, less 2.4 for measuring, less the last save's 0.5, at 0.25 s a step.
  assertEquals((await pickPlan(task()))?.plan.steps, 448);
  // A long training is measured for ten seconds: 7200 - 5 - 10 - 0.5.
  assertEquals((await pickPlan(task({ minutes: 120 })))?.plan.steps, 28738);
});

Deno.test("too few minutes are refused with how many it takes", async () => {
  await assertRejects(
    () => pickPlan(task({ minutes: 0.05 })),
    UserError,
    "pretrain.minutes: 0.05 are too few: measuring, one step, a validation, a sample and saves take about 9s here; " +
      "give at least 0.16",
  );
});

Deno.test("nothing is picked if the user stops it while it measures", async () => {
  assertEquals(await pickPlan(task({ measure: () => Promise.resolve(null) })), null);
});

Deno.test("a model is picked for the time that is left, with dropout by how often it sees the text", async () => {
  const lines: string[] = [];
  const picked = await pickModel({
    minutes: 10,
    textTokens: 100_000,
    batch: 8,
    given: { context: 128 },
    elapsed: () => 100,
    configOf: (size) => modelConfig({ ...size, context: 128, vocab: 64 }),
    speed: ({ width }) => Promise.resolve(width === 32 ? 10_000 : width === 64 ? 5000 : 2000),
    log: (line) => lines.push(line),
  });
  // 500 s at 5,000 tokens a second are 2.5 million tokens: 22 for each of 112,384 parameters, and 25 epochs.
  assertEquals(picked, { ...SIZES[1], context: 128, dropout: 0.2 });
  assertEquals(lines, [
    "  auto: L2 H2 C64, 112,384 parameters, sees some 2,500,000 tokens in that time: 22.2 a parameter, 25.0 epochs",
  ]);
});

Deno.test("the log says how to ask for what was picked, and a run that does not say what it picked is refused", () => {
  const plan = { steps: 1200, warmup: 100, eval_every: 120, sample_every: 300, save_every: 120 };
  const model = { layers: 2, heads: 2, width: 64, context: 128, dropout: 0.1 };
  const [, line] = explainPicked({ plan, costs: COSTS, model }, { section: "pretrain", minutes: 6 });
  assertStringIncludes(line, "6 minutes: 1,200 steps, which take about 5m34s; to repeat them: ");
  assertStringIncludes(
    line,
    "--set pretrain.steps=1200 --set pretrain.warmup=100 --set pretrain.eval_every=120 --set model.layers=2 " +
      "--set model.heads=2 --set model.width=64 --set model.context=128 --set model.dropout=0.1",
  );
  const picked = { plan, costs: COSTS, model };
  assertEquals(readPicked({ picked: JSON.parse(JSON.stringify(picked)) }, "last"), picked);
  assertThrows(
    () => readPicked({}, "last"),
    UserError,
    "--resume: last does not say how many steps were picked",
  );
});
