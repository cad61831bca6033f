// @ts-check
/// <reference lib="dom" />
// Draws what is shown: the list of conversations, and the turns of one.

import { progress, runs } from "./answering.js";
import { changes, shown } from "./conversations.js";
import { get } from "./dom.js";
import { language } from "./frame.js";
import { drawList } from "./list.js";
import { legend } from "./tokens.js";
import { welcome } from "./tour.js";
import { showText, turnElement } from "./turns.js";

/** @typedef {import("./format.js").Talk} Talk */

const log = get("log", HTMLDivElement);

/** @param {Talk} talk @returns {HTMLElement[]} elements of its turns: those of the log, where it shows them already */
function turnElements({ id, turns }) {
  const there = /** @type {NodeListOf<HTMLElement>} */ (log.querySelectorAll(".turn"));
  const known = new Map([...there].map((element) => [element.dataset.turn, element]));
  return turns.map((turn) => {
    const name = `${id} ${turn.id}`;
    const element = turnElement(id, turn, runs.get(id), known.get(name));
    element.dataset.turn = name;
    return element;
  });
}

/** Makes the log hold these elements, without touching those that are in place. @param {HTMLElement[]} elements */
function fillLog(elements) {
  let next = log.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else log.insertBefore(element, next);
  }
  while (next) {
    const after = next.nextElementSibling;
    next.remove();
    next = after;
  }
}

const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
const goToEnd = () => log.scrollTop = log.scrollHeight;
let drawn = { id: "", turns: 0 };

const toEnd = get("to-end", HTMLButtonElement);
/** Offers to go to the end of the conversation where that is out of sight. */
const offerEnd = () => toEnd.hidden = shown().turns.length === 0 || isAtEnd();

function draw() {
  const talk = shown();
  const run = runs.get(talk.id);
  const isNew = drawn.id !== talk.id;
  const follow = isNew || drawn.turns < talk.turns.length || isAtEnd();
  const focused = document.activeElement;
  drawList();
  fillLog(talk.turns.length === 0 ? [welcome()] : turnElements(talk));
  get("send", HTMLButtonElement).hidden = run !== undefined;
  get("stop", HTMLButtonElement).hidden = run === undefined;
  // What the shades of the answers' tokens mean.
  const tinted = talk.turns.some(({ answer }) => answer?.tokens);
  get("legend", HTMLElement).replaceChildren(...tinted ? [legend()] : []);
  drawn = { id: talk.id, turns: talk.turns.length };
  if (talk.turns.length === 0) log.scrollTop = 0;
  else if (follow) goToEnd();
  offerEnd();
  // If the control with the focus is gone, the focus goes to the text box.
  const now = document.activeElement;
  const lost = now === document.body || now instanceof HTMLElement && !now.checkVisibility();
  if (focused !== document.body && lost) get("prompt", HTMLTextAreaElement).focus();
}

export function start() {
  changes.addEventListener("change", draw);
  language.addEventListener("change", draw);
  progress.addEventListener("text", () => {
    const run = runs.get(shown().id);
    const follow = isAtEnd();
    if (run) showText(log, run);
    if (follow) goToEnd();
    offerEnd();
  });
  log.addEventListener("scroll", offerEnd, { passive: true });
  toEnd.onclick = () => {
    goToEnd();
    get("prompt", HTMLTextAreaElement).focus({ preventScroll: true });
  };
  new ResizeObserver(offerEnd).observe(log);
}
