import { assertEquals } from "@std/assert";
import { testGpu } from "../device/testing.ts";
import { modelConfig } from "../model/config.ts";
import { Terminal } from "../progress.ts";
import { ALONE } from "../ranks/alone.ts";
import type { Ranks } from "../ranks/ranks.ts";
import { openFor } from "./training.ts";

const config = modelConfig({ layers: 1, heads: 1, width: 16, context: 8, vocab: 11 });
const AUTO = { name: "tiny", seed: 1, device: "auto", threads: 1, precision: "float32" } as const;

/** Opens the device of one of two ranks. Returns its name, and the messages that this rank passed to `broadcast`. */
async function openOn(rank: number, receive: (message: Uint8Array | Float32Array) => void = () => {}) {
  const sent: string[] = [];
  const ranks: Ranks = {
    ...{ ...ALONE, rank, size: 2 },
    broadcast(values) {
      receive(values);
      sent.push(new TextDecoder().decode(values as Uint8Array<ArrayBuffer>));
    },
  };
  const device = await openFor(AUTO, new Terminal(), { config, batch: 2, ranks });
  device.close();
  return { name: device.name, sent };
}

Deno.test("device: auto is found out by rank 0 for all ranks", async () => {
  const { name, sent } = await openOn(0);
  assertEquals(sent.at(-1), JSON.stringify(name));
});

if (await testGpu()) {
  Deno.test("the other ranks take the kind of device that rank 0 says, whatever they have themselves", async () => {
    for (const said of ["webgpu", "cpu"]) {
      const bytes = new TextEncoder().encode(JSON.stringify(said));
      const length = new Uint8Array(8);
      new DataView(length.buffer).setFloat64(0, bytes.length, true);
      const messages = [length, bytes];
      const { name } = await openOn(1, (message) => message.set(messages.shift()!));
      assertEquals(name, said);
    }
  });
}
