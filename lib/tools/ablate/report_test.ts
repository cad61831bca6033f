/** Tables and pictures of made-up results, with figures computed by hand. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { TINY } from "../../run/testing.ts";
import { readAblations } from "./config.ts";
import { Lab } from "./lab.ts";
import { testSettings } from "./figures.ts";
import { renderPicture, renderReport, rowsOf } from "./report.ts";
import { Results, type Run } from "./results.ts";
import { plan } from "./runs.ts";

const FILE = `preset: PRESET
seeds: [1, 2]
variants:
  - { name: decay, group: decay, about: more of it, set: { pretrain.weight_decay: 0.3 } }
  - { name: wild, group: rates, set: { pretrain.lr: 9 } }
  - { name: calm, group: rates, set: { pretrain.lr: 0.001 } }
`;
const EVALUATE = `evaluate: { pairs: { data: [pairs.jsonl] } }\n`;

/** Runs of seeds 1 and 2 by variant: bits per byte and the share of right pairs, or why it diverged. */
const FOUND: Record<string, ([bpb: number, pairs: number] | string)[]> = {
  base: [[2, 0.7], [2.2, 0.72]],
  decay: [[1.6, 0.71], [1.8, 0.71]],
  wild: ["step 3: the loss ran away (99.00)", [2.1, 0.6]],
};

async function made(test: (lab: Lab, results: Results) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "ablations.yaml"), preset = join(folder, "preset.yaml");
    await Deno.writeTextFile(preset, TINY + EVALUATE);
    await Deno.writeTextFile(path, FILE.replace("PRESET", preset));
    const lab = await Lab.open(await readAblations(path), []);
    const results = await Results.open(join(folder, "results.json"));
    for (const { variant, seed } of plan(lab, results, lab.ablations.variants)) {
      const found = FOUND[variant.name]?.[seed - 1];
      if (!found) continue;
      const run: Run = {
        variant: variant.name,
        seed,
        preset: { ...lab.preset(variant, { seed }) },
        tests: testSettings(lab),
        steps: 12,
        parameters: 4336,
        seconds: {},
        ...typeof found === "string"
          ? { figures: null, diverged: found }
          : { figures: { "bpb held-out text": found[0], pairs: found[1] } },
        unknown: variant.name === "decay" ? 0.02 : 0,
        ...{ data: "a", code: "b", test_hash: "c", made: "" },
      };
      await results.add(run);
    }
    test(lab, results);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a table has means, deviations and differences, and marks those that are more than other seeds make", () =>
  made((lab, results) => {
    const rows = rowsOf(lab, results, plan(lab, results, lab.ablations.variants));
    const report = renderReport(lab, results, rows, "table.svg");
    const lines = report.split("\n");
    const line = (start: string) => lines.filter((line) => line.startsWith(`| ${start}`));
    // Means of 2 and 2.2, and of 1.6 and 1.8: 2.1 and 1.7; their deviations are 0.2 / √2 = 0.141. Shares: 0.02 / √2
    // = 1.4 % for the base, 0 for decay.
    assertEquals(line("base"), Array(2).fill("| base | 4,336 | 12 | 1.00 | 2.100 ± 0.141 | 71.0 ± 1.4 |"));
    // Pooled: √((0.02 + 0.02 + 0) / 2) = 0.141 over two degrees of freedom; twice 0.141·√(1/2 + 1/2) = 0.283 < 0.4.
    assertEquals(line("decay"), [
      "| decay | 4,336 | 12 | 1.00 | 1.700 ± 0.141 (**−0.400**) | 71.0 ± 0.0 (±0.0) |",
    ]);
    // Shares: √((0.0002 + 0 + 0) / 2) = 0.01; twice 0.01·√(1/1 + 1/2) = 0.0245 < 0.11. Bits per byte are the base's.
    assertEquals(line("wild"), [
      "| wild (diverged: 1 of 2) | 4,336 | 12 | 1.00 | 2.100 (±0.000) | 60.0 (**−11.0**) |",
    ]);
    assertEquals(line("calm"), [], "nothing is recorded of it");
    assertStringIncludes(report, "That deviation: bits per byte, held-out text: 0.141; pairs right, %: 1.0.");
    assertStringIncludes(report, "- **decay**, more of it: `pretrain.weight_decay: 0.3`\n");
    assertStringIncludes(report, "decay does not know up to 2.0 %, which flatters its bits per byte.");
    assertEquals(lines.filter((line) => line.startsWith("## ")), [
      "## decay",
      "## rates",
      "## What each variant sets",
    ]);
    assert(!report.includes("Not all runs"), report);
  }));

Deno.test("a picture has a dot for each run and a bar for each variant, and is the same each time", () =>
  made((lab, results) => {
    const rows = rowsOf(lab, results, plan(lab, results, lab.ablations.variants));
    const picture = renderPicture(lab, rows);
    const count = (pattern: RegExp) => picture.match(pattern)?.length;
    // Five runs that did not diverge, three variants, two figures.
    assertEquals([count(/fill="#5470c6"/g), count(/fill="#222222" fill-opacity/g)], [10, 6]);
    assertEquals(count(/stroke-dasharray/g), 2);
    for (const name of ["base", "decay", "wild", "rates"]) assertStringIncludes(picture, `>${name}</text>`);
    assertEquals(renderPicture(lab, rows), picture);
  }));
