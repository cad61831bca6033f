/** Pretraining on several processes, one of which is killed at any moment. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { isLeftover } from "../lib/folders.ts";
import type { Workspace } from "../lib/run/testing.ts";
import { deriveSeed, randomBits, uniform } from "../lib/tensor/random.ts";
import { finish, type Launcher, processesOf, testLaunchers } from "../lib/ranks/testing.ts";
import { rankArgs, sharedProject } from "./testing_ranks.ts";

const KILLS = 20;
/** Lines that may be lost: occasionally a launcher ends the other ranks before it has passed on what one printed. */
const LOST = 2;
const RANKS = 2;
const OUT = "models/tiny/pretrain";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills a process, which may have ended already. */
function kill9(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const start = (work: Workspace, { start }: Launcher, ...args: string[]) =>
  start([{ ranks: RANKS, args: rankArgs(work, "pretrain", ...args) }], { cwd: work.folder });

const launchers = await testLaunchers();
if (launchers.length > 0) {
  Deno.test(`${KILLS} kills of any rank at any moment end all within 30 s in one line, and lose nothing but time`, async () => {
    const preset = (text: string) => text.replace("steps: 20", "steps: 200");
    await using whole = await sharedProject(preset);
    const started = performance.now();
    const unbroken = await finish(start(whole, launchers[0]));
    assertEquals(unbroken.code, 0, unbroken.output);
    const unit = performance.now() - started;

    await using broken = await sharedProject(preset);
    const steps = new Set<string>();
    let lost = 0;
    for (let kill = 0, turn = 0, how = "--resume"; kill < KILLS; turn++) {
      const launcher = launchers[turn % launchers.length];
      const output = finish(start(broken, launcher, how));
      let ended = false;
      output.then(() => ended = true);
      const alive = () => processesOf(broken.folder);
      while (!ended && (await alive()).size < RANKS) await pause(20);
      await pause(unit * 0.7 * uniform(deriveSeed(5, "moment"), turn));
      const rank = randomBits(deriveSeed(5, "rank"), turn) % RANKS;
      const victim = (await alive()).get(rank);
      if (victim !== undefined) kill9(victim);
      const killed = performance.now();
      const { code, output: text } = await output;
      assert(performance.now() - killed < 30_000, text);
      // A run that finished first is started anew. If the new run is killed early, the finished one is still there.
      how = code === 0 ? "--force" : "--resume";
      if (code === 0) continue;
      const [line, ...more] = text.split("\n").filter((line) => line.startsWith("error"));
      const expected = new RegExp(`^error: rank ${rank} on \\S+(, step \\d+)?: it was ended by SIGKILL`);
      if (line !== undefined) assertMatch(line, expected);
      else assert(++lost <= LOST, text);
      assertEquals(more, [], text);
      // A rank that was only starting may take a while to find out that it is alone.
      for (let wait = 0; wait < 100 && (await alive()).size > 0; wait++) await pause(100);
      assertEquals((await alive()).size, 0, "a rank was left");
      steps.add(/, step (\d+)/.exec(line ?? "")?.[1] ?? "none");
      kill++;
    }
    assert(steps.size > 1, `no run got further than another: ${[...steps]}`);
    const resumed = await finish(start(broken, launchers[0], "--resume"));
    assertEquals(resumed.code, 0, resumed.output);
    for (const name of ["model", "optimizer"]) {
      const path = `${OUT}/last/${name}.safetensors`;
      assertEquals(await Deno.readFile(broken.path(path)), await Deno.readFile(whole.path(path)), name);
    }
    for (const { name } of Deno.readDirSync(broken.path(OUT))) assert(!isLeftover(name), `${name} was left`);
  });
}
