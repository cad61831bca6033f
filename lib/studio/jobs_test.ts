import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Jobs, type JobState } from "./jobs.ts";

/** Runs in a project of its own, with tasks that stand for stages. */
async function inProject(body: () => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" }), before = Deno.cwd();
  const wait = "Deno.addSignalListener('SIGTERM', () => { console.log('saved'); Deno.exit(143); }); " +
    "console.log('begun in', Deno.env.get('INIT_CWD')); setInterval(() => {}, 1000);";
  await Deno.writeTextFile(join(folder, "wait.ts"), wait);
  await Deno.writeTextFile(
    join(folder, "fail.ts"),
    "console.error('error: the disk is full'); Deno.exit(2);",
  );
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({ tasks: { wait: "deno run -A wait.ts", fail: "deno run -A fail.ts" } }),
  );
  Deno.chdir(folder);
  try {
    await body();
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

/** Waits until a job's state is as wanted. */
async function until(jobs: Jobs, name: string, wanted: (state: JobState) => boolean): Promise<JobState> {
  for (;;) {
    const state = await jobs.state(name);
    if (state && wanted(state)) return state;
    await pause();
  }
}

Deno.test({
  name: "a job goes on without who started it, is found again, and stops when it is asked to",
  sanitizeOps: false, // the process is left to itself
  sanitizeResources: false,
  fn: () =>
    inProject(async () => {
      await new Jobs("jobs").start("a/b", ["wait", "configs/mine.yaml"]);
      const jobs = new Jobs("jobs");
      assertEquals(await jobs.names(), ["a/b"]);
      const { job, log } = await until(jobs, "a/b", ({ log }) => log.length > 0);
      assertEquals(log, [`begun in ${Deno.cwd()}`]);
      assertEquals([job.args, job.stopping], [["wait", "configs/mine.yaml"], false]);
      assertEquals(await jobs.running(), "a/b");
      assert(await jobs.stop("a/b"));
      const ended = await until(jobs, "a/b", ({ running }) => !running);
      assertEquals([ended.log.at(-1), ended.error, ended.job.stopping], ["saved", null, true]);
      assertEquals([await jobs.stop("a/b"), await jobs.running()], [false, null]);
      await jobs.forget("a/b");
      assertEquals(await jobs.names(), []);
    }),
});

Deno.test({
  name: "what a job says went wrong is told once it has ended",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    inProject(async () => {
      const jobs = new Jobs("jobs");
      await jobs.start("a", ["fail", "a"]);
      assertEquals((await until(jobs, "a", ({ running }) => !running)).error, "the disk is full");
    }),
});

Deno.test("a number that another program has by now, or a record that is damaged, is no running job", () =>
  inProject(async () => {
    await Deno.mkdir("jobs");
    const record = { pid: Deno.pid, args: ["train-on", "of-another-time"], started: "", stopping: false };
    await Deno.writeTextFile("jobs/a.json", JSON.stringify(record));
    await Deno.writeTextFile("jobs/b.json", "{");
    const jobs = new Jobs("jobs");
    assertEquals((await jobs.state("a"))?.running, false);
    assertEquals(await jobs.state("b"), null);
    assertEquals(await jobs.state("c"), null);
  }));
