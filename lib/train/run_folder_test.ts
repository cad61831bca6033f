/** The folder after a kill between two saves of a new run, beside an earlier run's checkpoints. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import { exists } from "../files.ts";
import { Decoder } from "../model/decoder.ts";
import { charTokenizer } from "../text/testing.ts";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { configOf } from "./measure.ts";
import { RunFolder } from "./run_folder.ts";

const device = await CpuDevice.open({ threads: 1 });
const model = new Decoder(
  device,
  configOf({ layers: 1, heads: 1, width: 8, context: 8, batch: 1, vocab: 9 }),
);
model.initialize(1);
const tokenizer = charTokenizer("a");
const info = {
  stage: "pretrain",
  format: "text" as const,
  step: 1,
  seed: 1,
  finished: false,
  validation: null,
  best: null,
};
const run = (id: string) => ({ id, preset: {}, inputs: {} });

Deno.test("a new run replaces nothing until it saves, and then both checkpoints of the earlier one", async () => {
  const out = await Deno.makeTempDir();
  let begun = 0;
  const open = (id: string) =>
    RunFolder.open({ out, model, tokenizer, run: run(id), begin: () => Promise.resolve(void begun++) });
  const first = await open("2026-01-01");
  assertEquals(begun, 1, "there is nothing to keep");
  await first.metrics.add({ step: 1, loss: 3 });
  for (const name of ["last", "best"] as const) await first.save(name, info, {});

  const second = await open("2026-01-02");
  await second.metrics.add({ step: 1, loss: 2 });
  await second.plotLosses("pretrain");
  assertEquals(begun, 1);
  assert(!await exists(join(out, "loss.svg")), "it has nothing of its own yet");
  assert((await Deno.readTextFile(join(out, "metrics.jsonl"))).includes('"loss":3'));
  await second.save("best", info, {});
  assertEquals(begun, 2);
  assertEquals(await exists(join(out, "last")), false);
  assertEquals((await readCheckpointInfo(join(out, "best")))?.run?.id, "2026-01-02");
  await second.save("last", info, {});
  await second.metrics.add({ step: 2, loss: 1 });
  assert(await exists(join(out, "best")), "its own best stays");
  assertEquals(
    await Deno.readTextFile(join(out, "metrics.jsonl")),
    '{"step":1,"loss":2}\n{"step":2,"loss":1}\n',
  );
  await Deno.remove(out, { recursive: true });
});

Deno.test("the best of an earlier run beside the last of a newer one is neither read nor kept", async () => {
  const out = await Deno.makeTempDir();
  const open = (id: string, folder: string) =>
    RunFolder.open({ out: folder, model, tokenizer, run: run(id) });
  await (await open("2026-01-01", out)).save("best", info, {});
  const elsewhere = await Deno.makeTempDir();
  await (await open("2026-01-02", elsewhere)).save("last", info, {});
  await Deno.rename(join(elsewhere, "last"), join(out, "last"));
  assertEquals(await findCheckpoint(out), join(out, "last"));

  await RunFolder.open({ out, model, tokenizer, resume: await readCheckpointInfo(join(out, "last")) });
  assert(!await exists(join(out, "best")));
  for (const folder of [out, elsewhere]) await Deno.remove(folder, { recursive: true });
});

Deno.test("snapshots of an earlier run stay until a new one has a checkpoint to go on from, and then go", async () => {
  const out = await Deno.makeTempDir();
  const steps = async () =>
    (await Array.fromAsync(Deno.readDir(join(out, "snapshots")))).map(({ name }) => name).sort();
  const open = (id: string) => RunFolder.open({ out, model, tokenizer, run: run(id) });
  const first = await open("2026-01-01");
  for (const step of [0, 1]) await first.saveSnapshot({ ...info, step });
  await first.save("last", info, {});
  await first.saveSnapshot({ ...info, step: 2 });
  assertEquals(await steps(), ["0", "1", "2"]);

  const second = await open("2026-01-02");
  await second.saveSnapshot({ ...info, step: 0 });
  assertEquals(await steps(), ["0", "1", "2"]);
  await second.save("last", info, {});
  assertEquals(await steps(), ["0"]);
  await second.saveSnapshot({ ...info, step: 1 });
  assertEquals(await steps(), ["0", "1"]);
  assert(!await exists(join(out, "snapshots.tmp")));

  // A run killed before its first checkpoint leaves snapshots behind.
  await Deno.remove(join(out, "last"), { recursive: true });
  await open("2026-01-03");
  assert(!await exists(join(out, "snapshots")));
  await Deno.remove(out, { recursive: true });
});
