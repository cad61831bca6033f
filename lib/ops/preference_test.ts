import { assertAlmostEquals, assertEquals } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { normals } from "../tensor/random.ts";
import { scope, upload } from "../tensor/tensor.ts";
import { IGNORED } from "./cross_entropy.ts";
import { preferenceLoss, sequenceLogprobs } from "./preference.ts";
import { differentiate } from "./tape.ts";

const [SEQUENCES, TIME, VOCAB] = [4, 3, 5];
const LOGITS = normals(1, SEQUENCES * TIME * VOCAB, 1);
const TARGETS = Uint32Array.of(1, 4, IGNORED, IGNORED, 2, 0, 3, IGNORED, IGNORED, 1, 1, 1);
const oracle = new OracleDevice();

/** log softmax(logits)[target] of a row. */
function logprob(logits: Float32Array, row: number): number {
  if (TARGETS[row] === IGNORED) return 0;
  const values = [...logits.subarray(row * VOCAB, (row + 1) * VOCAB)];
  return values[TARGETS[row]] - Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
}

function logprobs(logits: Float32Array): number[] {
  return Array.from(
    { length: SEQUENCES },
    (_, s) => [0, 1, 2].reduce((sum, t) => sum + logprob(logits, s * TIME + t), 0),
  );
}

const onOracle = (fn: (logits: ReturnType<typeof upload>) => ReturnType<typeof upload>) =>
  scope(() => oracle.read(fn(upload(oracle, [SEQUENCES, TIME, VOCAB], LOGITS)).buffer));

Deno.test("a sequence is as probable as the product of its targets' probabilities", async () => {
  const actual = await onOracle((logits) => sequenceLogprobs(logits, TARGETS));
  logprobs(LOGITS).forEach((expected, s) => assertAlmostEquals(actual[s], expected, 1e-5));
});

Deno.test("the preference loss is -log σ(β·margin) over pairs, and the mean loss of chosen tokens", async () => {
  const reference = Float32Array.of(-4, -3, -2, -7), beta = 0.4, sft = 0.5;
  const [a, b, c, d] = logprobs(LOGITS).map((value, s) => value - reference[s]);
  const losses = [a - b, c - d].map((margin) => Math.log(1 + Math.exp(-beta * margin)));
  // Two tokens in the first chosen answer, one in the second.
  const likelihood = -((logprob(LOGITS, 0) + logprob(LOGITS, 1)) / 2 + logprob(LOGITS, 6)) / 2;
  const expected = (losses[0] + losses[1]) / 2 + sft * likelihood;
  const actual = await onOracle((logits) =>
    preferenceLoss(logits, { targets: TARGETS, reference, beta, sft })
  );
  assertEquals(actual.length, 1);
  assertAlmostEquals(actual[0], expected, 1e-5);
});

Deno.test("a step against the gradient makes chosen answers more probable, and rejected ones less", async () => {
  const reference = Float32Array.from(logprobs(LOGITS));
  const gradient = await scope(() => {
    const logits = upload(oracle, [SEQUENCES, TIME, VOCAB], LOGITS);
    logits.needsGrad = true;
    let read: Promise<Float32Array>;
    differentiate(
      () => preferenceLoss(logits, { targets: TARGETS, reference, beta: 0.1, sft: 0 }),
      undefined,
      { leaf: (_, { buffer }) => read = oracle.read(buffer) },
    );
    return read!;
  });
  const after = logprobs(LOGITS.map((value, i) => value - gradient[i]));
  const rises = after.map((value, s) => value > reference[s]);
  assertEquals(rises, [true, false, true, false]);
});
