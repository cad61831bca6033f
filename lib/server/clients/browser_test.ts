/** The chat page in headless Chromium: answers, what is inside them, and whether all people can use it. */
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { findNoFault } from "./accessibility.ts";
import { answer, ask, browserTests, slide } from "./browser.ts";

const test = browserTests();

test("a preset question is answered by the FAQ, and by the model with the FAQ off", async ({ page }) => {
  await page.click(".hello >> text=¿Qué son los perros?");
  assertStringIncludes(await answer(page), "Los perros son caninos");
  assertEquals(await page.locator(".badge.faq").innerText(), "preguntas frecuentes");
  await page.click("#new");
  await page.uncheck("#faq");
  await page.click(".hello >> text=¿Qué son los perros?");
  const own = await answer(page);
  assert(!own.includes("caninos"), own);
  assertEquals(await page.locator(".badge.model").innerText(), "tiny/instruct");
});

test("answers stream in, and stop when told to", async ({ page }) => {
  await page.selectOption("#model", "tiny/pretrain");
  // Ten times what people can ask for: on a busy machine 400 tokens of a tiny model are three frames.
  await page.evaluate(() => document.getElementById("max_tokens")!.setAttribute("max", "4000"));
  await slide(page, "max_tokens", 4000);
  await slide(page, "temperature", 0);
  // Watches from inside: a tiny model writes faster than one can look from here.
  await page.evaluate(() => {
    const seen = new Set<number>();
    new MutationObserver(() => {
      const length = document.querySelector(".writing .text")?.textContent?.length ?? 0;
      if (length > 0) seen.add(length);
      document.body.dataset.lengths = String(seen.size);
      if (seen.size === 4) document.getElementById("stop")?.click();
    }).observe(document.getElementById("log")!, { subtree: true, childList: true, characterData: true });
  });
  await ask(page, "hola");
  const whole = await answer(page);
  const lengths = Number(await page.evaluate(() => document.body.dataset.lengths));
  assert(lengths >= 4, `${lengths} different lengths were shown`);
  assert(whole.length < 3000, whole);
  assertStringIncludes(await page.locator("article.assistant").innerText(), "detenido");
});

test("sliders, seed, checkpoint and regenerate take effect", async ({ page }) => {
  await page.uncheck("#faq");
  await slide(page, "max_tokens", 5);
  await slide(page, "temperature", 2);
  await page.fill("#seed", "1");
  await ask(page, "hola");
  const first = await answer(page);
  assert([...first].length <= 5, first);
  await page.click("#regenerate");
  assertEquals(await answer(page), first);
  await page.fill("#seed", "2");
  await page.click("#regenerate");
  await page.waitForFunction(
    (before) => document.querySelector("article.assistant:not(.writing) .text")?.textContent !== before,
    first,
  );
  await slide(page, "max_tokens", 30);
  await page.click("#regenerate");
  await page.waitForFunction(() =>
    (document.querySelector("article.assistant:not(.writing) .text")?.textContent?.length ?? 0) > 5
  );
  await page.selectOption("#model", "tiny/pretrain");
  assertEquals(await page.locator("#model-kind").innerText(), "Continúa tu texto");
  await page.click("#regenerate");
  await answer(page);
  assertEquals(await page.locator(".badge.model").innerText(), "tiny/pretrain");
  await page.selectOption("#model", "tiny/classify/temas");
  await ask(page, "pan con queso");
  await page.waitForSelector(".labels");
  assertEquals(await page.locator(".labels tr").count(), 2);
  assertEquals(await page.locator("#sampling").isVisible(), false);
});

test("the trace shows markers, probabilities and attention", async ({ page }) => {
  await page.uncheck("#faq");
  await slide(page, "max_tokens", 8);
  await slide(page, "temperature", 1);
  await page.fill("#seed", "1");
  await ask(page, "<b>hola</b>");
  await answer(page);
  await page.click("text=Ver por dentro");
  const markers = await page.locator(".tok.marker").allInnerTexts();
  assertEquals(markers.slice(0, 2), ["<instr>", "<resp>"]);
  assertStringIncludes(await page.locator(".tokens").innerText(), "<b>hola</b>");
  const token = page.locator("button.tok").first();
  await token.hover();
  assertEquals((await page.locator(".tip").innerText()).split("\n").length >= 5, true);
  await page.waitForSelector('canvas[data-drawn="0.0"]');
  const pixels = () => page.locator("canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const drawn = await pixels();
  await page.selectOption(".map select >> nth=0", { value: "1" });
  await page.waitForSelector('canvas[data-drawn="1.0"]');
  assertNotEquals(await pixels(), drawn);
  assertStringIncludes(await page.locator(".figures").first().innerText(), "/64");
});

test("a question of which the model did not read all says so", async ({ page }) => {
  await page.uncheck("#faq");
  await slide(page, "max_tokens", 5);
  await ask(page, "a".repeat(200));
  await answer(page);
  assertStringIncludes(await page.locator(".figures").innerText(), "sin el principio, que no cupo");
});

test("markup in a question stays text, and the page speaks English too", async ({ page }) => {
  await ask(page, "<img src=x onerror=alert(1)>");
  await answer(page);
  assertEquals(await page.locator("article.user .text").innerText(), "<img src=x onerror=alert(1)>");
  assertEquals(await page.locator("article img").count(), 0);
  await page.click("#language");
  assertEquals(await page.locator("#send").innerText(), "Send");
  assertEquals(await page.locator("html").getAttribute("lang"), "en");
  await page.reload();
  assertEquals(await page.locator("#send").innerText(), "Send");
});

for (
  const [locale, lang, send] of [["es-CR", "es", "Enviar"], ["en-GB", "en", "Send"], ["de", "en", "Send"]]
) {
  test(`a browser that speaks ${locale} gets the page in ${lang}`, async ({ page }) => {
    assertEquals(await page.locator("html").getAttribute("lang"), lang);
    assertEquals(await page.locator("#send").innerText(), send);
    assertEquals(await page.title(), "Chat · Desde Cero");
    await page.click("#language");
    await page.reload();
    assertEquals(await page.locator("html").getAttribute("lang"), lang === "es" ? "en" : "es");
  }, { locale });
}

test("an error of the server is told, and the question can be asked again", async ({ page, faults }) => {
  await page.uncheck("#faq");
  await page.route(
    "**/v1/chat/completions",
    (route) =>
      route.fulfill({
        status: 429,
        contentType: "application/json",
        body: `{"error":{"message":"too many"}}`,
      }),
  );
  await ask(page, "hola");
  await page.waitForSelector("article .error");
  assertStringIncludes(await page.locator("article .error").innerText(), "el servidor está ocupado");
  await page.unroute("**/v1/chat/completions");
  await page.click("#regenerate");
  await page.waitForFunction(() => !document.querySelector("article .error"));
  assertEquals(faults.length, 1); // the browser notes the refused request
  faults.length = 0;
});

for (const dark of [false, true]) {
  for (const width of [1200, 390]) {
    test(
      `axe-core finds no serious fault, ${dark ? "dark" : "light"}, ${width} pixels wide`,
      async ({ page }) => {
        await page.click(".hello >> text=¿Cuál es la capital de Costa Rica?");
        await answer(page);
        if (width < 800) {
          await page.click("#open-side");
          await page.waitForSelector("body.open");
          await page.waitForTimeout(300); // the drawer slides in
        }
        await page.uncheck("#faq");
        await page.selectOption("#model", "tiny/instruct");
        if (width < 800) await page.keyboard.press("Escape");
        await ask(page, "hola");
        await page.waitForFunction(() => document.querySelectorAll("article.assistant .foot").length === 2);
        await page.locator("text=Ver por dentro").last().click();
        await page.waitForSelector("canvas[data-drawn]");
        await findNoFault(page);
      },
      { dark, width },
    );
    test(
      `axe-core finds no serious fault in messages and unanswered questions, ${
        dark ? "dark" : "light"
      }, ${width} pixels wide`,
      async ({ page }) => {
        await ask(page, "hola");
        await page.reload();
        await page.waitForSelector(".unanswered");
        for (const text of ["{", `[{"id":"1","messages":[{"role":"user","content":"adiós"}]}]`]) {
          const buffer = Buffer.from(text);
          await page.setInputFiles("#import-file", { name: "a.json", mimeType: "application/json", buffer });
          await page.waitForSelector(text === "{" ? "#toast .urgent" : "#toast .message:not(.urgent)");
          await findNoFault(page);
        }
        if (width < 800) {
          await page.click("#open-side");
          await page.waitForTimeout(300); // the drawer slides in
        }
        await page.click("#talks .quiet");
        await page.waitForSelector("#toast .undo");
        await findNoFault(page);
      },
      { dark, width, held: true },
    );
  }
}

test("everything can be reached by keyboard", async ({ page }) => {
  await page.keyboard.press("Tab");
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    seen.add(
      await page.evaluate(() =>
        document.activeElement?.id || document.activeElement?.textContent?.trim() || ""
      ),
    );
    await page.keyboard.press("Tab");
  }
  for (
    const id of ["new", "model", "faq", "temperature", "system", "prompt", "send", "¿Qué son los perros?"]
  ) {
    assert(seen.has(id), `${id} of ${[...seen].join(", ")}`);
  }
});
