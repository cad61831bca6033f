// @ts-check
/// <reference lib="dom" />
// The chat page in the browser: controls, and what starts the rest. Served as it is: JavaScript with types in
// comments, no build step.

import * as answering from "./answering.js";
import * as card from "./card.js";
import { takeLink } from "./clipboard.js";
import * as conversations from "./conversations.js";
import { fill, get, kindOf, page } from "./dom.js";
import * as drawing from "./drawing.js";
import * as files from "./files.js";
import * as frame from "./frame.js";
import * as list from "./list.js";
import * as settings from "./settings.js";
import { toast } from "./toast.js";
import * as tour from "./tour.js";

const input = get("prompt", HTMLTextAreaElement);
const openSide = get("open-side", HTMLButtonElement);

/** @param {boolean} open */
function toggleSide(open) {
  document.body.classList.toggle("open", open);
  openSide.setAttribute("aria-expanded", String(open));
}

get("ask", HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  if (answering.ask(input.value)) input.value = "";
};
input.onkeydown = /** @param {KeyboardEvent} event */ (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    get("ask", HTMLFormElement).requestSubmit();
  }
};
get("stop", HTMLButtonElement).onclick = answering.stopShown;
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (document.body.classList.contains("open")) toggleSide(false);
  else if (settings.isDrawerOver()) settings.toggleDrawer(false);
  else answering.stopShown();
});
const startNew = get("new", HTMLButtonElement).onclick = () => {
  conversations.open();
  toggleSide(false);
  input.focus();
};
/** The keys of llama.cpp's page and of others: a new conversation, and the search. */
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  const search = get("search", HTMLInputElement);
  if (key === "o" && event.shiftKey) startNew();
  else if (key === "k" && !event.shiftKey && !search.hidden) {
    if (openSide.checkVisibility()) toggleSide(true);
    search.focus();
  } else return;
  event.preventDefault();
});
get("talks", HTMLUListElement).addEventListener("click", ({ target }) => {
  if (target instanceof Element && target.closest("[aria-current]")) toggleSide(false);
});
openSide.onclick = () => toggleSide(!document.body.classList.contains("open"));
// What the sidebar or the drawer covers is dimmed by the body.
document.body.addEventListener("click", ({ target }) => {
  if (target !== document.body) return;
  toggleSide(false);
  if (settings.isDrawerOver()) settings.toggleDrawer(false);
});
get("side", HTMLElement).addEventListener("keydown", (event) => event.key === "Escape" && openSide.focus());

/** Follows a link in the page's URL: asks its question, or chooses its model, in a new conversation. */
function followLink() {
  const link = takeLink();
  if (!link) return;
  const { question, model, faq, sampling } = link;
  if (model !== null && !kindOf(model)) {
    input.value = question ?? "";
    return toast(fill(page.texts.link_model, { model }), { urgent: true });
  }
  // A question without a system prompt was asked without one; the reader may have set another.
  const plain = question ? { system: "" } : {};
  settings.choose({ model: model ?? settings.modelChosen(), ...plain, ...sampling });
  conversations.open();
  if (question && !answering.ask(question, { faq })) input.value = question;
}

frame.start();
drawing.start();
files.start();
list.start();
tour.start();
settings.start();
conversations.start();
card.start();
followLink();
addEventListener("hashchange", followLink);
