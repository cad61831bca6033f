import { assert, assertEquals, assertLess } from "@std/assert";
import { type Kernel, shadersOf } from "../device/device.ts";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices, testGpu } from "../device/testing.ts";
import { normals } from "../tensor/random.ts";
import { scope, upload } from "../tensor/tensor.ts";
import { attention } from "./attention.ts";
import { attentionWithCache } from "./attention_cached.ts";
import { linearGradient, matmulGelu, matmulNN, matmulNT, matmulRelu2, matmulSlope } from "./linear.ts";
import { cases, largeCases } from "./cases.ts";
import {
  gradientError,
  relativeError,
  runAdamW,
  runAverage,
  runCase,
  runMuon,
  runReductions,
  runScaling,
} from "./conformance.ts";
import { SCALING } from "./update_scaling.ts";

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

  Deno.test(`${name}: positions that come in pieces to a cache attend as they do all at once`, async () => {
    const [batch, time, width] = [2, 21, 5];
    for (const options of [{ heads: 3 }, { heads: 6, kvHeads: 2, alibi: true }, { heads: 4, kvHeads: 1 }]) {
      const { heads, kvHeads = heads } = options;
      const stride = (heads + 2 * kvHeads) * width;
      const values = normals(7, batch * time * stride, 1);
      const [whole, ...pieces] = scope(() => {
        const make = (...shape: number[]) =>
          upload(device, shape, new Float32Array(shape.reduce((a, b) => a * b)));
        const cache = { keys: make(3, time, kvHeads * width), values: make(3, time, kvHeads * width) };
        const outputs = [attention(upload(device, [batch, time, stride], values), options)];
        for (const [from, to] of [[0, 4], [4, 5], [5, time]]) {
          const rows = Float32Array.from({ length: batch * (to - from) * stride }, (_, i) => {
            const b = Math.floor(i / ((to - from) * stride));
            return values[b * time * stride + from * stride + i % ((to - from) * stride)];
          });
          // The sequences use rows 2 and 0 of the cache.
          const slots = upload(device, [batch, 2], Uint32Array.of(2, from, 0, from));
          const qkv = upload(device, [batch, to - from, stride], rows);
          outputs.push(attentionWithCache(qkv, options, cache, slots));
        }
        return outputs.map((output) => device.read(output.buffer));
      });
      const expected = await whole, row = heads * width;
      for (const [piece, from] of [[pieces[0], 0], [pieces[1], 4], [pieces[2], 5]] as const) {
        const actual = await piece, length = actual.length / batch;
        for (let b = 0; b < batch; b++) {
          const start = (b * time + from) * row;
          const part = actual.subarray(b * length, (b + 1) * length);
          assertLess(relativeError(part, expected.subarray(start, start + length)), 1e-5);
        }
      }
    }
  });

  Deno.test(`${name}: far from zero GELU is the identity or nothing, its slope 1 or 0, and NaN stays`, async () => {
    const x = Float32Array.of(-1e3, -50, -20, -8, 8, 20, 50, 1e3, NaN), n = x.length;
    const [input, one, output, slope] = [x, Float32Array.of(1), x, x].map((values) => {
      const buffer = device.alloc(values.byteLength);
      device.write(buffer, values);
      return buffer;
    });
    const sizes = { m: n, n: 1, k: 1, has_bias: 0, accumulate: 0 };
    device.dispatch(matmulGelu, [input, one, one, output, slope], sizes);
    const check = (values: Float32Array, expected: (v: number) => number) => {
      for (const [i, v] of x.entries()) {
        if (Number.isNaN(v)) assert(Number.isNaN(values[i]));
        else {assertLess(
            Math.abs(values[i] - expected(v)),
            1e-5 * Math.max(1, Math.abs(v)),
            `${v}: ${values[i]}`,
          );}
      }
    };
    check(await device.read(output), (v) => Math.max(0, v));
    check(await device.read(slope), (v) => Number(v > 0));
    for (const buffer of [input, one, output, slope]) device.release(buffer);
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

  for (const [rows, parts] of [[12, [20]], [33, [17]], [21, [42, 14, 14]]] as const) {
    Deno.test(`${name}: a Muon update of ${parts.join("+")} columns of ${rows} rows agrees with the oracle's`, async () => {
      const expected = await runMuon(oracle, rows, parts);
      const actual = await runMuon(device, rows, parts);
      for (const part of ["weight", "momentum"] as const) {
        assertLess(relativeError(actual[part], expected[part]), 1e-5, part);
      }
      const unsound = await runMuon(device, rows, parts, NaN);
      const size = unsound.weight.length;
      assertEquals(unsound.weight, normals(2, size, 1));
      assertEquals(unsound.momentum, normals(3, size, 1));
    });
  }

  Deno.test(`${name}: a moving average agrees with the oracle's, and changes places with the weights bit for bit`, async () => {
    const expected = await runAverage(oracle, 0.3);
    const { average, weights, swapped } = await runAverage(device, 0.3);
    assertLess(relativeError(average, expected.average), 1e-6);
    const drawn = normals(1, weights.length, 1);
    assertEquals(swapped, drawn.slice(0, swapped.length));
    assertEquals(weights, Float32Array.of(...average, ...drawn.slice(average.length)));
    assertEquals((await runAverage(device, 0)).average, normals(2, average.length, 1));
  });

  Deno.test(`${name}: an update from scaled gradients is that from plain ones`, async () => {
    const plain = await runAdamW(device, { clip: 1 });
    const scaled = await runAdamW(device, { clip: 1, gradientScale: 1024, lossScale: 1024 });
    assertLess(relativeError(scaled.weight, plain.weight), 1e-6);
  });

  Deno.test(`${name}: an overflow halves the loss scale once, and is not counted as an update`, async () => {
    const read = async (...squaredNorms: number[]) =>
      (await runScaling(device, 1024, squaredNorms)).map((scaling) => scaling.slice());
    const steps = await read(1, Infinity, NaN, 1, 1, 1, 1);
    assertEquals(steps.map((scaling) => scaling[SCALING.current]), [1024, 1024, 512, 256, 256, 256, 512]);
    for (const [step, updates] of [1, 1, 1, 2, 3, 4, 5].entries()) {
      const corrections = [steps[step][SCALING.correction1], steps[step][SCALING.correction2]];
      assertLess(relativeError(corrections, [1 - 0.9 ** updates, 1 - 0.95 ** updates]), 1e-6);
    }
    const [lowest] = await runScaling(device, 1, [Infinity]);
    assertEquals(lowest[SCALING.next], 1);
    assertEquals((await runScaling(device, 4096, [1, 1, 1]))[2][SCALING.next], 4096);
  });

  Deno.test(`${name}: an update whose gradient norm is not finite changes nothing`, async () => {
    const before = await runAdamW(device, { clip: 1, lr: 0, gradientScale: 0 });
    for (const gradientScale of [NaN, Infinity]) {
      assertEquals((await runAdamW(device, { clip: 1, gradientScale })).weight, before.weight);
    }
  });
}

const gpu = await testGpu();
if (gpu) {
  if (gpu.float16) {
    for (const test of [...cases, ...largeCases]) {
      Deno.test(`webgpu: ${test.name} in float16 agrees with the oracle`, async () => {
        const expected = await runCase(oracle, test);
        const actual = await runCase(gpu, test, undefined, "f16");
        for (const name in expected) assertLess(relativeError(actual[name], expected[name]), 1e-2, name);
      });
    }
  }

  for (
    const matmul of [
      matmulNN,
      matmulNT,
      linearGradient,
      matmulGelu,
      matmulRelu2,
      matmulSlope,
    ] as unknown as Kernel[]
  ) {
    const shaders = shadersOf(matmul);
    for (const [i, shader] of shaders.entries()) {
      if (shader.scratch?.at === 0) continue; // the second half of the shader before it
      const plan = shader.scratch ? shaders.slice(i, i + 2) : [shader];
      Deno.test(`webgpu: ${shader.name} computes what its kernel says, whatever the sizes that it is meant for`, async () => {
        // Sizes that are not multiples of a tile, and long enough for two parts.
        const sets = [{ m: 132, n: 68, k: 516 }, { m: 4, n: 260, k: 512 }];
        if (!shader.name.includes("vectors")) sets.push({ m: 131, n: 67, k: 515 });
        for (const sizes of sets) {
          const adds = matmul.bindings.some((binding) => binding.endsWith(" inout"));
          const args = { ...sizes, has_bias: 1, accumulate: Number(adds) };
          const { m, n, k } = sizes;
          const third = matmul.name === matmulSlope.name ? m * n : n;
          const values = [m * k, k * n, third, m * n, m * n].slice(0, matmul.bindings.length)
            .map((size, at) => normals(at, size, 0.3));
          const buffers = values.map((data) => {
            const buffer = gpu.alloc(data.byteLength);
            gpu.write(buffer, data);
            return buffer;
          });
          gpu.dispatch({ ...matmul, plan: () => plan }, buffers, args);
          const expected = values.map((data) => Float64Array.from(data));
          matmul.reference(expected as never, args);
          for (let at = 2; at < buffers.length; at++) {
            if (matmul.bindings[at].endsWith(" in")) continue;
            assertLess(relativeError(await gpu.read(buffers[at]), expected[at]), 1e-5);
          }
          buffers.forEach((buffer) => gpu.release(buffer));
        }
      });
    }
  }
}
