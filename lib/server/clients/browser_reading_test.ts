/** How a conversation is read and found again, in headless Chromium: waiting, its end, days, keys, what covers it. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { answer, ask, browserTests, end, say, titles } from "./browser.ts";

const test = browserTests();

/** Text that a style sheet shows before an element's own. */
const before = (page: Page, selector: string) =>
  page.locator(selector).evaluate((element) => getComputedStyle(element, "::before").content);

test("before the first token comes, the answer says that the model reads", async ({ page }) => {
  await ask(page, "uno");
  await page.waitForSelector(".writing .text");
  assertEquals(await before(page, ".writing .text"), '"Leyendo…"');
  await say(page, 0, "Primera");
  await page.waitForSelector(".writing .text >> text=Primera");
  assertEquals(await before(page, ".writing .text"), "none");
  await end(page, 0);
  assertEquals(await answer(page), "Primera");
}, { held: true });

test("a button leads to the end of a conversation that is scrolled up", async ({ page }) => {
  await ask(page, "uno");
  await say(page, 0, "una línea\n".repeat(80));
  await end(page, 0);
  await answer(page);
  await page.waitForSelector("#to-end", { state: "hidden" });
  await page.locator("#log").evaluate((log) => log.scrollTo({ top: 0, behavior: "instant" }));
  await page.click("#to-end");
  await page.waitForSelector("#to-end", { state: "hidden" });
  await page.waitForFunction(() => {
    const { scrollHeight, scrollTop, clientHeight } = document.querySelector("#log")!;
    return scrollHeight - scrollTop - clientHeight < 2;
  });
  assertEquals(await page.evaluate(() => document.activeElement?.id), "prompt");
}, { held: true });

test("conversations stand under the days on which they began", async ({ page }) => {
  const day = 86_400_000, noon = new Date().setHours(12, 0, 0, 0);
  await page.evaluate((times) => {
    for (const [i, created] of times.entries()) {
      const messages = [{ role: "user", content: `pregunta ${i}` }];
      localStorage.setItem(`desde-cero.talk.t${i}`, JSON.stringify({ id: `t${i}`, created, messages }));
    }
    sessionStorage.clear(); // which says that a new conversation was shown
  }, [0, noon - 400 * day, noon - 3 * day, noon - day, noon - day + 1]);
  await page.reload();
  const list = await page.locator("#talks li").allTextContents();
  const month = new Date(noon - 400 * day).toLocaleDateString("es", { month: "long", year: "numeric" });
  assertEquals(
    list.map((text) => text.replace("×", "").toLowerCase()),
    [
      ...["ayer", "pregunta 4", "pregunta 3", "últimos siete días", "pregunta 2"],
      ...[month, "pregunta 1", "antes", "pregunta 0"],
    ],
  );
});

test("keys begin a conversation and search them", async ({ page }) => {
  await page.keyboard.press("Control+k");
  assertEquals(await page.evaluate(() => document.activeElement?.id), "prompt", "there is nothing to search");
  for (const [i, question] of ["uno", "dos"].entries()) {
    await page.keyboard.press("Control+Shift+O");
    await ask(page, question);
    await say(page, i, "Sí.");
    await end(page, i);
    await answer(page);
  }
  assertEquals(await titles(page), ["dos", "uno"]);
  await page.keyboard.press("Control+k");
  assertEquals(await page.evaluate(() => document.activeElement?.id), "search");
}, { held: true });

test(
  "a phone dims what the sidebar and the settings cover, and a tap there closes them",
  async ({ page }) => {
    for (
      const [opener, panel, x] of [["#open-side", "#side", 380], ["#open-settings", "#settings", 10]] as const
    ) {
      await page.click(opener);
      await page.waitForTimeout(300); // the sidebar slides in
      await page.mouse.click(x, 400);
      await page.waitForTimeout(300);
      assertEquals(await page.locator(panel).isVisible(), false, panel);
    }
    await page.fill("#prompt", "a");
    const send = await page.locator("#send").boundingBox();
    assert(send!.width <= 48, "an arrow has room for more of the text");
    assert(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      "nothing sticks out",
    );
  },
  { width: 390 },
);
