import { assert, assertEquals, assertLess } from "@std/assert";
import { ROUNDED_ROWS } from "../../kernels/cpu/assembly/constants.ts";
import { BLOCK, BLOCK_BYTES, type BlockKind, dequantise, quantise } from "../device/blocks.ts";
import type { Device, DType } from "../device/device.ts";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices, testGpu } from "../device/testing.ts";
import { normals } from "../tensor/random.ts";
import { Parameter, scope, type Tensor, upload } from "../tensor/tensor.ts";
import { relativeError } from "./conformance.ts";
import { embedding } from "./embedding.ts";
import { halved } from "./halve.ts";
import { linear } from "./linear.ts";
import { type Activation, mlp } from "./mlp.ts";
import { ACTIVATIONS, applyQuantised, matmulQuantised } from "./quantised.ts";
import { differentiate } from "./tape.ts";

const KINDS = Object.keys(BLOCK_BYTES) as BlockKind[];
const oracle = new OracleDevice();

/** Rows of blocks with different scales: float16 numbers of both signs, some of them subnormal. */
function drawnBlocks(seed: number, rows: number, width: number, kind: BlockKind): Uint8Array<ArrayBuffer> {
  const values = normals(seed, rows * width, 0.3);
  return quantise(values.map((x, i) => x * 4 ** (Math.floor(i / BLOCK) % 9 - 7)), kind);
}

/** Bytes as 32-bit words, for buffers. */
function words(bytes: Uint8Array): Uint32Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}

/** Puts a matrix in blocks on a device. */
function quantised(device: Device, shape: readonly number[], bytes: Uint8Array, kind: BlockKind): Parameter {
  const data = words(bytes);
  return new Parameter("w", device, shape, upload(device, [data.length], data).buffer, kind);
}

/** Transposes a matrix. */
const turned = (values: Float32Array, rows: number, columns: number) =>
  values.map((_, i) => values[i % rows * columns + Math.floor(i / rows)]);

/** The largest relative error: on the cpu device, few rows are rounded to 16 bits. */
const tolerance = (rows: number, dtype: DType) => dtype === "f16" ? 1e-2 : rows < ROUNDED_ROWS ? 2e-4 : 2e-5;

/** Drawn activations. */
function drawn(device: Device, shape: readonly number[], seed: number, dtype: DType): Tensor {
  const full = upload(device, shape, normals(seed, shape.reduce((a, b) => a * b), 1));
  return dtype === "f16" ? halved(full) : full;
}

const read = (device: Device, made: () => Tensor) => scope(() => device.read(made().buffer));

/** Rows of x, outputs, inputs: one row, few rows with an incomplete last column block or panel, and many, for tiles. */
const SIZES = [
  [1, 16, 32],
  [1, 70, 96],
  [3, 67, 160],
  [5, 200, 64],
  [6, 33, 32],
  [11, 5, 64],
  [12, 7, 64],
  [5, 17, 32768],
  [50, 130, 320],
  [131, 90, 288],
  [605, 100, 64],
  [20, 1040, 544],
] as const;

/** Products with each activation, with and without a bias. */
async function products(
  device: Device,
  [m, n, k]: readonly [number, number, number],
  kind: BlockKind,
  dtype: DType = "f32",
) {
  const outcomes: Float32Array[] = [];
  for (const activation of Object.keys(ACTIVATIONS) as (keyof typeof ACTIVATIONS)[]) {
    outcomes.push(
      await read(device, () => {
        const weight = quantised(device, [k, n], drawnBlocks(1, n, k, kind), kind);
        const x = drawn(device, [m, k], 2, dtype);
        const bias = new Parameter("b", device, [n], upload(device, [n], normals(3, n, 1)).buffer);
        return applyQuantised(x, weight, activation === "none" ? null : bias, n, activation);
      }),
    );
  }
  return outcomes;
}

const RUNS = (await testDevices()).flatMap(({ name, device }) => [
  { name, device, dtype: "f32" as DType },
  ...device.float16 ? [{ name: `${name} in float16`, device, dtype: "f16" as DType }] : [],
]);

for (const { name, device, dtype } of RUNS) {
  for (const kind of KINDS) {
    for (const sizes of SIZES) {
      Deno.test(`${name}: products of ${sizes} with ${kind} agree with the oracle on the dequantised numbers`, async () => {
        const expected = await products(oracle, sizes, kind);
        const actual = await products(device, sizes, kind, dtype);
        actual.forEach((y, i) =>
          assertLess(relativeError(y, expected[i]), tolerance(sizes[0], dtype), `activation ${i}`)
        );
      });
    }

    Deno.test(`${name}: rows of an embedding in ${kind} are the dequantised numbers themselves`, async () => {
      for (const width of [32, 96]) {
        const bytes = drawnBlocks(4, 11, width, kind), ids = Uint32Array.of(10, 0, 3, 3, 7);
        const rows = dequantise(bytes, kind);
        const looked = await read(device, () => {
          return embedding(quantised(device, [11, width], bytes, kind), ids, [5], dtype);
        });
        const expected = [...ids].flatMap((id) => [...rows.subarray(id * width, (id + 1) * width)]);
        const rounded = dtype === "f16" ? [...Float16Array.from(expected)] : expected;
        assertEquals([...looked], rounded.map((x) => x + 0)); // -0 is 0
      }
    });

    Deno.test(`${name}: layers with ${kind} weights are those with the dequantised ones`, async () => {
      const [up, down] = [drawnBlocks(5, 96, 64, kind), drawnBlocks(6, 64, 96, kind)];
      const run = (device: Device, stored: boolean, dtype: DType = "f32") =>
        read(device, () => {
          const matrix = (bytes: Uint8Array, rows: number, columns: number) => {
            if (stored) return quantised(device, [columns, rows], bytes, kind);
            const { buffer } = upload(
              device,
              [columns, rows],
              turned(dequantise(bytes, kind), rows, columns),
            );
            return new Parameter("w", device, [columns, rows], buffer);
          };
          const x = drawn(device, [2, 3, 64], 7, dtype);
          const layers = { up: matrix(up, 96, 64), upBias: null, down: matrix(down, 64, 96), downBias: null };
          const hidden = mlp(x, { activation: "gelu", ...layers });
          const head = stored
            ? quantised(device, [96, 64], up, kind)
            : new Parameter("w", device, [96, 64], upload(device, [96, 64], dequantise(up, kind)).buffer);
          return linear(mlp(hidden, { activation: "relu2", ...layers }), head, null, true);
        });
      const expected = await run(oracle, false);
      assertLess(relativeError(await run(oracle, true), expected), 1e-6);
      assertLess(relativeError(await run(device, true, dtype), expected), tolerance(6, dtype));
    });

    Deno.test(`${name}: gradients that go through ${kind} weights are those with the dequantised ones`, async () => {
      const gradient = async (on: Device, stored: boolean, dtype: DType = "f32") => {
        const seen: Promise<Float32Array>[] = [];
        scope(() => {
          const matrix = (
            seed: number,
            shape: readonly [number, number],
            { transposed = false, blocks = stored } = {},
          ) => {
            const [rows, width] = transposed ? shape : shape.toReversed();
            const bytes = drawnBlocks(seed, rows, width, kind);
            if (blocks) return quantised(on, shape, bytes, kind);
            const numbers = transposed
              ? dequantise(bytes, kind)
              : turned(dequantise(bytes, kind), rows, width);
            const parameter = new Parameter("w", on, shape, upload(on, shape, numbers).buffer);
            if (dtype === "f16") parameter.copy = halved(parameter);
            return parameter;
          };
          const x = drawn(on, [20, 64], 7, dtype);
          x.needsGrad = true;
          const run = (activation: Activation, hidden: number, blocks: boolean) => {
            const layers = {
              up: matrix(5, [64, hidden], { blocks }),
              down: matrix(6, [96, 64]),
              upBias: null,
              downBias: null,
            };
            return linear(
              mlp(x, { activation, ...layers }),
              matrix(9, [50, 64], { transposed: true }),
              null,
              true,
            );
          };
          for (const [activation, hidden] of [["gelu", 96], ["relu2", 96], ["swiglu", 192]] as const) {
            // A width that is no multiple of 32 leaves W₁ in float32 beside a quantised W₂.
            for (const blocks of [stored, false]) {
              differentiate(() => run(activation, hidden, blocks), normals(8, 20 * 50, 1), {
                leaf: (leaf, gradient) => leaf === x && seen.push(on.read(gradient.buffer)),
              });
            }
          }
        });
        return await Promise.all(seen);
      };
      const expected = await gradient(oracle, false), actual = await gradient(device, true, dtype);
      assertEquals(actual.length, 6);
      actual.forEach((dx, i) =>
        assertLess(relativeError(dx, expected[i]), tolerance(20, dtype), `case ${i}`)
      );
    });

    Deno.test(`${name}: a number that is not finite stays in its row of a product with ${kind}`, async () => {
      for (const m of [2, 60]) {
        for (const bad of [NaN, Infinity, -Infinity]) {
          const x = normals(8, m * 64, 1);
          x[64 + 40] = bad;
          const y = await read(device, () => {
            const weight = quantised(device, [64, 20], drawnBlocks(9, 20, 64, kind), kind);
            return applyQuantised(upload(device, [m, 64], x), weight, null, 20);
          });
          assert(y.subarray(20, 40).every((value) => !Number.isFinite(value)));
          assert(y.subarray(0, 20).every(Number.isFinite) && y.subarray(40).every(Number.isFinite));
        }
      }
    });
  }
}

const gpu = await testGpu();
if (gpu) {
  Deno.test("webgpu: both shaders of quantised products compute what their kernel says at any size", async () => {
    for (const shader of matmulQuantised.shaders!) {
      for (const [m, n, k] of [[1, 9, 32], [131, 130, 96]] as const) {
        const x = normals(1, m * k, 1), bias = normals(2, n, 1), stored = drawnBlocks(3, n, k, "q4_0");
        const args = { m, n, k, block_bytes: BLOCK_BYTES.q4_0, has_bias: 1, activation: ACTIVATIONS.gelu };
        const y = await scope(() => {
          const inputs = [
            upload(gpu, [m, k], x),
            quantised(gpu, [k, n], stored, "q4_0"),
            upload(gpu, [n], bias),
          ];
          const buffers = [
            ...inputs.map(({ buffer }) => buffer),
            upload(gpu, [m, n], new Float32Array(m * n)).buffer,
          ];
          gpu.dispatch({ ...matmulQuantised, plan: () => [shader] }, buffers, args);
          return gpu.read(buffers[3]);
        });
        const expected = new Float64Array(m * n);
        matmulQuantised.reference(
          [Float64Array.from(x), words(stored), Float64Array.from(bias), expected],
          args,
        );
        assertLess(relativeError(y, expected), 1e-5, shader.name);
      }
    }
  });
}
