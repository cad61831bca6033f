// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The navigation above every page: language, and the server's key. Each page's script calls `start`.

import { config, get, page } from "./dom.js";
import { keep, recall } from "./storage.js";

/** Dispatches "change" when the reader has switched the language, and everything drawn must be drawn again. */
export const language = new EventTarget();

/** Translates what the server rendered below an element into the chosen language. @param {ParentNode} root */
export function translate(root) {
  const { texts } = page;
  for (const element of root.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.getAttribute("data-text") ?? ""];
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", texts[element.getAttribute("data-label") ?? ""]);
  }
  for (const element of root.querySelectorAll("[data-placeholder]")) {
    element.setAttribute("placeholder", texts[element.getAttribute("data-placeholder") ?? ""]);
  }
}

/** @param {"es" | "en"} chosen */
function speak(chosen) {
  const texts = page.texts = config.texts[chosen];
  document.documentElement.lang = chosen;
  translate(document);
  const view = document.querySelector("nav [aria-current=page]")?.textContent;
  document.title = `${view} · Desde Cero`;
  const button = get("language", HTMLButtonElement);
  button.textContent = texts.other_language;
  button.lang = chosen === "es" ? "en" : "es";
}

/** Folds explanations where the screen is narrow; elsewhere they are open, and have no handle. */
function fold() {
  const narrow = matchMedia("(max-width: 52rem)");
  const act = () => {
    for (const details of document.querySelectorAll("details.fold")) {
      details.toggleAttribute("open", !narrow.matches);
    }
  };
  narrow.addEventListener("change", act);
  act();
}

/** Starts the navigation. A language chosen earlier has priority over the browser's. */
export function start() {
  get("language", HTMLButtonElement).onclick = () => {
    const chosen = document.documentElement.lang === "es" ? "en" : "es";
    keep("language", chosen);
    speak(chosen);
    language.dispatchEvent(new Event("change"));
  };
  // The server's key is a secret: it is forgotten when the tab is closed.
  const key = document.getElementById("key");
  if (key instanceof HTMLInputElement) {
    key.value = recall("key", "sessionStorage") ?? "";
    key.oninput = () => keep("key", key.value, "sessionStorage");
  }
  fold();
  const kept = recall("language");
  if (kept === "es" || kept === "en") speak(kept);
  // Narrow screens do not show all of the navigation.
  document.querySelector("nav [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
