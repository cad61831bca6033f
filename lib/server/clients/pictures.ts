/**
 * Makes the README's pictures from the real pages, with the models that ship.
 *
 *   cd lib/server/clients && deno task pictures
 */
import { chromium, type Page } from "playwright-core";
import { startServer } from "./server.ts";

const docs = new URL("../../../docs/", import.meta.url).pathname;

interface Picture {
  readonly name: string;
  readonly dark?: boolean;
  readonly path?: string;
  show(page: Page): Promise<void>;
}

const PICTURES: readonly Picture[] = [
  {
    name: "chat.png",
    show: async (page) => {
      await page.waitForSelector(".score:not(:empty)");
      await page.waitForSelector("#card dl");
    },
  },
  {
    name: "answer.png",
    dark: true,
    show: async (page) => {
      await page.click(".card >> nth=0");
      await page.waitForSelector(".bars .drawn");
      await page.waitForSelector("#card dl");
    },
  },
  {
    name: "runs.png",
    path: "/runs",
    show: async (page) => {
      await page.waitForSelector("canvas");
    },
  },
];

await using server = await startServer("--models", "models");
const executablePath = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  for (const { name, dark = false, path = "/", show } of PICTURES) {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      colorScheme: dark ? "dark" : "light",
      locale: "es-CR",
    });
    page.setDefaultTimeout(120_000);
    await page.goto(server.url + path);
    await show(page);
    await page.mouse.move(0, 0);
    await page.waitForTimeout(500); // until animations have ended
    await page.screenshot({ path: docs + name });
    console.log(`docs/${name}`);
    await page.close();
  }
} finally {
  await browser.close();
}
