// @ts-check
/// <reference lib="dom" />
// Shared by the studio's pages: requests, whose refusals are worded in the page's language, and polling.

import { fill, get, page, post, request, RequestError } from "./dom.js";
import { decimal } from "./numbers.js";

/** The commonest errors of stages, which are in English, by the names of the page's texts for them. */
const REASONS = {
  why_disk: /the disk (?:is full|has )/,
  why_memory: /memory|device reaches/,
  why_short: /too few to learn from|no text is left/,
};

/** @param {string} printed an error of a stage @returns the name of the page's text for it */
const reasonOf = (printed) =>
  Object.entries(REASONS).find(([, pattern]) => pattern.test(printed))?.[0] ?? "why_other";

/** The error of a task: a sentence in the page's language, above what the task printed. */
export class Trouble {
  constructor() {
    this.sentence = element("p", { class: "error" });
    this.summary = element("summary", {});
    this.printed = element("code", { lang: "en" });
    this.details = element("details", {}, this.summary, this.printed);
    this.box = element("div", { class: "trouble" }, this.sentence, this.details);
  }

  /** @param {string | null} printed @param {string} [silent] what is said if nothing was printed */
  show(printed, silent = "") {
    setText(this.sentence, printed === null ? silent : page.texts[reasonOf(printed)]);
    setText(this.summary, page.texts.details);
    setText(this.printed, printed ?? "");
    this.details.hidden = printed === null;
    this.box.hidden = printed === null && silent === "";
  }
}

/** @param {unknown} error @returns {string} in the page's language */
export function told(error) {
  if (!(error instanceof RequestError)) return String(error);
  if (error.status === 401) return page.texts.unauthorised;
  if (error.status === 413) return page.texts.refused_too_large;
  const { code, param, message = "" } = error.told;
  const text = page.texts[`refused_${code}`];
  if (!text) return error.message;
  const reason = reasonOf(message);
  const why = reason === "why_other" ? fill(page.texts.why_said, { message }) : page.texts[reason];
  return fill(text, { about: param ?? "", why });
}

/** @param {string} path below /api/studio @returns {Promise<any>} */
export const read = async (path) => await (await request(`/api/studio${path}`)).json();
/** @param {string} path below /api/studio @param {unknown} [body] @returns {Promise<any>} */
export const send = async (path, body = {}) => await (await post(`/api/studio${path}`, body)).json();

/** Milliseconds between two polls while the page is visible, and while it is hidden. */
const LOOK = 1000, HIDDEN = 10_000;

/**
 * Polls the server, and goes on after it was unreachable.
 * @param {() => Promise<void>} look @param {HTMLElement} lost shows that the server does not answer
 * @returns {() => void} polls at once
 */
export function keepLooking(look, lost) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let busy = false, again = false;
  const go = async () => {
    clearTimeout(timer);
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      await look();
      lost.textContent = "";
    } catch (error) {
      lost.textContent = told(error);
    }
    busy = false;
    timer = setTimeout(go, again ? 0 : document.hidden ? HIDDEN : LOOK);
    again = false;
  };
  document.addEventListener("visibilitychange", () => document.hidden || go());
  go();
  return go;
}

/** @param {string} tag @param {Record<string, string>} attributes @param {(Node | string)[]} children */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Sets a text only if it has changed, so that a selection in it stays. @param {Element} at @param {string} text */
export function setText(at, text) {
  if (at.textContent !== text) at.textContent = text;
}

/** @param {number} seconds */
export function duration(seconds) {
  const { seconds_short, minutes_short, hours_short } = page.texts;
  if (seconds < 90) return fill(seconds_short, { n: Math.round(seconds) });
  if (seconds < 5400) return fill(minutes_short, { n: Math.round(seconds / 60) });
  return fill(hours_short, { n: decimal(seconds / 3600, 1) });
}

/**
 * A list of cards, one for each thing. A thing keeps its card while its content changes.
 * @template T
 * @param {HTMLUListElement} list
 * @param {{ key: (thing: T) => string, card: (thing: T) => { item: HTMLElement, show(thing: T): void } }} of
 * @returns {(things: readonly T[]) => void} shows these, in their order
 */
export function cardList(list, { key, card: make }) {
  /** @type {Map<string, ReturnType<typeof make>>} */
  const cards = new Map();
  const none = get("none", HTMLParagraphElement);
  return (things) => {
    const keys = new Set(things.map(key));
    for (const [name, { item }] of cards) {
      if (keys.has(name)) continue;
      item.remove();
      cards.delete(name);
    }
    for (const [i, thing] of things.entries()) {
      let card = cards.get(key(thing));
      if (!card) cards.set(key(thing), card = make(thing));
      card.show(thing);
      // Move a card only if the order has changed, so that the focus stays.
      if (list.children[i] !== card.item) list.insertBefore(card.item, list.children[i] ?? null);
    }
    none.hidden = things.length > 0;
  };
}

/**
 * Opens a dialog. Escape closes it, too.
 * @param {HTMLDialogElement} dialog whose form says "yes"
 * @returns {Promise<boolean>} whether that was the answer
 */
export function confirmed(dialog) {
  // Browsers report a closed dialog only with the next frame, when it may be open again for another question.
  dialog.dispatchEvent(new Event("close"));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => dialog.open || resolve(dialog.returnValue === "yes");
  });
}

/** A box with a button, to try a model. */
export class Trial {
  /** @param {string} id @param {(written: string) => Promise<void>} act @param {Element} answer shown below it */
  constructor(id, act, answer) {
    this.label = element("label", { for: id, class: "sr" });
    this.input = /** @type {HTMLInputElement} */ (
      element("input", { id, type: "text", autocomplete: "off" })
    );
    this.button = /** @type {HTMLButtonElement} */ (element("button", { type: "submit" }));
    this.form = /** @type {HTMLFormElement} */ (
      element("form", { class: "trial" }, this.label, this.input, this.button, answer)
    );
    this.form.onsubmit = async (event) => {
      event.preventDefault();
      if (this.button.disabled) return;
      this.button.disabled = true;
      await act(this.input.value);
      this.button.disabled = false;
    };
  }

  /** @param {string} label @param {string} button @param {string} [placeholder] the label by default */
  name(label, button, placeholder = label) {
    setText(this.label, label);
    setText(this.button, button);
    this.input.placeholder = placeholder;
  }
}
