/** Reports in headless Chromium, opened from disk as their readers do. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findNoFault } from "./accessibility.ts";
import { launchChromium, testWithChromium } from "./browser.ts";

const root = new URL("../../../", import.meta.url).pathname;

/** Runs a program of the project, of which nothing is imported here. */
async function run(program: string): Promise<void> {
  const args = ["eval", "--ext=ts", `--config=${root}deno.json`, program];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  assert(success, new TextDecoder().decode(stderr));
}

/** Writes a report of one model. */
const writeReport = (path: string) =>
  run(`
    import { renderReport } from "${root}lib/evaluate/report.ts";
    const positions = [1, 2, 3].map((position) => ({ position, loss: 1 / position }));
    const base = { folder: "f", stage: "pretrain", step: 1, parameters: 2, weights_bytes: 2, memory_bytes: 3, positions };
    const report = { preset: "p", made: "2026-01-01T00:00:00Z", device: "d", checkpoints: { base }, shortfalls: [] };
    const page = renderReport(report, true, { curves: [], matrices: [], attention: null });
    await Deno.writeTextFile(${JSON.stringify(path)}, page);`);

/** Writes the report of the models that ship. */
const writeShippedReport = (path: string) =>
  run(`
    import { renderReport } from "${root}lib/evaluate/report.ts";
    const report = JSON.parse(await Deno.readTextFile("${root}models/small/evaluate/report.json"));
    const page = renderReport(report, true, { curves: [], matrices: [], attention: null });
    await Deno.writeTextFile(${JSON.stringify(path)}, page);`);

/** Writes the report of a small corpus. */
async function writeCorpusReport(path: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  const text = "Había una vez un gato. Vivía en una casa del bosque.\n***\n".repeat(40) + "Hoy llueve: 12.";
  await Deno.writeTextFile(`${folder}/a.txt`, text);
  await run(`
    import { prepareCorpus } from "${root}lib/data/corpus/prepare.ts";
    import { renderCorpusReport } from "${root}lib/data/corpus/report.ts";
    import { EVERY_STEP } from "${root}lib/data/corpus/testing.ts";
    const options = { ...EVERY_STEP, sources: ["${folder}/a.txt"] };
    const places = { out: "${folder}/out", downloads: "${folder}" };
    const report = await prepareCorpus({ options, seed: 1, threads: 0, progress() {}, ...places });
    await Deno.writeTextFile(${JSON.stringify(path)}, renderCorpusReport("prueba", report));`);
  await Deno.remove(folder, { recursive: true });
}

testWithChromium(
  "a report opens in the reader's language, with its pictures, and the switch chooses the other",
  async () => {
    const path = await Deno.makeTempFile({ suffix: ".html" });
    await writeReport(path);
    const browser = await launchChromium();
    try {
      const open = async (locale: string, javaScriptEnabled = true) => {
        const context = await browser.newContext({ locale, javaScriptEnabled });
        const page = await context.newPage();
        await page.goto(`file://${path}`);
        const told = async () => ({
          language: await page.locator("html").getAttribute("lang"),
          title: await page.title(),
          heading: await page.locator("h1").innerText(),
          picture: await page.locator("img:visible").getAttribute("alt"),
        });
        return { page, told };
      };
      const spanish = {
        language: "es",
        title: "Evaluación de p",
        heading: "Evaluación de p",
        picture: "pérdida según la posición, hasta el doble del contexto",
      };
      const english = {
        language: "en",
        title: "Evaluation of p",
        heading: "Evaluation of p",
        picture: "loss by position, up to twice the context",
      };
      const { page, told } = await open("es-CR");
      assertEquals(await told(), spanish);
      const drawn = await page.locator("img:visible").getAttribute("src");
      const svg = new TextDecoder().decode(Uint8Array.fromBase64(drawn!.split(",")[1]));
      for (const word of [spanish.picture, "nats por token", ">posición<"]) assertStringIncludes(svg, word);
      await page.getByLabel("English").check();
      assertEquals(await told(), english);
      await page.getByLabel("Español").check();
      assertEquals(await told(), spanish);
      assertEquals(await (await open("en-US")).told(), english);
      assertEquals(await (await open("et-EE")).told(), english);
      // Without scripts the switch still chooses what is shown.
      const plain = await open("es-CR", false);
      assertEquals(await plain.told(), english);
      await plain.page.getByLabel("Español").check();
      assertEquals((await plain.told()).heading, spanish.heading);
    } finally {
      await browser.close();
      await Deno.remove(path);
    }
  },
);

for (const [name, write] of Object.entries({ evaluation: writeShippedReport, corpus: writeCorpusReport })) {
  testWithChromium(`the report of ${name} is for everybody: narrow and wide, light and dark`, async () => {
    const path = await Deno.makeTempFile({ suffix: ".html" });
    await write(path);
    const browser = await launchChromium();
    try {
      for (const width of [1200, 390]) {
        for (const colorScheme of ["light", "dark"] as const) {
          const context = await browser.newContext({
            ...{ locale: "es-CR", colorScheme },
            viewport: { width, height: 800 },
          });
          const page = await context.newPage();
          await page.goto(`file://${path}`);
          await findNoFault(page);
          const cells = await page.locator("td:visible").allInnerTexts();
          assertEquals(
            cells.filter((text) => /^\d+\.\d %$/.test(text)),
            [],
            "numbers are written as in Spanish",
          );
          assert(cells.some((text) => /^\d+,\d %$/.test(text)));
          await context.close();
        }
      }
    } finally {
      await browser.close();
      await Deno.remove(path);
    }
  });
}
