/** Pretraining on four hosts, which are network namespaces of this machine. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { exists } from "../lib/files.ts";
import { finish, processesOf, testLaunchers } from "../lib/ranks/testing.ts";
import { Hosts, linksOfHosts } from "../lib/ranks/testing_hosts.ts";
import { assertAlike, rankArgs, resultOf, sharedProject, STEPS } from "./testing_ranks.ts";

const HOSTS = 4;
const OUT = "models/tiny/pretrain";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const links = await linksOfHosts();
const launchers = links ? await testLaunchers() : [];
for (const launcher of launchers) {
  const { family } = launcher;

  Deno.test(`${family}: ${HOSTS} machines, joined by links of ${links}, learn what one process learns`, async () => {
    await using hosts = await Hosts.open(HOSTS);
    await using work = await sharedProject();
    const start = (...args: string[]) =>
      hosts.start(launcher, rankArgs(work, "pretrain", ...args), work.folder);
    const alone = await work.run("pretrain");
    assertEquals(alone.code, 0, alone.output);
    const one = await resultOf(work, OUT);
    const whole = await finish(start("--force"));
    assertEquals(whole.code, 0, whole.output);
    assertMatch(whole.output, new RegExp(`${family} .* ${HOSTS} ranks`));
    const four = await resultOf(work, OUT);
    assertEquals(four.losses.length, STEPS);
    assertAlike(four, one);
  });

  Deno.test(`${family}: a link that is cut ends all within 30 s in one line, and the run goes on`, async () => {
    await using hosts = await Hosts.open(HOSTS);
    await using work = await sharedProject((preset) => preset.replace(`steps: ${STEPS}`, "steps: 2000"));
    const start = (...args: string[]) =>
      hosts.start(launcher, rankArgs(work, "pretrain", ...args), work.folder);
    const output = finish(start());
    while (!await exists(work.path(OUT, "last/checkpoint.json"))) await pause(20);
    await hosts.setLink(3, "down");
    const cut = performance.now();
    const { code, output: text } = await output;
    assert(performance.now() - cut < 30_000, text);
    assert(code !== 0, text);
    const lines = text.split("\n").filter((line) => line.startsWith("error"));
    assertEquals(lines.length, 1, text);
    assertMatch(lines[0], /^error: rank 2 on node3, step \d+: it hangs, or its machine cannot be reached/);
    // The rank that is cut off ends by itself.
    for (let wait = 0; wait < 100 && (await processesOf(work.folder)).size > 0; wait++) await pause(100);
    assertEquals((await processesOf(work.folder)).size, 0, "a rank was left");

    const resumed = await work.run("pretrain", "--resume");
    assertEquals(resumed.code, 0, resumed.output);
    assertMatch(resumed.output, /resuming after step/);
  });
}
