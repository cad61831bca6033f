import { assert, assertEquals, assertLess } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { geluBackward, geluForward } from "./gelu.ts";
import {
  cases,
  gradientError,
  largeCases,
  relativeError,
  runAdamW,
  runCase,
  runReductions,
} from "./cases.ts";

const oracle = new OracleDevice();

for (const test of cases) {
  Deno.test(`${test.name}: gradients agree with finite differences in float64`, async () => {
    assertLess(await gradientError(oracle, test), 1e-5);
  });
}

for (const { name, device } of await testDevices()) {
  for (const test of [...cases, ...largeCases]) {
    Deno.test(`${name}: ${test.name} agrees with the oracle`, async () => {
      const expected = await runCase(oracle, test);
      const actual = await runCase(device, test);
      assertEquals(Object.keys(actual).sort(), Object.keys(expected).sort());
      for (const part in expected) assertLess(relativeError(actual[part], expected[part]), 2e-5, part);
    });
  }

  Deno.test(`${name}: reductions and fills agree with the oracle`, async () => {
    const expected = await runReductions(oracle);
    const actual = await runReductions(device);
    assertLess(Math.abs(actual.norm / expected.norm - 1), 1e-5);
    assertEquals(actual.filled, expected.filled);
  });

  Deno.test(`${name}: far from zero GELU is the identity or nothing, its slope 1 or 0, and NaN stays`, async () => {
    const x = Float32Array.of(-1e3, -50, -20, -8, 8, 20, 50, 1e3, NaN), n = x.length;
    const [input, ones, output] = [x, new Float32Array(n).fill(1), new Float32Array(n)].map((values) => {
      const buffer = device.alloc(values.byteLength);
      device.write(buffer, values);
      return buffer;
    });
    const check = async (
      kernel: typeof geluForward | typeof geluBackward,
      expected: (v: number) => number,
    ) => {
      const buffers = kernel === geluForward ? [input, output] : [input, ones, output];
      device.dispatch(kernel as typeof geluForward, buffers, { n });
      const values = await device.read(output);
      for (const [i, v] of x.entries()) {
        if (Number.isNaN(v)) assert(Number.isNaN(values[i]));
        else {assertLess(
            Math.abs(values[i] - expected(v)),
            1e-4 * Math.max(1, Math.abs(v)) / 10,
            `${v}: ${values[i]}`,
          );}
      }
    };
    await check(geluForward, (v) => Math.max(0, v));
    await check(geluBackward, (v) => Number(v > 0));
    for (const buffer of [input, ones, output]) device.release(buffer);
  });

  Deno.test(`${name}: the dropout mask has the same bits as the oracle's`, async () => {
    const test = cases.find((c) => c.name === "dropout")!;
    const dropped = (y: Float32Array) => y.map((v) => Number(v === 0));
    const expected = dropped((await runCase(oracle, test)).y);
    assertEquals(dropped((await runCase(device, test)).y), expected);
    const share = expected.reduce((a, b) => a + b) / expected.length;
    assert(share > 0.15 && share < 0.45, `a rate of 0.3 dropped ${share}`);
  });
}

for (const { name, device } of await testDevices()) {
  for (const settings of [{ clip: 1 }, { clip: 0 }]) {
    Deno.test(`${name}: an AdamW update agrees with the oracle's, ${JSON.stringify(settings)}`, async () => {
      const expected = await runAdamW(oracle, settings);
      const actual = await runAdamW(device, settings);
      for (const part of ["weight", "m", "v"] as const) {
        assertLess(relativeError(actual[part], expected[part]), 1e-5, part);
      }
    });
  }

  Deno.test(`${name}: an update whose gradient norm is not finite changes nothing`, async () => {
    const before = await runAdamW(device, { clip: 1, lr: 0, gradientScale: 0 });
    for (const gradientScale of [NaN, Infinity]) {
      assertEquals((await runAdamW(device, { clip: 1, gradientScale })).weight, before.weight);
    }
  });
}
