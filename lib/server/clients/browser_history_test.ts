/** What a model is told of a conversation, in headless Chromium with the models that ship. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { ask, browserTests, slide } from "./browser.ts";

const test = browserTests("--models", "models");

const DOGS = "¿Qué son los perros?",
  CATS = "¿Qué son los gatos?",
  CAPITAL = "¿Cuál es la capital de Costa Rica?";

/** Asks, and returns the answer of this turn. */
async function turn(page: Page, question: string): Promise<string> {
  const before = await page.locator("article.assistant .foot").count();
  await ask(page, question);
  await page.waitForFunction((n) => document.querySelectorAll("article.assistant .foot").length > n, before);
  return await page.locator("article.assistant").last().innerText();
}

/** Collects what the chat is asked. */
function requests(page: Page) {
  const found: { role: string; content: string }[][] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/v1/chat/completions")) found.push(request.postDataJSON().messages);
  });
  return found;
}

const ORDERS = [[DOGS, CATS, CAPITAL], [CATS, CAPITAL, DOGS], [CAPITAL, DOGS, CATS]];
const RIGHT: Record<string, string> = { [DOGS]: "caninos", [CATS]: "felinos", [CAPITAL]: "San José" };

test("three facts asked in one conversation are answered right by the model alone", async ({ page }) => {
  await page.selectOption("#model", "small/instruct");
  await page.uncheck("#faq");
  assertEquals(await page.inputValue("#temperature"), "0");
  for (const order of ORDERS) {
    await page.click("#new");
    for (const question of order) assertStringIncludes(await turn(page, question), RIGHT[question]);
    assertEquals(await page.locator(".badge.model").allInnerTexts(), Array(3).fill("small/instruct"));
  }
});

test("the history is sent only when its switch is on, which says what it does", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const sent = requests(page);
  await page.selectOption("#model", "small/instruct");
  await page.uncheck("#faq");
  assertEquals(await page.isChecked("#history"), false);
  assertStringIncludes(await page.locator("#remembering").innerText(), "Recordar la conversación");
  assertStringIncludes(await page.locator("#remembering").innerText(), "recibe cada pregunta por separado");
  await turn(page, DOGS);
  await turn(page, CATS);
  assertEquals(sent.at(-1), [{ role: "user", content: CATS }]);
  await page.check("#history");
  await turn(page, CAPITAL);
  assertEquals(sent.at(-1)!.map(({ role }) => role), ["user", "assistant", "user", "assistant", "user"]);
  assertEquals(sent.at(-1)!.at(-1)!.content, CAPITAL);
  // A link holds no conversation: only for an answer without one is that whole.
  for (
    const [at, told] of [[0, "Se copió el enlace."], [2, "El modelo recordaba la conversación"]] as const
  ) {
    await page.locator("[aria-label^='Copiar un enlace']").nth(at).click();
    await page.waitForSelector(`#toast >> text=${told}`);
  }
  await page.click("#language");
  assertStringIncludes(await page.locator("#remembering").innerText(), "Remember the conversation");
  assertStringIncludes(await page.locator("#remembering").innerText(), "each question by itself");
  await page.selectOption("#model", "small/pretrain");
  await slide(page, "max_tokens", 10);
  assertEquals(await page.isVisible("#remembering"), false, "a model that continues text knows no turns");
  await turn(page, "Había una vez");
  assertEquals(sent.at(-1), [{ role: "user", content: "Había una vez" }]);
});

test("the model's card says how well it does and what it learned from, and leads to its curves", async ({ page }) => {
  await page.selectOption("#model", "small/pretrain");
  await page.waitForSelector("#card .name >> text=small/pretrain");
  const card = await page.locator("#card dl").innerText();
  assertMatch(card, /parámetros\n2\.95\d\.\d{3}/);
  assertMatch(card, /pérdida en validación\n\d,\d{3} nats por token, \d,\d\d bits por byte/);
  assertMatch(card, /aprendió de\n60 MB de textos del mundo; data\/raw/);
  await page.selectOption("#model", "small/instruct");
  await page.waitForSelector("#card .name >> text=small/instruct");
  await page.click("#card summary");
  const lineage = await page.locator("#card ol li").allInnerTexts();
  assertMatch(lineage[0], /^Ajuste para responder .*\d pasos/);
  assertMatch(lineage[1], /^Preentrenamiento .*\d pasos\s+60 MB de textos del mundo; data\/raw/);
  await page.click("#card >> text=Ver sus curvas");
  await page.waitForFunction(() => document.body.dataset.drawn === "1");
  assertEquals(new URL(page.url()).search, "?run=small%2Finstruct");
});

test("the tour tells the shipped model's error as it is", async ({ page }) => {
  await page.click(".card >> text=Descubre su error");
  const about = await page.locator("article.assistant .text").last();
  await page.waitForSelector("article.assistant .foot");
  assertEquals((await about.innerText()).includes("42"), false, "it gives another sum");
});

test("labels and failed answers never become a chat's history", async ({ page, faults }) => {
  const sent = requests(page);
  await page.check("#history");
  await page.uncheck("#faq");
  await page.selectOption("#model", "small/classify/temas");
  await turn(page, "Marcó dos goles.");
  await page.selectOption("#model", "small/instruct");
  await page.route("**/v1/chat/completions", (route) => route.fulfill({ status: 503, body: "{}" }));
  await turn(page, "¿Falla?");
  await page.unroute("**/v1/chat/completions");
  faults.length = 0; // the browser notes the refused request
  const answer = await turn(page, DOGS);
  assertEquals(sent.at(-1), [{ role: "user", content: DOGS }]);
  assertStringIncludes(answer, "caninos");
  await turn(page, CATS);
  assertEquals(sent.at(-1)!.map(({ content }) => content), [DOGS, "Los perros son caninos.", CATS]);
});
