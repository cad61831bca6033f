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

/** @param {string} text with names in braces @param {Record<string, string | number>} values by these names */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text] */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** A request that failed, told in the page's language. */
export class RequestError extends Error {
  /**
   * @param {number} status that the server answered with; 0 if it did not
   * @param {string} message
   * @param {{ message?: string, code?: string | null, param?: string | null }} [told] what the server said of it
   */
  constructor(status, message, told = {}) {
    super(message);
    this.status = status;
    this.told = told;
  }
}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<Response>} a good one @throws {RequestError} */
export async function request(path, options = {}) {
  const headers = new Headers(options.headers);
  const key = document.getElementById("key");
  if (key instanceof HTMLInputElement && key.value) headers.set("authorization", `Bearer ${key.value}`);
  const answer = await fetch(path, { ...options, headers }).catch((error) => {
    throw error instanceof TypeError ? new RequestError(0, page.texts.unreachable) : error;
  });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  const { status, statusText } = answer;
  const text = page.texts[`error_${status}`] ?? page.texts.error_other;
  throw new RequestError(
    status,
    fill(text, { status, message: told?.error?.message ?? statusText }),
    told?.error,
  );
}

/** @param {string} path @param {unknown} body @param {AbortSignal} [signal] @throws {RequestError} */
export const post = (path, body, signal) =>
  request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...signal && { signal },
  });
