// @ts-check
/// <reference lib="dom" />
// Draws what is shown: the list of conversations, and the turns of one.

import { answer, ask, progress, runs } from "./answering.js";
import {
  changes,
  countDeleted,
  forgetDeleted,
  newestFirst,
  open,
  remove,
  restoreDeleted,
  shown,
} from "./conversations.js";
import { config, fill, get, make, page } from "./dom.js";
import { language } from "./frame.js";
import { toast } from "./toast.js";
import { showText, turnElement } from "./turns.js";

/** @typedef {import("./format.js").Talk} Talk */

const log = get("log", HTMLDivElement);
const list = get("talks", HTMLUListElement);
const regenerate = get("regenerate", HTMLButtonElement);

/** The conversation that was shown before the first deletion that can be undone. */
let shownBefore = "";

/** @param {string} id */
function removeWithUndo(id) {
  if (countDeleted() === 0) shownBefore = shown().id;
  remove(id);
  const count = countDeleted();
  const text = count === 1 ? page.texts.deleted : fill(page.texts.deleted_many, { count });
  toast(text, { undo, closed: forgetDeleted });
}

function undo() {
  restoreDeleted();
  open(shownBefore);
}

/** @param {Talk} talk */
function listItem({ id, turns }) {
  const item = make("li");
  const title = turns[0]?.question.slice(0, 60) || page.texts.untitled;
  const button = make("button", "", title);
  button.type = "button";
  button.dataset.focus = `open ${id}`;
  button.setAttribute("aria-current", String(id === shown().id));
  button.onclick = () => open(id);
  item.append(button);
  if (turns.length === 0) return item;
  if (runs.has(id)) {
    const mark = make("span", "dot");
    mark.append(make("span", "sr", page.texts.writing));
    item.append(mark);
  }
  const remove = make("button", "quiet", "×");
  remove.type = "button";
  remove.dataset.focus = `delete ${id}`;
  remove.setAttribute("aria-label", `${page.texts.delete}: ${title}`);
  remove.onclick = () => removeWithUndo(id);
  item.append(remove);
  return item;
}

function drawList() {
  const focused = list.contains(document.activeElement) && document.activeElement instanceof HTMLElement
    ? document.activeElement.dataset.focus
    : undefined;
  const talks = newestFirst();
  // The new conversation is in the list only while it is shown.
  if (shown().turns.length === 0) talks.unshift(shown());
  list.replaceChildren(...talks.map(listItem));
  for (const button of list.querySelectorAll("button")) {
    if (focused !== undefined && button.dataset.focus === focused) button.focus();
  }
}

function welcome() {
  const hello = make("div", "hello");
  const row = make("div", "row");
  for (const question of config.presets) {
    const button = make("button", "", question);
    button.type = "button";
    button.onclick = () => ask(question);
    row.append(button);
  }
  hello.append(make("h2", "", page.texts.hello), make("p", "", page.texts.hello_help), row);
  return hello;
}

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
let drawn = { id: "", turns: 0 };

function draw() {
  const talk = shown();
  const run = runs.get(talk.id);
  const follow = drawn.id !== talk.id || drawn.turns < talk.turns.length || isAtEnd();
  const focused = document.activeElement;
  drawList();
  fillLog(talk.turns.length === 0 ? [welcome()] : turnElements(talk));
  get("send", HTMLButtonElement).hidden = run !== undefined;
  get("stop", HTMLButtonElement).hidden = run === undefined;
  regenerate.disabled = run !== undefined || !talk.turns.at(-1)?.answer;
  drawn = { id: talk.id, turns: talk.turns.length };
  if (follow) log.scrollTop = log.scrollHeight;
  // If the control with the focus is gone, the focus goes to the text box.
  if (focused instanceof HTMLElement && focused !== document.body && !focused.checkVisibility()) {
    get("prompt", HTMLTextAreaElement).focus();
  }
}

export function start() {
  changes.addEventListener("change", draw);
  language.addEventListener("change", draw);
  progress.addEventListener("text", () => {
    const run = runs.get(shown().id);
    const follow = isAtEnd();
    if (run) showText(log, run);
    if (follow) log.scrollTop = log.scrollHeight;
  });
  regenerate.onclick = () => {
    const { id, turns } = shown();
    const last = turns.at(-1);
    if (last) answer(id, last.id);
  };
}
