import { assert, assertEquals, assertLess } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { type Case, cases, draw, relativeError, runCase, runReductions } from "./cases.ts";
import { deriveSeed, normals } from "../tensor/random.ts";
import { Parameter, scope, Tensor } from "../tensor/tensor.ts";

const oracle = new OracleDevice();

/** A case's output on the oracle, with all of float64's digits. */
function forward(test: Case, inputs: Float64Array[], weights: Float64Array[]): Float64Array {
  return scope(() => {
    const place = (shape: readonly number[], data: Float64Array) => {
      const buffer = oracle.alloc(data.length * 4);
      oracle.write(buffer, data);
      return [oracle, shape, buffer] as const;
    };
    const x = inputs.map((data, i) => new Tensor(...place(test.inputs[i], data)));
    const w = weights.map((data, i) => new Parameter(`w${i}`, ...place(test.weights[i], data)));
    return oracle.values(test.run(x, w).buffer);
  });
}

for (const test of cases) {
  Deno.test(`${test.name}: gradients agree with finite differences in float64`, async () => {
    const drawn = draw(test);
    const analytic = await runCase(oracle, test, drawn);
    const inputs = drawn.inputs.map((x) => Float64Array.from(x));
    const weights = drawn.weights.map((x) => Float64Array.from(x));
    const seed = normals(deriveSeed(2, test.name), analytic.y.length, 1);
    const loss = () => forward(test, inputs, weights).reduce((sum, y, i) => sum + y * seed[i], 0);
    const h = 1e-5;
    for (const [prefix, group] of [["dx", inputs], ["dw", weights]] as const) {
      group.forEach((values, at) => {
        const stride = Math.max(1, Math.floor(values.length / 40));
        const numeric: number[] = [], expected: number[] = [];
        for (let i = 0; i < values.length; i += stride) {
          const before = values[i];
          values[i] = before + h;
          const above = loss();
          values[i] = before - h;
          numeric.push((above - loss()) / (2 * h));
          values[i] = before;
          expected.push(analytic[`${prefix}${at}`][i]);
        }
        assertLess(relativeError(expected, numeric), 1e-5, `${prefix}${at}`);
      });
    }
  });
}

for (const { name, device } of await testDevices()) {
  for (const test of cases) {
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

  Deno.test(`${name}: the dropout mask has the same bits as the oracle's`, async () => {
    const test = cases.find((c) => c.name === "dropout")!;
    const dropped = (y: Float32Array) => y.map((v) => Number(v === 0));
    const expected = dropped((await runCase(oracle, test)).y);
    assertEquals(dropped((await runCase(device, test)).y), expected);
    const share = expected.reduce((a, b) => a + b) / expected.length;
    assert(share > 0.15 && share < 0.45, `a rate of 0.3 dropped ${share}`);
  });
}
