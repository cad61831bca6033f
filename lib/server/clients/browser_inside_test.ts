/** The page of a model's inside in headless Chromium: every view shows what the model computes. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { sampleToken } from "../../ops/sample.ts";
import { findNoFault } from "./accessibility.ts";
import { browserTests, type Opened, type Options } from "./browser.ts";

const browserTest = browserTests();
const VIEWS = ["attention", "lens", "ablate", "branch", "walk", "compare"];

/** A test that begins on the page, where tiny/instruct has written after a text. */
const test = (name: string, use: (opened: Opened) => Promise<void>, options?: Options) =>
  browserTest(name, async (opened) => {
    const { page } = opened;
    await page.goto(new URL("/inside", page.url()).href);
    await page.waitForSelector("#strip .token");
    await look(page, "hola, hola");
    await use(opened);
  }, options);

/** Looks into a text, and waits for its tokens. */
async function look(page: Page, text: string) {
  await page.fill("#input", text);
  await page.press("#input", "Enter");
  await page.waitForFunction(
    (length) => document.querySelectorAll("#strip .given").length === length + 2,
    text.length,
  );
}

/** Opens a view, and waits until it is drawn. */
async function open(page: Page, view: string) {
  await page.click(`#tab-${view}`);
  await drawn(page, view);
}

const drawn = (page: Page, view: string) =>
  page.waitForFunction((view) => {
    const body = document.querySelector(`#panel-${view} .body`)!;
    return body.childElementCount > 0 && body.textContent !== "Calculando…" &&
      !body.matches("[aria-busy]") && !body.querySelector("[aria-busy]");
  }, view);

/** What the server answers. */
const ask = (page: Page, path: string, body: object) =>
  page.evaluate(async ([path, body]) => {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  }, [path, { model: "tiny/instruct", ...body }] as const);

/** Runs in the page: the contrast (WCAG 2) of a canvas's strongest dot with what is behind the canvas. */
function contrastOf(element: Element): number {
  const canvas = element as HTMLCanvasElement;
  const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
  let strongest = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > data[strongest + 3]) strongest = i;
  if (data[strongest + 3] < 255) throw new Error("no dot is of the full colour");
  let behind: number[] = [255, 255, 255];
  for (let at: Element | null = canvas; at; at = at.parentElement) {
    const [r, g, b, a = 1] = getComputedStyle(at).backgroundColor.match(/[\d.]+/g)!.map(Number);
    if (a === 0) continue;
    behind = [r, g, b];
    break;
  }
  const [one, other] = [[...data.slice(strongest, strongest + 3)], behind].map((colour) => {
    const [r, g, b] = colour.map((x) => x <= 10 ? x / 255 / 12.92 : ((x / 255 + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  });
  return (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
}

/** The sequence that the address holds. */
const parts = (page: Page) => new URLSearchParams(new URL(page.url()).hash.slice(1));
const idsOf = (page: Page) => parts(page).get("ids")!.split(",").map(Number);
const tokens = (page: Page) => page.locator("#strip .token").allTextContents();

test("a classifier is not offered, but where the words that decided are shown", async ({ page }) => {
  const offered = await page.locator("#model option").allTextContents();
  assertEquals(offered.sort(), ["tiny/instruct", "tiny/pretrain"]);
  const link = page.locator("#classifiers a");
  assertEquals(await link.allTextContents(), ["tiny/classify/temas"]);
  await link.click();
  await page.waitForFunction(() =>
    document.querySelector<HTMLSelectElement>("select#model")?.value === "tiny/classify/temas"
  );
  assertEquals(new URL(page.url()).pathname, "/");
});

test("a text is shown as tokens with its markers, and the model writes on", async ({ page }) => {
  const shown = await tokens(page);
  assertEquals(shown.slice(0, 12).join(""), "<instr>hola,␣hola<resp>");
  assertEquals(await page.locator("#strip .marker").allTextContents(), ["<instr>", "<resp>"]);
  assertEquals(idsOf(page).length, shown.length);
  assert(shown.length > 12);
  assertStringIncludes(await page.locator("#chosen").innerText(), `«<resp>», posición 12 de ${shown.length}`);
});

test("a text that is looked at again is asked of the server again, as the model may have been saved since", async ({ page }) => {
  await open(page, "ablate");
  await page.click("text=Medir cada parte");
  const note = () => page.locator('[data-part="1.1"] small').textContent();
  await page.waitForFunction(() => document.querySelector('[data-part="1.1"] small')!.textContent !== "");
  await page.route("**/api/inside/continue", async (route) => {
    const answer = await (await route.fetch()).json();
    answer.tokens = [{ ...answer.tokens[0], token: "X" }];
    await route.fulfill({ json: answer });
  });
  await page.press("#input", "Enter");
  await page.waitForFunction(() => document.querySelectorAll("#strip .token").length === 13);
  assertEquals((await tokens(page)).at(-1), "X");
  await drawn(page, "ablate");
  assertEquals(await note(), "");
  await page.unroute("**/api/inside/continue");
});

test("every head is a picture with what it does, and one is enlarged with tokens on both axes", async ({ page }) => {
  await drawn(page, "attention");
  const shown = await tokens(page);
  assertEquals(await page.locator(".picture").count(), 4);
  for (const text of await page.locator(".picture .does").allInnerTexts()) assert(text.length > 3, text);
  await page.click(".picture >> nth=3");
  await page.waitForSelector('.detail[data-drawn="1.1"]');
  assertEquals(await page.locator(".picture >> nth=3").getAttribute("aria-pressed"), "true");
  for (const axis of ["rows", "columns"]) {
    const labels = await page.locator(`.matrix .${axis} span`).allTextContents();
    assertEquals(
      labels.map((label) => label.replaceAll("␣", " ")),
      shown.map((label) => label.replaceAll("␣", " ")),
    );
  }
  await page.click(".scores summary");
  assertStringIncludes(await page.locator(".scores").innerText(), "inducción");
});

test("a token that is pointed at shows where it looks and who looks at it", async ({ page }) => {
  await drawn(page, "attention");
  const { size, weights } = await ask(page, "/api/attention", { ids: idsOf(page), layer: 0, head: 0 });
  const numbers = new Uint16Array(Uint8Array.fromBase64(weights).buffer);
  const row = [...numbers.slice(3 * size, 4 * size)];
  const strongest = row.indexOf(Math.max(...row));
  await page.hover(".words .token >> nth=3");
  const told = await page.locator(".looks .from").innerText();
  const share = Math.round(100 * row[strongest] / 65535);
  assertStringIncludes(
    told,
    `«${(await tokens(page))[3]}» mira a: ${(await tokens(page))[strongest]} ${share}`,
  );
  assertEquals(
    await page.locator(".words path.from").count(),
    row.slice(0, 3).filter((w) => w / 65535 >= 0.02).length,
  );
  assert(await page.locator(".words path.to").count() > 0);
  await page.mouse.move(0, 0);
  assertStringIncludes(await page.locator(".looks .from").innerText(), "«<resp>»");
  // The same by keyboard.
  await page.focus(".words .token[tabindex='0']");
  await page.keyboard.press("ArrowLeft");
  assertStringIncludes(await page.locator(".looks .from").innerText(), "«a»");
  assertEquals(parts(page).get("at"), "10");
});

test("rows of a long text do not fade: each is scaled by its largest weight", async ({ page }) => {
  await look(page, "hola y adiós y hola y nada más que");
  await drawn(page, "attention");
  const strongest = (scale: string) =>
    page.evaluate((scale) => {
      const select = document.querySelector<HTMLSelectElement>(".detail .chooser select")!;
      select.value = scale;
      select.dispatchEvent(new Event("change"));
      const canvas = document.querySelector<HTMLCanvasElement>(".matrix canvas")!;
      const { data } = canvas.getContext("2d")!.getImageData(0, canvas.height - 1, canvas.width, 1);
      return Math.max(...data.filter((_, i) => i % 4 === 3));
    }, scale);
  assertEquals(await strongest("0"), 255);
  assert(await strongest("1") < 128);
});

test("what is painted stands out from what is behind it, light and dark, also when the scheme changes", async ({ page }) => {
  await drawn(page, "attention");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    for (const canvas of [".matrix canvas", ".picture canvas"]) {
      const contrast = await page.locator(canvas).first().evaluate(contrastOf);
      assert(contrast >= 3, `${canvas}, ${colorScheme}: a contrast of ${contrast}`);
    }
  }
});

test("the lens shows the model's answer in its last row, and marks where it appears", async ({ page }) => {
  await open(page, "lens");
  const shown = await tokens(page);
  assertEquals(await page.locator(".lens tbody tr").count(), 3);
  assertEquals(await page.locator(".lens td.appears").count(), shown.length);
  const { cells, appears } = await ask(page, "/api/inside/lens", { ids: idsOf(page), top: 5 });
  const last = await page.locator(".lens tbody tr >> nth=2 >> td > span:first-child").allTextContents();
  // deno-lint-ignore no-explicit-any
  const expected = cells[2].map(({ top }: any) => top[0].token.replace(/^ $/, "␣").replace("\n", "⏎"));
  assertEquals(last, expected);
  // The model wrote what the last row says.
  assertEquals(last.slice(11, -1), shown.slice(12));
  await page.locator(".lens tbody tr >> nth=1 >> td >> nth=4").click();
  assertEquals(parts(page).get("at"), "4");
  assertEquals(await page.locator(".depths .part").count(), 3);
  const marked = await page.locator(".depths .appears h3").innerText();
  assertEquals(marked, appears[4] === 0 ? "embedding" : `capa ${appears[4]}`);
});

test("switching off a part changes the next tokens as it must, before and after side by side", async ({ page }) => {
  await open(page, "ablate");
  const bars = (side: number) =>
    page.locator(`#panel-ablate .sides .part >> nth=${side} >> .bar`).allInnerTexts();
  const before = await bars(0);
  assertEquals(await bars(1), before);
  await page.click('[data-part="1.mlp"]');
  await page.waitForSelector('.sides[data-off="1.mlp"]');
  assertEquals(await page.getAttribute('[data-part="1.mlp"]', "aria-pressed"), "false");
  await page.click('[data-part="0.1"]');
  await page.waitForSelector('.sides[data-off="0.1,1.mlp"]');
  assertEquals(await bars(0), before);
  const after = await bars(1);
  assertNotEquals(after, before);
  const off = { heads: [{ layer: 0, head: 1 }], mlps: [1] };
  const ids = idsOf(page).slice(0, 12);
  const answer = await ask(page, "/api/inside/ablate", { ids, off });
  const first = answer.after.next[0];
  assertEquals(after[0].split("\n")[0].trim(), first.token.replace(/^ $/, "␣").replace("\n", "⏎"));
  const written = await page.locator("#panel-ablate .sides .part >> nth=1 >> .written").innerText();
  const text = answer.after.tokens.map(({ token }: { token: string }) => token).join("");
  assertEquals(written.replace(/[\s␣⏎]/g, ""), text.replace(/\s/g, ""));
  await page.click("text=Medir cada parte");
  await page.waitForFunction(() => document.querySelector('[data-part="1.1"] small')!.textContent !== "");
  await page.click("text=Encender todo");
  await page.waitForSelector('.sides[data-off=""]');
  assertEquals(await bars(1), before);
});

test("a branch goes on from the alternative, and the tree leads back", async ({ page }) => {
  await open(page, "branch");
  const whole = await tokens(page), ids = idsOf(page);
  await page.click("#strip .token >> nth=14");
  await page.waitForFunction(() => document.querySelectorAll("#panel-branch .bar").length === 10);
  const third = await page.locator("#panel-branch .bar >> nth=3 >> .name").textContent();
  await page.click("#panel-branch .bar >> nth=3");
  await page.waitForFunction(() => document.querySelectorAll(".branch").length === 2);
  const branch = await tokens(page), taken = idsOf(page);
  assertEquals(branch.slice(0, 15), [...whole.slice(0, 14), third]);
  assertNotEquals(branch[14], whole[14]);
  const { tokens: after } = await ask(page, "/api/inside/continue", {
    ids: [...ids.slice(0, 14), taken[14]],
    temperature: 0,
  });
  assertEquals(taken.slice(15), after.map(({ id }: { id: number }) => id));
  assertEquals(
    await page.locator(".branch[aria-current] small").innerText(),
    branch.slice(14).join("").trim(),
  );
  // Another one from the branch is below it, and the other views show it.
  await drawn(page, "branch");
  await page.click("#strip .token >> nth=13");
  await page.click("#panel-branch .bar >> nth=5");
  await page.waitForSelector(".tree ul ul ul .branch[aria-current]");
  await open(page, "lens");
  assertEquals(await page.locator(".lens thead th").count(), 1 + (await tokens(page)).length);
  await open(page, "branch");
  await page.click(".branch >> nth=0");
  await page.waitForFunction((n) => document.querySelectorAll("#strip .token").length === n, whole.length);
  assertEquals(await tokens(page), whole);
  assertEquals(await page.locator(".branch").count(), 3);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll(".branch").length === 3);
  assertEquals(
    await page.locator(".branch[aria-current] small").innerText(),
    whole.slice(12).join("").trim(),
  );
});

test("the trees of earlier texts are kept", async ({ page }) => {
  await open(page, "branch");
  const branches = (n: number) =>
    page.waitForFunction((n) => document.querySelectorAll(".branch").length === n, n);
  await page.click("#strip .token >> nth=14");
  await page.click("#panel-branch .bar >> nth=3");
  await branches(2);
  await look(page, "adiós");
  await branches(1);
  await look(page, "hola, hola");
  await branches(2);
  await page.click("text=Olvidar");
  await branches(1);
  await page.reload();
  await branches(1);
});

test("a pass is walked through with its shapes and numbers, and the sliders act on its distribution", async ({ page }) => {
  await open(page, "walk");
  assertEquals(await page.locator(".steps > li").count(), 10);
  const ids = idsOf(page).slice(0, 12);
  const pass = await ask(page, "/api/inside/pass", { ids, position: 11, layer: 0, head: 0 });
  const cells = await page.locator(".products tbody td").allInnerTexts();
  const spoken = (x: number) => x.toFixed(2).replace(/^-0,?\.?00$/, "0.00").replace(".", ",");
  assertEquals(cells.filter((_, i) => i % 3 === 0), pass.products.map(spoken));
  assertStringIncludes(await page.locator(".vector >> nth=0").innerText(), spoken(pass.embedding[0]));
  assertStringIncludes(await page.locator(".steps").innerText(), "(C) = (16)");
  await page.selectOption("#panel-walk select >> nth=1", { value: "1" });
  await page.waitForSelector('.body[data-drawn="0.1.11"]');
  assertNotEquals(await page.locator(".products tbody td").allInnerTexts(), cells);

  const shares = () => page.locator(".sampling .share").allInnerTexts();
  const own = await shares();
  await page.fill("#walk-temperature", "0");
  assertEquals((await shares())[0].replace(/\s/g, " "), "100 %");
  await page.fill("#walk-temperature", "2");
  assertNotEquals(await shares(), own);
  await page.fill("#walk-top_k", "2");
  assertStringIncludes(await page.locator(".sampling .help").innerText(), "Quedan 2 tokens");
  assertEquals(await page.locator(".sampling .dropped").count(), 13);
  await page.fill("#walk-top_k", "0");
  assertEquals(await page.locator(".sampling .dropped").count(), 0);
  await page.fill("#walk-top_p", "0.1");
  assert(await page.locator(".sampling .dropped").count() > 5);
  await page.click("text=Sortear un token");
  await page.waitForSelector(".sampling .verdict >> text=Salió «");
});

test("a drawn token that is not among the most probable ones is told by its text", async ({ page }) => {
  await open(page, "walk");
  const ids = idsOf(page).slice(0, 12);
  const { logits, top } = await ask(page, "/api/inside/pass", { ids, position: 11, layer: 0, head: 0 });
  const known = top.map(({ id }: { id: number }) => id);
  const rare = logits.findLastIndex((_: number, id: number) => !known.includes(id));
  const { tokens: [text] } = await ask(page, "/api/inside/tokens", { input: [rare] });
  await page.fill("#walk-temperature", "2");
  await page.evaluate(async ([logits, rare]) => {
    const { distribution } = await import("/assets/inside/sampling.js" as string);
    const shares = [...distribution(logits, { temperature: 2, top_k: 0, top_p: 1 })];
    const before = shares.slice(0, rare).reduce((sum, share) => sum + share, 0);
    Math.random = () => before + shares[rare] / 2;
  }, [logits as number[], rare as number] as const);
  await page.click("text=Sortear un token");
  await page.waitForSelector(`.sampling .verdict >> text=Salió «${text}»`);
});

test("the sliders draw from the distribution that the server draws from", async ({ page }) => {
  const logits = Float32Array.from({ length: 40 }, (_, id) => 3 * Math.sin(id * id) + (id % 7 ? 0 : 1));
  logits[9] = logits[11]; // a tie
  const draws = 4000;
  for (
    const [temperature, top_k, top_p] of [[1, 0, 1], [0, 0, 1], [0.5, 5, 1], [2, 0, 0.5], [1.3, 7, 0.6], [
      1,
      0,
      0.05,
    ]]
  ) {
    const shown = await page.evaluate(async ([logits, options]) => {
      const { distribution } = await import("/assets/inside/sampling.js" as string);
      return [...distribution(logits, options)];
    }, [[...logits], { temperature, top_k, top_p }] as const);
    const drawn = logits.map(() => 0);
    for (let i = 0; i < draws; i++) {
      drawn[sampleToken(logits, { temperature, topK: top_k, topP: top_p }, (i + 0.5) / draws)] += 1 / draws;
    }
    shown.forEach((share, id) =>
      assert(Math.abs(share - drawn[id]) < 1 / draws, `${id}: ${share}, ${drawn[id]}`)
    );
  }
});

test("one input is answered at several temperatures, and by several models", async ({ page }) => {
  await open(page, "compare");
  const columns = page.locator(".compared .text");
  assertEquals(await columns.count(), 4);
  const texts = (await columns.allTextContents()).map((text) => text.replaceAll("␣", " "));
  assertEquals(
    texts[0].slice(0, 40),
    (await tokens(page)).slice(12).join("").replaceAll("␣", " ").slice(0, 40),
  );
  assertEquals(new Set(texts).size, 4);
  await page.click("text=Todos los modelos");
  await page.waitForFunction(() => document.querySelectorAll(".compared .text").length === 2);
  const other = await page.locator(".compared select >> nth=2").evaluate((select) => {
    const { options, selectedIndex } = select as HTMLSelectElement;
    return options[selectedIndex].textContent;
  });
  assertEquals(other, "tiny/pretrain");
  await page.click(".compared .quiet >> nth=1");
  await page.waitForFunction(() => document.querySelectorAll(".compared .part").length === 1);
});

test("other models are given what the sequence says: a conversation's last question, a branch's beginning", async ({ page }) => {
  const messages = [
    { role: "user", content: "hola" },
    { role: "assistant", content: "buenas" },
    { role: "user", content: "¿qué?" },
  ];
  const { ids } = await ask(page, "/api/inside/tokens", { messages });
  await page.goto(
    `${page.url().split("#")[0]}#${new URLSearchParams({ model: "tiny/instruct", ids: ids.join() })}`,
  );
  await page.waitForFunction((n) => document.querySelectorAll("#strip .token").length === n, ids.length);
  assertEquals(await page.inputValue("#input"), "¿qué?");
  /** What other models are given. */
  const given = async (act: () => Promise<void>) => {
    const asked = page.waitForRequest((request) =>
      request.url().endsWith("/api/inside/tokens") && request.postDataJSON().model === "tiny/pretrain"
    );
    await act();
    return (await asked).postDataJSON().messages;
  };
  await open(page, "compare");
  assertEquals(await given(() => page.click("text=Todos los modelos")), messages);
  await open(page, "branch");
  await page.click(`#strip .token >> nth=${ids.length - 3}`);
  await page.click("#panel-branch .bar:not(.marked) >> nth=1");
  await page.waitForFunction(() => document.querySelectorAll(".branch").length === 2);
  const [, , last] = await given(() => open(page, "compare"));
  assertEquals(last, { role: "user", content: "¿qu" });
});

test("the address holds the sequence, the token and the view", async ({ page, context }) => {
  await open(page, "lens");
  await page.click("#strip .token >> nth=5");
  const shown = await tokens(page);
  const other = await context.newPage();
  await other.goto(page.url());
  await drawn(other, "lens");
  assertEquals(await tokens(other), shown);
  assertEquals(await other.getAttribute("#tab-lens", "aria-selected"), "true");
  assertStringIncludes(await other.locator("#chosen").innerText(), "posición 6");
});

test("tabs are moved among by arrows, and all is said in English too", async ({ page }) => {
  await page.focus("#tab-attention");
  await page.keyboard.press("ArrowRight");
  await drawn(page, "lens");
  assertEquals(await page.evaluate(() => document.activeElement?.id), "tab-lens");
  await page.keyboard.press("End");
  assertEquals(await page.getAttribute("#tab-compare", "aria-selected"), "true");
  await page.click("#language");
  assertEquals(await page.locator("h1").innerText(), "Inside the model");
  await open(page, "ablate");
  assertStringIncludes(await page.locator("#panel-ablate").innerText(), "Switch all on");
  await open(page, "walk");
  assertStringIncludes(await page.locator("#panel-walk").innerText(), "Query times key");
});

test("what the server refuses is told, and can be tried again", async ({ page, faults }) => {
  const body = `{"error":{"message":"too many"}}`;
  await page.route(
    "**/api/inside/lens",
    (route) => route.fulfill({ status: 429, contentType: "application/json", body }),
  );
  await page.click("#tab-lens");
  await page.waitForSelector("#panel-lens .error");
  await page.unroute("**/api/inside/lens");
  await page.click("#panel-lens .failure button");
  await page.waitForSelector(".lens");
  assertEquals(faults.splice(0).length, 1); // the browser notes the refused request
  // Also in the parts of a view.
  for (
    const [view, path, act, there] of [
      ["ablate", "ablate", '[data-part="0.0"]', '#panel-ablate .sides[data-off="0.0"] .bar'],
      ["ablate", "effects", "text=Medir cada parte", "#panel-ablate .parts small:not(:empty)"],
      ["branch", "continue", "#panel-branch .bar >> nth=3", ".tree ul ul .branch"],
    ]
  ) {
    await open(page, view);
    await page.route(`**/api/inside/${path}`, (route) => route.abort());
    await page.click(act);
    await page.waitForSelector(`#panel-${view} .failure >> text=no hay conexión`);
    await page.unroute(`**/api/inside/${path}`);
    await page.click(`#panel-${view} .failure >> text=Reintentar`);
    await page.waitForSelector(there);
    assertEquals(await page.locator(`#panel-${view} .failure`).count(), 0);
  }
  await page.route("**/api/inside/continue", (route) => route.abort());
  await page.click("#tab-compare");
  await page.waitForSelector("#panel-compare .failure");
  await page.unroute("**/api/inside/continue");
  await page.click("#panel-compare .failure >> text=Reintentar");
  await page.waitForFunction(() => !document.querySelector("#panel-compare .failure"));
  faults.length = 0;
  // A text without words.
  await page.fill("#input", " ");
  await page.press("#input", "Enter");
  await page.waitForSelector("#problem:not([hidden])");
  faults.length = 0;
});

test("markup in a text stays text", async ({ page }) => {
  await look(page, "<img src=x onerror=alert(1)>");
  for (const view of VIEWS) await open(page, view);
  assertEquals(await page.locator("main img").count(), 0);
});

test("on a phone, the first picture is on the first screen; explanations unfold", async ({ page }) => {
  await drawn(page, "attention");
  const { y, height } = (await page.locator("#panel-attention canvas").first().boundingBox())!;
  assert(y + height <= 800, `it ends at ${y + height}`);
  await page.click("#strip .token:not(.given) >> nth=1");
  assertMatch(await page.locator("#chosen").innerText(), /^Elegido: .*, probabilidad (< )?\d+(,\d)?\s?%$/);
  const help = page.locator("text=Cada recuadro es un token");
  assertEquals(await help.isVisible(), false);
  await page.click("text=Cómo se leen los tokens");
  assertEquals(await help.isVisible(), true);
  await page.setViewportSize({ width: 1200, height: 800 });
  assertEquals(await page.locator("text=Sobre esta página").isVisible(), false);
  assertEquals(await page.locator("text=Un texto, y todo lo que").isVisible(), true);
}, { width: 390 });

for (const dark of [false, true]) {
  for (const width of [1200, 390]) {
    test(
      `axe-core finds no serious fault in any view, ${dark ? "dark" : "light"}, ${width} pixels wide`,
      async ({ page }) => {
        for (const view of VIEWS) {
          await open(page, view);
          if (view === "ablate") {
            await page.click("text=Medir cada parte");
            await page.click('[data-part="0.0"]');
            await page.waitForSelector('.sides[data-off="0.0"]:not([aria-busy])');
          }
          await findNoFault(page).catch((error) => {
            throw new Error(`${view}: ${error.message}`);
          });
        }
      },
      { dark, width },
    );
  }
}
