import { assertEquals, assertLess } from "@std/assert";
import { testGpu } from "../device/testing.ts";
import { GPT } from "../nn/gpt.ts";
import { Terminal } from "../progress.ts";
import { CharTokenizer } from "../text/char.ts";
import { highestLanguageLoss, languageBatch, train } from "./loop.ts";
import { configOf } from "./measure.ts";

const gpu = await testGpu();
if (gpu) {
  Deno.test("webgpu: the training loop hands over each step in one piece, and makes nothing for it", async () => {
    const out = await Deno.makeTempDir();
    const shape = { layers: 1, heads: 2, width: 16, context: 32, batch: 4, vocab: 9 };
    const model = new GPT(gpu, configOf(shape));
    model.initialize(1);
    const tokens = {
      ids: Uint32Array.from({ length: 128 }, (_, i) => i % 9),
      batch: shape.batch,
      time: shape.context,
    };
    const counts: ({ submits: number } & typeof gpu.created)[] = [];
    await train({
      stage: "pretrain",
      seed: 1,
      schedule: { lr: 1e-3, min_lr: 1e-4, warmup: 2, steps: 8 },
      optimizer: { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clip: 1 },
      accumulate: 2,
      mixed: false,
      every: { log: 0, evaluate: 0, sample: 0, save: 0 },
    }, {
      model,
      tokenizer: new CharTokenizer(["a"], [1]),
      out,
      highestLoss: highestLanguageLoss(model),
      batch(_, micro) {
        if (micro === 0) counts.push({ submits: gpu.submits, ...gpu.created });
        return languageBatch(model, { tokens, targets: tokens.ids });
      },
      evaluate: () => Promise.reject(new Error("was not asked for")),
      terminal: new Terminal(),
      signal: new AbortController().signal,
    });
    const [first, last] = [counts[4], counts[7]];
    // How many results are on their way at once, and so wait to be fetched, depends on the time that steps take.
    assertEquals(last, { ...first, submits: first.submits + 3, staging: last.staging });
    assertLess(last.staging, 3 * 8);
    await Deno.remove(out, { recursive: true });
  });
}
