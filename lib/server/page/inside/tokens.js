// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// How all views show tokens and probabilities.

import { make, page } from "../dom.js";

/** @typedef {import("./state.js").Token} Token */

/** A token with visible blanks and line ends. @param {string} token */
export const visible = (token) =>
  token.replaceAll("\n", "⏎").replace(/^ +$/, (blanks) => "␣".repeat(blanks.length));

/** A token for use in quotes: without the blank before a word. @param {string} token */
export const quoted = (token) => visible(token).trim() || visible(token);

/** @param {number} share in [0, 1] */
export function percent(share) {
  const small = share > 0 && share < 0.001;
  const options = {
    style: /** @type {const} */ ("percent"),
    maximumFractionDigits: share < .1 || share > .99 ? 1 : 0,
  };
  return (small ? "< " : "") + (small ? 0.001 : share).toLocaleString(document.documentElement.lang, options);
}

/** Strength of the background for a probability, from 0 to 1: logarithmic, so that small ones differ too.
 * @param {number} probability */
export const strength = (probability) =>
  Math.max(0, Math.min(1, 1 + Math.log10(Math.max(1e-9, probability)) / 3));

/**
 * A row of tokens, one of which is chosen. It is a single tab stop; arrow keys move within it.
 * @param {string} name label for screen readers
 * @param {{ tokens: string[], markers: boolean[], chosen: number, prompt?: number, probabilities?: (number | null)[],
 *   pick: (position: number) => void, look?: (position: number | null) => void }} options
 */
export function strip(name, { tokens, markers, chosen, prompt = 0, probabilities, pick, look }) {
  const row = make("div", "strip");
  row.setAttribute("role", "toolbar");
  row.setAttribute("aria-label", name);
  const buttons = tokens.map((token, i) => {
    const button = make("button", "token", visible(token));
    button.type = "button";
    if (token === "") button.append("∅");
    button.tabIndex = i === chosen ? 0 : -1;
    button.setAttribute("aria-pressed", String(i === chosen));
    button.dataset.position = String(i);
    if (markers[i]) button.classList.add("marker");
    if (i < prompt) button.classList.add("given");
    const probability = probabilities?.[i];
    if (probability != null) {
      button.style.setProperty("--w", String(strength(probability)));
      button.title = percent(probability);
    }
    return button;
  });
  row.append(...buttons);
  const positionOf = (/** @type {EventTarget | null} */ target) => {
    const button = target instanceof Element ? target.closest(".token") : null;
    return button instanceof HTMLElement ? Number(button.dataset.position) : null;
  };
  row.onclick = ({ target }) => {
    const position = positionOf(target);
    if (position !== null) pick(position);
  };
  row.onkeydown = (event) => {
    const from = positionOf(event.target);
    const to = from === null ? undefined : {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      Home: 0,
      End: buttons.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, to))];
    next.focus();
    pick(Number(next.dataset.position));
  };
  if (look) {
    for (const name of ["mouseover", "focusin"]) {
      row.addEventListener(name, ({ target }) => look(positionOf(target)));
    }
    for (const name of ["mouseleave", "focusout"]) row.addEventListener(name, () => look(null));
  }
  return row;
}

/** Marks another token of a strip as the chosen one. @param {Element | null} row @param {number} chosen */
export function mark(row, chosen) {
  for (const button of row?.querySelectorAll("button.token") ?? []) {
    if (!(button instanceof HTMLElement)) continue;
    const own = Number(button.dataset.position) === chosen;
    button.setAttribute("aria-pressed", String(own));
    button.tabIndex = own ? 0 : -1;
    if (own) row?.scrollTo({ top: button.offsetTop - (row.clientHeight - button.offsetHeight) / 2 });
  }
}

/**
 * Probabilities as bars.
 * @param {Token[]} list @param {{ marked?: number, dropped?: (id: number) => boolean, pick?: (token: Token) => void }} [options]
 * `marked` is the id of a token to highlight; with `pick` each bar is a button
 */
export function bars(list, { marked, dropped, pick } = {}) {
  const box = make("ol", "bars");
  for (const token of list) {
    const item = make("li");
    const row = pick ? make("button", "bar") : make("div", "bar");
    if (pick && row instanceof HTMLButtonElement) {
      row.type = "button";
      row.onclick = () => pick(token);
      row.title = page.texts.take.replace("{token}", quoted(token.token));
    }
    if (token.id === marked) row.classList.add("marked");
    if (dropped?.(token.id)) row.classList.add("dropped");
    row.style.setProperty("--w", String(token.probability));
    row.append(make("span", "name", visible(token.token)), make("span", "share", percent(token.probability)));
    item.append(row);
    box.append(item);
  }
  return box;
}

/** @param {string} text @param {...(Node | string)} content */
export function titled(text, ...content) {
  const box = make("section", "part");
  box.append(make("h3", "", text), ...content);
  return box;
}

/** A button with a text. @param {string} text @param {() => void} press @param {string} [className] */
export function button(text, press, className = "") {
  const element = make("button", className, text);
  element.type = "button";
  element.onclick = press;
  return element;
}

/** A list to choose from, with its name. @param {string} name @param {string[]} options @param {number} chosen
 * @param {(index: number) => void} pick */
export function chooser(name, options, chosen, pick) {
  const label = make("label", "chooser", `${name} `);
  const select = make("select");
  select.append(...options.map((text, i) => new Option(text, String(i), false, i === chosen)));
  select.onchange = () => pick(Number(select.value));
  label.append(select);
  return label;
}
