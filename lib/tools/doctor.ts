/**
 * Shows what this machine has, and checks whether it computes correctly: `deno task doctor`.
 *
 * Compiles every shader, compares every op and its gradients with the float64 oracle, checks large and
 * many buffers, replays PyTorch runs on each device, and measures speed.
 */
import { CpuDevice } from "../device/cpu.ts";
import { type Device, type DType, shadersOf } from "../device/device.ts";
import { findAdapter, openDevice } from "../device/open.ts";
import { OracleDevice } from "../device/oracle.ts";
import { WebGpuDevice } from "../device/webgpu.ts";
import { cases, largeCases } from "../ops/cases.ts";
import { gradientError, relativeError, runCase } from "../ops/conformance.ts";
import { runProgram } from "../run/flags.ts";
import { kernels } from "../ops/table.ts";
import { measureSteps } from "../train/measure.ts";
import { replay, TOLERANCES } from "../train/parity.ts";

const HELP = `Says what this machine has, and whether it computes right.

Usage: deno task doctor

Compiles every shader, compares every op and its gradients with a float64 oracle, checks large buffers, replays
PyTorch runs on each device, and measures speed. Exits with 1 if a check fails.

  -h, --help   this text`;

const SMALL = { layers: 4, heads: 4, width: 128, context: 64, batch: 12, vocab: 65 };
const parityFolder = new URL("../train/testdata/parity/", import.meta.url).pathname;
let faults = 0;

function report(what: string, fault: string | null, detail = ""): void {
  if (fault) faults++;
  console.log(`  ${fault ? "✗" : "✓"} ${what}${detail && `: ${detail}`}${fault ? `: ${fault}` : ""}`);
}

async function attempt(what: string, check: () => Promise<string>): Promise<void> {
  try {
    report(what, null, await check());
  } catch (error) {
    report(what, error instanceof Error ? error.message.split("\n")[0] : String(error));
  }
}

async function checkOps(device: Device, oracle: OracleDevice, dtype: DType): Promise<void> {
  const what = `every op and its gradients${
    dtype === "f16" ? ", in float16," : ""
  } against the float64 oracle`;
  await attempt(what, async () => {
    let worst = 0, where = "";
    for (const test of [...cases, ...largeCases]) {
      const expected = await runCase(oracle, test);
      const actual = await runCase(device, test, undefined, dtype);
      for (const part in expected) {
        const error = relativeError(actual[part], expected[part]);
        if (!(error <= worst)) [worst, where] = [error, `${test.name}, ${part}`];
      }
    }
    const text = `largest relative error ${worst.toExponential(1)} (${where})`;
    if (!(worst < (dtype === "f16" ? 1e-2 : 2e-5))) throw new Error(text);
    return text;
  });
}

async function checkMathematics(device: Device, oracle: OracleDevice): Promise<void> {
  await checkOps(device, oracle, "f32");
  if (device.float16) await checkOps(device, oracle, "f16");
  for (const name of ["gpt2", "gpt2-odd"]) {
    await attempt(`twenty training steps of ${name} against PyTorch`, async () => {
      const errors = await replay(parityFolder + name, device);
      const past = (Object.keys(TOLERANCES) as (keyof typeof TOLERANCES)[])
        .filter((key) => !(errors[key] < TOLERANCES[key]));
      const text = `loss within ${errors.loss.toExponential(1)}, weights within ${
        errors.weights.toExponential(1)
      }`;
      if (past.length > 0) throw new Error(`past tolerance in ${past.join(", ")}; ${text}`);
      return text;
    });
  }
}

async function checkSpeed(device: Device): Promise<void> {
  await attempt("speed, a training step of L4 H4 C128 T64 B12 V65", async () => {
    const { ms_per_step, tokens_per_s, gflops } = await measureSteps(device, SMALL, 5);
    return `${ms_per_step.toFixed(1)} ms, ${tokens_per_s.toLocaleString("en-US")} tokens/s, ${gflops} GFLOPS`;
  });
}

async function checkWebGpu(adapter: GPUAdapter, oracle: OracleDevice): Promise<void> {
  const device = await WebGpuDevice.open(adapter);
  const { limits } = device;
  console.log(`\nwebgpu: ${device.description}`);
  console.log(`  features: ${[...adapter.features].join(" ") || "none"}`);
  for (
    const name of [
      "maxBufferSize",
      "maxStorageBufferBindingSize",
      "maxComputeWorkgroupStorageSize",
      "maxComputeInvocationsPerWorkgroup",
      "maxStorageBuffersPerShaderStage",
    ] as const
  ) console.log(`  ${name}: ${limits[name].toLocaleString("en-US")}`);
  await attempt("every shader compiles", async () => {
    let shaders = 0;
    for (const kernel of kernels) {
      for (const shader of shadersOf(kernel)) {
        shaders++;
        const faults = await device.compile(shader, kernel.params);
        if (device.float16) faults.push(...await device.compile(shader, kernel.params, "f16"));
        if (faults.length > 0) throw new Error(faults[0]);
      }
    }
    return `${shaders} shaders${device.float16 ? ", in float32 and float16" : ""}`;
  });
  // Some drivers report buffers of 37 MB and more as out of memory (denoland/deno#35195).
  for (const mib of [40, 128]) {
    await attempt(`a buffer of ${mib} MiB keeps what is written to it`, async () => {
      const data = new Float32Array(mib * 2 ** 18);
      data[0] = 1;
      data[data.length - 1] = 2;
      const buffer = device.alloc(data.byteLength);
      device.write(buffer, data);
      const back = await device.read(buffer);
      device.release(buffer);
      if (back[0] !== 1 || back[data.length - 1] !== 2) throw new Error("it came back altered");
      return "it does";
    });
  }
  await checkMathematics(device, oracle);
  await checkSpeed(device);
  device.close();
}

await runProgram({ name: "doctor", help: HELP }, async () => {
  const oracle = new OracleDevice();
  console.log(
    `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${Deno.build.target}, ${navigator.hardwareConcurrency} cores`,
  );
  console.log("\noracle: the references in float64");
  await attempt("every op's gradient against finite differences", async () => {
    let worst = 0;
    for (const test of cases) worst = Math.max(worst, await gradientError(oracle, test));
    if (!(worst < 1e-5)) throw new Error(`relative error ${worst.toExponential(1)}`);
    return `largest relative error ${worst.toExponential(1)}`;
  });
  const cpu = await CpuDevice.open();
  console.log(`\ncpu: ${cpu.description}`);
  await checkMathematics(cpu, oracle);
  await checkSpeed(cpu);
  cpu.close();
  const adapter = await findAdapter();
  if (adapter) await checkWebGpu(adapter, oracle);
  else console.log("\nwebgpu: no adapter was found (on Debian: apt-get install mesa-vulkan-drivers)");
  const { device, why } = await openDevice("auto", { threads: 1 });
  device.close();
  console.log(`\ndevice: auto takes ${device.name}, as ${why}`);
  console.log(faults === 0 ? "All checks passed." : `${faults} checks failed.`);
  Deno.exit(faults === 0 ? 0 : 1);
});
