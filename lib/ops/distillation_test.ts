import { assertAlmostEquals, assertLess } from "@std/assert";
import type { Device } from "../device/device.ts";
import { testDevices } from "../device/testing.ts";
import { scope, upload } from "../tensor/tensor.ts";
import { IGNORED } from "./cross_entropy.ts";
import { distillation, type DistillationOptions, softTargets } from "./distillation.ts";
import { differentiate } from "./tape.ts";

/** A student's loss with some teachers, and its gradient. */
async function learn(
  device: Device,
  student: readonly number[],
  teachers: readonly (readonly number[])[],
  { targets, ...options }: DistillationOptions & { targets: readonly number[] },
): Promise<{ loss: number; gradient: Float32Array }> {
  const shape = [targets.length, student.length / targets.length], wanted = Uint32Array.from(targets);
  const logits = (values: readonly number[]) => upload(device, shape, Float32Array.from(values));
  const [loss, gradient] = scope(() => {
    const z = logits(student);
    z.needsGrad = true;
    let gradient: Promise<Float32Array>;
    const loss = differentiate(
      () => {
        const soft = softTargets(teachers.map((values) => () => logits(values)), wanted, options.temperature);
        return distillation(z, wanted, soft, options);
      },
      undefined,
      { leaf: (_, d) => gradient = device.read(d.buffer) },
    );
    return [device.read(loss.buffer), gradient!];
  });
  return { loss: (await loss)[0], gradient: await gradient };
}

for (const { name, device } of await testDevices()) {
  Deno.test(`${name}: a student that says what its teacher says has nothing to learn from it`, async () => {
    const logits = [1, -2, 0.5, 3, 100, -100, 20, 99]; // some underflow in the softmax
    const options = { temperature: 2, weight: 1, targets: [0, 3] };
    const { loss, gradient } = await learn(device, logits, [logits], options);
    assertLess(Math.abs(loss), 1e-5);
    for (const d of gradient) assertLess(Math.abs(d), 1e-5);
  });

  Deno.test(`${name}: the loss mixes the text's cross-entropy and the divergence from the teachers' mean`, async () => {
    // Teachers with (3/4, 1/4) and (1/4, 3/4) at temperature 2, whose mean is (1/2, 1/2). The student has (9/10, 1/10).
    const [t, z] = [2 * Math.log(3), 2 * Math.log(9)];
    const options = { temperature: 2, weight: 0.25, targets: [0, IGNORED] };
    const { loss, gradient } = await learn(device, [z, 0, 5, 7], [[t, 0, 1, 2], [0, t, 3, 4]], options);
    const text = Math.log(1 + 1 / 81), divergence = 0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1);
    assertAlmostEquals(loss, 0.75 * text + 0.25 * 4 * divergence, 1e-5);
    assertAlmostEquals(gradient[0], 0.75 * (81 / 82 - 1) + 0.25 * 2 * (0.9 - 0.5), 1e-5);
    assertAlmostEquals(gradient[1], -gradient[0], 1e-6);
    assertAlmostEquals(gradient[2] ** 2 + gradient[3] ** 2, 0);
  });
}
