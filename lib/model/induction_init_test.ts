import { assert, assertGreater, assertLess, assertThrows } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { scoreTokens } from "../generate/score.ts";
import { randomBits } from "../tensor/random.ts";
import { attentionWeights } from "./attention_weights.ts";
import { ConfigError, modelConfig, type ModelOptions } from "./config.ts";
import { Decoder } from "./decoder.ts";

const OPTIONS: ModelOptions = {
  ...{ vocab: 300, context: 64, layers: 4, heads: 6, width: 144, position: "rope", ropeTheta: 1e6 },
  ...{ norm: "rms", mlp: "swiglu", bias: false, zeroInit: true, inductionInit: true },
};
const HALF = 24;

function build(change: Partial<ModelOptions> = {}): Decoder {
  const model = new Decoder(new OracleDevice(), modelConfig({ ...OPTIONS, ...change }));
  model.initialize(3);
  return model;
}

/** Random tokens, followed by the same tokens again. */
const twice = Uint32Array.from({ length: 2 * HALF }, (_, i) => randomBits(1, i % HALF) % OPTIONS.vocab);

/** By how many nats per token the second half is more probable than the first. */
async function gain(model: Decoder): Promise<number> {
  const scores = await scoreTokens(model, twice, 1);
  const sum = (from: number, end: number) => scores.slice(from, end).reduce((n, s) => n + s.logprob, 0);
  return (sum(HALF, 2 * HALF - 1) - sum(0, HALF - 1)) / (HALF - 1);
}

for (const [name, change] of Object.entries({ "a key a query": {}, "shared keys": { kvHeads: 3 } })) {
  Deno.test(`induction_init: an untrained model finds what comes again more probable (${name})`, async () => {
    const built = await gain(build(change)), random = await gain(build({ ...change, inductionInit: false }));
    assertLess(Math.abs(random), 0.05);
    assertGreater(built, 0.2);
  });
}

Deno.test("induction_init: heads of the first block look at the token before, those of the second behind its like", async () => {
  const model = build();
  const [before] = await attentionWeights(model, twice, 0, [0]);
  const length = twice.length;
  for (let t = 1; t < length; t++) assertGreater(before[t * length + t - 1], 0.6, `${t}`);
  const [after] = await attentionWeights(model, twice, 1, [0]);
  let mean = 0;
  for (let t = HALF; t < length; t++) mean += after[t * length + t - HALF + 1] / HALF;
  assertGreater(mean, 3 / HALF);
});

Deno.test("induction_init: what it cannot build on is refused by its key", () => {
  const refused: Partial<ModelOptions>[] = [
    ...[{ position: "alibi" } as const, { qkNorm: true }, { tied: false }, { layers: 2 }],
    { headWidth: 8 },
  ];
  for (const change of refused) {
    const error = assertThrows(() => modelConfig({ ...OPTIONS, ...change }), ConfigError);
    assert(error.key === "inductionInit", JSON.stringify(change));
  }
});
