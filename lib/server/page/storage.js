// @ts-check
/// <reference lib="dom" />
// The browser's storage, which may be full or forbidden: all tabs share `localStorage`, each has its own
// `sessionStorage`. Keys begin with the project's name, because other programs served from the same address
// share the storage too.

/** @typedef {"localStorage" | "sessionStorage"} Area */
export const PREFIX = "desde-cero.";

/** @param {string} name @param {Area} [area] @returns {string | null} */
export function recall(name, area = "localStorage") {
  try {
    return globalThis[area].getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} text @param {Area} [area] @returns whether there was room */
export function keep(name, text, area = "localStorage") {
  try {
    globalThis[area].setItem(PREFIX + name, text);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} name @param {Area} [area] */
export function drop(name, area = "localStorage") {
  try {
    globalThis[area].removeItem(PREFIX + name);
  } catch {
    // forbidden, so nothing was stored
  }
}

/** Names that begin with `start`. @param {string} start @returns {string[]} */
export function names(start) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX + start))
      .map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

/** JSON that was kept; undefined if there is none or it is damaged. @param {string | null} text @returns {unknown} */
export function parsed(text) {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
