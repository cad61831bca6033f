// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// What the page's scripts share: elements, texts in two languages, requests.

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
export const page = { texts: /** @type {Record<string, string>} */ (config.texts.es) };

/** @param {"es" | "en"} language */
export function speak(language) {
  const texts = page.texts = config.texts[language];
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.getAttribute("data-text") ?? ""];
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", texts[element.getAttribute("data-label") ?? ""]);
  }
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    element.setAttribute("placeholder", texts[element.getAttribute("data-placeholder") ?? ""]);
  }
  const other = get("language", HTMLButtonElement);
  other.textContent = language === "es" ? "English" : "Español";
  other.lang = language === "es" ? "en" : "es";
}

/** @param {string} text with names in braces @param {Record<string, string | number>} values by these names */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text] */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** @param {string} path @param {unknown} body @param {AbortSignal} [signal] @throws {Error} what people are told */
export async function post(path, body, signal) {
  /** @type {Record<string, string>} */
  const headers = { "content-type": "application/json" };
  const key = document.getElementById("key");
  if (key instanceof HTMLInputElement && key.value) headers.authorization = `Bearer ${key.value}`;
  const request = { method: "POST", headers, body: JSON.stringify(body), ...signal && { signal } };
  const answer = await fetch(path, request).catch((error) => {
    throw error instanceof TypeError ? new Error(page.texts.unreachable) : error;
  });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  throw new Error(told?.error?.message ?? `${answer.status} ${answer.statusText}`);
}
