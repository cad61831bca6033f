// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// One forward pass step by step, with shapes and the chosen token's numbers.

import { fill, make, page } from "../dom.js";
import { decimal } from "../numbers.js";
import { onScheme, paintBand } from "./canvas.js";
import { sampling } from "./sampling.js";
import { ask, changes, sequence, state } from "./state.js";
import { chooser, percent, titled, visible } from "./tokens.js";

/** The layer and the head that are walked through. */
const where = { layer: 0, head: 0 };

/** How many numbers of a vector are written beside its band. */
const SHOWN = 6;

/** @param {HTMLElement} body @param {AbortSignal} signal */
export async function draw(body, signal) {
  const { model, ids, architecture } = sequence();
  const { layers, heads } = architecture;
  const position = state.chosen;
  if (where.layer >= layers || where.head >= heads) where.layer = where.head = 0;
  const pass = await ask("pass", { model, ids: ids.slice(0, position + 1), position, ...where }, signal);
  const again = () => changes.dispatchEvent(new Event("redraw"));
  const numbers = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => String(i + 1));
  const controls = make("div", "row");
  controls.append(
    chooser(page.texts.layer, numbers(layers), where.layer, (index) => {
      where.layer = index;
      again();
    }),
    chooser(page.texts.head, numbers(heads), where.head, (index) => {
      where.head = index;
      again();
    }),
  );
  const steps = make("ol", "steps");
  for (const [i, { name, text, parts }] of stepsOf(pass).entries()) {
    const step = make("li");
    step.append(titled(`${i + 1}. ${page.texts[name]}`, make("p", "", text), ...parts));
    steps.append(step);
  }
  const focused = document.activeElement instanceof HTMLSelectElement && controlsIndex(body);
  body.replaceChildren(controls, steps);
  body.dataset.drawn = `${where.layer}.${where.head}.${position}`;
  if (typeof focused === "number") body.querySelectorAll("select")[focused]?.focus();
  paintBands(body);
  onScheme(() => paintBands(body), signal);
}

/** Index of the view's select with the focus, or false. @param {HTMLElement} body */
const controlsIndex = (body) => {
  const at = [...body.querySelectorAll("select")].indexOf(
    /** @type {HTMLSelectElement} */ (document.activeElement),
  );
  return at < 0 ? false : at;
};

/** @param {any} pass the server's answer */
function stepsOf(pass) {
  const { ids, tokens, architecture } = sequence();
  const { vocab, width, head_width, hidden, layers, mlp, position: kind } = architecture;
  const { texts } = page;
  const at = state.chosen, time = at + 1;
  const known = { vocab, width, hidden, layers, id: ids[at] };
  const active = pass.activated.filter((/** @type {number} */ value) => Math.abs(value) > 0.1).length;
  return [
    { name: "step_text", text: texts.walk_text, parts: [make("p", "read", tokens.slice(0, time).join(""))] },
    {
      name: "step_tokens",
      text: fill(texts.walk_tokens, known),
      parts: [shaped(`(T) = (${time})`, make("p", "numbers", ids.slice(0, time).join(" ")))],
    },
    {
      name: "step_embedding",
      text: `${fill(texts.walk_embedding, known)} ${texts[`walk_position_${kind}`]}`,
      parts: [band("x", pass.embedding, "C")],
    },
    {
      name: "step_norm",
      text: fill(texts.walk_norm, { width: head_width }),
      parts: [
        band(texts.residual, pass.residual, "C"),
        band(texts.norm, pass.attention_norm, "C"),
        band(texts.query, pass.query, "D"),
        band(texts.key, pass.keys[at], "D"),
        band("v", pass.values[at], "D"),
      ],
    },
    {
      name: "step_scores",
      text: fill(texts.walk_scores, { width: head_width }),
      parts: [shaped(`(T) = (${time})`, scoresTable(pass, tokens))],
    },
    {
      name: "step_mixture",
      text: texts.walk_mixture,
      parts: [band(texts.mixture, pass.mixture, "D"), band(texts.adds_attention, pass.attention, "C")],
    },
    {
      name: "step_mlp",
      text: fill(texts.walk_mlp, { ...known, activation: ACTIVATIONS[mlp] ?? mlp, active }),
      parts: [
        band(texts.norm, pass.mlp_norm, "C"),
        band(texts.before_activation, pass.up, mlp === "swiglu" ? "2F" : "F"),
        band(texts.after_activation, pass.activated, "F"),
        band(texts.adds_mlp, pass.mlp, "C"),
        band(texts.leaves, pass.leaves, "C"),
      ],
    },
    { name: "step_layers", text: fill(texts.walk_layers, known), parts: [lengthsOf(pass.lengths)] },
    {
      name: "step_logits",
      text: texts.walk_logits,
      parts: [band(texts.final_norm, pass.final_norm, "C"), band(texts.logit, pass.logits, "V")],
    },
    { name: "step_sampling", text: texts.walk_sampling, parts: [sampling(pass.logits, pass.top)] },
  ];
}

/** @type {Record<string, string>} */
const ACTIVATIONS = { gelu: "GELU", swiglu: "SwiGLU", relu2: "ReLU²" };

/** Something with its shape beside it. @param {string} shape @param {HTMLElement} content */
function shaped(shape, content) {
  const box = make("div", "shaped");
  box.append(make("code", "", shape), content);
  return box;
}

/** A vector: a band of colours, and its first numbers. @param {string} name @param {number[]} values
 * @param {string} letter of its length */
function band(name, values, letter) {
  const box = make("div", "vector");
  const canvas = make("canvas");
  const first = values.slice(0, SHOWN).map((value) => decimal(value)).join("  ");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", fill(page.texts.vector, { name, count: values.length, values: first }));
  bands.set(canvas, values);
  const text = make("code", "numbers", `${first} …`);
  canvas.onmousemove = ({ offsetX }) => {
    const i = Math.min(values.length - 1, Math.floor(offsetX / canvas.clientWidth * values.length));
    text.textContent = `[${i}] = ${decimal(values[i], 4)}`;
  };
  canvas.onmouseleave = () => text.textContent = `${first} …`;
  box.append(make("span", "name", name), make("code", "", `(${letter}) = (${values.length})`), canvas, text);
  return box;
}

/** @type {WeakMap<HTMLCanvasElement, number[]>} */
const bands = new WeakMap();

/** @param {HTMLElement} body */
function paintBands(body) {
  for (const canvas of body.querySelectorAll("canvas")) paintBand(canvas, bands.get(canvas) ?? []);
}

/** q·k, the score and the weight of every token up to the chosen one. @param {any} pass @param {string[]} tokens */
function scoresTable(pass, tokens) {
  const table = make("table", "products");
  const head = table.createTHead().insertRow();
  for (const name of ["token", "product", "scaled", "weight"]) {
    const cell = make("th", "", page.texts[name]);
    cell.scope = "col";
    head.append(cell);
  }
  const rows = table.createTBody();
  pass.weights.forEach((/** @type {number} */ weight, /** @type {number} */ s) => {
    const row = rows.insertRow();
    row.style.setProperty("--w", String(weight));
    const name = make("th", "", visible(tokens[s]));
    name.scope = "row";
    row.append(name);
    for (const text of [decimal(pass.products[s]), decimal(pass.scores[s]), percent(weight)]) {
      row.insertCell().textContent = text;
    }
  });
  const scroller = make("div", "scroller");
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", page.texts.step_scores);
  scroller.append(table);
  return scroller;
}

/** @param {number[]} lengths */
function lengthsOf(lengths) {
  const list = make("ol", "lengths");
  const most = Math.max(...lengths);
  lengths.forEach((length, depth) => {
    const item = make("li", "bar");
    const name = depth === 0 ? page.texts.depth_0 : fill(page.texts.depth_n, { layer: depth });
    item.style.setProperty("--w", String(length / most));
    item.append(make("span", "name", name), make("span", "share", decimal(length, 1)));
    list.append(item);
  });
  return list;
}
