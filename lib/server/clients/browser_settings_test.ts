/** Settings of the page in headless Chromium. */
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTests, slide } from "./browser.ts";

const test = browserTests("--api-key", "secreto");

const FIELDS = ["#max_tokens", "#temperature", "#top_k", "#top_p", "#seed", "#system", "#model"];
const values = async (page: Page) => ({
  fields: await Promise.all(FIELDS.map((id) => page.inputValue(id))),
  faq: await page.isChecked("#faq"),
  history: await page.isChecked("#history"),
});
const first = {
  fields: ["120", "0", "0", "1", "", "", "tiny/instruct"],
  faq: true,
  history: false,
};

test("settings are as they were left after a reload, and can be reset", async ({ page, tab }) => {
  assertEquals(await values(page), first);
  await page.uncheck("#faq");
  await page.check("#history");
  await slide(page, "max_tokens", 33);
  await slide(page, "temperature", 1.5);
  await slide(page, "top_k", 7);
  await slide(page, "top_p", 0.5);
  await page.fill("#seed", "9");
  await page.fill("#system", "Sé breve.");
  await page.fill("#key", "secreto");
  const left = {
    fields: ["33", "1.5", "7", "0.5", "9", "Sé breve.", "tiny/instruct"],
    faq: false,
    history: true,
  };
  await page.reload();
  assertEquals(await values(page), left);
  assertEquals(await page.locator("output[for=temperature]").innerText(), "1,5");
  assertEquals(await page.inputValue("#key"), "secreto");
  const other = await tab();
  assertEquals(await values(other), left);
  assertEquals(await other.inputValue("#key"), "", "a secret is not kept for other tabs");
  await page.selectOption("#model", "tiny/pretrain");
  await page.click("#language");
  await page.click("#reset");
  await page.reload();
  assertEquals(await page.locator("#send").innerText(), "Send");
  // A model that continues text says little at temperature 0.
  const fields = ["120", "0.7", "0", "1", "", "", "tiny/pretrain"];
  assertEquals(await values(page), { ...first, fields });
});

test("settings that make no sense are left out, one by one", async ({ page }) => {
  await page.evaluate(() =>
    localStorage.setItem(
      "desde-cero.settings",
      JSON.stringify({
        faq: "no",
        history: 1,
        max_tokens: 1e9,
        temperature: "x",
        top_k: 5,
        seed: 1.5,
        system: {},
        model: "none",
      }),
    )
  );
  await page.evaluate(() => localStorage.setItem("desde-cero.language", "fr"));
  await page.reload();
  assertEquals(await values(page), { ...first, fields: ["400", "0", "5", "1", "", "", "tiny/instruct"] });
  assertEquals(await page.locator("html").getAttribute("lang"), "es");
});
