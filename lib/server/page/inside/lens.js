// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The logit lens: what the model would predict after each layer, at each position.

import { fill, make, page } from "../dom.js";
import { ask, choose as chooseToken, sequence, state } from "./state.js";
import { bars, percent, quoted, strength, titled, visible } from "./tokens.js";

/** @typedef {import("./state.js").Token} Token */
/** @typedef {{ top: Token[], answer: number }} Cell */

const TOP = 5;

/** @param {number} depth */
const nameOf = (depth) => depth === 0 ? page.texts.depth_0 : fill(page.texts.depth_n, { layer: depth });

/** Shows the column of the chosen token. */
let follow = () => {};

/** @param {HTMLElement} body @param {AbortSignal} signal */
export async function draw(body, signal) {
  const { model, ids, tokens } = sequence();
  /** @type {{ cells: Cell[][], appears: number[] }} */
  const { cells, appears } = await ask("lens", { model, ids, top: TOP }, signal);
  const table = make("table", "lens");
  const head = table.createTHead().insertRow();
  head.append(heading("col", page.texts.depth));
  tokens.forEach((token, i) => {
    const cell = heading("col", visible(token));
    cell.dataset.position = String(i);
    head.append(cell);
  });
  const rows = table.createTBody();
  cells.forEach((row, depth) => {
    const line = rows.insertRow();
    line.append(heading("row", nameOf(depth)));
    row.forEach(({ top: [best] }, i) => {
      const cell = line.insertCell();
      cell.style.setProperty("--w", String(strength(best.probability)));
      cell.dataset.position = String(i);
      cell.title = `${visible(best.token)} ${percent(best.probability)}`;
      cell.append(make("span", "", visible(best.token)), make("small", "", percent(best.probability)));
      if (depth === appears[i]) {
        cell.classList.add("appears");
        cell.append(make("span", "sr", page.texts.appears));
      }
    });
  });
  table.onclick = ({ target }) => {
    const cell = target instanceof Element ? target.closest("[data-position]") : null;
    if (cell instanceof HTMLElement) chooseToken(Number(cell.dataset.position));
  };
  const scroller = make("div", "scroller");
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", page.texts.view_lens);
  scroller.append(table);
  const column = make("div");
  follow = () => {
    const at = state.chosen;
    for (const cell of table.querySelectorAll("[data-position]")) {
      if (cell instanceof HTMLElement) cell.classList.toggle("chosen", Number(cell.dataset.position) === at);
    }
    const shown = table.querySelector("th.chosen");
    if (shown instanceof HTMLElement) {
      scroller.scrollTo({ left: shown.offsetLeft - scroller.clientWidth / 2 });
    }
    const answer = cells[cells.length - 1][at].top[0];
    const depths = cells.map((row, depth) => {
      const part = titled(nameOf(depth), bars(row[at].top, { marked: answer.id }));
      if (depth === appears[at]) part.classList.add("appears");
      return part;
    });
    const list = make("div", "depths");
    list.append(...depths);
    column.replaceChildren(
      make("h3", "", fill(page.texts.lens_at, { token: quoted(tokens[at]) })),
      make(
        "p",
        "",
        fill(page.texts.appears_at, { token: quoted(answer.token), depth: nameOf(appears[at]) }),
      ),
      list,
    );
  };
  body.replaceChildren(scroller, column);
  follow();
}

/** @param {"row" | "col"} scope @param {string} text */
function heading(scope, text) {
  const cell = make("th", "", text);
  cell.scope = scope;
  return cell;
}

/** Another token is chosen. */
export function choose() {
  follow();
}
