// @ts-check
/// <reference lib="dom" />
// The list of conversations: to open, rename, delete and search them.

import { runs } from "./answering.js";
import {
  countDeleted,
  forgetDeleted,
  newestFirst,
  open,
  remove,
  rename,
  restoreDeleted,
  shown,
} from "./conversations.js";
import { fill, get, make, page } from "./dom.js";
import { iconButton } from "./icons.js";
import { toast } from "./toast.js";

/** @typedef {import("./format.js").Talk} Talk */

const list = get("talks", HTMLUListElement);
const search = get("search", HTMLInputElement);

/** The conversation that was shown before the first deletion that can be undone. */
let shownBefore = "";
/** How many conversations are listed at first; a button lists more. */
const LISTED = 100;
let listed = LISTED;
/** The conversation whose name is being changed. */
let renaming = "";

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
const titleOf = ({ title, turns }) => title || turns[0]?.question.slice(0, 60) || page.texts.untitled;

/** @param {string} text in small letters, without accents */
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
/** @param {Talk} talk @param {string} words */
const holds = (talk, words) =>
  folded(
    [titleOf(talk), ...talk.turns.flatMap(({ question, answer }) => [question, answer?.content ?? ""])].join(
      "\n",
    ),
  )
    .includes(folded(words.trim()));

const DAY = 86_400_000;
/** Says of conversations when they began, as headings of the list. */
function periods() {
  const { texts } = page;
  const midnight = new Date().setHours(0, 0, 0, 0);
  // A day that begins or ends summer time has an hour more or less.
  const yesterday = new Date(midnight - DAY / 2).setHours(0, 0, 0, 0);
  const months = new Intl.DateTimeFormat(document.documentElement.lang, { month: "long", year: "numeric" });
  return (/** @type {Talk} */ { created }) => {
    if (created === 0) return texts.earlier; // an old export does not say when
    if (created >= midnight) return texts.today;
    if (created >= yesterday) return texts.yesterday;
    if (created >= midnight - 7 * DAY) return texts.this_week;
    const month = months.format(created);
    return month[0].toUpperCase() + month.slice(1);
  };
}

/** The items of the list, under headings that say when. @param {Talk[]} talks newest first */
function items(talks) {
  const period = periods();
  let last = "";
  return talks.flatMap((talk) => {
    const heading = period(talk);
    const item = listItem(talk);
    if (heading === last) return [item];
    last = heading;
    return [make("li", "when", heading), item];
  });
}

/** @param {Talk} talk */
function nameBox(talk) {
  const box = make("input");
  box.value = titleOf(talk);
  box.maxLength = 200;
  box.setAttribute("aria-label", page.texts.rename);
  box.dataset.focus = `name ${talk.id}`;
  const end = (/** @type {boolean} */ kept) => {
    if (renaming !== talk.id) return;
    renaming = "";
    if (kept && box.value.trim() !== titleOf(talk)) rename(talk.id, box.value);
    else drawList();
  };
  box.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.stopPropagation();
    end(event.key === "Enter");
    const button = list.querySelector(`[data-focus="open ${CSS.escape(talk.id)}"]`);
    if (button instanceof HTMLElement) button.focus();
  };
  box.onblur = () => end(true);
  return box;
}

/** @param {Talk} talk */
function listItem(talk) {
  const { id, turns } = talk;
  const item = make("li");
  if (renaming === id) {
    item.append(nameBox(talk));
    return item;
  }
  const title = titleOf(talk);
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
  const { texts } = page;
  const edit = iconButton("edit", `${texts.rename}: ${title}`, () => {
    renaming = id;
    drawList();
    const box = list.querySelector("input");
    box?.focus();
    box?.select();
  }, "rename");
  edit.dataset.focus = `rename ${id}`;
  const remove = make("button", "quiet delete", "×");
  remove.type = "button";
  remove.dataset.focus = `delete ${id}`;
  remove.title = texts.delete;
  remove.setAttribute("aria-label", `${texts.delete}: ${title}`);
  remove.onclick = () => removeWithUndo(id);
  item.append(edit, remove);
  return item;
}

export function drawList() {
  const focused = list.contains(document.activeElement) && document.activeElement instanceof HTMLElement
    ? document.activeElement.dataset.focus
    : undefined;
  // Do not redraw the list while a name is being typed.
  if (renaming !== "" && focused === `name ${renaming}`) return;
  const all = newestFirst();
  const words = search.value;
  const talks = words.trim() === "" ? all : all.filter((talk) => holds(talk, words));
  search.hidden = all.length < 2 && words === "";
  get("none-found", HTMLElement).hidden = talks.length > 0 || words.trim() === "";
  // The new conversation is in the list only while it is shown.
  if (shown().turns.length === 0 && words.trim() === "") talks.unshift(shown());
  const more = get("more-talks", HTMLButtonElement);
  more.hidden = talks.length <= listed;
  more.textContent = fill(page.texts.more_talks, { count: talks.length - listed });
  list.replaceChildren(...items(talks.slice(0, listed)));
  for (const button of list.querySelectorAll("button")) {
    if (focused !== undefined && button.dataset.focus === focused) button.focus();
  }
}

export function start() {
  get("more-talks", HTMLButtonElement).onclick = () => {
    listed *= 10;
    drawList();
  };
  search.oninput = drawList;
  search.onkeydown = (event) => {
    if (event.key !== "Escape" || search.value === "") return;
    event.stopPropagation();
    search.value = "";
    drawList();
  };
}
