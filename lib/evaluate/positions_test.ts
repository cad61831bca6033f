import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { inMemory } from "../data/token_stream.ts";
import { OracleDevice } from "../device/oracle.ts";
import { modelConfig, type ModelOptions } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { scope } from "../tensor/tensor.ts";
import { lossByPosition } from "./positions.ts";

const device = new OracleDevice();
const stream = Uint32Array.from({ length: 700 }, (_, i) => (i * i + 3 * i) % 11);

function build(options: Partial<ModelOptions>): Decoder {
  const model = new Decoder(
    device,
    modelConfig({ vocab: 11, context: 32, layers: 1, heads: 2, width: 16, ...options }),
  );
  model.initialize(3);
  return model;
}

Deno.test("losses by position end with the context where positions are learned, else at twice that", async () => {
  const learned = await lossByPosition(build({}), inMemory(stream));
  assertEquals(learned.map(({ position }) => position).slice(0, 2), [1.5, 3.5]);
  assertEquals(learned.length, 16);
  for (const position of ["rope", "alibi", "none"] as const) {
    assertEquals((await lossByPosition(build({ position }), inMemory(stream))).length, 32);
  }
});

Deno.test("the mean of the losses by position is the loss of the same windows", async () => {
  const model = build({ position: "rope" });
  const losses = await lossByPosition(model, inMemory(stream.subarray(0, 65)));
  const [whole] = await scope(() =>
    device.read(model.loss({ ids: stream.slice(0, 64), batch: 1, time: 64 }, stream.slice(1, 65)).buffer)
  );
  assertAlmostEquals(losses.reduce((sum, { loss }) => sum + loss / losses.length, 0), whole, 1e-6);
});

Deno.test("a stream shorter than a window gives the positions that it has", async () => {
  const losses = await lossByPosition(build({ position: "rope" }), inMemory(stream.subarray(0, 6)));
  assertLess(losses.length, 4);
});
