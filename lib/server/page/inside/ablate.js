// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// Switching off heads and MLPs: next tokens and the answer, before and after side by side.

import { fill, make, page } from "../dom.js";
import { failure, toldOf } from "../failure.js";
import { decimal } from "../numbers.js";
import { answered, ask, sequence } from "./state.js";
import { bars, button, quoted, strength, titled, visible } from "./tokens.js";

/** @typedef {import("./state.js").ChosenToken} ChosenToken */
/** @typedef {import("./state.js").Token} Token */
/** @typedef {{ next: Token[], tokens: ChosenToken[], text: string }} Answer */

/** Parts that are switched off, as `layer.head` and `layer.mlp`; they stay off for other texts. */
const off = new Set();
let model = "";

/** The given part of the sequence, without the answer; the ablated model continues it. */
const given = () => {
  const { model, ids, prompt } = sequence();
  return { model, ids: ids.slice(0, prompt) };
};

/** What each part does, once it was measured. @returns {{ token: Token, heads: number[][], mlps: number[] } | undefined} */
const effects = () => answered("effects", given());

function ablation() {
  const parts = [...off].map((part) => part.split("."));
  return {
    heads: parts.filter(([, head]) => head !== "mlp").map(([layer, head]) => ({
      layer: +layer,
      head: +head,
    })),
    mlps: parts.filter(([, head]) => head === "mlp").map(([layer]) => +layer),
  };
}

/** @param {HTMLElement} body @param {AbortSignal} signal */
export async function draw(body, signal) {
  if (model !== sequence().model) off.clear();
  model = sequence().model;
  const results = make("div", "sides two");
  results.setAttribute("aria-live", "polite");
  const attempt = (/** @type {() => Promise<void>} */ act) => {
    act().catch((error) => {
      if (!signal.aborted) results.replaceChildren(failure(toldOf(error), () => attempt(act)));
    });
  };
  const grid = gridOf(() => attempt(() => show(results, signal)));
  const help = make("p", "help");
  const measure = async () => {
    await ask("effects", given(), signal);
    grid.tint();
    tell();
  };
  const tell = () => {
    const known = effects();
    help.textContent = known ? fill(page.texts.effects_help, { token: quoted(known.token.token) }) : "";
  };
  const row = make("div", "row");
  row.append(
    button(page.texts.effects, () =>
      attempt(async () => {
        await measure();
        await show(results, signal);
      })),
    button(page.texts.all_on, () => {
      off.clear();
      grid.update();
      attempt(() => show(results, signal));
    }),
  );
  grid.tint();
  tell();
  await show(results, signal);
  body.replaceChildren(titled(page.texts.parts, grid.element, row, help), results);
}

/** A button for every part. @param {() => void} changed */
function gridOf(changed) {
  const { layers, heads } = sequence().architecture;
  const element = make("div", "parts");
  element.style.setProperty("--columns", String(heads));
  /** @type {Map<string, HTMLButtonElement>} */
  const buttons = new Map();
  for (let layer = 0; layer < layers; layer++) {
    element.append(make("span", "layer", fill(page.texts.layer_n, { layer: layer + 1 })));
    for (const head of [...Array(heads).keys(), "mlp"]) {
      const part = `${layer}.${head}`;
      const text = head === "mlp" ? page.texts.mlp : String(Number(head) + 1);
      const press = button("", () => {
        if (!off.delete(part)) off.add(part);
        update();
        changed();
      });
      press.dataset.part = part;
      const name = head === "mlp"
        ? `${fill(page.texts.layer_n, { layer: layer + 1 })}, ${text}`
        : fill(page.texts.head_n, { layer: layer + 1, head: text });
      const seen = make("span", "", text);
      seen.setAttribute("aria-hidden", "true");
      press.append(seen, make("span", "sr", name), make("small"));
      buttons.set(part, press);
      element.append(press);
    }
  }
  const update = () => {
    for (const [part, press] of buttons) press.setAttribute("aria-pressed", String(!off.has(part)));
  };
  update();
  const tint = () => {
    const known = effects();
    for (const [part, press] of buttons) {
      const [layer, head] = part.split(".");
      const effect = !known ? 0 : head === "mlp" ? known.mlps[+layer] : known.heads[+layer][+head];
      press.style.setProperty("--w", String(Math.min(1, Math.abs(effect) / 2)));
      press.classList.toggle("hinders", effect > 0);
      const note = press.querySelector("small");
      if (note) note.textContent = known ? `${effect >= 0.005 ? "+" : ""}${decimal(effect)}` : "";
    }
  };
  return { element, update, tint };
}

let asked = 0;

/** Shows both answers. @param {HTMLElement} box @param {AbortSignal} signal */
async function show(box, signal) {
  const mine = ++asked;
  box.setAttribute("aria-busy", "true");
  try {
    /** @type {{ before: Answer, after: Answer }} */
    const { before, after } = await ask("ablate", { ...given(), off: ablation() }, signal);
    if (mine !== asked) return;
    const { texts } = page;
    const name = off.size === 0
      ? texts.after_none
      : off.size === 1
      ? texts.after_one
      : fill(texts.after, { count: off.size });
    box.replaceChildren(side(texts.before, before, before), side(name, after, before));
    box.dataset.off = [...off].sort().join();
    const same = before.text === after.text;
    if (off.size > 0) box.prepend(make("p", "verdict", same ? texts.answer_same : texts.answer_changed));
  } finally {
    if (mine === asked) box.removeAttribute("aria-busy");
  }
}

/** @param {string} name @param {Answer} answer @param {Answer} whole */
function side(name, { next, tokens }, whole) {
  const text = make("p", "written");
  for (const { token, probability } of tokens) {
    const span = make("span", "token", visible(token));
    span.style.setProperty("--w", String(strength(probability)));
    text.append(span);
  }
  if (tokens.length === 0) text.textContent = page.texts.empty;
  const part = titled(name, make("h4", "", page.texts.next), bars(next, { marked: whole.next[0]?.id }));
  part.append(make("h4", "", page.texts.answer), text);
  return part;
}

/** The chosen token changes nothing here. */
export function choose() {}
