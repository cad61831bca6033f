import { assertEquals } from "@std/assert";
import { modelConfig } from "../model/config.ts";
import { dropoutFor, pickSize, type Size, SIZES, type SizeTask } from "./auto_size.ts";
import { parameterCount } from "./measure.ts";

const MINUTE = 60;
const parameters = (size: Size) => parameterCount(modelConfig({ ...size, context: 256, vocab: 1024 }));

/** A device of constant speed, with 6 operations per parameter and token. */
function taskOf(gflops: number, given: Partial<SizeTask>, measured: Size[] = []): SizeTask {
  const operations = (size: Size) => 6 * parameters(size);
  return {
    seconds: 30 * MINUTE,
    textTokens: 1e9,
    parameters,
    operations,
    speed(size) {
      measured.push(size);
      return Promise.resolve(gflops * 1e9 / operations(size));
    },
    ...given,
  };
}

Deno.test("sizes grow, and each can be a model with rotations", () => {
  const counts = SIZES.map(parameters);
  assertEquals(counts, counts.toSorted((a, b) => a - b));
  for (const size of SIZES) modelConfig({ ...size, context: 256, vocab: 1024, position: "rope" });
});

Deno.test("a size is the largest that sees twenty tokens a parameter in the time", async () => {
  // At 100 GFLOPS in 30 minutes 6·N·20·N = 1.8e14 operations give N = 1.22 million.
  const { size, limitedByText } = await pickSize(taskOf(100, {}));
  assertEquals(size, { layers: 4, heads: 4, width: 128 }); // 0.96 million; the next one has 1.7
  assertEquals(limitedByText, false);
  // Four times the time gives twice the parameters.
  const longer = await pickSize(taskOf(100, { seconds: 120 * MINUTE }));
  assertEquals(longer.size, { layers: 5, heads: 5, width: 160 });
});

Deno.test("a faster device gets a larger model, up to the largest", async () => {
  assertEquals((await pickSize(taskOf(1e9, {}))).size, SIZES.at(-1));
});

Deno.test("the smallest size is for any time, however short", async () => {
  const measured: Size[] = [];
  const picked = await pickSize(taskOf(0.001, { seconds: 1 }, measured));
  assertEquals(picked.size, SIZES[0]);
  assertEquals(measured, [SIZES[0]]);
});

Deno.test("a small text keeps the model from growing to more than ten parameters for each of its tokens", async () => {
  const picked = await pickSize(taskOf(1e4, { textTokens: 100_000 }));
  assertEquals(picked.size, { layers: 4, heads: 4, width: 128 });
  assertEquals(picked.limitedByText, true);
});

Deno.test("a size that a device cannot hold is not picked, and none beyond it is tried", async () => {
  const measured: Size[] = [];
  const { speed, ...task } = taskOf(1e6, {}, measured);
  const picked = await pickSize({
    ...task,
    speed: async (size) => await speed(size).then((speed) => size.width > 192 ? null : speed),
  });
  assertEquals(picked.size.width, 192);
  assertEquals(measured.at(-1)?.width, 256);
});

Deno.test("sizes that are clearly too slow are not measured", async () => {
  const measured: Size[] = [];
  await pickSize(taskOf(100, {}, measured));
  assertEquals(measured, SIZES.slice(0, 4));
});

Deno.test("dropout grows with the number of epochs", () => {
  assertEquals([1, 4, 5, 16, 17, 100].map(dropoutFor), [0, 0, 0.1, 0.1, 0.2, 0.2]);
});
