/** Files and old storage in headless Chromium: whatever they hold, the page goes on. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { answer, ask, browserTests, titles } from "./browser.ts";

const test = browserTests();

const upload = (page: Page, text: string) =>
  page.setInputFiles("#import-file", {
    name: "a.json",
    mimeType: "application/json",
    buffer: Buffer.from(text),
  });
const user = { role: "user", content: "hola" };
const sound = { id: "1", messages: [user, { role: "assistant", content: "buenas", model: "m" }] };
/** A file of a sound conversation and one whose answer has another field. */
const withAnswer = (field: Record<string, unknown>) =>
  JSON.stringify([sound, { id: "2", messages: [user, { role: "assistant", content: "x", ...field }] }]);

const trace = { source: "model", ids: [1], tokens: ["a"], prompt: 1, context: 8 };
/** Files that are refused, each with what is said of it. */
const REFUSED: [string, string][] = [
  ["{", "el archivo no es JSON"],
  ["", "el archivo no es JSON"],
  ["{}", "el archivo no es una lista de conversaciones exportadas"],
  ["[]", "el archivo no contiene ninguna conversación"],
  ["[null]", "en «[0]» se esperaba un objeto"],
  [`[{"id":"1"}]`, "en «[0].messages» falta una lista"],
  [`[{"id":"","messages":[]}]`, "en «[0].id» falta un texto"],
  [
    `[{"id":"1","messages":[{"role":"system","content":""}]}]`,
    "en «[0].messages[0].role» hay un valor desconocido",
  ],
  [
    `[{"id":"1","messages":[{"role":"assistant","content":""}]}]`,
    "«[0].messages[0].role» hay una respuesta sin pregunta",
  ],
  [withAnswer({ content: 1 }), "en «[1].messages[1].content» falta un texto"],
  [
    withAnswer({ content: "x".repeat(1_000_001) }),
    "en «[1].messages[1].content» falta un texto, o es demasiado largo",
  ],
  [withAnswer({ labels: "x" }), "en «[1].messages[1].labels» falta una lista"],
  [
    withAnswer({ labels: [{ label: "x", probability: 2 }] }),
    "«[1].messages[1].labels[0].probability» se esperaba un número entre",
  ],
  [withAnswer({ trace: {} }), "en «[1].messages[1].trace.source» hay un valor desconocido"],
  [withAnswer({ trace: { ...trace, tokens: [1] } }), "en «[1].messages[1].trace.tokens[0]» falta un texto"],
  [
    withAnswer({ tokens: [{ token: "a", logprob: 0 }] }),
    "en «[1].messages[1].tokens[0].top_logprobs» falta una lista",
  ],
  [withAnswer({ at: "ayer" }), "en «[1].messages[1].at» se esperaba un número"],
  [withAnswer({ stopped: 1 }), "en «[1].messages[1].stopped» se esperaba «true» o «false»"],
  [JSON.stringify(Array(10_001).fill(sound)), "el archivo no es una lista"],
  [
    JSON.stringify([{ id: "1", messages: [{ ...user, id: "q" }, { ...user, id: "q" }] }]),
    "hay un identificador repetido",
  ],
  ["[".repeat(1_000_000) + "]".repeat(1_000_000), "en «[0]» se esperaba un objeto"],
  [`["${"x".repeat(10_000_000)}"]`, "el archivo pasa de 10 MB"],
];

test("a file that holds no conversations is refused, told why, and changes nothing", async ({ page }) => {
  await ask(page, "¿Qué son los gatos?");
  await answer(page);
  const kept = () => page.evaluate(() => JSON.stringify(localStorage));
  const before = await kept();
  for (const [text, reason] of REFUSED) {
    await upload(page, text);
    await page.waitForSelector("#toast .urgent");
    const told = await page.locator("#toast").innerText();
    assertStringIncludes(told, "No se importó nada:", text.slice(0, 100));
    assertStringIncludes(told, reason, text.slice(0, 100));
    await page.click("#toast [aria-label=Cerrar]");
  }
  assertEquals(await kept(), before);
  await page.click("#language");
  await upload(page, "{");
  await page.waitForSelector("#toast >> text=Nothing was imported: the file is not JSON.");
  await page.reload();
  assertEquals(await titles(page), ["¿Qué son los gatos?"]);
  assertStringIncludes(await answer(page), "felinos");
});

test("conversations outlive a reload, and are exported and imported", async ({ page }) => {
  await page.uncheck("#faq");
  await ask(page, "¿Qué son los gatos?");
  const said = await answer(page);
  await page.reload();
  assertEquals(await answer(page), said);
  const exported = async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#export")]);
    return Deno.readTextFile(await download.path());
  };
  const text = await exported();
  await page.click("#talks .delete");
  await page.click("#toast [aria-label=Cerrar]");
  await page.waitForSelector(".hello");
  await upload(page, text);
  assertEquals(await answer(page), said);
  assertStringIncludes(await page.locator("#toast").innerText(), "Se importó una conversación.");
  assertEquals(await exported(), text, "nothing is lost on the way");
  await page.click("text=Ver por dentro");
  await page.waitForSelector(".bars");
});

test("importing a conversation that is here makes no copy, unless they differ", async ({ page }) => {
  const file = JSON.stringify([sound, { ...sound, id: "2", messages: [{ ...user, content: "adiós" }] }]);
  await upload(page, file);
  await page.waitForSelector("#toast >> text=Se importaron 2 conversaciones.");
  await upload(page, file);
  await page.click("#toast [aria-label=Cerrar]");
  assertEquals((await titles(page)).sort(), ["adiós", "hola"]);
  await upload(page, JSON.stringify([{ ...sound, messages: [{ ...user, content: "otra" }] }]));
  await page.waitForSelector("article.user >> text=otra");
  assertEquals((await titles(page)).sort(), ["adiós", "hola", "otra"]);
  await page.reload();
  assertEquals((await titles(page)).sort(), ["adiós", "hola", "otra"]);
});

test("ten thousand conversations are imported, in two tabs", async ({ page, tab }) => {
  const other = await tab();
  const count = 10_000;
  await upload(page, JSON.stringify(Array.from({ length: count }, (_, i) => ({ ...sound, id: `${i}` }))));
  await page.waitForSelector("#toast >> text=Se importaron 10000 conversaciones.");
  for (const one of [page, other]) {
    await one.waitForSelector("#more-talks >> text=Mostrar más (99");
    assertEquals(await one.locator("#talks [aria-current]").count(), 100);
  }
  await page.click("#more-talks");
  assertEquals(await page.locator("#talks [aria-current]").count(), 1000);
  assertEquals(await answer(page), "buenas");
});

test("damaged storage loses only what is damaged", async ({ page }) => {
  await ask(page, "¿Qué son los gatos?");
  await answer(page);
  await page.evaluate((old) => {
    localStorage.setItem("talks", old);
    const own = Object.keys(localStorage).find((key) => key.startsWith("desde-cero.talk."))!;
    const copy = { ...JSON.parse(localStorage[own]), id: "9" };
    copy.messages[1].trace.ids = "x";
    localStorage.setItem("desde-cero.talk.9", JSON.stringify(copy));
    localStorage.setItem("desde-cero.talk.8", "{");
    localStorage.setItem("desde-cero.talk.7", localStorage[own]);
    localStorage.setItem("desde-cero.settings", "[");
    sessionStorage.setItem("desde-cero.shown", "{");
  }, withAnswer({ labels: "what once left the page empty for ever" }));
  await page.reload();
  assertEquals(await titles(page), ["Nueva conversación", "¿Qué son los gatos?", "hola"]);
  await page.click("#talks >> text=hola");
  assertEquals(await answer(page), "buenas");
  assertEquals(await page.evaluate(() => localStorage.getItem("talks")), null, "the old list was taken over");
  await page.evaluate(() => localStorage.setItem("talks", "[{"));
  await page.reload();
  assertEquals(await titles(page), ["¿Qué son los gatos?", "hola"]);
});
