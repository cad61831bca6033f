// @ts-check
/// <reference lib="dom" />
// Sampling as the server does it (lib/generate/sample.ts), on the distribution of one position, with sliders.

import { fill, make, page } from "../dom.js";
import { decimal } from "../numbers.js";
import { read, sequence } from "./state.js";
import { bars, button, quoted } from "./tokens.js";

/** @typedef {import("./state.js").Token} Token */

/** Tokens that are shown. */
const SHOWN = 15;

/** Where the sliders stand; they stay there from token to token. */
const chosen = { temperature: 1, top_k: 0, top_p: 1 };

/**
 * Probabilities after temperature and cuts, by token id; 0 for what is cut off.
 * @param {number[]} logits @param {{ temperature: number, top_k: number, top_p: number }} options
 */
export function distribution(logits, { temperature, top_k, top_p }) {
  const order = logits.map((_, id) => id).sort((a, b) => logits[b] - logits[a] || a - b);
  const top = logits[order[0]];
  const kept = new Float64Array(logits.length);
  if (temperature === 0) {
    kept[order[0]] = 1;
    return kept;
  }
  const weight = (/** @type {number} */ id) => Math.exp((logits[id] - top) / temperature);
  let n = top_k > 0 ? Math.min(top_k, order.length) : order.length;
  if (top_p < 1) {
    let total = 0, reached = 0, nucleus = 0;
    for (let i = 0; i < n; i++) total += weight(order[i]);
    while (nucleus < n && reached < top_p * total) reached += weight(order[nucleus++]);
    n = Math.max(1, nucleus);
  }
  let sum = 0;
  for (let i = 0; i < n; i++) sum += kept[order[i]] = weight(order[i]);
  return kept.map((value) => value / sum);
}

/** A token's text. @param {number} id @param {Token[]} top whose texts are known */
async function textOf(id, top) {
  const known = top.find((token) => token.id === id);
  return known?.token ?? (await read(sequence().model, { input: [id] })).tokens[0];
}

/** Sliders, and what they make of the distribution. @param {number[]} logits @param {Token[]} top the most probable */
export function sampling(logits, top) {
  const box = make("div", "sampling");
  const shown = make("div"), count = make("p", "help"), drawn = make("p", "verdict");
  drawn.setAttribute("role", "status");
  let now = distribution(logits, chosen);
  /** @type {number | undefined} */
  let marked;
  const update = () => {
    now = distribution(logits, chosen);
    const list = top.slice(0, SHOWN).map((token) => ({ ...token, probability: now[token.id] }));
    const options = {
      dropped: (/** @type {number} */ id) => now[id] === 0,
      ...marked !== undefined && { marked },
    };
    shown.replaceChildren(bars(list, options));
    const possible = now.reduce((n, value) => n + (value > 0 ? 1 : 0), 0);
    count.textContent = fill(page.texts.kept, { count: possible, vocab: logits.length });
  };
  const sliders = make("div", "sliders");
  sliders.append(
    slider("temperature", 0, 2, 0.05, update),
    slider("top_k", 0, Math.min(100, logits.length), 1, update),
    slider("top_p", 0.05, 1, 0.05, update),
    button(page.texts.draw, async () => {
      let rest = Math.random();
      marked = now.findIndex((value) => (rest -= value) < 0);
      if (marked < 0) marked = now.findLastIndex((value) => value > 0);
      update();
      const id = marked;
      const token = await textOf(id, top).catch(() => `#${id}`);
      if (id === marked) drawn.textContent = fill(page.texts.drawn, { token: quoted(token) });
    }),
    drawn,
  );
  update();
  box.append(sliders, make("div"));
  box.lastElementChild?.append(count, shown);
  return box;
}

/** @param {"temperature" | "top_k" | "top_p"} name @param {number} min @param {number} max @param {number} step
 * @param {() => void} moved */
function slider(name, min, max, step, moved) {
  const label = make("label", "field");
  const title = make("span"), value = make("output"), input = make("input");
  title.append(page.texts[name], value);
  Object.assign(input, { type: "range", min, max, step });
  input.value = String(chosen[name]);
  input.id = `walk-${name}`;
  const show = () => value.textContent = decimal(chosen[name], name === "top_k" ? 0 : 2);
  input.oninput = () => {
    chosen[name] = Number(input.value);
    show();
    moved();
  };
  show();
  label.append(title, input);
  return label;
}
