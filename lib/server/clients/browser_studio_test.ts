/** The studio in headless Chromium: a training watched to its end, a fact taught and taken back, and what goes wrong. */
import { AxeBuilder } from "@axe-core/playwright";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Browser, BrowserContext, Page, Response } from "playwright-core";
import { findNoFault } from "./accessibility.ts";
import { launchChromium, testWithChromium } from "./browser.ts";
import { Description } from "./described.ts";
import { copyProject, HAS_DISKS, type Project, type TestStudio } from "./studio.ts";

/** Milliseconds that a training may take on a busy machine. */
const LONG = 1_800_000;

/** Varied text of about so many characters. */
function sampleText(characters: number): string {
  const who = ["El gato", "La perra", "Mi tía", "Un niño", "La maestra", "El río"];
  const does = ["mira", "busca", "sueña con", "encuentra", "olvida", "canta a"];
  const what = ["la luna", "el mar", "un camino", "la lluvia", "su sombrero", "el café"];
  let text = "";
  for (let i = 0; text.length < characters; i++) {
    text += `${who[i % 6]} ${does[(i * 5 + 1) % 7 % 6]} ${what[(i * 7 + 2) % 11 % 6]} por ${i}.\n`;
  }
  return text;
}

let project: Project | undefined, browser: Browser | undefined;
Deno.test.afterAll(async () => {
  await browser?.close();
  await project?.[Symbol.asyncDispose]();
});

interface Opened {
  readonly project: Project;
  readonly context: BrowserContext;
  /** What went wrong in the pages: errors of the console that the test does not make itself, and foreign requests. */
  readonly faults: string[];
  tab(): Promise<Page>;
}

/** What the API's description says. */
let description: Description | undefined;

/** What is wrong with an answer by the API's description; null if nothing. */
async function faultIn(response: Response, body: string): Promise<string | null> {
  const { origin, pathname } = new URL(response.url());
  description ??= await Description.of(origin);
  const path = description.pathOf(pathname), method = response.request().method();
  described.add(`${method} ${path}`);
  return description.answerFault(JSON.parse(body), { method, path, status: response.status() });
}

/** The routes whose answers were compared with the description. */
const described = new Set<string>();

/** A test in a browser without anything in its storage, whose project is that of all tests of this file. */
function test(
  name: string,
  use: (opened: Opened) => Promise<void>,
  { width = 1200, dark = false, locale = "es-CR" } = {},
) {
  testWithChromium(name, async () => {
    browser ??= await launchChromium();
    project ??= await copyProject();
    const colorScheme = dark ? "dark" : "light";
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, locale });
    const faults: string[] = [];
    const tab = async () => {
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      page.on("pageerror", (error) => faults.push(String(error)));
      page.on("request", (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (protocol.startsWith("http") && hostname !== "localhost") faults.push(request.url());
      });
      page.on("response", async (response) => {
        const { pathname } = new URL(response.url());
        if (!pathname.startsWith("/api/studio/")) return;
        // A page that is left, or a studio that ends, may leave an answer without its end.
        const body = await response.text().catch(() => "");
        const fault = body === "" ? null : await faultIn(response, body).catch(String);
        if (fault) faults.push(fault);
      });
      page.on("console", (message) => {
        // Of requests that are refused, or that nobody answers while the studio is restarted.
        const expected = /Failed to load resource/.test(message.text());
        if (message.type() === "error" && !expected) faults.push(message.text());
      });
      return page;
    };
    try {
      await use({ project, context, faults, tab });
      assertEquals(faults, []);
    } finally {
      await context.close();
    }
  });
}

/** Opens a page of the studio by the address that it prints. */
async function visit(page: Page, studio: TestStudio, path = "/studio") {
  await page.goto(studio.url);
  if (path !== "/studio") await page.goto(studio.origin + path);
}

/** Waits until a card says that it is in a state. */
const inState = (page: Page, card: string, state: string) =>
  page.waitForSelector(`${card}[data-state=${state}]`, { timeout: LONG });

test("a training is watched to its end, on two pages, reloaded, with the studio restarted in between", async ({ project, tab }) => {
  let studio = await project.studio();
  const [first, second] = [await tab(), await tab()];
  const card = "[data-name=mi-cuento]";
  await visit(first, studio);
  await first.fill("#text", sampleText(6000));
  await first.fill("#name", "Mi cuento");
  await first.check("[name=size][value=tiny]");
  await first.fill("#minutes", "1");
  await first.click("#start");
  await inState(first, card, "running");
  await findNoFault(first);
  assertEquals(await first.inputValue("#text"), "");
  await visit(second, studio);
  await inState(second, card, "running");
  // A second training is refused, in the page's language.
  await second.fill("#text", sampleText(6000));
  await second.click("#start");
  await second.waitForSelector("text=Ahora se está entrenando «mi-cuento»");
  await first.waitForSelector(`${card}[data-step]`, { timeout: LONG });
  const curves = await tab();
  await visit(curves, studio, "/runs?run=mi-cuento%2Fpretrain");
  const points = () => curves.locator("#chart-loss").getAttribute("data-points").then(Number);
  await curves.waitForSelector("#chart-loss[data-points]", { timeout: LONG });
  const drawn = await points();

  await studio.stop();
  await first.waitForSelector("#lost:not(:empty)");
  await curves.waitForSelector("#status[data-live=false]");
  studio = await project.studio({ port: studio.port });
  // The new one has another token.
  await first.waitForSelector("text=El estudio se reinició");
  for (const page of [first, second]) await visit(page, studio);
  // The curves go on by themselves.
  await curves.waitForSelector("#status[data-live=true]");
  await curves.waitForFunction(
    (drawn) => Number(document.getElementById("chart-loss")?.dataset.points) > drawn,
    drawn,
    { timeout: LONG },
  );
  await first.reload();
  const step = Number(await first.locator(card).getAttribute("data-step"));

  await first.locator(`${card} .stop`).click();
  await inState(second, card, "stopped");
  await second.locator(`${card} .resume`).click();
  await inState(first, card, "running");
  await inState(first, card, "finished");
  assert(Number(await first.locator(card).getAttribute("data-step")) > step);
  // Its snapshots show one prompt through the training, from the random start on.
  const seen = (step: number) => curves.waitForSelector(`#growth-seen .seen[data-step="${step}"]`);
  await curves.waitForSelector("#growth-seen .seen");
  await curves.fill("#growth-step", "0");
  await seen(0);
  await curves.fill("#growth-step", "3");
  await seen(4);
  await inState(second, card, "finished");
  await first.fill(`${card} .trial input`, "El gato");
  await first.click(`${card} .trial button`);
  const written = first.locator(`${card} output`);
  await written.filter({ hasText: /^El gato./ }).waitFor();
  await first.click(`${card} > details summary`);
  await first.waitForSelector(`${card} pre >> text=pretrain: done in`);
  assertEquals(
    await first.locator(`${card} a >> nth=0`).getAttribute("href"),
    "/runs?run=mi-cuento%2Fpretrain",
  );
  await studio.stop();

  // All of it is there for a terminal.
  const { code, output } = await project.task("pipeline", "--config", "configs/mi-cuento.yaml");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "models/mi-cuento/pretrain is up to date");
});

test("a fact is taught, answered and taken back", async ({ project, tab }) => {
  await using studio = await project.studio();
  const page = await tab(), other = await tab();
  await visit(page, studio, "/teach");
  assertEquals(await page.inputValue("#model"), "small/instruct");
  await page.click("#start"); // nothing is written yet
  assertEquals(await page.locator("#lessons li").count(), 0);
  await page.fill(".answer", "Llueve.");
  await page.click("#show");
  await page.waitForSelector("text=Escribe la pregunta que se responde con «Llueve.».");
  await page.fill(".answer", "Rufo es mi perro.");
  await page.click("#show");
  await page.waitForSelector(".wordings li >> nth=11");
  assertEquals(await page.inputValue(".question"), "¿Quién es Rufo?");
  await page.click("#start");
  const card = "[data-id='small/taught']";
  await inState(page, card, "running");
  await visit(other, studio, "/teach");
  await inState(other, card, "running");
  await page.waitForSelector(`${card} .steps li`, { timeout: LONG });
  // In the page's language, as it is switched.
  assertMatch(
    await page.locator(`${card} .steps li`).first().innerText(),
    /^paso \d+: preguntas enseñadas \d+ de \d+/,
  );
  assertMatch(
    await page.locator(`${card} .facts`).first().innerText(),
    /^paso \d+, de 150 como mucho · pérdida \d,\d+ · .*\d s desde el comienzo$/,
  );
  assertEquals(await page.getAttribute(`${card} progress`, "max"), "150");
  await page.click("#language");
  await page.waitForSelector(`${card} .steps >> text=taught questions`);
  await page.click("#language");
  await page.reload();
  await inState(page, card, "finished");
  const row = page.locator(`${card} tbody tr`).first();
  assertStringIncludes(await row.innerText(), "«¿Quién es Rufo?» dicha de otras maneras");
  assertEquals((await row.locator("td").first().innerText()).split(" ")[0], "0");

  /** What both models answer. */
  const ask = async (question: string) => {
    await page.fill(`${card} .trial input`, question);
    await page.click(`${card} .trial button`);
    await page.waitForFunction(
      (card) =>
        [...document.querySelectorAll(`${card} dd`)].every(({ textContent }) =>
          !/^…?$/.test(textContent ?? "")
        ),
      card,
    );
    return await page.locator(`${card} dd`).allInnerTexts();
  };
  const [before, after] = await ask("¿Quién es Rufo?");
  assert(!before.includes("perro"), before);
  assertEquals(after, "Rufo es mi perro.");
  const known = await ask("¿Cuál es la capital de Costa Rica?");
  for (const answer of known) assertStringIncludes(answer, "San José");

  await findNoFault(page);
  const undo = page.locator(card).getByRole("button", { name: /^Deshacer/ });
  await undo.click();
  await page.waitForSelector("dialog[open]");
  await findNoFault(page);
  await page.click("dialog >> text=Cancelar");
  assertEquals(await page.locator(card).count(), 1);
  await undo.click();
  await page.click("dialog >> text=Sí, borrar");
  for (const one of [page, other]) await one.waitForSelector(card, { state: "detached" });
  const models = [...Deno.readDirSync(`${project.folder}/models/small`)].map(({ name }) => name);
  assertEquals(models.filter((name) => !name.endsWith(".lock")), ["instruct"]);
});

test("a lesson is stopped; meanwhile no other begins; what is known is not learned again", async ({ project, tab }) => {
  await using studio = await project.studio();
  const page = await tab();
  await visit(page, studio, "/teach");
  const card = "[data-id='small/taught']";
  await page.fill(".answer", "Rufo es mi perro.");
  await page.click("#start");
  await inState(page, card, "running");
  await page.click("#start");
  await page.waitForSelector("#refused >> text=Ahora se está entrenando «small/taught»");
  await page.locator(card).getByRole("button", { name: /^Detener/ }).click();
  await inState(page, card, "stopped");
  assertStringIncludes(await page.locator(`${card} .state`).innerText(), "detenido: no quedó nada");
  await page.fill(".question", "¿Cuál es la capital de Costa Rica?");
  await page.fill(".answer", "San José es la capital de Costa Rica.");
  await page.click("#start");
  await inState(page, card, "known");
  assertStringIncludes(await page.locator(`${card} .state`).innerText(), "ya lo sabía todo");
  assertEquals([...Deno.readDirSync(`${project.folder}/data/facts`)].map(({ name }) => name), [
    "small-taught.jsonl",
  ]);
  await page.locator(card).getByRole("button", { name: /^Deshacer/ }).click();
  await page.click("dialog >> text=Sí, borrar");
  await page.waitForSelector(card, { state: "detached" });
  assertEquals([...Deno.readDirSync(`${project.folder}/data/facts`)], []);
});

test("a training is renamed and deleted by keyboard, and every page that shows it says so", async ({ project, tab }) => {
  const models = `${project.folder}/models`;
  for (const name of ["mio", "small"]) {
    await Deno.mkdir(`${models}/${name}/pretrain`, { recursive: true });
    await Deno.writeTextFile(`${models}/${name}/pretrain/metrics.jsonl`, '{"step":1,"loss":2}\n');
  }
  await using studio = await project.studio();
  const [page, other, curves] = [await tab(), await tab(), await tab()];
  const card = "[data-name=mio]";
  await visit(page, studio);
  await visit(other, studio);
  await visit(curves, studio, "/runs?run=mio%2Fpretrain");
  await curves.waitForFunction(() => document.body.dataset.drawn === "1");
  const press = async (button: string, ...keys: string[]) => {
    await page.locator(`${card} .${button}`).focus();
    for (const key of ["Enter", ...keys]) {
      await page.keyboard.press(key);
      if (key === "Enter" && keys.length > 0) await page.waitForSelector("dialog[open]");
    }
  };
  const focused = (name: string) =>
    page.waitForFunction((name) => document.activeElement?.className === name, name);
  const check = async () => {
    const { violations } = await new AxeBuilder({ page }).include("dialog[open]").analyze();
    assertEquals(violations.map(({ id }) => id), []);
  };

  await page.waitForSelector(card);
  await press("rename", "x", "Escape");
  assertEquals(await page.locator(`${card} h3`).innerText(), "mio");
  await press("rename");
  await page.waitForSelector("#rename[open]");
  // Closed and opened again before the browser has told that it was closed.
  await page.evaluate(() => {
    document.querySelector<HTMLDialogElement>("#rename")!.close();
    document.querySelector<HTMLButtonElement>("[data-name=mio] .rename")!.click();
  });
  await check();
  assertEquals(await page.locator("#rename-label").innerText(), "Nuevo nombre de «mio»");
  await page.keyboard.type("Cartas de Ana");
  await page.keyboard.press("Enter");
  for (const one of [page, other]) await one.waitForSelector(`${card} h3 >> text=Cartas de Ana`);
  await focused("rename");
  assertEquals(await page.locator(`${card} h3 small`).innerText(), "mio");

  await page.click("[data-name=small] .delete");
  await page.waitForSelector("#delete[open]");
  assertStringIncludes(await page.locator("#delete").innerText(), "«git restore models/small» se recupera");
  await page.click("#delete >> text=Cancelar");
  await press("delete", "Escape");
  await focused("delete");
  await page.click("#language");
  await press("delete");
  await page.waitForSelector("#delete[open]");
  await check();
  assertEquals(
    await page.locator("#delete-question").innerText(),
    "The folder models/mio (0.0 MB) will be deleted, with all that is in it: pretrain.",
  );
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  for (const one of [page, other]) await one.waitForSelector(card, { state: "detached" });
  await page.waitForFunction(() => document.activeElement?.id === "trainings-title");
  await curves.waitForSelector("#news >> text=Se borró mio/pretrain");
  assertEquals([...Deno.readDirSync(models)].map(({ name }) => name).filter((name) => /^mio/.test(name)), []);
  await Deno.remove(`${models}/small/pretrain`, { recursive: true });
});

test("what is no text or too short is told in a line", async ({ project, tab }) => {
  await using studio = await project.studio();
  const page = await tab();
  await visit(page, studio);
  const refused = (text: string) => page.waitForSelector(`#refused >> text=${text}`);
  await page.fill("#text", "Una frase.");
  await page.click("#start");
  await refused("Es demasiado corto para aprender de él: hacen falta al menos 2000 bytes");
  const file = (name: string, bytes: Uint8Array) => ({
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(bytes),
  });
  await page.setInputFiles("#files", file("foto.txt", new Uint8Array([0xff, 0xd8, 0xff, 0xe0])));
  await refused("Esto no es texto simple en UTF-8");
  await page.setInputFiles("#files", file("ceros.txt", new Uint8Array(5000)));
  await refused("Esto no es texto simple en UTF-8");
  await page.setInputFiles("#files", file("Mi libro.txt", new TextEncoder().encode(sampleText(3000))));
  await page.waitForSelector("#length:not(:empty)");
  assertEquals(await page.inputValue("#name"), "Mi libro");
});

test("a file can be dropped on the page", async ({ project, tab }) => {
  await using studio = await project.studio();
  const page = await tab();
  await visit(page, studio);
  const text = sampleText(3000);
  await page.evaluate((text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], "Carta.txt", { type: "text/plain" }));
    for (const name of ["dragover", "drop"]) {
      const event = new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true });
      document.querySelector("h1")!.dispatchEvent(event);
    }
  }, text);
  await page.waitForFunction(
    (text) => document.querySelector<HTMLTextAreaElement>("#text")!.value === text,
    text,
  );
  assertEquals(await page.inputValue("#name"), "Carta");
});

const others = Deno.networkInterfaces().map(({ address }) => address)
  .filter((address) => !/^(127\.|::1$|fe80:)/.test(address));
if (others.length === 0) {
  console.log("this machine has no other address: that the studio keeps to it is not tested");
} else {
  test("the studio is reached from this machine alone", async ({ project }) => {
    await using studio = await project.studio();
    (await Deno.connect({ hostname: "localhost", port: studio.port })).close();
    for (const hostname of others) {
      await assertRejects(
        () => Deno.connect({ hostname, port: studio.port }),
        Deno.errors.ConnectionRefused,
      );
    }
  });
}

if (!HAS_DISKS) console.log("this system gives tests no disks: a full one is not tested");
else {
  test("a full disk is told in a line", async ({ project, tab }) => {
    await using studio = await project.studio({ disks: { "data/texts": 40, "data/processed": 20 } });
    const page = await tab();
    await visit(page, studio);
    // The text itself has no room.
    await page.fill("#text", sampleText(60_000));
    await page.fill("#name", "largo");
    await page.click("#start");
    await page.waitForSelector(
      "#refused >> text=No se pudo. No hay espacio en el disco: libera un poco y vuelve a intentarlo.",
    );
    // What is made of it has none.
    await page.fill("#text", sampleText(25_000));
    await page.fill("#name", "lleno");
    await page.click("#start");
    await inState(page, "[data-name=lleno]", "failed");
    assertStringIncludes(
      await page.locator("[data-name=lleno] .error").innerText(),
      "No hay espacio en el disco",
    );
    await page.click("[data-name=lleno] .trouble summary >> text=Detalles, en inglés");
    const told = await page.locator("[data-name=lleno] .trouble code").innerText();
    assertMatch(told, /^data\/processed\/lleno\/\S+: .* will be written, the disk has .* left; free some/);
  });

  test("a disk that fills up while a model is trained is told in a line", async ({ project, tab }) => {
    await using studio = await project.studio({ disks: { "models": 400 } });
    const page = await tab();
    await visit(page, studio);
    await page.fill("#text", sampleText(6000));
    await page.fill("#name", "colmado");
    await page.check("[name=size][value=tiny]");
    await page.fill("#minutes", "1");
    await page.click("#start");
    await inState(page, "[data-name=colmado]", "failed");
    const told = await page.locator("[data-name=colmado] .error").innerText();
    assertStringIncludes(told, "No hay espacio en el disco");
  });
}

for (const dark of [false, true]) {
  for (const width of [1200, 390]) {
    const how = `${width} pixels wide, ${dark ? "dark" : "light"}`;
    test(`the studio's pages are for everybody: ${how}`, async ({ project, tab }) => {
      await using studio = await project.studio();
      const page = await tab();
      for (const path of ["/studio", "/teach"]) {
        await visit(page, studio, path);
        assertEquals(await page.locator("nav [aria-current=page]").getAttribute("href"), path);
        if (path === "/teach") {
          await page.fill(".answer", "Rufo es mi perro.");
          await page.keyboard.press("Tab");
          await page.keyboard.type("¿Quién es Rufo?");
          await page.focus("#show");
          await page.keyboard.press("Enter");
          await page.waitForSelector(".wordings li");
          assertStringIncludes(await page.locator(".fact").innerText(), "It will be asked in these words");
        }
        const { violations } = await new AxeBuilder({ page }).analyze();
        assertEquals(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), [], path);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(overflow <= 0, `${path} is ${overflow} pixels too wide`);
        await page.click("#language");
        await page.waitForSelector(
          `h1 >> text=${path === "/studio" ? "Un modelo de tu texto" : "Enséñale algo"}`,
        );
        await page.click("#language");
      }
      // Someone without the token.
      await page.context().clearCookies();
      await page.reload();
      await page.waitForSelector("text=The studio is closed");
      await findNoFault(page);
    }, { width, dark, locale: "en-US" });
  }
}

testWithChromium("the answers of nearly all of the studio's routes were as they are described", () => {
  const routes = [
    ...["lessons", "trainings", "trainings/{name}", "trainings/{name}/contents"].map((path) => `GET ${path}`),
    ...["lessons", "lessons/undo", "wordings", "trainings"].map((path) => `POST ${path}`),
    ...["stop", "resume", "rename", "delete"].map((action) => `POST trainings/{name}/${action}`),
  ].map((route) => route.replace(" ", " /api/studio/"));
  assertEquals(routes.filter((route) => !described.has(route)), []);
  return Promise.resolve();
});
