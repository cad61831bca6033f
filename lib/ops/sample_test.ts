/** Compares tokens drawn on the device with those drawn in TypeScript. */
import { assert, assertEquals } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { normals, uniform } from "../tensor/random.ts";
import { empty, scope, upload } from "../tensor/tensor.ts";
import type { Device } from "../device/device.ts";
import { type Draw, sample, sampleToken, samplingSettings } from "./sample.ts";

/** The tokens that the kernel draws in each step. */
async function drawn(device: Device, rows: readonly Float32Array[], steps: readonly (readonly Draw[])[]) {
  const vocab = rows[0].length;
  const ids = await scope(() => {
    const logits = upload(device, [rows.length, vocab], Float32Array.from(rows.flatMap((row) => [...row])));
    const settings = upload(device, [steps.length, rows.length, 4], samplingSettings(steps.flat()));
    const next = empty(device, [rows.length]), chosen = empty(device, [steps.length, rows.length]);
    steps.forEach((_, step) => sample(logits, settings, next, chosen, step));
    return device.read(chosen.buffer);
  });
  return steps.map((_, step) => [...ids.subarray(step * rows.length, (step + 1) * rows.length)]);
}

const SETTINGS = [
  { temperature: 0, topK: 0 },
  { temperature: 1, topK: 0 },
  { temperature: 0.7, topK: 5 },
  { temperature: 1.3, topK: 0, topP: 0.6 },
  { temperature: 1, topK: 40, topP: 0.9 },
  { temperature: 2, topK: 3, topP: 0.999 },
  { temperature: 1, topK: 0, topP: 0 },
  { temperature: 0.01, topK: 2000, topP: 1 },
];

for (const { name, device } of [...await testDevices(), { name: "oracle", device: new OracleDevice() }]) {
  Deno.test(`${name}: tokens are drawn on the device as from logits that were read`, async () => {
    for (const vocab of [7, 300, 1000]) {
      // Some logits are equal, so that cuts go through ties; some are positive, some negative.
      const rows = [0, -20, 5].map((shift, row) =>
        normals(row, vocab, 3).map((x) => Math.round(4 * x) / 4 + shift)
      );
      const steps = Array.from({ length: 6 }, (_, step) =>
        SETTINGS.map((setting, i) => {
          return rows.map((_, row) => ({ ...setting, draw: uniform(step, 10 * i + row) }));
        })).flat();
      const all = await drawn(device, rows, steps);
      let near = 0;
      steps.forEach((step, s) =>
        step.forEach((setting, row) => {
          const expected = sampleToken(rows[row], setting, setting.draw);
          if (all[s][row] === expected) return;
          // A draw on the border between two tokens may give the other one, by rounding.
          const around = [-1e-5, 1e-5].map((d) =>
            sampleToken(rows[row], setting, Math.min(1 - 1e-9, Math.max(0, setting.draw + d)))
          );
          assert(
            around.includes(all[s][row]),
            `${JSON.stringify(setting)} row ${row}: ${all[s][row]}, not ${expected}`,
          );
          near++;
        })
      );
      assert(near <= 2, `${near} draws at a border`);
    }
  });

  Deno.test(`${name}: a row with a logit that is not finite gets no token`, async () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const rows = [Float32Array.of(1, 2, 3), Float32Array.of(1, value, 3)];
      const greedy = rows.map(() => ({ temperature: 0, topK: 0, draw: 0 }));
      assertEquals(await drawn(device, rows, [greedy]), [[2, -1]]);
    }
  });
}
