/** Cases of the losses, for cases.ts. */
import { normals } from "../tensor/random.ts";
import { upload } from "../tensor/tensor.ts";
import type { Case } from "./cases.ts";
import { crossEntropy, IGNORED } from "./cross_entropy.ts";
import { distillation, type DistillationOptions, softTargets } from "./distillation.ts";
import { halved } from "./halve.ts";
import { preferenceLoss, sequenceLogprobs } from "./preference.ts";

export const ids = (n: number, classes: number) =>
  Uint32Array.from({ length: n }, (_, i) => (i * i + 3) % classes);

/** Every third row has no target. */
const someIds = (n: number, classes: number) => ids(n, classes).map((t, i) => i % 3 ? t : IGNORED);

/** A student's distillation loss, with teachers whose logits are drawn. */
function distillationCase(
  { teachers, classes, ...options }: DistillationOptions & { teachers: number; classes: number },
): Case {
  return {
    name: `distillation of ${teachers === 1 ? "a teacher" : `${teachers} teachers`}, ${classes} classes`,
    inputs: [[2, 5, classes]],
    weights: [],
    run([student]) {
      const { device, shape, size, rows, dtype } = student;
      const targets = someIds(rows, classes);
      const logits = Array.from({ length: teachers }, (_, seed) => () => {
        const full = upload(device, shape, normals(seed, size, 2));
        return dtype === "f16" ? halved(full) : full;
      });
      return distillation(student, targets, softTargets(logits, targets, options.temperature), options);
    },
  };
}

export const lossCases: readonly Case[] = [
  {
    name: "cross-entropy with ignored targets",
    inputs: [[2, 5, 71]],
    weights: [],
    run: ([x]) => crossEntropy(x, someIds(10, 71)),
  },
  {
    name: "cross-entropy with weights",
    inputs: [[10, 7]],
    weights: [],
    run: ([x]) =>
      crossEntropy(
        x,
        ids(10, 7).map((t, i) => i % 4 ? t : IGNORED),
        Float32Array.from({ length: 10 }, (_, i) => i / 4),
      ),
  },
  {
    name: "cross-entropy of nothing",
    inputs: [[2, 3]],
    weights: [],
    run: ([x]) => crossEntropy(x, Uint32Array.of(IGNORED, IGNORED)),
  },
  {
    name: "log-probabilities of sequences",
    inputs: [[3, 5, 23]],
    weights: [],
    run: ([x]) => sequenceLogprobs(x, ids(15, 23).map((t, i) => i % 4 ? t : IGNORED)),
  },
  ...[0, 0.7].map((sft): Case => ({
    name: `preferences${sft ? " and the likelihood of what is chosen" : ""}`,
    inputs: [[6, 5, 11]],
    weights: [],
    run: ([x]) =>
      preferenceLoss(x, {
        targets: ids(30, 11).map((t, i) => i % 5 === 3 || i === 7 ? IGNORED : t),
        reference: Float32Array.of(-9, -8, -11, -7, -10, -10.5),
        beta: 0.3,
        sft,
      }),
  })),
  distillationCase({ teachers: 1, classes: 71, temperature: 2, weight: 0.5 }),
  distillationCase({ teachers: 1, classes: 2, temperature: 1, weight: 1 }),
  distillationCase({ teachers: 3, classes: 70, temperature: 0.7, weight: 0.9 }),
];

export const largeLossCases: readonly Case[] = [
  distillationCase({ teachers: 2, classes: 5003, temperature: 3, weight: 0.5 }),
];
