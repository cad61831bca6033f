/**
 * Tries out the contract of ranks on all of them at once. The tests start this with `mpiexec`:
 *
 * mpiexec -n 3 deno run --allow-ffi --allow-env --allow-read lib/ranks/conformance.ts
 *
 * Rank 0 prints a line at the end. With an argument, rank 1 does something else:
 *
 *   abort         it aborts while the others wait
 *   stop, loop    it is stopped, or loops forever, while the others watch with short limits
 *   loop-usual    it loops forever while the others watch with the limits of trainings
 *   late          it never joins the others
 *   memory        it fills its memory
 *   linger        all ranks wait forever in MPI_Finalize
 */
import { assertEquals, assertThrows } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { UserError } from "../errors.ts";
import { requireSame } from "./agreement.ts";
import { launched } from "./launcher.ts";
import { findLibrary, type Functions } from "./library.ts";
import { broadcastValue, gatherValues } from "./messages.ts";
import { MpiRanks } from "./mpi.ts";
import { openRanks } from "./open.ts";
import type { Ranks } from "./ranks.ts";
import { BEAT } from "./watch.ts";

/** Checks every promise of the contract except `abort`. */
export async function checkRanks(ranks: Ranks): Promise<void> {
  const { rank, size } = ranks;
  /** 1 + 2 + … over all ranks. */
  const all = size * (size + 1) / 2;

  const singles = Float32Array.of(rank + 1, 0.5 * (rank + 1), 0);
  ranks.sum(singles);
  assertEquals([...singles], [all, all / 2, 0]);
  const doubles = Float64Array.of(2 ** 40 + rank, 1);
  ranks.sum(doubles);
  assertEquals([...doubles], [size * 2 ** 40 + all - size, size]);
  ranks.sum(new Float32Array());

  const [first, second] = [new Float32Array(5000).fill(rank + 1), new Float32Array(3).fill(rank)];
  const waits = [first, second].map((values) => ranks.beginSum(values));
  for (let i = 0; i < 100; i++) ranks.advance();
  ranks.sum(singles); // another call in between
  for (const wait of waits) wait();
  ranks.advance();
  assertEquals(first, new Float32Array(5000).fill(all));
  assertEquals(second, new Float32Array(3).fill(all - size));

  const asides = [100, 10_000, 1_000_000].map((n, i) => new Float32Array(n).fill(rank + i));
  const sums = asides.map((values) => ranks.sumAside(values));
  ranks.sum(singles); // another call in between
  await Promise.all(sums.toReversed());
  asides.forEach((values, i) =>
    assertEquals(values, new Float32Array(values.length).fill(all - size + i * size))
  );

  const aside = new Float32Array(1_000_000).fill(rank + 1), sum = ranks.sumAside(aside);
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  for (const end = performance.now() + 10_000; aside.at(-1) !== all && performance.now() < end;) {
    Atomics.wait(nothing, 0, 0, 5);
  }
  assertEquals(aside.at(-1), all, "a sum aside does not get on while the main thread waits");
  await sum;

  const device = await CpuDevice.open({ threads: 1 });
  const [before, buffer, after] = [1, 2, 3].map(() => device.upload(new Float32Array(1000).fill(rank + 1)));
  ranks.sum(device.view(buffer));
  assertEquals(await device.read(buffer), new Float32Array(1000).fill(all));
  for (const other of [before, after]) {
    assertEquals(await device.read(other), new Float32Array(1000).fill(rank + 1));
  }
  device.close();

  const bytes = Uint8Array.of(rank, 10 + rank);
  assertEquals(ranks.gather(bytes), Array.from({ length: size }, (_, i) => Uint8Array.of(i, 10 + i)));
  assertEquals(ranks.gather(new Uint8Array()), Array.from({ length: size }, () => new Uint8Array()));
  ranks.broadcast(bytes);
  assertEquals(bytes, Uint8Array.of(0, 10));
  const floats = Float32Array.of(rank, 0.5);
  ranks.broadcast(floats, size - 1);
  assertEquals(floats, Float32Array.of(size - 1, 0.5));

  assertEquals(broadcastValue(ranks, { said: "á".repeat(1000), by: rank }), {
    said: "á".repeat(1000),
    by: 0,
  });
  assertEquals(gatherValues(ranks, "x".repeat(rank)), Array.from({ length: size }, (_, i) => "x".repeat(i)));
  const parts = Array.from({ length: size }, (_, to) => new Uint8Array(rank + 2 * to).fill(rank));
  assertEquals(ranks.exchange(parts), parts.map((_, from) => new Uint8Array(from + 2 * rank).fill(from)));
  ranks.barrier();
  for (let time = 0; time < 2; time++) {
    using _watch = await ranks.watch();
    ranks.barrier();
  }

  requireSame(ranks, { same: "here and there" });
  const differ = () => requireSame(ranks, { rank: `${rank}`, same: "here and there" });
  if (size === 1 || rank > 0) differ();
  else assertThrows(differ, UserError, "rank is 1, not 0");
}

/** Ranks that never get through MPI_Finalize. */
function lingering(): MpiRanks {
  const by = launched()!, library = findLibrary(by.family, undefined);
  const functions: Functions = Object.create(library.functions, {
    MPI_Finalize: {
      value() {
        for (;;);
      },
    },
  });
  return new MpiRanks({ ...library, functions }, by);
}

if (import.meta.main) {
  const [how] = Deno.args;
  if (how === "late" && launched()?.rank === 1) await new Promise(() => setInterval(() => {}, 1000));
  const ranks = how === "linger" ? lingering() : openRanks("conformance");
  if (how === "abort") {
    if (ranks.rank === 1) ranks.abort(7);
    ranks.barrier();
  }
  if (how === "memory") {
    ranks.step = 5;
    for (const all: number[][] = []; ranks.rank === 1;) all.push(new Array(100_000).fill(1.5));
    ranks.barrier();
  }
  if (how === "stop" || how?.startsWith("loop")) {
    if (!(ranks instanceof MpiRanks)) throw new Error("start this with mpiexec");
    using _watch = await ranks.watch(how === "loop-usual" ? undefined : { idle: 3000, silence: 4000 });
    ranks.step = 5;
    for (const end = performance.now() + 4 * BEAT; performance.now() < end;) { // long enough to be told of the step
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (ranks.rank === 1 && how === "stop") Deno.kill(Deno.pid, "SIGSTOP");
    if (ranks.rank === 1) {
      console.log(`it loops since ${Date.now()}`);
      for (;;);
    }
    ranks.barrier();
  }
  await checkRanks(ranks);
  const { onHost, onCores } = ranks.neighbours;
  if (ranks.rank === 0) console.log(`${ranks.description}: ${onHost} here, ${onCores <= onHost}: sound`);
  ranks.close(0);
}
