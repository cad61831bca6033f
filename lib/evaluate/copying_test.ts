import { assertAlmostEquals, assertLess } from "@std/assert";
import { inMemory } from "../data/token_stream.ts";
import { OracleDevice } from "../device/oracle.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { copying } from "./copying.ts";

const SIZES = {
  vocab: 200,
  context: 40,
  layers: 3,
  heads: 3,
  width: 96,
  position: "rope",
  ropeTheta: 1e6,
} as const;
const stream = inMemory(Uint32Array.from({ length: 700 }, (_, i) => (i * 37) % 199));

async function figures(inductionInit: boolean) {
  const model = new Decoder(
    new OracleDevice(),
    modelConfig({ ...SIZES, norm: "rms", bias: false, zeroInit: true, inductionInit }),
  );
  model.initialize(3);
  return await copying(model, stream);
}

Deno.test("copying: to a model that knows nothing, tokens are as improbable the second time", async () => {
  const { first, again } = await figures(false);
  assertAlmostEquals(first, Math.log(SIZES.vocab), 0.1);
  assertAlmostEquals(again, first, 0.05);
});

Deno.test("copying: with induction heads they are more probable the second time", async () => {
  const { first, again } = await figures(true);
  assertLess(again, first - 0.08);
});
