/**
 * Measures the page of runs with fifty invented runs of ten thousand steps, in a temporary folder: the time until the
 * server has answered, and until Chromium has drawn the page. Started by `deno task bench runs`.
 *
 *   cd lib/server/clients && deno run -q --allow-all bench_runs.ts --rounds 3 [--json]
 */
import type { Browser } from "playwright-core";
import { launchChromium } from "./browser.ts";
import { makeRuns } from "./runs.ts";
import { startServer } from "./server.ts";

const RUNS = 50, STEPS = 10_000;

/** Milliseconds. */
interface Round {
  /** The page without its curves. */
  readonly page: number;
  /** Until the list and the curves of all runs have arrived. */
  readonly curves: number;
  /** From navigation until all runs are drawn; null without a browser. */
  readonly drawn: number | null;
  /** Redrawing all curves over another axis. */
  readonly again: number | null;
}

const rounded = (ms: number) => Math.round(ms * 10) / 10;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return rounded(performance.now() - began);
}

/** Reads events until all runs have arrived. */
async function readCurves(url: string, query: string): Promise<void> {
  const { body } = await fetch(`${url}/api/runs/events?points=400&${query}`);
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let told = 0, rest = ""; told < RUNS;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the server ended the events");
    const lines = (rest + value).split("\n");
    rest = lines.pop()!;
    told += lines.filter((line) => line === "event: run").length;
  }
  await reader.cancel();
}

/** Opens the page in a browser with an empty cache and storage. */
async function draw(browser: Browser, address: string): Promise<Pick<Round, "drawn" | "again">> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.goto(address, { waitUntil: "commit", timeout: 300_000 });
    const drawn = await page.evaluate((runs) =>
      new Promise<number>((resolve) => {
        const look = () =>
          document.body?.dataset.drawn === String(runs)
            ? requestAnimationFrame(() => resolve(performance.now())) // counted from the navigation
            : requestAnimationFrame(look);
        look();
      }), RUNS);
    const again = await page.evaluate(() =>
      new Promise<number>((resolve) => {
        const began = performance.now();
        document.querySelector<HTMLInputElement>("input[name=by][value=tokens]")!.click();
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
      })
    );
    return { drawn: rounded(drawn), again: rounded(again) };
  } finally {
    await context.close();
  }
}

const flag = (name: string) => Deno.args[Deno.args.indexOf(`--${name}`) + 1];
const rounds = Number(flag("rounds")), json = Deno.args.includes("--json");
const made = await makeRuns();
let browser: Browser | null = null;
try {
  const ids = await made.makeMany(RUNS, STEPS);
  await using server = await startServer("--models", made.folder);
  browser = await launchChromium().catch(() => null); // it has already printed why there is none
  const query = ids.map((id) => `run=${id}`).join("&");
  const all: Round[] = [];
  for (let i = 0; i < rounds; i++) {
    const page = await timed(async () => await (await fetch(`${server.url}/runs?${query}`)).text());
    const curves = await timed(() => readCurves(server.url, query));
    const drawn = browser ? await draw(browser, `${server.url}/runs?${query}`) : { drawn: null, again: null };
    all.push({ page, curves, ...drawn });
  }
  const [first] = all;
  const median = (of: (round: Round) => number | null) => {
    const values = all.flatMap((round) => of(round) ?? []).sort((a, b) => a - b);
    return values.length > 0 ? values[values.length >> 1] : null;
  };
  const result = {
    ...{ runs: RUNS, steps: STEPS, rounds },
    first_curves_ms: first.curves,
    page_ms: median(({ page }) => page),
    curves_ms: median((round) => all.length > 1 && round === first ? null : round.curves),
    drawn_ms: median(({ drawn }) => drawn),
    again_ms: median(({ again }) => again),
  };
  if (json) console.log(JSON.stringify(result));
  else {
    const ms = (value: number | null) => value === null ? "not measured, without Chromium" : `${value} ms`;
    console.log(`${RUNS} runs of ${STEPS} steps`);
    console.log(`  server, the page             ${ms(result.page_ms)}`);
    console.log(`  server, curves, first time   ${ms(result.first_curves_ms)} (the files are read)`);
    console.log(`  server, curves, from then on ${ms(result.curves_ms)}`);
    console.log(`  Chromium, from the address   ${ms(result.drawn_ms)} (until all curves are drawn)`);
    console.log(`  Chromium, another axis       ${ms(result.again_ms)}`);
  }
} finally {
  await browser?.close();
  await made.remove();
}
