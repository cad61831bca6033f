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
import { toast } from "./toast.js";
import { showText, turnElement } from "./turns.js";

/** @typedef {import("./format.js").Talk} Talk */

const log = get("log", HTMLDivElement);
const list = get("talks", HTMLUListElement);
const regenerate = get("regenerate", HTMLButtonElement);

/** What was shown before the first of the deletions that can be undone. */
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
  // A new conversation stands in the list while it is shown.
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

/** Puts elements into the log, and leaves alone those that are there. @param {HTMLElement[]} elements */
function fillLog(elements) {
  elements.forEach((element, i) => {
    if (log.children[i] !== element) log.insertBefore(element, log.children[i] ?? null);
  });
  while (log.children.length > elements.length) log.lastElementChild?.remove();
}

const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
let drawn = { id: "", turns: 0 };

function draw() {
  const talk = shown();
  const run = runs.get(talk.id);
  const follow = drawn.id !== talk.id || drawn.turns < talk.turns.length || isAtEnd();
  const focused = document.activeElement;
  drawList();
  fillLog(talk.turns.length === 0 ? [welcome()] : talk.turns.map((turn) => turnElement(talk.id, turn, run)));
  get("send", HTMLButtonElement).hidden = run !== undefined;
  get("stop", HTMLButtonElement).hidden = run === undefined;
  regenerate.disabled = run !== undefined || !talk.turns.at(-1)?.answer;
  drawn = { id: talk.id, turns: talk.turns.length };
  if (follow) log.scrollTop = log.scrollHeight;
  // A control that went away leaves the focus nowhere: one goes on with the next question.
  if (focused instanceof HTMLElement && focused !== document.body && !focused.checkVisibility()) {
    get("prompt", HTMLTextAreaElement).focus();
  }
}

export function start() {
  changes.addEventListener("change", draw);
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
