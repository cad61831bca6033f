/** The page of runs in headless Chromium: curves, live figures, settings, lineage, and one prompt over training. */
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { findNoFault } from "./accessibility.ts";
import { browserTests } from "./browser.ts";
import { makeRuns } from "./runs.ts";

const runs = await makeRuns();
Deno.test.afterAll(() => runs.remove());
const test = browserTests("--models", runs.folder);

/** Opens the page of runs, and waits until so many are drawn. */
async function open(page: Page, query: string, drawn: number) {
  await page.goto(new URL(`/runs${query}`, page.url()).href);
  await page.waitForFunction((n) => document.body.dataset.drawn === n, String(drawn), { timeout: 60_000 });
}

const lines = (page: Page, chart: string) => page.locator(`#chart-${chart}`).getAttribute("data-lines");
const readout = (page: Page, chart: string) => page.locator(`#chart-${chart} .readout`).innerText();

test("runs are laid over each other by step, tokens and time, and the address says which", async ({ page }) => {
  await open(page, "?run=uno/pretrain&run=dos/pretrain", 2);
  const charts = ["loss", "bpb", "lr", "norm", "tokens_per_s"];
  assertEquals(await Promise.all(charts.map((chart) => lines(page, chart))), ["4", "2", "2", "2", "2"]);
  assertEquals(await page.locator("#chart-accuracy").isVisible(), false);
  assertStringIncludes(await readout(page, "loss"), "paso 2000");
  await page.locator("input[name=by][value=tokens]").check({ force: true });
  await page.waitForFunction(() =>
    document.querySelector("#chart-loss .where")?.textContent?.replace(/\s/, " ") === "4,1 M"
  );
  assertStringIncludes(page.url(), "by=tokens");
  await page.locator("input[name=by][value=seconds]").check({ force: true });
  await page.waitForFunction(() =>
    document.querySelector("#chart-loss .where")?.textContent?.includes("min")
  );
  assertStringIncludes(page.url(), "by=seconds");
  await page.uncheck("input[aria-label='Mostrar uno/pretrain']");
  await page.waitForFunction(() => document.querySelector<HTMLElement>("#chart-loss")?.dataset.lines === "2");
  assert(!page.url().includes("uno"), page.url());
  await page.reload();
  await page.waitForFunction(() => document.body.dataset.drawn === "1");
  assertEquals(await page.locator("input[name=by]:checked").getAttribute("value"), "seconds");
});

test("a training is followed as it goes on: steps, time left, curves and samples", async ({ page }) => {
  await using training = await runs.train("vivo/pretrain", 300);
  await training.go(40);
  await open(page, "", 1);
  assertStringIncludes(page.url(), "/runs");
  const row = page.locator("#runs tr[data-state=training]");
  await row.waitFor();
  assertStringIncludes(await row.innerText(), "40 / 300");
  assertStringIncludes(await row.innerText(), "quedan");
  const before = await page.locator("#chart-loss").getAttribute("data-points");
  await training.go(60, { sample: "<b>Había</b> una vez", validation: 2.5 });
  await page.waitForFunction(() =>
    document.querySelector("#runs tr[data-state=training]")?.textContent?.includes("60 / 300")
  );
  await page.waitForFunction(
    (before) => document.querySelector<HTMLElement>("#chart-loss")?.dataset.points !== before,
    before,
  );
  assertEquals(await page.locator("#samples blockquote").first().innerText(), "<b>Había</b> una vez");
  assertStringIncludes(await page.locator("#held").innerText(), "2,500");
});

test("a classifier's accuracy is drawn on texts that it learned from and on others", async ({ page }) => {
  await using training = await runs.train("vivo/classify/temas", 60);
  await training.go(20, { accuracies: { seen: .5, validation: .4 } });
  await open(page, "?run=vivo/classify/temas", 1);
  await training.go(40, { accuracies: { seen: .9, validation: .7 } });
  await page.waitForSelector("#chart-accuracy[data-points='4']");
  assertEquals(await lines(page, "accuracy"), "2");
  assertStringIncludes(await readout(page, "accuracy"), "90\u00a0% · val. 70\u00a0%");
});

test("a finetuning's figures on held-out data are told by epoch", async ({ page }) => {
  await runs.make("epocas/instruct", 40, { stage: "finetune-instruct", epoch: 20 });
  await open(page, "?run=epocas/instruct", 1);
  assertEquals((await page.locator("#held thead th").allInnerTexts()).slice(0, 2), ["Época", "Paso"]);
  const row = await page.locator("#held tbody tr").first().locator("th, td").allInnerTexts();
  assertEquals(row.slice(0, 2), ["2", "40"]);
  await runs.delete("epocas/instruct");
});

test("a run that is deleted while it is shown goes, with a word on it; the others stay", async ({ page }) => {
  await runs.make("breve/pretrain", 50);
  await open(page, "?run=breve/pretrain&run=uno/pretrain", 2);
  await runs.delete("breve/pretrain");
  await page.waitForSelector("#news:not([hidden])");
  assertStringIncludes(await page.locator("#news").innerText(), "Se borró breve/pretrain");
  await page.waitForFunction(() => document.body.dataset.drawn === "1");
  assert(!page.url().includes("breve"), page.url());
  assertEquals(await page.locator("#runs >> text=breve/pretrain").count(), 0);
});

test("settings stand side by side with what differs marked, and the lineage leads to the text", async ({ page }) => {
  await open(page, "?run=uno/pretrain&run=dos/pretrain", 2);
  await page.waitForSelector("#settings tbody tr");
  const keys = () => page.locator("#settings tbody th").allInnerTexts();
  assert(
    (await keys()).includes("pretrain.lr") && !(await keys()).includes("pretrain.batch"),
    String(await keys()),
  );
  await page.uncheck("#only-different");
  await page.waitForFunction(() =>
    document.querySelector("#settings")?.textContent?.includes("pretrain.batch")
  );
  assertEquals(
    await page.locator("#settings .differs >> text=pretrain.lr").locator(".mark").innerText(),
    "difiere",
  );
  assertStringIncludes(await page.locator("#origin").innerText(), "por pretrain");
  assertStringIncludes(await page.locator("#origin").innerText(), "texto.txt");
});

test("the slider shows one prompt from the random start to the end", async ({ page, faults }) => {
  await page.route("**/api/runs/snapshot", (route) => route.abort());
  await open(page, "?run=tiny/pretrain", 1);
  await page.waitForSelector("#growth-error >> text=No se pudo leer: no hay conexión");
  await page.unroute("**/api/runs/snapshot");
  faults.length = 0; // the browser notes the refused request
  await page.click("#growth-error >> text=Reintentar");
  const seen = page.locator("#growth-seen .seen");
  const at = (step: number) => page.waitForSelector(`#growth-seen .seen[data-step="${step}"]`);
  await at(4);
  const end = await seen.innerText();
  await page.fill("#growth-step", "0");
  await at(0);
  assertEquals(await page.locator("#growth-at").innerText(), "0 (al azar)");
  assertNotEquals(await seen.innerText(), end);
  assertEquals(await page.locator("#growth-seen .bars li").count() >= 5, true);
  const expected = await page.locator("#growth-seen .bars").innerText();
  await page.locator("#growth-seen .token").nth(2).click();
  assertEquals(await page.locator("#growth-seen .token[aria-pressed=true]").count(), 1);
  assertNotEquals(await page.locator("#growth-seen .bars").innerText(), expected);
  await page.fill("#growth-prompt", "hola");
  await page.click("#growth-form .primary");
  await page.waitForFunction(() => document.querySelectorAll("#growth-seen .given").length === 5);
  await page.selectOption("#growth-layer", { label: "2" });
  await page.focus("#growth-step");
  await page.keyboard.press("End");
  await at(4);
});

test("the slider asks again when another run is shown, or when its run starts over", async ({ page }) => {
  const copy = `${runs.folder}/copia/pretrain`;
  await runs.copy("tiny/pretrain", "copia/pretrain");
  const asked: { run: string; step: number; layer: number }[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/runs/snapshot")) asked.push(request.postDataJSON());
  });
  await open(page, "?run=tiny/pretrain&run=copia/pretrain", 2);
  /** Waits until a run's four snapshots were asked for with a layer; returns how many of them were. */
  const all = async (id: string, of: number) => {
    const steps = () =>
      new Set(asked.filter(({ run, layer }) => run === id && layer === of).map(({ step }) => step));
    for (let i = 0; i < 300 && steps().size < 4; i++) await page.waitForTimeout(100);
    const { size } = steps();
    asked.length = 0;
    return size;
  };
  await page.selectOption("#growth-run", "tiny/pretrain");
  await page.waitForFunction(() => document.querySelectorAll("#growth-layer option").length === 2);
  assertEquals(await all("tiny/pretrain", 0), 4);
  await page.selectOption("#growth-layer", { label: "2" });
  assertEquals(await all("tiny/pretrain", 1), 4);
  // The other run's model may have one layer.
  await page.uncheck("input[aria-label='Mostrar tiny/pretrain']");
  assertEquals(await all("copia/pretrain", 0), 4);
  const file = JSON.parse(await Deno.readTextFile(`${copy}/run.json`));
  file.id = file.id.replace("2026-11-30", "2026-12-01");
  await Deno.writeTextFile(`${copy}/run.json`, JSON.stringify(file));
  assertEquals(await all("copia/pretrain", 0), 4);
  await runs.delete("copia/pretrain");
});

test("by keyboard one walks along a curve, which is told, and enlarges nothing by accident", async ({ page }) => {
  await open(page, "?run=uno/pretrain", 1);
  await page.focus("#chart-loss .plot");
  await page.keyboard.press("Home");
  const first = await page.locator("#spoken").innerText();
  await page.keyboard.press("End");
  assertNotEquals(await page.locator("#spoken").innerText(), first);
  assertStringIncludes(await page.locator("#spoken").innerText(), "uno/pretrain");
  const box = (await page.locator("#chart-loss .u-over").boundingBox())!;
  await page.mouse.move(box.x + 50, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + 150, box.y + 50);
  await page.mouse.up();
  await page.waitForSelector("#whole:not([hidden])");
  await page.click("#whole");
  assertEquals(await page.locator("#whole").isVisible(), false);
});

test("the page speaks English too, numbers included", async ({ page }) => {
  await open(page, "?run=uno/pretrain", 1);
  await page.click("#language");
  await page.waitForFunction(() =>
    document.querySelector("#chart-loss .where")?.textContent === "step 2,000"
  );
  assertEquals(await page.locator("#chart-lr h3").innerText(), "Learning rate");
  assertStringIncludes(await page.locator("#runs").innerText(), "stopped");
});

test("fifty runs of ten thousand steps are drawn with a bounded number of points", async ({ page }) => {
  const many = await runs.makeMany(50, 10_000);
  await open(page, `?${many.map((id) => `run=${id}`).join("&")}`, 50);
  assertEquals(await lines(page, "loss"), "100");
  const points = Number(await page.locator("#chart-lr").getAttribute("data-points"));
  assert(points > 50 * 100 && points <= 20_000, `${points} points`);
  await runs.deleteMany(many);
});

test("a run is followed for long in bounded memory", async ({ page, context }) => {
  await using training = await runs.train("largo/pretrain", 200_000);
  await training.go(5000);
  await open(page, "?run=largo/pretrain", 1);
  const points = async () => Number(await page.locator("#chart-loss").getAttribute("data-points"));
  const nodes = () => page.evaluate(() => document.querySelectorAll("*").length);
  const cdp = await context.newCDPSession(page);
  const listeners = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    return (await cdp.send("Memory.getDOMCounters")).jsEventListeners;
  };
  const most = 1100; // training and validation
  let elements = 0, heard = 0;
  for (let step = 20_000; step <= 200_000; step += 45_000) {
    await training.go(step);
    await page.waitForFunction(
      (step) => document.querySelector("#runs tr[data-state=training] .step")?.textContent?.includes(step),
      `${new Intl.NumberFormat("es", { maximumFractionDigits: 0 }).format(step)} / 200.000`,
    );
    assert(await points() <= most, `${await points()} points at step ${step}`);
    const now = await nodes();
    if (elements > 0) assert(now <= elements + 20, `${now} elements, ${elements} before`);
    elements = now;
    const listening = await listeners();
    if (heard > 0) assert(listening <= heard, `${listening} listeners, ${heard} before`);
    heard = listening;
  }
});

test("a run is followed step by step without growing memory, on the page and in the server", async ({ page, context, server }) => {
  await using training = await runs.train("lento/pretrain", 10_000);
  await training.go(4000);
  await open(page, "?run=lento/pretrain", 1);
  const cdp = await context.newCDPSession(page);
  const used = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    return { page: (await cdp.send("Runtime.getHeapUsage")).usedSize, server: await server.memory() };
  };
  const seen: { page: number; server: number }[] = [];
  for (let step = 4001; step <= 4060; step++) {
    await training.go(step);
    await page.waitForFunction(
      (step) => document.querySelector("#runs tr[data-state=training] .step")?.textContent?.includes(step),
      `${step} / 10.000`,
    );
    seen.push(await used());
  }
  // The first third makes what stays.
  const settled = seen[19], last = seen[59];
  for (const where of ["page", "server"] as const) {
    assert(last[where] < 1.2 * settled[where], `${where}: ${settled[where]} bytes, then ${last[where]}`);
  }
});

for (const dark of [false, true]) {
  for (const width of [1200, 390]) {
    test(
      `axe-core finds no serious fault, ${dark ? "dark" : "light"}, ${width} pixels wide`,
      async ({ page }) => {
        await open(page, "?run=uno/pretrain&run=dos/pretrain&run=tiny/pretrain", 3);
        await page.waitForSelector("#settings tbody tr");
        await page.waitForSelector("#growth-seen .seen");
        await findNoFault(page);
      },
      { dark, width },
    );
  }
}
