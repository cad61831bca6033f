// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The table of runs: which are shown, and how far they are.

import { fill, get, make, page } from "./dom.js";
import { count, duration, figure, named } from "./numbers.js";

/** @typedef {import("./follow.js").Run} Run */

const table = get("runs", HTMLTableElement);
const body = table.tBodies[0];
/** @type {Map<string, HTMLTableRowElement>} */
const rows = new Map();

/** The main figure of a run: accuracy for labels, bits per byte for text. @param {Run} run */
function held({ validation }) {
  const { figures = {} } = validation ?? {};
  const name = ["accuracy", "bpb", "loss"].find((name) => name in figures);
  return name ? `${page.texts[`fig_${name}`]} ${named(name, figures[name])}` : "–";
}

/** @param {Run} run @param {(id: string, on: boolean, only: boolean) => void} choose */
function makeRow({ id }, choose) {
  const row = make("tr");
  const box = make("input");
  box.type = "checkbox";
  box.onchange = () => choose(id, box.checked, false);
  const first = make("td");
  first.append(box);
  const name = make("th");
  name.scope = "row";
  const only = make("button", "plain");
  only.type = "button";
  only.append(make("span", "swatch"), make("span", "id", id));
  only.onclick = () => choose(id, true, true);
  name.append(only, make("small", "stage"));
  const step = make("td", "step");
  const bar = make("progress");
  step.append(make("span"), bar);
  row.append(first, name, make("td", "state"), step, make("td"), make("td"), make("td"), make("td"));
  // What the columns are called, for screens too narrow for a table.
  ["state", "step", "loss", "held", "speed", "time"].forEach((column, i) =>
    row.cells[i + 2].dataset.column = column
  );
  return row;
}

/** Writes a text only if it has changed, so that screen readers do not repeat it. */
function write(/** @type {Element | null} */ element, /** @type {string} */ text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {HTMLTableRowElement} row @param {Run} run @param {number | undefined} colour */
function fillRow(row, run, colour) {
  const { id, stage, state, step, steps, loss, seconds, left, tokens_per_s } = run;
  const { texts } = page;
  row.dataset.state = state;
  row.className = colour === undefined ? "" : `shown c${colour % 8}`;
  const box = row.querySelector("input");
  if (box) {
    box.checked = colour !== undefined;
    box.setAttribute("aria-label", `${texts.show} ${id}`);
  }
  row.querySelector("button")?.setAttribute("title", fill(texts.show_only, { id }));
  write(row.querySelector(".stage"), stage ?? "");
  for (const cell of row.cells) {
    if (cell.dataset.column) cell.dataset.name = texts[`col_${cell.dataset.column}`];
  }
  const [, , stateCell, stepCell, lossCell, heldCell, speedCell, timeCell] = row.cells;
  write(stateCell, texts[`state_${state}`]);
  write(stepCell.querySelector("span"), steps ? `${count(step)} / ${count(steps)}` : count(step));
  const bar = stepCell.querySelector("progress");
  if (bar) {
    bar.hidden = !steps || state === "finished";
    bar.max = steps || 1;
    bar.value = step;
    bar.setAttribute("aria-label", `${texts.col_step}: ${id}`);
  }
  write(lossCell, figure(loss));
  write(heldCell, held(run));
  write(speedCell, tokens_per_s === null ? "–" : count(tokens_per_s));
  const time = seconds === null ? "–" : duration(seconds);
  write(timeCell, left === null ? time : `${time} · ${fill(texts.left, { time: duration(left) })}`);
}

/**
 * @param {Run[]} runs
 * @param {{ colours: ReadonlyMap<string, number>, choose: (id: string, on: boolean, only: boolean) => void }} options
 *   `colours` are those of the runs that are shown
 */
export function drawList(runs, { colours, choose }) {
  const ids = new Set(runs.map(({ id }) => id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  let next = body.firstElementChild;
  for (const run of runs) {
    const row = rows.get(run.id) ?? makeRow(run, choose);
    rows.set(run.id, row);
    fillRow(row, run, colours.get(run.id));
    if (row === next) next = next.nextElementSibling;
    else body.insertBefore(row, next);
  }
  table.hidden = runs.length === 0;
  get("none", HTMLParagraphElement).hidden = runs.length > 0;
}
