/** `deno task ablate` as a user runs it, on a preset that trains in seconds. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exists } from "../files.ts";
import { refused, type Workspace } from "../run/testing.ts";
import { PRESET, project } from "../../stages/testing.ts";

const ABLATIONS = `preset: preset.yaml
seeds: [1]
calibration: { rounds: 1, steps: 2 }
out: docs/table.md
variants:
  - { name: rope, group: positions, set: { model.position: rope } }
  - { name: wild, group: rates, about: no rate at all, set: { pretrain.lr: 300, pretrain.clip: 0, pretrain.warmup: 0 } }
`;
const LONG = PRESET.replace("steps: 12", "steps: 300").replace("eval_every: 6", "eval_every: 100")
  .replace("save_every: 4", "save_every: 10").replace("sample_every: 12", "sample_every: 0");

const ablate = async (work: Workspace, ...args: string[]) => {
  const { code, stdout, stderr } = await work.startTool("ablate", "ablations.yaml", ...args).output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
};

/** Starts an ablation, and ends it with a signal once a training has made some steps. */
async function interrupted(work: Workspace, model: string, signal: Deno.Signal) {
  const process = work.startTool("ablate", "ablations.yaml");
  const output = process.output();
  const saved = work.path(`models/${model}/pretrain/last`);
  for (let tries = 0; tries < 1200 && !await exists(saved); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.kill(signal);
  const { code, stderr } = await output;
  return { code, output: new TextDecoder().decode(stderr) };
}

const results = async (work: Workspace) => {
  const { runs } = JSON.parse(await work.read("models/tiny/ablations/results.json"));
  return Object.fromEntries(runs.map((run: { variant: string }) => [run.variant, run]));
};

Deno.test({
  name: "an ablation that is stopped and killed goes on where it was, and writes a table and a picture",
  ignore: Deno.build.os === "windows", // Windows has no such signals
  async fn() {
    await using work = await project(LONG);
    await work.write("ablations.yaml", ABLATIONS);
    const before = await ablate(work, "--dry-run");
    assertMatch(before.output, /^rope +seed 1 +steps not measured yet +to run$/m);
    assertMatch(before.output, /^wild +seed 1 +300 steps +to run$/m);
    assert(!await exists(work.path("models")), "--dry-run makes nothing");

    const stopped = await interrupted(work, "tiny-base", "SIGINT");
    assertEquals(stopped.code, 130, stopped.output);
    assertStringIncludes(
      stopped.output,
      "pretrain: stopped; go on with deno task ablate ablations.yaml\n",
    );
    const killed = await interrupted(work, "tiny-rope", "SIGKILL");
    assertMatch(
      killed.output,
      /run 1 of 3, base, seed 1: pretrain: making .*\n.*\n.*\n *resuming after step \d/,
    );
    const { base } = await results(work);

    const finished = await ablate(work);
    assertEquals(finished.code, 0, finished.output);
    assertMatch(
      finished.output,
      /run 1 of 2, rope, seed 1: pretrain: making .*\n.*\n.*\n *resuming after step \d/,
    );
    const made = await results(work);
    assertEquals(made.base, base, "what was recorded is not made again");
    assertMatch(made.wild.diverged, /^step \d+: the loss (ran away|or a gradient is not finite)/);
    assertEquals(made.wild.figures, null);
    for (const name of ["base", "rope"]) {
      assertEquals(Object.keys(made[name].figures), ["bpb held-out text", "pairs", "questions"]);
      assert(made[name].figures["bpb held-out text"] > 0);
    }
    assert(made.rope.parameters < made.base.parameters, "no table of positions");
    for (const name of ["tiny-base", "tiny-rope", "tiny-wild", "tiny-rope_speed"]) {
      assert(!await exists(work.path("models", name)), `${name} is left`);
    }
    const table = await work.read("docs/table.md");
    assertMatch(table, /^\| base \| [\d,]+ \| 300 \| 1\.00 \| \d\.\d{3} \| \d/m);
    assertMatch(
      table,
      new RegExp(`^\\| rope \\| [\\d,]+ \\| ${made.rope.steps.toLocaleString("en-US")} \\| `, "m"),
    );
    assertMatch(table, /^\| wild \(diverged: 1 of 1\) \| [\d,]+ \| 300 \| 1\.00 \| – \| – \| – \|$/m);
    const picture = await work.read("docs/table.svg");
    for (const text of ["positions", "rope", "bits per byte, held-out text", "questions right, %"]) {
      assertStringIncludes(picture, text);
    }

    const again = await ablate(work);
    assertStringIncludes(again.output, "ablate: every run is recorded already");
    await Deno.remove(work.path("docs"), { recursive: true });
    assertEquals((await ablate(work, "--report")).code, 0);
    assertEquals(await work.read("docs/table.md"), table);
    assertEquals(await work.read("docs/table.svg"), picture);

    // An uninterrupted run with the recorded number of steps gives the same result.
    const unbroken = await ablate(work, "--force", "--only", "positions", "--out", "docs/positions.md");
    assertEquals(unbroken.code, 0, unbroken.output);
    assert(!unbroken.output.includes("resuming"), unbroken.output);
    assertEquals((await results(work)).rope.figures, made.rope.figures);
    assert(!(await work.read("docs/positions.md")).includes("wild"));
  },
});

Deno.test("a variant's own vocabulary is made once for all seeds; a changed variant is made again, on the same text", async () => {
  await using work = await project();
  const ablations = ABLATIONS.replace("seeds: [1]", "seeds: [1, 2]").replace(/variants:[^]*/, "variants:\n") +
    "  - { name: bytes, group: tokenizer, set: { tokenizer.kind: bpe, tokenizer.size: 270 } }\n" +
    "  - { name: decay, group: decay, set: { pretrain.weight_decay: 0.5 } }\n";
  await work.write("ablations.yaml", ablations);
  const first = await ablate(work);
  assertEquals(first.code, 0, first.output);
  assertEquals(first.output.match(/prepare-corpus: making/g)?.length, 1, first.output);
  assertEquals(first.output.match(/build-vocab: making/g)?.length, 2, first.output);
  const { runs } = JSON.parse(await work.read("models/tiny/ablations/results.json"));
  const order = runs.map(({ variant, seed }: { variant: string; seed: number }) => `${variant} ${seed}`);
  assertEquals(order, ["base 1", "bytes 1", "decay 1", "base 2", "bytes 2", "decay 2"]);
  const hashes = (name: string) =>
    new Set(runs.flatMap((run: { variant: string; data: string }) => run.variant === name ? [run.data] : []));
  assertEquals([hashes("base"), hashes("bytes").size], [hashes("decay"), 1]);

  await work.write("ablations.yaml", ablations.replace("0.5", "0.25"));
  const planned = await ablate(work, "--dry-run");
  assertEquals(planned.output.match(/^decay .*to run/gm)?.length, 2, planned.output);
  assertStringIncludes(planned.output, "2 of 6 runs are to be made");
  // Changes to the texts meanwhile have no effect: all runs learn from the same data.
  await work.write("text.txt", "La luna es otra. ".repeat(400));
  const changed = await ablate(work);
  assertEquals(changed.code, 0, changed.output);
  assertEquals(changed.output.match(/(prepare-corpus|build-vocab): making/g), null);
  assert(!(await work.read("docs/table.md")).includes("were changed"));
});

Deno.test("a folder that is no ablation's is left as it is, and a report needs results", async () => {
  await using work = await project();
  await work.write("ablations.yaml", ABLATIONS);
  refused(await ablate(work, "--report"), "nothing is recorded of base as ablations.yaml describes it now");
  refused(await ablate(work, "--report", "--force"), "exclude each other");
  await Deno.mkdir(work.path("models/tiny-base"), { recursive: true });
  refused(await ablate(work, "--only", "rates"), "models/tiny-base is no folder of an ablation");
  assert(!await exists(work.path("docs")));
});
