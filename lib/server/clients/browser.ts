/**
 * Tests of the pages in headless Chromium (the system's, through playwright-core). Without Chromium these
 * tests say so and are skipped; with DESDE_CERO_REQUIRE_CHROMIUM set, they fail.
 */
import { assertEquals } from "@std/assert";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { startServer, type TestServer } from "./server.ts";

const paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = Deno.env.get("CHROMIUM") ?? paths.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
const required = Deno.env.get("DESDE_CERO_REQUIRE_CHROMIUM") !== undefined;
if (!executablePath && !required) console.log("no Chromium was found: the page is not tested");

export interface Opened {
  readonly page: Page;
  /** A browser without anything in its storage. */
  readonly context: BrowserContext;
  readonly server: TestServer;
  /** Faults of the pages: console errors, failed requests, requests to other hosts. */
  readonly faults: string[];
  /** Opens the page in another tab. */
  tab(): Promise<Page>;
}

export interface Options {
  readonly width?: number;
  readonly dark?: boolean;
  /** Whether the test writes the chat's answers, by `say` and `end`. */
  readonly held?: boolean;
  /** The browser's language; Spanish by default. */
  readonly locale?: string;
}

/**
 * The tests of one file share a server and a browser; each has its own storage.
 * @param flags of the server; without `--models` it has tiny models that say nonsense
 */
export function browserTests(...flags: string[]) {
  let server: TestServer | undefined;
  let browser: Browser | undefined;
  Deno.test.afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function open(
    use: (opened: Opened) => Promise<void>,
    { width = 1200, dark, held, locale = "es-CR" }: Options,
  ) {
    browser ??= await launchChromium();
    const running = server ??= await startServer(...flags), { url } = running;
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme: dark ? "dark" : "light",
      acceptDownloads: true,
      locale,
    });
    if (held) await context.addInitScript(holdAnswers);
    // Open the settings' drawer, where there is room for it.
    await context.addInitScript(() => {
      try {
        localStorage.setItem("desde-cero.drawer", "open");
      } catch {
        // storage may be forbidden by a test
      }
    });
    const faults: string[] = [];
    const tab = async () => {
      const page = await context.newPage();
      page.setDefaultTimeout(60_000); // a busy machine is slow
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
      page.on("pageerror", (error) => faults.push(String(error)));
      page.on("request", (request) => {
        const { protocol, origin } = new URL(request.url());
        if (protocol.startsWith("http") && origin !== new URL(url).origin) faults.push(request.url());
      });
      await page.goto(url);
      await page.waitForSelector("#log > *");
      return page;
    };
    try {
      await use({ page: await tab(), context, server: running, faults, tab });
      assertEquals(faults, []);
    } finally {
      await context.close();
    }
  }

  return (name: string, use: (opened: Opened) => Promise<void>, options: Options = {}) =>
    testWithChromium(name, () => open(use, options));
}

/** A test that is skipped without Chromium. */
export function testWithChromium(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name,
    ignore: !executablePath && !required,
    sanitizeOps: false,
    sanitizeResources: false,
    fn,
  });
}

export function launchChromium(): Promise<Browser> {
  if (!executablePath) throw new Error("no Chromium was found; install it, or set CHROMIUM to its path");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

interface HeldAnswer {
  aborted: boolean;
  say(text: string): void;
  end(): void;
}

/** Runs in the page: holds requests to the chat until the test answers them. */
function holdAnswers() {
  const held: HeldAnswer[] = [];
  Object.assign(globalThis, { held });
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    if (input !== "/v1/chat/completions") return fetch(input, init);
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      start(controller) {
        const send = (data: string) => controller.enqueue(encoder.encode(`data: ${data}\n\n`));
        const answer: HeldAnswer = {
          aborted: false,
          say: (content) => send(JSON.stringify({ choices: [{ delta: { content } }] })),
          end() {
            send("[DONE]");
            controller.close();
          },
        };
        held.push(answer);
        init?.signal?.addEventListener("abort", () => {
          answer.aborted = true;
          controller.error(init.signal?.reason);
        });
      },
    });
    return Promise.resolve(new Response(body));
  };
}

type Holder = typeof globalThis & { held: HeldAnswer[] };

/** Appends to the nth answer since the page was loaded. */
export const say = (page: Page, n: number, text: string) =>
  page.evaluate(([n, text]) => (globalThis as Holder).held[Number(n)].say(String(text)), [n, text]);
export const end = (page: Page, n: number) => page.evaluate((n) => (globalThis as Holder).held[n].end(), n);
export const wasAborted = (page: Page, n: number) =>
  page.evaluate((n) => (globalThis as Holder).held[n].aborted, n);

/** Sets a slider with the events that a person's input causes. */
export async function slide(page: Page, id: string, value: number) {
  await page.locator(`#${id}`).fill(String(value));
}

export async function ask(page: Page, question: string) {
  await page.fill("#prompt", question);
  await page.press("#prompt", "Enter");
}

/** Presses the button that asks for the last answer again. */
export const again = (page: Page) => page.locator(".again").last().click();

/** Waits until the last answer is complete, and returns it. */
export async function answer(page: Page): Promise<string> {
  await page.waitForSelector("article.assistant:not(.writing) .foot");
  await page.waitForFunction(() => !document.querySelector(".writing"));
  return await page.locator("article.assistant .text").last().innerText();
}

export const questions = (page: Page) => page.locator("article.user .text").allInnerTexts();
/** The conversations in the list. */
export const titles = (page: Page) => page.locator("#talks [aria-current]").allTextContents();
