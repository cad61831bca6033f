/** `bench-mpi` as a user runs it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testGpu } from "../device/testing.ts";
import { finish, testLaunchers } from "../ranks/testing.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const SMALL = ["--shape", "L2 H2 C16 T8 B2 V11", "--steps", "2"];

/** The arguments of deno, with the rights of the task. */
const args = (
  ...flags: string[]
) => ["run", "-q", "--no-prompt", "-P=mpi", "lib/tools/bench_ranks.ts", ...flags];

const [launcher] = await testLaunchers();
const devices = ["cpu", ...await testGpu() ? ["webgpu"] : []];
if (launcher) {
  const bench = (ranks: number, ...flags: string[]) =>
    finish(launcher.start([{ ranks, args: args(...flags) }], { cwd: ROOT }));

  Deno.test("bench under mpiexec measures nothing, and says which task measures ranks", async () => {
    const bench = ["run", "-q", "--no-prompt", "-P=bench", "lib/tools/bench.ts", "train", ...SMALL];
    const { code, output } = await finish(launcher.start([{ ranks: 2, args: bench }], { cwd: ROOT }));
    assertEquals(code, 2, output);
    assertStringIncludes(output, "start deno task bench-mpi with it");
    assert(!output.includes("ms/step"), output);
  });

  Deno.test("an error of the program itself is one line, which names the rank", async () => {
    const rights = ["--allow-ffi", "--allow-env", "--allow-read", "--allow-sys", "--deny-read=kernels/cpu"];
    const broken = ["run", "-q", "--no-prompt", ...rights, "lib/tools/bench_ranks.ts", ...SMALL];
    const parts = [args(...SMALL), broken].map((args) => ({ ranks: 1, args }));
    const { code, output } = await finish(launcher.start(parts, { cwd: ROOT }));
    assertEquals(code, 1, output);
    assertMatch(output, /^error: rank 1 on \S+: Requires read access to .* \(at .*\)$/m);
    assertEquals(output.match(/^error|^ +at /gm)?.length, 1, output);
  });

  for (const device of devices) {
    Deno.test(`bench-mpi prints step, computing, communication and what is hidden: ${device}`, async () => {
      const { code, output } = await bench(2, ...SMALL, "--device", device, "--json");
      assertEquals(code, 0, output);
      const measured = JSON.parse(output.match(/^\{.*\}$/m)![0]);
      assertEquals([measured.ranks, measured.device], [2, device]);
      assertEquals("threads" in measured, device === "cpu");
      for (const time of ["step", "communication"]) assert(measured[time] > 0, output);
      assert(measured.hidden >= 0 && measured.hidden <= 1, output);
      const { output: line } = await bench(2, ...SMALL, "--device", device);
      assertMatch(
        line,
        /: step [\d.]+ ms, compute -?[\d.]+ ms, communication [\d.]+ ms, \d+ % of it hidden$/m,
      );
    });
  }
}

for (
  const [flags, says] of [
    [["--device", "gpu"], "--device gpu: expected cpu or webgpu"],
    [
      ["--device", "webgpu", "--threads", "1"],
      "--threads: those of the cpu device; leave it out with --device webgpu",
    ],
  ] as const
) {
  Deno.test(`bench-mpi refuses ${flags.join(" ")}`, async () => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: args(...flags), cwd: ROOT })
      .output();
    assertEquals(code, 2);
    assertStringIncludes(new TextDecoder().decode(stderr), `error: ${says}`);
  });
}
