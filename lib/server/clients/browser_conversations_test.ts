/** Conversations in headless Chromium: nothing that was asked is lost, whatever people do with it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { again, answer, ask, browserTests, end, questions, say, titles, wasAborted } from "./browser.ts";

const test = browserTests();

const waitForText = (page: Page, text: string) =>
  page.waitForSelector(`article.assistant .text:has-text("${text}")`);

test(
  "a question is kept before its answer comes, and can be asked again after a reload",
  async ({ page }) => {
    await ask(page, "¿Y esto?");
    await page.waitForSelector(".writing");
    await page.reload();
    await page.waitForSelector(".unanswered");
    assertEquals(await questions(page), ["¿Y esto?"]);
    assertEquals(await titles(page), ["¿Y esto?"]);
    await page.click("text=Preguntar de nuevo");
    await say(page, 0, "Esto.");
    await end(page, 0);
    assertEquals(await answer(page), "Esto.");
    await page.reload();
    assertEquals(await answer(page), "Esto.");
    assertEquals(await questions(page), ["¿Y esto?"]);
  },
  { held: true },
);

test("a conversation that was left writes on, and Stop stops the one that is shown", async ({ page }) => {
  await ask(page, "uno");
  await say(page, 0, "Primera");
  await waitForText(page, "Primera");
  await page.click("#new");
  await ask(page, "dos");
  await say(page, 1, "Segunda");
  await say(page, 0, " respuesta");
  assertEquals(await page.locator("#talks .dot").count(), 2, "both are marked as being written");
  await page.click("#talks >> text=uno");
  await waitForText(page, "Primera respuesta");
  await say(page, 0, " sigue");
  await waitForText(page, "Primera respuesta sigue");
  await page.click("#stop");
  await page.waitForSelector(".foot >> text=detenido");
  assertEquals([await wasAborted(page, 0), await wasAborted(page, 1)], [true, false]);
  assertEquals(await answer(page), "Primera respuesta sigue");
  await say(page, 1, " entera");
  await end(page, 1);
  await page.waitForFunction(() => !document.querySelector("#talks .dot"));
  await page.click("#talks >> text=dos");
  assertEquals(await answer(page), "Segunda entera");
}, { held: true });

test("an answer whose connection breaks off is told from a whole one", async ({ page }) => {
  const event = JSON.stringify({ choices: [{ delta: { content: "Medio" } }] });
  await page.route("**/v1/chat/completions", (route) => route.fulfill({ body: `data: ${event}\n\n` }));
  await ask(page, "hola");
  assertEquals(await answer(page), "Medio");
  assertStringIncludes(await page.locator("article .error").innerText(), "la respuesta se cortó");
});

test("a failed try for another answer loses none", async ({ page, faults }) => {
  await ask(page, "¿Qué son los gatos?");
  assertStringIncludes(await answer(page), "felinos");
  await page.route("**/v1/chat/completions", (route) => route.abort());
  await again(page);
  await page.waitForSelector(".toast >> text=no hay conexión con el servidor");
  assertStringIncludes(await answer(page), "felinos");
  faults.length = 0; // the browser notes the refused request
});

test("“Nueva” makes no second empty conversation", async ({ page }) => {
  for (let i = 0; i < 3; i++) await page.click("#new");
  assertEquals(await titles(page), ["Nueva conversación"]);
  await ask(page, "¿Qué son los gatos?");
  await answer(page);
  for (let i = 0; i < 3; i++) await page.click("#new");
  await page.click("#talks >> text=¿Qué son los gatos?");
  await page.click("#new");
  assertEquals(await titles(page), ["Nueva conversación", "¿Qué son los gatos?"]);
  await page.reload();
  assertEquals(await titles(page), ["Nueva conversación", "¿Qué son los gatos?"]);
});

test("deleting can be undone, also by keyboard, and is announced", async ({ page }) => {
  await ask(page, "¿Qué son los gatos?");
  await answer(page);
  await page.click("#new");
  await ask(page, "¿Qué son los perros?");
  await answer(page);
  const both = ["¿Qué son los perros?", "¿Qué son los gatos?"];
  await page.focus("#talks .delete");
  await page.keyboard.press("Enter");
  const toast = page.locator("#toast");
  assertEquals([await toast.getAttribute("role"), await toast.getAttribute("aria-live")], [
    "status",
    "polite",
  ]);
  assertStringIncludes(await toast.innerText(), "Se borró la conversación.");
  assertEquals(await page.evaluate(() => document.activeElement?.textContent), "Deshacer");
  await page.keyboard.press("Enter");
  assertEquals(await titles(page), both);
  assertEquals(await toast.innerText(), "");
  assertEquals(await questions(page), ["¿Qué son los perros?"], "what was shown is shown again");
  await page.reload();
  assertEquals(await titles(page), both);
  await page.click("#talks .delete");
  await page.click("#talks .delete");
  assertStringIncludes(await toast.innerText(), "Se borraron 2 conversaciones.");
  assertEquals(await titles(page), ["Nueva conversación"]);
  await page.click("text=Deshacer");
  assertEquals(await titles(page), both);
  await page.focus("#talks .delete");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  assertEquals(await toast.innerText(), "");
  assertEquals(
    await page.evaluate(() => document.activeElement?.textContent),
    "¿Qué son los gatos?",
    "the focus goes back to the list",
  );
  await page.reload();
  assertEquals(await titles(page), ["¿Qué son los gatos?"]);
});

test("a conversation that is deleted while it writes comes back with its answer", async ({ page }) => {
  await ask(page, "uno");
  await say(page, 0, "Una ");
  await page.click("#talks .delete");
  await say(page, 0, "respuesta");
  await end(page, 0);
  await page.click("text=Deshacer");
  assertEquals(await answer(page), "Una respuesta");
  await ask(page, "dos");
  await page.click("#talks .delete");
  await page.click("#toast [aria-label=Cerrar]");
  assertEquals(await wasAborted(page, 1), true, "what is deleted for good needs no answer");
}, { held: true });

test("full storage is told, and what was kept stays", async ({ page }) => {
  await ask(page, "¿Qué son los gatos?");
  await answer(page);
  await page.evaluate(() => {
    let size = 1 << 22;
    for (let text = ""; size > 0;) {
      try {
        localStorage.setItem("another program's", text + "x".repeat(size));
        text += "x".repeat(size);
      } catch {
        size >>= 1;
      }
    }
  });
  await page.click("#new");
  await ask(page, "¿Qué son los perros?");
  assertStringIncludes(await answer(page), "caninos");
  assertStringIncludes(await page.locator("#toast").innerText(), "El navegador no tiene espacio");
  assertEquals(await titles(page), ["¿Qué son los perros?", "¿Qué son los gatos?"]);
  await page.evaluate(() => localStorage.removeItem("another program's"));
  await ask(page, "¿Qué son los gatos?");
  await page.waitForFunction(() => document.querySelectorAll("article.assistant .foot").length === 2);
  await page.reload();
  assertEquals(await titles(page), ["¿Qué son los perros?", "¿Qué son los gatos?"]);
  assertEquals(await questions(page), ["¿Qué son los perros?", "¿Qué son los gatos?"]);
});

test("the page works where storage is forbidden", async ({ context, tab }) => {
  await context.addInitScript(() => {
    const denied = {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    };
    Object.defineProperty(globalThis, "localStorage", denied);
    Object.defineProperty(globalThis, "sessionStorage", denied);
  });
  const page = await tab();
  await ask(page, "¿Qué son los gatos?");
  assertStringIncludes(await answer(page), "felinos");
  assertStringIncludes(await page.locator("#toast").innerText(), "El navegador no tiene espacio");
});

test("a question that is too long stays in its box, and is told", async ({ page }) => {
  const long = "a".repeat(100_001);
  await page.fill("#prompt", long);
  await page.click("#send");
  assertStringIncludes(await page.locator("#toast").innerText(), "demasiado larga");
  assertEquals((await page.inputValue("#prompt")).length, long.length);
  assertEquals(await questions(page), []);
});

test("what is open inside an answer stays open when the next one comes", async ({ page }) => {
  await page.uncheck("#faq");
  await ask(page, "¿Qué son los gatos?");
  await answer(page);
  await page.click("text=Ver por dentro");
  await page.waitForSelector(".bars");
  await ask(page, "hola");
  await page.waitForFunction(() => document.querySelectorAll("article.assistant .foot").length === 2);
  assert(await page.locator(".trace").isVisible());
  await page.click("#language");
  assertEquals(await page.locator("article.assistant .look").allInnerTexts(), [
    "Look inside",
    "Look inside",
  ]);
});
