/** Two tabs of the page in headless Chromium: neither undoes what the other does. */
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { answer, ask, browserTests, end, say, titles, wasAborted } from "./browser.ts";

const test = browserTests();

/** Waits until the list holds these conversations. */
const waitForTitles = (page: Page, wanted: string[]) =>
  page.waitForFunction(
    (wanted) =>
      JSON.stringify([...document.querySelectorAll("#talks [aria-current]")].map((e) => e.textContent)) ===
        wanted,
    JSON.stringify(wanted),
  );

/** Waits until questions and answers are these: what another tab writes comes a moment later. */
const waitForTexts = (page: Page, wanted: string[]) =>
  page.waitForFunction(
    (wanted) =>
      JSON.stringify([...document.querySelectorAll<HTMLElement>("article .text")].map((e) => e.innerText)) ===
        wanted,
    JSON.stringify(wanted),
  );

test("two tabs do not erase each other's conversations", async ({ page, tab }) => {
  const other = await tab();
  await ask(page, "uno");
  await waitForTitles(other, ["Nueva conversación", "uno"]);
  await ask(other, "dos");
  await waitForTitles(page, ["dos", "uno"]);
  await say(page, 0, "Primera");
  await end(page, 0);
  await answer(page);
  await say(other, 0, "Segunda");
  await end(other, 0);
  await answer(other);
  // Now both ask in the same one at the same time.
  await other.click("#talks >> text=uno");
  assertEquals(await answer(other), "Primera");
  await ask(page, "tres");
  await ask(other, "cuatro");
  await say(page, 1, "Tercera");
  await say(other, 1, "Cuarta");
  await end(other, 1);
  await end(page, 1);
  const said = ["uno", "Primera", "tres", "Tercera", "cuatro", "Cuarta"];
  for (const one of [page, other]) {
    await waitForTexts(one, said);
    await one.reload();
    assertEquals(await titles(one), ["dos", "uno"]);
    assertEquals(await one.locator("article .text").allInnerTexts(), said);
  }
}, { held: true });

test("what another tab writes over, as it had not seen it, is stored again", async ({ page, tab }) => {
  const other = await tab();
  await ask(page, "uno");
  await waitForTitles(other, ["Nueva conversación", "uno"]);
  const key = await page.evaluate(() => Object.keys(localStorage).find((key) => key.includes(".talk."))!);
  const before = await page.evaluate((key) => localStorage.getItem(key)!, key);
  await say(page, 0, "Primera");
  await end(page, 0);
  await answer(page);
  await other.evaluate(([key, before]) => localStorage.setItem(key, before), [key, before]);
  await other.waitForFunction((key) => localStorage.getItem(key)!.includes("Primera"), key, {
    timeout: 5000,
  });
}, { held: true });

test("a conversation deleted in one tab does not come back from another", async ({ context, tab }) => {
  // What keeps the news of other tabs from a tab, as from one that sleeps, must be there before the page's script.
  await context.addInitScript(() =>
    addEventListener("storage", (event) => "asleep" in globalThis && event.stopImmediatePropagation())
  );
  const page = await tab(), other = await tab();
  await ask(page, "uno");
  await say(page, 0, "Primera");
  await waitForTitles(other, ["Nueva conversación", "uno"]);
  await other.click("#talks .delete");
  await waitForTitles(page, ["Nueva conversación"]);
  assertEquals(await wasAborted(page, 0), true);
  await ask(page, "dos");
  await waitForTitles(other, ["Nueva conversación", "dos"]);
  await page.evaluate(() => Object.assign(globalThis, { asleep: true }));
  await other.click("#talks .delete");
  await say(page, 1, "Segunda");
  await end(page, 1);
  await waitForTitles(page, ["Nueva conversación"]);
  await page.reload();
  assertEquals(await titles(page), ["Nueva conversación"]);
  // Undone, both are back everywhere.
  await other.click("text=Deshacer");
  await waitForTitles(page, ["Nueva conversación", "dos", "uno"]);
}, { held: true });
