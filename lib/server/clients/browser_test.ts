/** The chat page in headless Chromium: answers, what is inside them, and whether all people can use it. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { findNoFault } from "./accessibility.ts";
import { again, answer, ask, browserTests, slide } from "./browser.ts";

const test = browserTests();

test("a known question is answered by the FAQ, and by the model when it is asked", async ({ page }) => {
  await ask(page, "¿Qué son los perros?");
  assertStringIncludes(await answer(page), "Los perros son caninos");
  assertEquals(await page.locator(".badge.faq").innerText(), "preguntas frecuentes");
  await page.click("text=Preguntar al modelo");
  await page.waitForSelector(".trace");
  const own = await answer(page);
  assert(!own.includes("caninos"), own);
  assertEquals(await page.locator(".badge.model").innerText(), "tiny/instruct");
  assertStringIncludes(
    await page.locator(".column .text").innerText(),
    "caninos",
    "the other is kept beside it",
  );
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
      if (document.querySelector(".writing .tint")) document.body.dataset.tinted = "true";
      if (seen.size === 4) document.getElementById("stop")?.click();
    }).observe(document.getElementById("log")!, { subtree: true, childList: true, characterData: true });
  });
  await ask(page, "hola");
  const whole = await answer(page);
  const lengths = Number(await page.evaluate(() => document.body.dataset.lengths));
  assert(lengths >= 4, `${lengths} different lengths were shown`);
  assertEquals(await page.evaluate(() => document.body.dataset.tinted), "true", "tinted while they come");
  assert(whole.length < 3000, whole);
  assertStringIncludes(await page.locator("article.assistant").innerText(), "detenido");
  await page.click("article.answer .tint[data-token='3']");
  assertEquals(await page.locator(".bars .drawn").count(), 1, "its tokens can be opened all the same");
});

test("sliders, seed, checkpoint and regenerate take effect", async ({ page }) => {
  await page.uncheck("#faq");
  await slide(page, "max_tokens", 5);
  await slide(page, "temperature", 2);
  await page.fill("#seed", "1");
  await ask(page, "hola");
  const first = await answer(page);
  assert([...first].length <= 5, first);
  await again(page);
  assertEquals(await answer(page), first);
  await page.fill("#seed", "2");
  await again(page);
  await page.waitForFunction(
    (before) => document.querySelector("article.assistant:not(.writing) .text")?.textContent !== before,
    first,
  );
  await slide(page, "max_tokens", 30);
  await again(page);
  await page.waitForFunction(() =>
    (document.querySelector("article.assistant:not(.writing) .text")?.textContent?.length ?? 0) > 5
  );
  await page.selectOption("#model", "tiny/pretrain");
  assertEquals(await page.locator("#model-kind").innerText(), "Continúa tu texto");
  await again(page);
  await answer(page);
  assertEquals(await page.locator(".badge.model").innerText(), "tiny/pretrain");
  await page.selectOption("#model", "tiny/classify/temas");
  await ask(page, "pan con queso");
  await page.waitForSelector(".labels");
  assertEquals(await page.locator(".labels tr").count(), 2);
  assertEquals(await page.locator("#sampling").isVisible(), false);
});

test("the inside shows markers, and the ten most probable tokens of each place", async ({ page }) => {
  await page.uncheck("#faq");
  await slide(page, "max_tokens", 8);
  await slide(page, "temperature", 1);
  await page.fill("#seed", "1");
  await ask(page, "<b>hola</b>");
  await answer(page);
  await page.click("text=Ver por dentro");
  const markers = await page.locator(".tok.marker").allInnerTexts();
  assertEquals(markers.slice(0, 2), ["<instr>", "<resp>"]);
  assertEquals((await page.locator(".tok.prompt").allInnerTexts()).join(""), "<b>hola</b>");
  assertStringIncludes(await page.locator(".figures").first().innerText(), "/64");
  const drawn = async () => ({
    chosen: await page.locator("button.tok[aria-pressed=true]").innerText(),
    bars: await page.locator(".bars li").count(),
    marked: await page.locator(".bars .drawn code").innerText(),
  });
  // A click on a token of the answer itself opens it, too.
  for (const click of [".trace [data-token='2']", "article.answer .tint[data-token='3']"]) {
    await page.click(click);
    const { chosen, bars, marked } = await drawn();
    assertEquals(marked, chosen);
    assert(bars === 10 || bars === 11, `${bars} bars`);
  }
  await page.focus("button.tok[aria-pressed=true]");
  await page.keyboard.press("ArrowLeft");
  assertEquals(await page.evaluate(() => document.activeElement?.getAttribute("data-token")), "2");
  assertEquals((await drawn()).marked, (await drawn()).chosen);
  const colour = () =>
    page.locator(".trace button.tok").evaluateAll((all) =>
      all.map((one) => getComputedStyle(one).backgroundColor)
    );
  const bySurprise = await colour();
  await page.selectOption("#tint", "rank");
  const byRank = await colour();
  const firsts = await page.locator(".trace button.tok").evaluateAll((all) =>
    all.map((one) => one.classList.contains("r0"))
  );
  await page.selectOption("#tint", "none");
  const plain = await colour();
  assertEquals(new Set(plain).size, 1);
  // Only the token that was most probable has no shade on this scale.
  assertEquals(byRank.map((one) => one === plain[0]), firsts);
  assertNotEquals(byRank, bySurprise);
  // A tiny model knows nothing, so that each of its tokens surprises it.
  assert(bySurprise.every((one) => one !== plain[0]), "tokens are tinted");
  await page.reload();
  assertEquals(await page.inputValue("#tint"), "none");
});

test("the inside of an answer leads to the page of the inside, with the same text and place", async ({ page }) => {
  await page.uncheck("#faq");
  await slide(page, "max_tokens", 6);
  await ask(page, "¿Qué es hola?");
  await answer(page);
  await page.click("text=Ver por dentro");
  await page.click(".trace [data-token='2']");
  const shown = await page.locator(".trace .tok").allTextContents();
  await page.click(".trace a.inside");
  await page.waitForSelector("#strip .token");
  assertEquals(new URL(page.url()).pathname, "/inside");
  const plain = (tokens: string[]) => tokens.map((token) => token.replaceAll(/[\n␣⏎ ]/g, ""));
  assertEquals(plain(await page.locator("#strip .token").allTextContents()), plain(shown));
  assertEquals(await page.inputValue("#input"), "¿Qué es hola?");
  assertEquals(await page.inputValue("#model"), "tiny/instruct");
  const given = await page.locator("#strip .given").count();
  // At the place where the token was chosen: that of the one before it.
  assertStringIncludes(await page.locator("#chosen").innerText(), `posición ${given + 2} de ${shown.length}`);
});

test("the inside is saved as a picture, with a note on its colours", async ({ page }) => {
  await page.evaluate(() => {
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
      document.body.dataset.written = text;
      fillText.call(this, text, ...place);
    };
  });
  await page.uncheck("#faq");
  await slide(page, "max_tokens", 8);
  await ask(page, "hola");
  await answer(page);
  await page.click("text=Ver por dentro");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.click("[aria-label='Guardar como imagen']"),
  ]);
  assertEquals(download.suggestedFilename(), "desde-cero.png");
  const bytes = await Deno.readFile(await download.path());
  assertEquals([...bytes.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join(""), "PNG");
  const [width, height] = [16, 20].map((at) => new DataView(bytes.buffer).getUint32(at));
  assert(width === 1800 && height > 150, `${width} x ${height}`);
  for (const [tint, note] of [["surprise", /esperaba/], ["rank", /primer puesto/], ["none", /^$/]] as const) {
    await page.selectOption("#tint", tint);
    await Promise.all([page.waitForEvent("download"), page.click("[aria-label='Guardar como imagen']")]);
    assertMatch(await page.evaluate(() => document.body.dataset.written!), note);
  }
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

test("an error of the server is told in the page's language, and the question can be asked again", async ({ page, faults }) => {
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
  await page.click("#language");
  assertEquals(
    await page.locator("article .error").innerText(),
    "No answer came: the server is busy; try again in a few seconds",
    "also what was said before the language was switched",
  );
  await page.reload();
  assertStringIncludes(await page.locator("article .error").innerText(), "the server is busy");
  await page.click("#language");
  await page.click("text=Reintentar");
  await page.waitForFunction(() => !document.querySelector("article .error"));
  for (
    const [status, code, told] of [
      [400, "context_length_exceeded", "el texto no cabe en el contexto del modelo"],
      [404, "model_not_found", "ese modelo ya no está aquí"],
      [400, "never_heard_of", "no entendió la petición; dice, en inglés: no tongue"],
      [418, null, "respondió con un error; dice, en inglés: no tongue"],
    ] as const
  ) {
    const body = JSON.stringify({ error: { message: "no tongue", code } });
    await page.route("**/v1/chat/completions", (route) => route.fulfill({ status, body }));
    await page.click("#new");
    await ask(page, "hola");
    await page.waitForSelector(`article .error >> text=${told}`);
    await page.unroute("**/v1/chat/completions");
  }
  // An error that ends a stream.
  const body = `data: ${JSON.stringify({ error: { message: "time limit", type: "server_error" } })}\n\n`;
  await page.route("**/v1/chat/completions", (route) => route.fulfill({ body }));
  await page.click("#new");
  await ask(page, "hola");
  await page.waitForSelector("article .error >> text=se agotó el tiempo para responder");
  assertEquals(faults.length, 5); // the browser notes the refused requests
  faults.length = 0;
});

for (const dark of [false, true]) {
  for (const width of [1200, 390]) {
    test(
      `axe-core finds no serious fault, ${dark ? "dark" : "light"}, ${width} pixels wide`,
      async ({ page }) => {
        await findNoFault(page);
        await ask(page, "¿Cuál es la capital de Costa Rica?");
        await answer(page);
        if (width < 800) await page.click("#open-settings");
        await page.uncheck("#faq");
        await page.fill("#seed", "1");
        await findNoFault(page);
        if (width < 800) await page.click("#close-settings");
        await page.selectOption("#model", "tiny/instruct");
        await ask(page, "hola");
        await page.waitForFunction(() => document.querySelectorAll("article.assistant .foot").length === 2);
        await page.locator("text=Ver por dentro").last().click();
        await page.waitForSelector(".bars");
        await findNoFault(page);
        await page.locator(".more").last().click();
        await page.waitForSelector(".column .tools");
        await page.locator(".user .edit").last().click();
        await page.waitForSelector(".editor");
        await findNoFault(page);
        for (const [model, shown] of [["tiny/classify/temas", ".labels"], ["tiny/pretrain", ".piece"]]) {
          await page.selectOption("#model", model);
          await ask(page, "pan");
          await page.waitForSelector(shown);
          await findNoFault(page);
        }
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
        await page.click("#talks .delete");
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
  for (let i = 0; i < 80; i++) {
    seen.add(
      await page.evaluate(() =>
        document.activeElement?.id || document.activeElement?.textContent?.trim() || ""
      ),
    );
    await page.keyboard.press("Tab");
  }
  for (
    const id of ["new", "model", "open-settings", "faq", "temperature", "system", "tint", "prompt", "send"]
  ) {
    assert(seen.has(id), `${id} of ${[...seen].join(", ")}`);
  }
  for (const text of ["Míralo pensar", "¿Qué son los gatos?"]) {
    assert([...seen].some((one) => one.includes(text)), `${text} of ${[...seen].join(", ")}`);
  }
});
