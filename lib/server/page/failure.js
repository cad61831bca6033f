// @ts-check
/// <reference lib="dom" />
// What could not be had, with a button to try again.

import { make, page } from "./dom.js";

/** What went wrong, in the words of the page. @param {unknown} error @param {string} [what] what could not be done */
export const toldOf = (error, what = page.texts.failed) =>
  `${what}: ${error instanceof Error ? error.message : String(error)}`;

/** @param {string} told what went wrong @param {() => void} retry */
export function failure(told, retry) {
  const box = make("div", "failure");
  const again = make("button", "", page.texts.retry);
  again.type = "button";
  again.onclick = retry;
  box.append(make("p", "error", told), again);
  return box;
}
