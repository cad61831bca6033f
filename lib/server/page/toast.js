// @ts-check
/// <reference lib="dom" />
// Messages over the page, one at a time; screen readers announce them.

import { get, make, page } from "./dom.js";

/** How long a message that is not urgent is shown, in milliseconds. */
const SHOWN = 15_000;

const box = get("toast", HTMLDivElement);
/** @type {(() => void) | undefined} */
let onClosed;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Closes the message. If it has the focus, the focus moves to the list of conversations. */
export function closeToast() {
  clearTimeout(timer);
  const closed = onClosed;
  onClosed = undefined;
  const focused = box.contains(document.activeElement);
  box.replaceChildren();
  closed?.();
  if (!focused) return;
  const next = document.querySelector("#talks [aria-current=true]") ?? document.querySelector("main button");
  if (next instanceof HTMLElement) next.focus();
}

function closeLater() {
  clearTimeout(timer);
  // It stays while the pointer or the keyboard's focus is on it.
  timer = setTimeout(() => box.matches(":hover, :has(:focus-visible)") ? closeLater() : closeToast(), SHOWN);
}

/**
 * Shows a message. An urgent one stays until it is closed.
 * @param {string} text
 * @param {{ urgent?: boolean, undo?: () => void, closed?: () => void }} [options] `undo` is offered as a button,
 *   which gets the focus; `closed` is called when the message goes without it, but not if the next has the same
 */
export function toast(text, { urgent = false, undo, closed } = {}) {
  const before = onClosed;
  onClosed = closed;
  if (before !== closed) before?.();
  const close = make("button", "quiet", "×");
  close.type = "button";
  close.setAttribute("aria-label", page.texts.close);
  close.onclick = closeToast;
  const message = make("div", urgent ? "message urgent" : "message");
  message.append(make("p", "", text));
  const button = make("button", "undo", page.texts.undo);
  button.type = "button";
  button.onclick = () => {
    onClosed = undefined;
    closeToast();
    undo?.();
  };
  if (undo) message.append(button);
  message.append(close);
  box.replaceChildren(message);
  clearTimeout(timer);
  if (undo) button.focus();
  if (!urgent) closeLater();
}

box.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  closeToast();
});
