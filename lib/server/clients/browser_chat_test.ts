/** What one does with a chat in headless Chromium: the tour, editing, alternatives, names, links, labels. */
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { answer, ask, browserTests, end, questions, say, slide, titles } from "./browser.ts";

const test = browserTests();

const columns = (page: Page) => page.locator(".column .text").allInnerTexts();
const texts = (page: Page) => page.locator("article.assistant .text").allInnerTexts();

test("the tour shows what the chosen model does, and each card asks a model of its kind", async ({ page }) => {
  const shown = () => page.locator(".hello > p:visible").innerText();
  assertStringIncludes(await shown(), "Responde preguntas");
  assertEquals(await page.locator(".card:visible").count(), 4);
  await page.selectOption("#model", "tiny/classify/temas");
  assertStringIncludes(await shown(), "Clasifica un texto");
  const examples = await page.locator(".example:visible .prompt").allInnerTexts();
  assert(examples.length > 1 && !examples.some((text) => text.startsWith("¿")), "texts, not questions");
  assertEquals(
    await page.getAttribute("#prompt", "placeholder"),
    "Escribe o pega un texto para clasificarlo…",
  );
  for (
    const [card, model] of [[0, "tiny/instruct"], [1, "tiny/pretrain"], [2, "tiny/classify/temas"], [
      3,
      "tiny/instruct",
    ]]
  ) {
    await page.click("#new");
    await page.click(`.card >> nth=${card}`);
    await page.waitForSelector(`.badge.model >> text=${model}`);
    assertEquals(await page.inputValue("#model"), model);
    if (model === "tiny/instruct") {
      assert(await page.locator(".bars .drawn").isVisible(), "it leads to the inside of the model");
    }
  }
});

test(
  "a question is edited and asked again, and the answer to the old wording is kept beside it",
  async ({ page }) => {
    await ask(page, "uno");
    await say(page, 0, "Primera");
    await end(page, 0);
    await answer(page);
    await page.click(".user .edit");
    await page.keyboard.press("Escape");
    assertEquals(await questions(page), ["uno"]);
    await page.click(".user .edit");
    await page.fill(".editor textarea", "dos");
    await page.keyboard.press("Enter");
    await say(page, 1, "Segunda");
    await end(page, 1);
    await page.waitForSelector(".alternatives");
    assertEquals([await questions(page), await texts(page), await columns(page)], [["dos"], ["Segunda"], [
      "Primera",
    ]]);
    assertEquals(await page.locator(".asked").innerText(), "uno");
    await page.reload();
    await page.click("text=Elegir esta");
    assertEquals([await questions(page), await texts(page), await columns(page)], [["uno"], ["Primera"], [
      "Segunda",
    ]]);
    await page.reload();
    assertEquals([await questions(page), await texts(page), await columns(page)], [["uno"], ["Primera"], [
      "Segunda",
    ]]);
  },
  { held: true },
);

test("three other answers are drawn side by side; one is chosen, and its link gives it elsewhere", async ({ page, context, tab }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.uncheck("#faq");
  await slide(page, "max_tokens", 6);
  // Empty answers and equal ones are left out; with these seeds there are none.
  await page.fill("#seed", "2");
  await ask(page, "hola");
  const first = await answer(page);
  await page.fill("#seed", "1");
  await page.click(".more");
  await page.waitForSelector(".column .tools >> nth=2");
  const others = await columns(page);
  assertEquals(new Set([first, ...others]).size, 4, "tiny models say something else each time");
  assertEquals((await page.locator(".pager").innerText()).replace(/\s/g, ""), "‹1/4›");
  await page.click(".column .tint[data-token='1'] >> nth=1");
  assertEquals(await page.locator(".column").nth(1).locator(".bars .drawn").count(), 1, "as in the answer");
  await page.locator("text=Elegir esta").nth(1).click();
  assertEquals(await answer(page), others[1]);
  assertEquals(await columns(page), [others[0], first, others[2]]);
  // They are paged through in place, by keyboard, too: the first answer came first.
  const seen = [];
  while (await page.locator(".pager .previous").isEnabled()) {
    await page.focus(".pager .previous");
    await page.keyboard.press("Enter");
  }
  for (;;) {
    seen.push(await answer(page));
    if (!await page.locator(".pager .next").isEnabled()) break;
    await page.focus(".pager .next");
    await page.keyboard.press("Enter");
    assertEquals(await page.evaluate(() => document.activeElement?.closest(".pager") !== null), true);
  }
  assertEquals(seen[0], first);
  assertEquals(new Set(seen), new Set([first, ...others]));
  while (await answer(page) !== others[1]) await page.click(".pager .previous");
  await page.click("[aria-label^='Copiar un enlace']");
  await page.waitForSelector("#toast >> text=Se copió el enlace.");
  const other = await tab();
  await other.goto(await page.evaluate(() => navigator.clipboard.readText()));
  assertEquals(await answer(other), others[1]);
});

test("the icons of earlier turns show under the pointer and with the focus", async ({ page }) => {
  for (const i of [0, 1]) {
    await ask(page, `pregunta ${i}`);
    await say(page, i, "respuesta");
    await end(page, i);
    await answer(page);
  }
  const opacity = (turn: number) =>
    page.locator(".turn").nth(turn).locator(".again").evaluate((button) => getComputedStyle(button).opacity);
  await page.mouse.move(0, 0);
  assertEquals([await opacity(0), await opacity(1)], ["0", "1"]);
  await page.locator(".turn").first().hover();
  assertEquals(await opacity(0), "1");
  await page.mouse.move(0, 0);
  assertEquals(await opacity(0), "0");
  await page.locator(".turn .again").first().focus();
  assertEquals(await opacity(0), "1");
}, { held: true });

test("conversations are renamed and searched, by keyboard too", async ({ page, tab }) => {
  for (const [i, question] of ["La canción del río", "El pan"].entries()) {
    await page.click("#new");
    await ask(page, question);
    await say(page, i, i === 0 ? "Suena lejos" : "Se hornea");
    await end(page, i);
    await answer(page);
  }
  const other = await tab();
  await page.focus("#talks .rename >> nth=0");
  await page.keyboard.press("Enter");
  await page.keyboard.type("Recetas");
  await page.keyboard.press("Enter");
  assertEquals(await titles(page), ["Recetas", "La canción del río"]);
  assertEquals(await page.evaluate(() => document.activeElement?.textContent), "Recetas");
  await other.waitForSelector("#talks >> text=Recetas");
  await page.reload();
  assertEquals(await titles(page), ["Recetas", "La canción del río"]);
  // Accents and capitals make no difference, and answers are searched too.
  for (
    const [words, found] of [["CANCION", "La canción del río"], ["hornea", "Recetas"], ["receta", "Recetas"]]
  ) {
    await page.fill("#search", words);
    assertEquals(await titles(page), [found], words);
  }
  await page.fill("#search", "nada de eso");
  assertEquals(await page.locator("#none-found").innerText(), "Ninguna conversación contiene eso.");
  await page.press("#search", "Escape");
  assertEquals((await titles(page)).length, 2);
}, { held: true });

test("a link holds prompt, seed, model and settings: elsewhere it gives the same answer", async ({ page, context, tab }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.uncheck("#faq");
  await page.selectOption("#model", "tiny/instruct");
  await slide(page, "max_tokens", 12);
  await slide(page, "temperature", 1.5);
  await slide(page, "top_k", 20);
  await ask(page, "¿Qué «dices»? & más");
  const first = await answer(page);
  await page.click("[aria-label^='Copiar un enlace']");
  await page.waitForSelector("#toast >> text=Se copió el enlace.");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.evaluate(() => localStorage.clear());
  const other = await tab();
  // The reader's own system prompt is not the link's.
  await other.fill("#system", "Responde siempre lo mismo.");
  await other.goto(link);
  assertEquals(await answer(other), first);
  assertEquals(await other.inputValue("#system"), "");
  await other.reload();
  assertEquals(await other.evaluate(() => location.hash), "", "a reload does not ask again");
  assertEquals(await answer(other), first);
  assertEquals(await questions(other), ["¿Qué «dices»? & más"]);
  await other.click("#new");
  await other.goto(link.replace("tiny%2Finstruct", "nobody%2Fhere"));
  await other.waitForSelector("#toast >> text=nobody/here");
  assertEquals(await other.inputValue("#prompt"), "¿Qué «dices»? & más");
});

test("a classifier's page speaks of texts, not of questions", async ({ page, faults }) => {
  await page.selectOption("#model", "tiny/classify/temas");
  await ask(page, "a".repeat(100_001));
  await page.waitForSelector("#toast >> text=El texto es demasiado largo");
  await page.route("**/classify", (route) => route.abort());
  await ask(page, "pan con queso");
  await page.waitForSelector("article .error >> text=No se pudo clasificar: no hay conexión");
  await page.unroute("**/classify");
  await page.click("text=Reintentar");
  await page.waitForSelector(".labels");
  const shown = await page.locator(".turn").evaluate((turn) => turn.outerHTML);
  assertEquals(shown.match(/pregunt\w*|respond\w*/gi), null);
  await page.click(".foot .edit");
  assertEquals(await page.locator(".editor .primary").innerText(), "Clasificar");
  faults.length = 0; // the browser notes the refused request
});

test("a classifier marks the words that decided, and a text model's prompt and continuation are one text", async ({ page }) => {
  await page.selectOption("#model", "tiny/classify/temas");
  await ask(page, "pan con queso y un gol");
  await page.waitForSelector(".labels");
  assertEquals(await page.locator(".labelled .given").innerText(), "pan con queso y un gol");
  assertEquals(await page.locator("article.user").isVisible(), false, "the text stands there once");
  await page.selectOption("#model", "tiny/pretrain");
  await slide(page, "max_tokens", 5);
  await page.click("#new");
  await ask(page, "Había");
  await answer(page);
  const whole = await page.locator(".prose").innerText();
  assert(whole.startsWith("Había") && whole.length > "Había".length, whole);
  assertEquals(
    await page.locator(".given .piece").allInnerTexts(),
    [..."Había"],
    "with the bounds of its tokens",
  );
  await page.click(".foot .edit");
  await page.fill(".editor textarea", "Hubo");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".given >> text=Hubo");
  assertNotEquals(await page.locator(".prose").innerText(), whole);
});

test("a card that cannot be read says so, and is read again", async ({ page, faults }) => {
  await page.waitForSelector("#card dl");
  await page.route("**/api/card*", (route) => route.abort());
  await page.selectOption("#model", "tiny/pretrain");
  await page.waitForSelector("#card >> text=No se pudo leer la ficha del modelo: no hay conexión");
  await page.unroute("**/api/card*");
  await page.click("#card >> text=Reintentar");
  await page.waitForSelector("#card dl");
  assertEquals(await page.locator("#card .error").count(), 0);
  faults.length = 0; // the browser notes the refused request
});

for (const dark of [false, true]) {
  test(`a phone needs no hovering: all is a tap away, ${dark ? "dark" : "light"}`, async ({ page }) => {
    await page.click(".card >> nth=0");
    await page.click(".trace button.tok >> nth=1");
    assertEquals(await page.locator("button.tok").nth(1).getAttribute("aria-pressed"), "true");
    for (const tool of ["copy", "again", "more"]) {
      const label = { copy: "Copiar", again: "Responder otra vez", more: "Otras tres respuestas" }[tool]!;
      assert(await page.locator(`.answer [aria-label="${label}"]`).isVisible(), label);
    }
    await page.click("#open-settings");
    assert(await page.locator("#temperature").isVisible());
    await page.keyboard.press("Escape");
    assertEquals(await page.locator("#settings").isVisible(), false);
    await page.click("#open-side");
    await page.waitForTimeout(300); // the drawer slides in
    assert(await page.locator("#talks .rename").isVisible());
    assertStringIncludes(await page.locator("#card").innerText(), "parámetros");
    assert(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      "nothing sticks out",
    );
  }, { width: 390, dark });
}
