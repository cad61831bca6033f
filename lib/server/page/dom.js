// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// What the scripts of all pages share: elements, texts in the reader's language, requests.

/** @template {Element} T @param {string} id @param {new () => T} kind @returns {T} */
export function get(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`#${id} is no ${kind.name}`);
  return found;
}

export const config = JSON.parse(get("config", HTMLScriptElement).textContent ?? "{}");

/** @param {string | undefined} id @returns {"chat" | "text" | "classifier" | undefined} what a model does */
export const kindOf = (id) => config.models.find((/** @type {any} */ model) => model.id === id)?.kind;

/** What the page says, in the language that was chosen. */
export const page = {
  texts: /** @type {Record<string, string>} */ (config.texts[document.documentElement.lang]),
};

/** A text of the page, in the variant for what a model does, if there is one. @param {string} name @param {string | undefined} model */
export const textFor = (name, model) => page.texts[`${name}_${kindOf(model)}`] ?? page.texts[name];

/** @param {string} text with names in braces @param {Record<string, string | number>} values by these names */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text] */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** An error in the page's language, as it is now. @param {{ error?: string | undefined, why?: string | undefined }} of
 * what the server said, and the name of the page's text for it, if it has one */
export const worded = ({ error = "", why = "" }) =>
  Object.hasOwn(page.texts, why) ? fill(page.texts[why], { message: error }) : error;

/** @typedef {{ message?: string, code?: string | null, param?: string | null }} Told what the server says of an error */

/** A request that failed, told in the page's language. */
export class RequestError extends Error {
  /**
   * @param {number} status that the server answered with; 0 if it did not
   * @param {string} why the name of the page's text for it @param {Told} [told]
   */
  constructor(status, why, told = {}) {
    super(worded({ error: told.message, why }));
    this.status = status;
    this.why = why;
    this.told = told;
  }
}

/** The name of the page's text for an error. @param {number} status @param {Told} told */
export const nameOf = (status, { code }) =>
  [`error_${code}`, `error_${status}`].find((name) => Object.hasOwn(page.texts, name)) ?? "error_other";

/** @param {string} path @param {RequestInit} [options] @returns {Promise<Response>} a good one @throws {RequestError} */
export async function request(path, options = {}) {
  const headers = new Headers(options.headers);
  const key = document.getElementById("key");
  if (key instanceof HTMLInputElement && key.value) headers.set("authorization", `Bearer ${key.value}`);
  const answer = await fetch(path, { ...options, headers }).catch((error) => {
    throw error instanceof TypeError ? new RequestError(0, "unreachable") : error;
  });
  if (answer.ok) return answer;
  const { status, statusText } = answer;
  const said = await answer.json().catch(() => null);
  const told = said?.error ?? { message: `${status} ${statusText}` };
  throw new RequestError(status, nameOf(status, told), told);
}

/** @param {string} path @param {unknown} body @param {AbortSignal} [signal] @throws {RequestError} */
export const post = (path, body, signal) =>
  request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...signal && { signal },
  });
