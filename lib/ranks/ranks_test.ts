import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { testGpu } from "../device/testing.ts";
import { UserError } from "../errors.ts";
import { ALONE } from "./alone.ts";
import { checkRanks } from "./conformance.ts";
import { launched } from "./launcher.ts";
import { findLibrary } from "./library.ts";
import { neighboursOf } from "./neighbours.ts";
import { dealt } from "./ranks.ts";
import { finish, testLaunchers } from "./testing.ts";

const PROGRAM = new URL("./conformance.ts", import.meta.url).pathname;
const args = [
  "run",
  "-q",
  "--no-prompt",
  "--allow-ffi",
  "--allow-env",
  "--allow-read",
  "--allow-sys",
  "--allow-run",
  PROGRAM,
];

/** Arguments that run the program under the process that looks after a rank, as the -mpi tasks do. */
const watchedArgs = (how: string, ...flags: string[]) => {
  const rank = new URL("../tools/rank.ts", import.meta.url).pathname;
  return [...args.slice(0, -1), rank, "run", ...flags, ...args.slice(1), how];
};

const gpuArgs = args.with(-1, new URL("./conformance_gpu.ts", import.meta.url).pathname);
const gpu = await testGpu();

Deno.test("one process keeps the contract of ranks", () => checkRanks(ALONE));

const launchers = await testLaunchers();
const [launcher] = launchers;
if (launcher) {
  Deno.test("with the limits of trainings, a rank that hangs ends all within 30 s", async () => {
    const { code, output } = await finish(
      launcher.start([{ ranks: 2, args: watchedArgs("loop-usual") }], {}),
    );
    const ended = Date.now(), [, began] = output.match(/^it loops since (\d+)$/m) ?? [];
    assert(code !== 0, output);
    assertMatch(output, /^error: rank 1 on \S+, step 5: it hangs/m);
    assertLess(ended - Number(began), 30_000, output);
  });
}

const mpich = launchers.find(({ family }) => family === "MPICH");
if (mpich) {
  Deno.test("MPICH: ranks that wait forever in MPI_Finalize end after a while, as if they had left", async () => {
    const { code, output } = await finish(mpich.start([{ ranks: 3, args: watchedArgs("linger") }], {}));
    assertEquals(code, 0, output);
    assertMatch(output, /: sound$/m);
  });
}

for (const { family, start } of launchers) {
  for (const ranks of [2, 3]) {
    Deno.test(`${family}: ${ranks} ranks keep the contract, and say which library joins them`, async () => {
      const { code, output } = await finish(start([{ ranks, args }], {}));
      assertEquals(code, 0, output);
      assertMatch(
        output,
        new RegExp(`^${family} \\d+\\.\\S+ \\(lib\\S+\\), ${ranks} ranks: ${ranks} here, true: sound$`, "m"),
      );
    });
  }

  Deno.test(`${family}: a rank that aborts ends all, with its exit code`, async () => {
    const { code, output } = await finish(start([{ ranks: 3, args: [...args, "abort"] }], {}));
    assertEquals(code, 7, output);
    assert(!output.includes("sound"), output);
  });

  Deno.test(`${family}: a rank that never joins the others ends all, with a line that names it`, async () => {
    const { code, output } = await finish(start([{ ranks: 3, args: watchedArgs("late") }], {}));
    assert(code !== 0, output);
    assertMatch(output, /^error: rank 1 on \S+: see what its machine waits for: it has not begun to join/m);
    assertEquals(output.match(/^error/gm)?.length, 1, output);
  });

  Deno.test(`${family}: a rank whose memory is full ends all, with a line that says so`, async () => {
    const full = watchedArgs("memory", "--v8-flags=--max-old-space-size=64");
    const { code, output } = await finish(start([{ ranks: 2, args: full }], {}));
    assert(code !== 0, output);
    const [line, ...more] = output.match(/^error: rank.*/gm) ?? [];
    assertMatch(
      line,
      /^error: rank 1 on \S+, step 5: it was ended by SIG\w+, as V8 does when its heap is full; /,
    );
    assertEquals(more, [], output);
  });

  for (const how of ["stop", "loop"]) {
    Deno.test(`${family}: a rank that hangs (${how}) ends all, with a line that names rank, machine and step`, async () => {
      const { code, output } = await finish(start([{ ranks: 3, args: [...args, how] }], {}));
      assert(code !== 0, output);
      assertMatch(output, /^error: rank 1 on \S+, step 5: it hangs, or its machine cannot be reached/m);
      assertEquals(output.match(/^error/gm)?.length, 1, output);
    });
  }

  if (gpu) {
    Deno.test(`${family}, webgpu: a rank that waits for its GPU for long is alive, as long as that gets on`, async () => {
      const { code, output } = await finish(start([{ ranks: 2, args: [...gpuArgs, "work"] }], {}));
      assertEquals(code, 0, output);
      assertStringIncludes(output, "the GPU is done");
    });
  }

  if (gpu?.description.includes("(software)")) { // a person may be looking at what a hardware one draws
    Deno.test(`${family}, webgpu: a rank whose GPU hangs ends all, with a line that names rank, machine and step`, async () => {
      const { code, output } = await finish(start([{ ranks: 2, args: [...gpuArgs, "hang"] }], {}));
      assert(code !== 0, output);
      assertMatch(output, /^error: rank 1 on \S+, step 5: it hangs, or its machine cannot be reached/m);
      assertEquals(output.match(/^error: rank/gm)?.length, 1, output);
    });
  }

  Deno.test(`${family}: a library that is none of MPI's is refused by name`, async () => {
    const env = { DESDE_CERO_MPI: "libm.so.6" };
    const { code, output } = await finish(start([{ ranks: 2, args }], { env }));
    assert(code !== 0);
    assertStringIncludes(output, "DESDE_CERO_MPI: libm.so.6 cannot be used");
  });
}

Deno.test("launchers are known by what they set, and one process is none", () => {
  const by = (env: Record<string, string>) => launched((name) => env[name]);
  assertEquals(by({}), null);
  assertEquals(by({ PMI_RANK: "2", PMI_SIZE: "4" }), { rank: 2, size: 4, family: "MPICH" });
  const open = { OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "3", PMIX_RANK: "1" };
  assertEquals(by(open), { rank: 1, size: 3, family: "Open MPI" });
  assertEquals(by({ PMIX_RANK: "0" }), { rank: 0, size: null, family: null });
  assertEquals(by({ PMIX_RANK: "0", SLURM_STEP_NUM_TASKS: "8" }), { rank: 0, size: 8, family: null });
  assertEquals(by({ PMI_RANK: "0", PMI_SIZE: "1" }), null);
});

Deno.test("a machine without the launcher's library is told what to install", () => {
  const none = () => "no such file";
  assertThrows(() => findLibrary("MPICH", undefined, none), UserError, "apt-get install mpich,");
  assertThrows(() => findLibrary("Open MPI", undefined, none), UserError, "apt-get install openmpi-bin,");
  assertThrows(() => findLibrary(null, undefined, none), UserError, "apt-get install openmpi-bin or mpich,");
});

Deno.test("every part of a work is dealt to one rank, and no rank has two more than another", () => {
  for (const [size, n] of [[1, 3], [2, 5], [4, 4], [3, 7]]) {
    const parts = Array.from({ length: size }, (_, rank) => dealt({ rank, size }, n));
    assertEquals(parts.flat().sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
    const counts = parts.map(({ length }) => length);
    assert(Math.max(...counts) - Math.min(...counts) <= 1);
  }
  assertEquals(dealt({ rank: 2, size: 4 }, 1), []);
});

Deno.test("ranks on the same cores of a machine share them, others do not", () => {
  const [a, b, c] = [{ host: "a", cores: "0f" }, { host: "a", cores: "f0" }, { host: "b", cores: "0f" }];
  assertEquals(neighboursOf(a, [a, a, b, c]), { onHost: 3, onCores: 2 });
  assertEquals(neighboursOf(b, [a, a, b, c]), { onHost: 3, onCores: 1 });
  assertEquals(neighboursOf(c, [a, a, b, c]), { onHost: 1, onCores: 1 });
});
