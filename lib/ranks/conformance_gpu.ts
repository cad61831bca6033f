/**
 * Two ranks, one of which waits for its GPU; started with `mpiexec`:
 *
 *   conformance_gpu.ts work    for longer than a rank may be silent, while the GPU makes progress
 *   conformance_gpu.ts hang    for work that never ends
 */
import { kernel } from "../device/device.ts";
import { findAdapter } from "../device/open.ts";
import { WebGpuDevice } from "../device/webgpu.ts";
import { MpiRanks } from "./mpi.ts";
import { openRanks } from "./open.ts";
import { BEAT } from "./watch.ts";

/** The watch's limits, in milliseconds. */
const LONGEST = { idle: 6000, silence: 6000 } as const;
/** How long the GPU works without a pause, and how long a dispatch takes at least, in milliseconds. */
const WORK = 1.5 * (LONGEST.idle + LONGEST.silence), EACH = 50;

/** Keeps the GPU busy. Not with an endless loop, since software GPUs leave a loop after 65,535 rounds. */
const spinKernel = kernel({
  name: "spin",
  wgsl: `@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var x = id.x;
  for (var i = 0u; i < 10000u; i++) { x = x * 1664525u + 1013904223u + p.groups; }
  y[id.x % 64u] = f32(x);
}
`,
  params: { groups: "u32" },
  bindings: ["f32 out"],
  workgroups: ({ groups }) => [groups],
  reference() {},
});

/** Runs one dispatch on the GPU. Returns how many milliseconds it took. */
async function spin(gpu: WebGpuDevice, groups: number): Promise<number> {
  const buffer = gpu.alloc(4 * 64);
  const started = performance.now();
  gpu.dispatch(spinKernel, [buffer], { groups });
  await gpu.read(buffer);
  gpu.release(buffer);
  return performance.now() - started;
}

/** Keeps the GPU at work with short dispatches, without returning to the event loop. */
async function work(gpu: WebGpuDevice): Promise<void> {
  await spin(gpu, 1); // compiles the kernel
  let groups = 1;
  while (await spin(gpu, groups) < EACH) groups *= 2;
  const buffer = gpu.alloc(4 * 64);
  const end = performance.now() + WORK;
  // If nothing here waits for the GPU, it is given more work than it can do in time.
  for (let n = 0; n < 5 * WORK / EACH && performance.now() < end; n++) {
    gpu.dispatch(spinKernel, [buffer], { groups });
    if (n % 8 === 7) gpu.flush();
  }
  await gpu.read(buffer);
}

const ranks = openRanks("conformance");
if (!(ranks instanceof MpiRanks)) throw new Error("start this with mpiexec");
{
  using _watch = await ranks.watch(LONGEST);
  ranks.step = 5;
  await new Promise((resolve) => setTimeout(resolve, 4 * BEAT)); // long enough to be told of the step
  if (ranks.rank === 1) {
    const gpu = await WebGpuDevice.open((await findAdapter())!);
    await (Deno.args[0] === "hang" ? spin(gpu, 2 ** 30) : work(gpu));
    console.log("the GPU is done");
    gpu.close();
  }
  ranks.barrier();
}
ranks.close(0);
Deno.exit(0);
