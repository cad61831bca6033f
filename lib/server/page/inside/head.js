// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// One head enlarged: arcs over the words, where the chosen token looks and who looks at it, and the whole matrix with
// tokens on both axes.

import { fill, make, page } from "../dom.js";
import { accent, onScheme, paint } from "./canvas.js";
import { ask, choose, sequence, state } from "./state.js";
import { chooser, mark, percent, quoted, strip, visible } from "./tokens.js";

/** Whether each row is scaled by its largest weight. */
let byRow = true;
/** Weights below this are not drawn as arcs, nor told. */
const SMALL = 0.02;
/** How many tokens are told by name. */
const TOLD = 6;

/**
 * @param {HTMLElement} box @param {{ layer: number, head: number }} which @param {HTMLElement} scores
 * @param {AbortSignal} signal @returns {Promise<() => void>} what to call when another token is chosen
 */
export async function enlarged(box, { layer, head }, scores, signal) {
  const { model, ids, tokens, markers, prompt } = sequence();
  const { size, weights: packed } = await ask("attention", { model, ids, layer, head }, signal);
  const numbers = new Uint16Array(Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)).buffer);
  const weight = (/** @type {number} */ t, /** @type {number} */ s) => numbers[t * size + s] / 65535;

  const row = strip(page.texts.arcs, {
    tokens,
    markers,
    prompt,
    chosen: state.chosen,
    pick: choose,
    look: (position) => point(position ?? state.chosen),
  });
  const arcs = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  arcs.setAttribute("aria-hidden", "true");
  const words = make("div", "words");
  words.append(arcs, row);
  const told = make("div", "looks");
  told.setAttribute("aria-live", "polite");
  const matrix = matrixOf(tokens, weight, (position) => {
    point(position ?? state.chosen);
    reveal(position ?? state.chosen);
  }, signal);
  /** Scrolls a word into sight. @param {number} position */
  const reveal = (position) => {
    const word = row.children[position];
    if (word instanceof HTMLElement) words.scrollTo({ left: word.offsetLeft - words.clientWidth / 2 });
  };

  /** Shows where a token looks and who looks at it. @param {number} position */
  function point(position) {
    const buttons = [...row.querySelectorAll("button")];
    const from = tokens.map((_, s) => s <= position ? weight(position, s) : 0);
    const to = tokens.map((_, t) => t > position ? weight(t, position) : 0);
    buttons.forEach((button, i) => {
      button.style.setProperty("--w", String(Math.sqrt(i <= position ? from[i] : to[i])));
      button.classList.toggle("looking", i > position);
      button.classList.toggle("pointed", i === position);
    });
    drawArcs(arcs, buttons, position, from, to);
    matrix.point(position);
    const list = (/** @type {number[]} */ values) =>
      values.map((value, i) => ({ value, i })).filter(({ value }) => value >= SMALL)
        .sort((a, b) => b.value - a.value).slice(0, TOLD)
        .map(({ value, i }) => `${visible(tokens[i])} ${percent(value)}`).join(" · ");
    const away = fill(page.texts.looks_at, { token: quoted(tokens[position]), list: list(from) });
    const back = list(to);
    told.replaceChildren(
      make("p", "from", away),
      make("p", "to", back ? fill(page.texts.looked_by, { list: back }) : page.texts.looked_by_none),
    );
  }

  const title = make("h3", "", fill(page.texts.of_head, { layer: layer + 1, head: head + 1 }));
  const scale = chooser(
    page.texts.scale,
    [page.texts.scale_row, page.texts.scale_whole],
    byRow ? 0 : 1,
    (index) => {
      byRow = index === 0;
      matrix.paint();
      showShades();
    },
  );
  const shades = make("p", "shades");
  const showShades = () => {
    const most = byRow ? page.texts.shades_row : page.texts.shades_whole;
    shades.replaceChildren(make("span", "", "0 %"), make("i"), make("span", "", most));
  };
  showShades();
  box.replaceChildren(
    title,
    scores,
    words,
    told,
    scale,
    matrix.element,
    shades,
    make("p", "help", page.texts.matrix_help),
  );
  box.dataset.drawn = `${layer}.${head}`;
  const follow = () => {
    mark(row, state.chosen);
    point(state.chosen);
    reveal(state.chosen);
  };
  matrix.paint();
  follow();
  onScheme(matrix.paint, signal);
  return follow;
}

/** Arcs from a token to those that it looks at, above, and from those that look at it.
 * @param {SVGSVGElement} svg @param {HTMLElement[]} buttons @param {number} position @param {number[]} from
 * @param {number[]} to */
function drawArcs(svg, buttons, position, from, to) {
  const height = 84,
    width = buttons.at(-1)
      ? buttons[buttons.length - 1].offsetLeft + buttons[buttons.length - 1].offsetWidth
      : 0;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  const middle = (/** @type {number} */ i) => buttons[i].offsetLeft + buttons[i].offsetWidth / 2;
  const paths = buttons.map((_, i) => {
    const weight = i <= position ? from[i] : to[i];
    if (weight < SMALL || i === position) return null;
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const a = middle(position), b = middle(i), rise = Math.min(height - 6, 14 + Math.abs(a - b) / 4);
    path.setAttribute(
      "d",
      `M${a} ${height} C${a} ${height - rise * 1.3} ${b} ${height - rise * 1.3} ${b} ${height}`,
    );
    path.setAttribute("class", i < position ? "from" : "to");
    path.setAttribute("stroke-width", String(1 + 7 * weight));
    path.setAttribute("opacity", String(0.3 + 0.7 * weight));
    return path;
  }).filter((path) => path !== null);
  svg.replaceChildren(...paths);
}

/** Pixels of a row, so that short texts are large and long ones still have readable labels. @param {number} count */
const cellOf = (count) => count <= 24 ? 22 : count <= 60 ? 17 : count <= 250 ? 13 : 7;

/**
 * The whole matrix, with tokens on both axes that stay in sight while it is scrolled.
 * @param {string[]} tokens @param {(t: number, s: number) => number} weight
 * @param {(position: number | null) => void} look @param {AbortSignal} signal
 */
function matrixOf(tokens, weight, look, signal) {
  const count = tokens.length, cell = cellOf(count);
  const element = make("div", "matrix");
  element.tabIndex = 0;
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", page.texts.matrix_help);
  element.style.setProperty("--cell", `${cell}px`);
  element.style.setProperty("--count", String(count));
  const axis = (/** @type {string} */ className) => {
    const box = make("div", className);
    box.append(...tokens.map((token, i) => {
      // Labels of very long texts: every other one.
      return make("span", "", cell >= 10 || i % 2 === 0 ? visible(token) : "");
    }));
    return box;
  };
  const columns = axis("columns"), rows = axis("rows");
  const canvas = make("canvas");
  const tip = make("div", "where");
  element.append(make("div", "corner"), columns, rows, canvas);

  const paintAll = () => {
    const colour = accent(element);
    const largest = tokens.map((_, t) => {
      let most = 0;
      for (let s = 0; s <= t; s++) most = Math.max(most, weight(t, s));
      return most || 1;
    });
    paint(canvas, count, (at) => {
      const t = Math.floor(at / count), s = at % count;
      if (s > t) return 0;
      // The square root makes small weights visible; what may not be looked at is empty, and what may is never quite.
      return 0.04 + 0.96 * Math.sqrt(weight(t, s) / (byRow ? largest[t] : 1));
    }, colour);
  };
  /** @param {MouseEvent} event */
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const s = Math.floor((event.clientX - box.left) / box.width * count);
    const t = Math.floor((event.clientY - box.top) / box.height * count);
    return { t: Math.min(t, count - 1), s: Math.min(s, count - 1) };
  };
  canvas.onmousemove = (event) => {
    const { t, s } = at(event);
    look(t);
    columns.querySelectorAll(".on").forEach((label) => label.classList.remove("on"));
    if (s > t) return tip.remove();
    columns.children[s]?.classList.add("on");
    tip.textContent = `${visible(tokens[t])} → ${visible(tokens[s])}: ${percent(weight(t, s))}`;
    document.body.append(tip);
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${event.clientY + 16}px`;
  };
  canvas.onmouseleave = () => {
    tip.remove();
    look(null);
  };
  canvas.onclick = (event) => choose(at(event).t);
  signal.addEventListener("abort", () => tip.remove());
  return {
    element,
    paint: paintAll,
    /** @param {number} position */
    point(position) {
      for (const [i, label] of [...rows.children].entries()) label.classList.toggle("on", i === position);
      for (const [i, label] of [...columns.children].entries()) {
        label.classList.toggle("seen", i <= position && weight(position, i) >= 0.1);
        label.classList.remove("on");
      }
    },
  };
}
