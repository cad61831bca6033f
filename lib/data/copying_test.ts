import { assert, assertEquals } from "@std/assert";
import { IGNORED } from "../ops/cross_entropy.ts";
import { addCopying, type Copying } from "./copying.ts";

const BATCH = 64, TIME = 96, VOCAB = 500;

function drawn(copying: Copying, step: number, seed = 1) {
  const ids = new Uint32Array(BATCH * TIME).fill(VOCAB), targets = ids.slice();
  const batch = { tokens: { ids, batch: BATCH, time: TIME }, targets };
  addCopying(batch, copying, { step, index: step - 1, seed, vocab: VOCAB });
  return batch;
}

const row = (values: Uint32Array, n: number) => values.subarray(n * TIME, (n + 1) * TIME);
/** Rows that are no text any more. */
const copyingRows = (ids: Uint32Array) =>
  Array.from({ length: BATCH }, (_, n) => n).filter((n) => row(ids, n).every((id) => id < VOCAB));

Deno.test("copying: what is learned follows from what stands before", () => {
  const { tokens: { ids }, targets } = drawn({ steps: 1, share: 0 }, 1);
  assertEquals(copyingRows(ids).length, BATCH);
  let learned = 0;
  for (let n = 0; n < BATCH; n++) {
    const sequence = row(ids, n), wanted = row(targets, n);
    wanted.forEach((target, t) => {
      if (target === IGNORED) return;
      learned++;
      const seen = sequence.subarray(0, t).some((id, i) => id === sequence[t] && sequence[i + 1] === target);
      assert(seen, `row ${n}: ${target} never followed ${sequence[t]} before ${t}`);
    });
  }
  assert(learned > BATCH * TIME / 3, `${learned} of ${BATCH * TIME} tokens`);
});

Deno.test("copying: after the first steps it takes its share of the sequences", () => {
  const share = 0.25;
  let rows = 0;
  for (let step = 3; step < 23; step++) {
    rows += copyingRows(drawn({ steps: 2, share }, step).tokens.ids).length;
  }
  const mean = rows / 20 / BATCH;
  assert(Math.abs(mean - share) < 0.05, `${mean}`);
  assertEquals(copyingRows(drawn({ steps: 2, share: 0 }, 3).tokens.ids), []);
});

Deno.test("copying: a batch follows from the seed and its number alone", () => {
  const copying = { steps: 0, share: 0.5 };
  assertEquals(drawn(copying, 7), drawn(copying, 7));
  assert(drawn(copying, 7).tokens.ids.join() !== drawn(copying, 8).tokens.ids.join());
  assert(drawn(copying, 7).tokens.ids.join() !== drawn(copying, 7, 2).tokens.ids.join());
});
