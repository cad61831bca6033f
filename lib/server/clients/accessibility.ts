/** The accessibility check for every page. */
import { AxeBuilder } from "@axe-core/playwright";
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";

/** Fails if axe finds a serious or critical violation. */
export async function findNoFault(page: Page) {
  // deno-lint-ignore no-explicit-any
  const { violations } = await new AxeBuilder({ page: page as any }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assertEquals(serious.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
  assert(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    "nothing sticks out",
  );
}
