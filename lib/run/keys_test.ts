import { assertEquals, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { pipeline } from "../../stages/pipeline.ts";
import { presetSchema } from "./config.ts";
import { listKeys } from "./keys.ts";

const Section = z.strictObject({
  steps: z.number().int().describe("How many."),
  kind: z.enum(["a", "b"]).default("a").describe("Which of these, in words enough for a second line."),
  inner: z.strictObject({ rate: z.number().default(0.5) }).prefault({}),
  tasks: z.record(z.string(), z.strictObject({ data: z.string() })).default({}),
  which: z.union([z.literal("auto"), z.strictObject({ size: z.number() })]).default("auto"),
});

Deno.test("keys are listed with what they take, their defaults and what they mean", () => {
  const stages = [{ sections: { own: Section } }, { sections: { other: z.strictObject({ x: z.number() }) } }];
  const text = listKeys(stages.slice(0, 1), presetSchema(stages), 80);
  assertEquals(
    text.split("\n").filter((line) =>
      !/^ {2}(name|seed|device|precision|threads)|^ {10}(?!.*line)/.test(line)
    ),
    [
      "  own.steps                               a whole number. How many.",
      "  own.kind=a                              a or b. Which of these, in words",
      "                                          enough for a second line.",
      "  own.inner.rate=0.5",
      "  own.tasks.NAME.data                     a text",
      "  own.which                               auto",
      "  own.which.size                          a number",
    ],
  );
});

Deno.test("every key of every stage is listed", () => {
  const text = listKeys(pipeline.stages, pipeline.schema, 100);
  for (
    const key of [
      "\n  seed=1337",
      "\n  model.layers ",
      "\n  pretrain.schedule.kind=cosine",
      "\n  finetune-classify.tasks.NAME.split.test=0.15",
      "\n  finetune-instruct.augment.history=0 ",
      "\n  finetune-preference.beta=0.1 ",
      "\n  evaluate.thresholds.NAME.min ",
    ]
  ) assertStringIncludes(text, key);
});
