/**
 * Replays recorded PyTorch training runs on every available device.
 *
 *   deno task parity [DIR...]
 *
 * A DIR holds config.json, model.safetensors, final.safetensors and expected.json. Without DIR, the
 * tests' own cases are replayed. Exits with 1 if an error exceeds its tolerance.
 */
import { CpuDevice } from "../device/cpu.ts";
import type { Device } from "../device/device.ts";
import { findAdapter } from "../device/open.ts";
import { WebGpuDevice } from "../device/webgpu.ts";
import { callerPath } from "../run/caller.ts";
import { runProgram } from "../run/flags.ts";
import { replay, TOLERANCES } from "../train/parity.ts";

const HELP = `Usage: deno task parity [DIR...]

Replays recorded PyTorch training runs on every device and prints the largest errors: first logits and
final weights relative by norm, losses absolute, gradient norms relative. Exits with 1 past a tolerance.

  -h, --help   this text`;

await runProgram({ name: "parity", help: HELP, operands: true }, async (_, operands) => {
  const kept = new URL("../train/testdata/parity/", import.meta.url).pathname;
  const folders = operands.length > 0
    ? operands.map(callerPath)
    : [...Deno.readDirSync(kept)].map(({ name }) => kept + name).sort();
  const adapter = await findAdapter();
  const devices: [string, Device][] = [
    ["cpu, 1 thread", await CpuDevice.open({ threads: 1 })],
    ["cpu, 2 threads", await CpuDevice.open({ threads: 2 })],
    ...adapter ? [["webgpu", await WebGpuDevice.open(adapter)] as [string, Device]] : [],
  ];
  const keys = Object.keys(TOLERANCES) as (keyof typeof TOLERANCES)[];
  const row = (name: string, cells: string[]) =>
    console.log(name.padEnd(36) + cells.map((cell) => cell.padStart(10)).join(""));
  row("largest error", keys);
  row("tolerance", keys.map((key) => TOLERANCES[key].toExponential(0)));
  let failed = 0;
  for (const folder of folders) {
    for (const [name, device] of devices) {
      const errors = await replay(folder, device);
      row(`${folder.split("/").at(-1)} on ${name}`, keys.map((key) => errors[key].toExponential(1)));
      failed += keys.filter((key) => !(errors[key] < TOLERANCES[key])).length;
    }
  }
  if (!adapter) console.log("webgpu: left out, no adapter was found");
  for (const [, device] of devices) device.close();
  if (failed > 0) {
    console.log(`${failed} past tolerance`);
    Deno.exit(1);
  }
});
Deno.exit(0);
