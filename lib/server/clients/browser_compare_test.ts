/** One question put to several models on the page of a model's inside: a model, its copy in 4 bits, another run. */
import { assertEquals } from "@std/assert";
import { browserTests } from "./browser.ts";

const root = new URL("../../../", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
const { success, stderr } = await new Deno.Command(Deno.execPath(), {
  args: [
    ...["run", "-q", `--config=${root}deno.json`, "--allow-all"],
    ...["lib/server/testing.ts", folder, "--quantised"],
  ],
  cwd: root,
}).output();
if (!success) throw new Error(new TextDecoder().decode(stderr));
const test = browserTests("--models", folder);

test("a model, its copy in 4 bits and another run answer one question as the server lets each of them", async ({ page }) => {
  await page.goto(new URL("/inside", page.url()).href);
  await page.waitForSelector("#strip .token");
  await page.selectOption("#model", "wide/instruct");
  await page.fill("#input", "hola, hola");
  await page.press("#input", "Enter");
  await page.waitForFunction(() => document.querySelectorAll("#strip .given").length === 12);
  // Random models may say the same: that each answers for itself is seen by what is asked.
  const asked = new Set<string>();
  page.on("request", (request) => {
    if (request.url().endsWith("/api/inside/continue")) asked.add(request.postDataJSON().model);
  });
  await page.click("#tab-compare");
  await page.waitForFunction(() => document.querySelectorAll(".compared .text").length === 4);
  await page.click("text=Todos los modelos");
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".compared .part")].map((part) => part.querySelector("select")!)
      .some(({ options, selectedIndex }) => options[selectedIndex].text === "wide/instruct-q4") &&
    document.querySelectorAll(".compared .text").length === 4
  );
  const ask = (path: string, body: object) =>
    page.evaluate(async ([path, body]) => {
      const headers = { "content-type": "application/json" };
      return await (await fetch(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
    }, [path, body] as const);
  const columns = await page.locator(".compared .part").evaluateAll((parts) =>
    parts.map((part) => {
      const { options, selectedIndex } = part.querySelector("select")!;
      const tokens = [...part.querySelectorAll(".text .token")].map(({ textContent }) => textContent);
      return { model: options[selectedIndex].text, tokens };
    })
  );
  const models = ["tiny/instruct", "tiny/pretrain", "wide/instruct", "wide/instruct-q4"];
  assertEquals(columns.map(({ model }) => model).sort(), models);
  assertEquals([...asked].sort(), models);
  const visible = (token: string) =>
    token.replaceAll("\n", "⏎").replace(/^ +$/, (blanks) => "␣".repeat(blanks.length));
  for (const { model, tokens } of columns) {
    const { ids } = await ask("/api/inside/tokens", { model, input: "hola, hola" });
    const answer = await ask("/api/inside/continue", { model, ids, temperature: 0, max_tokens: 80 });
    assertEquals(tokens, answer.tokens.map(({ token }: { token: string }) => visible(token)), model);
  }
});
