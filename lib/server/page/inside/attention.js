// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// Attention: every head as a small picture with its role, and one head enlarged.

import { fill, make, page } from "../dom.js";
import { decimal } from "../numbers.js";
import { accent, onScheme, paint } from "./canvas.js";
import { enlarged } from "./head.js";
import { ask, sequence } from "./state.js";
import { button } from "./tokens.js";

const SCORES = ["previous", "first", "same", "induction"];

/** On narrow screens the enlarged head is below all the others. */
const narrow = matchMedia("(max-width: 70rem)");

/** The head that is enlarged. */
const chosen = { layer: 0, head: 0 };
/** Moves the marks of the enlarged head. */
let follow = () => {};

/** @param {any} head one of the server's answer, with its scores */
const label = ({ scores, does }) =>
  does ? `${page.texts[`does_${does}`]} ${decimal(scores[does])}` : page.texts.does_nothing;

/** @param {HTMLElement} body @param {AbortSignal} signal */
export async function draw(body, signal) {
  const { model, ids, architecture } = sequence();
  const found = await ask("heads", { model, ids }, signal);
  if (chosen.layer >= architecture.layers || chosen.head >= architecture.heads) {
    chosen.layer = chosen.head = 0;
  }
  const grid = make("div", "heads");
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", page.texts.every_head);
  grid.style.setProperty("--columns", String(architecture.heads));
  const detail = make("div", "detail");
  /** @type {((colour: number[]) => void)[]} */
  const pictures = [];
  const show = () => {
    for (const other of grid.querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other.dataset.head === `${chosen.layer}.${chosen.head}`));
    }
    const one = found.heads.find((/** @type {any} */ head) =>
      head.layer === chosen.layer && head.head === chosen.head
    );
    return enlarged(detail, one, scoresOf(one, found), signal).then((moved) => {
      follow = moved;
    });
  };
  for (const head of found.heads) {
    if (head.head === 0) {
      grid.append(make("span", "layer", fill(page.texts.layer_n, { layer: head.layer + 1 })));
    }
    const picture = button("", () => {
      Object.assign(chosen, { layer: head.layer, head: head.head });
      show().then(() => narrow.matches && detail.scrollIntoView({ block: "nearest" }));
    }, "picture");
    picture.dataset.head = `${head.layer}.${head.head}`;
    picture.dataset.does = head.does ?? "";
    const canvas = make("canvas");
    canvas.setAttribute("aria-hidden", "true");
    const bytes = Uint8Array.from(atob(head.picture), (c) => c.charCodeAt(0));
    pictures.push((colour) => paint(canvas, found.side, (at) => bytes[at] / 255, colour));
    const name = fill(page.texts.head_n, { layer: head.layer + 1, head: head.head + 1 });
    picture.append(canvas, make("span", "sr", `${name}: `), make("span", "does", label(head)));
    grid.append(picture);
  }
  const paintAll = () => {
    const colour = accent(body);
    for (const paintOne of pictures) paintOne(colour);
  };
  paintAll();
  onScheme(paintAll, signal);
  const box = make("div", "attention");
  box.append(grid, detail);
  body.replaceChildren(box);
  await show();
}

/** The scores of a head, with their definitions. @param {any} head @param {any} found */
function scoresOf({ scores, does }, { uniform, test }) {
  const { texts } = page;
  const box = make("details", "scores");
  box.append(make("summary", "", texts.scores));
  const table = make("table");
  const top = table.createTHead().insertRow();
  for (const text of [texts.measure, texts.value, texts.uniform]) {
    const cell = make("th", "", text);
    cell.scope = "col";
    top.append(cell);
  }
  const rows = table.createTBody();
  for (const name of SCORES) {
    const row = rows.insertRow();
    if (name === does) row.className = "main";
    const what = make("th", "", texts[`does_${name}`]);
    what.scope = "row";
    what.append(make("small", "", texts[`means_${name}`]));
    row.append(what);
    for (const value of [scores[name], uniform[name]]) {
      row.insertCell().textContent = value === null ? "—" : decimal(value);
    }
  }
  box.append(table, make("p", "help", fill(texts.scores_help, { count: test.ids.length, text: test.text })));
  return box;
}

/** Another token is chosen. */
export function choose() {
  follow();
}
