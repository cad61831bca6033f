// @ts-check
/// <reference lib="dom" />
// Copies texts; makes and opens links that hold a prompt with its model and settings.

import { page } from "./dom.js";
import { toast } from "./toast.js";

/** @typedef {import("./format.js").Answer} Answer */

/** Numbers in a link, named like the settings' controls. */
const NUMBERS = /** @type {const} */ (["max_tokens", "temperature", "top_k", "top_p", "seed"]);

/** @param {string} text @param {string} [told] what is said when it is done */
export async function copy(text, told = page.texts.copied) {
  try {
    await navigator.clipboard.writeText(text);
    toast(told);
  } catch {
    // Browsers offer no clipboard to pages that were loaded from another machine without TLS.
    toast(`${page.texts.copy_failed} ${text.slice(0, 2000)}`, { urgent: true });
  }
}

/** The address of this page with a question, its model and how its answer was sampled.
 * @param {string} question @param {Answer} answer */
export function linkTo(question, { model, sampling = {}, trace }) {
  const values = new URLSearchParams({ q: question });
  if (model) values.set("model", model);
  if (trace?.source === "faq") values.set("faq", "1");
  for (const name of NUMBERS) if (sampling[name] !== undefined) values.set(name, String(sampling[name]));
  if (sampling.system) values.set("system", sampling.system);
  return `${location.origin}${location.pathname}#${values}`;
}

/** What the page's address holds, if it is such a link, or one that only chooses a model; the address loses it, so that a
 * reload does not ask again.
 * @returns {{ question: string | null, model: string | null, faq: boolean, sampling: import("./format.js").Sampling } | null} */
export function takeLink() {
  const values = new URLSearchParams(location.hash.slice(1));
  const question = values.get("q"), model = values.get("model");
  if (!question && !model) return null;
  history.replaceState(null, "", location.pathname + location.search);
  /** @type {import("./format.js").Sampling} */
  const sampling = {};
  for (const name of NUMBERS) {
    const value = Number(values.get(name) || NaN);
    if (Number.isFinite(value)) sampling[name] = value;
  }
  const system = values.get("system");
  if (system) sampling.system = system;
  return { question, model, faq: values.get("faq") === "1", sampling };
}
