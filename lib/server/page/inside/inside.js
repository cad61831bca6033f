// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The page of a model's inside: its sequence, the tabs of its views, and the URL that holds both.

import { config, fill, get, kindOf, make, page } from "../dom.js";
import { failure, toldOf } from "../failure.js";
import * as frame from "../frame.js";
import * as ablate from "./ablate.js";
import * as attention from "./attention.js";
import * as branch from "./branch.js";
import * as compare from "./compare.js";
import * as lens from "./lens.js";
import { changes, choose, forget, messagesOf, read, sequence, show, state, writeOn } from "./state.js";
import { mark, percent, quoted, strip } from "./tokens.js";
import * as walk from "./walk.js";

/** A view draws itself into its panel, and may only move its marks when another token is chosen.
 * @typedef {{ draw: (body: HTMLElement, signal: AbortSignal) => void | Promise<void>,
 *   choose?: (body: HTMLElement) => void }} View */
/** @type {Record<string, View>} */
const views = { attention, lens, ablate, branch, walk, compare };
const names = Object.keys(views);

const modelSelect = get("model", HTMLSelectElement);
const input = get("input", HTMLTextAreaElement);
const problem = get("problem", HTMLElement);

/** The shown view; below, the views that are up to date. */
let current = names[0];
/** @type {Set<string>} */
const fresh = new Set();
/** Aborts a view's pending requests when it is drawn again. @type {Map<string, AbortController>} */
const drawings = new Map();

/** @param {string} name */
const bodyOf = (name) => {
  const body = get(`panel-${name}`, HTMLElement).querySelector(".body");
  if (!(body instanceof HTMLElement)) throw new Error(`${name} has no body`);
  return body;
};

/** Draws the shown view, unless it is up to date. */
async function draw() {
  if (!state.sequence || fresh.has(current)) return;
  const name = current, body = bodyOf(name);
  drawings.get(name)?.abort();
  const drawing = new AbortController(), { signal } = drawing;
  drawings.set(name, drawing);
  fresh.add(name);
  body.setAttribute("aria-busy", "true");
  if (body.childElementCount === 0) body.append(make("p", "help", page.texts.computing));
  try {
    await views[name].draw(body, signal);
  } catch (error) {
    if (signal.aborted) return;
    fresh.delete(name);
    const failed = failure(toldOf(error), draw);
    failed.setAttribute("role", "alert");
    body.replaceChildren(failed);
  } finally {
    if (!signal.aborted) body.removeAttribute("aria-busy");
  }
}

/** @param {string} name */
function open(name) {
  current = name;
  for (const other of names) {
    const tab = get(`tab-${other}`, HTMLButtonElement);
    tab.setAttribute("aria-selected", String(other === name));
    tab.tabIndex = other === name ? 0 : -1;
    if (other === name) tabs.scrollTo({ left: tab.offsetLeft - tabs.offsetLeft - 40 });
    get(`panel-${other}`, HTMLElement).hidden = other !== name;
  }
  keepAddress();
  draw();
}

const tabs = get("tabs", HTMLElement);
/** Which view each of these keys leads to, from the one that is shown. @type {Record<string, (at: number) => number>} */
const KEYS = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: () => names.length - 1,
};

tabs.addEventListener("click", ({ target }) => {
  const tab = target instanceof Element ? target.closest("[role=tab]") : null;
  if (tab) open(tab.id.replace("tab-", ""));
});
tabs.addEventListener("keydown", (event) => {
  const to = KEYS[event.key]?.(names.indexOf(current));
  if (to === undefined) return;
  event.preventDefault();
  open(names[(to + names.length) % names.length]);
  get(`tab-${current}`, HTMLButtonElement).focus();
});

/** Puts the sequence into the URL's hash, so that it can be bookmarked and shared; the server never sees it. */
function keepAddress() {
  if (!state.sequence) return;
  const { model, ids, prompt } = sequence();
  const { input: text, chosen } = state;
  const parts = { model, ids: ids.join(), prompt: String(prompt), at: String(chosen), view: current, text };
  history.replaceState(null, "", `#${new URLSearchParams(parts)}`);
}

function showChosen() {
  const { tokens, probabilities } = sequence();
  const told = fill(page.texts.chosen, {
    token: quoted(tokens[state.chosen]),
    position: state.chosen + 1,
    count: tokens.length,
  });
  const probability = probabilities[state.chosen];
  // Of a token that the model wrote; where one cannot point at it, this is how one sees it.
  const share = probability == null
    ? ""
    : `, ${fill(page.texts.chosen_probability, { percent: percent(probability) })}`;
  get("chosen", HTMLElement).textContent = told + share;
  mark(document.querySelector("#strip .strip"), state.chosen);
}

function showStrip() {
  const { tokens, markers, prompt, probabilities, truncated } = sequence();
  const options = { tokens, markers, chosen: state.chosen, prompt, probabilities, pick: choose };
  get("strip", HTMLElement).replaceChildren(strip(page.texts.tokens, options));
  get("cut", HTMLElement).hidden = !truncated;
  get("opened", HTMLElement).hidden = false;
  showChosen();
}

changes.addEventListener("sequence", () => {
  fresh.clear();
  showStrip();
  keepAddress();
  draw();
});
changes.addEventListener("chosen", () => {
  showChosen();
  keepAddress();
  for (const name of names) {
    const { choose } = views[name];
    if (choose && fresh.has(name)) choose(bodyOf(name));
    else fresh.delete(name);
  }
  draw();
});
changes.addEventListener("redraw", () => {
  fresh.delete(current);
  draw();
});

let looking = new AbortController();

/** Tokenises the input, lets the model continue it, and shows the result. @param {string} text */
async function look(text) {
  looking.abort();
  const { signal } = looking = new AbortController();
  const form = get("look", HTMLFormElement);
  form.setAttribute("aria-busy", "true");
  problem.hidden = true;
  forget();
  try {
    const given = await read(modelSelect.value, { input: text }, signal);
    const written = await writeOn(given, { temperature: 0 }, signal);
    state.input = text;
    show(written, given.prompt - 1);
  } catch (error) {
    if (signal.aborted) return;
    problem.replaceChildren(failure(toldOf(error), () => look(text)));
    problem.hidden = false;
  } finally {
    if (!signal.aborted) form.removeAttribute("aria-busy");
  }
}

/** Shows the sequence in the URL. @returns {Promise<boolean>} whether there is one */
async function lookAtAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const model = parts.get("model") ?? "", ids = (parts.get("ids") ?? "").split(",").map(Number);
  if (!kindOf(model) || ids.length === 0 || !ids.every(Number.isSafeInteger)) return false;
  const view = parts.get("view") ?? "";
  if (names.includes(view)) open(view);
  modelSelect.value = model;
  showKind();
  const found = await read(model, { input: ids });
  // If the URL does not say where the prompt ends, it ends where the answer begins.
  const answer = found.tokens.findLastIndex((token, i) => found.markers[i] && token === "<resp>") + 1;
  // Positions shift if the beginning did not fit into the context.
  const cut = ids.length - found.ids.length;
  const told = Number(parts.get("prompt"));
  const given = told ? told - cut : answer || found.ids.length;
  const prompt = Math.max(1, Math.min(found.ids.length, given));
  const said = parts.has("text") ? [] : await messagesOf({ ...found, prompt });
  const question = said.findLast(({ role }) => role === "user")?.content;
  state.input = input.value = parts.get("text") ?? question ?? "";
  show({ ...found, prompt }, (Number(parts.get("at") ?? prompt - 1 + cut) || 0) - cut);
  return true;
}

/** What the model is given: a question, or a text to go on with. */
function showKind() {
  get("input-name", HTMLElement).textContent =
    page.texts[kindOf(modelSelect.value) === "chat" ? "question" : "beginning"];
}

modelSelect.onchange = () => {
  showKind();
  look(input.value);
};
get("look", HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  look(input.value);
};
input.onkeydown = /** @param {KeyboardEvent} event */ (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  look(input.value);
};

frame.start();
frame.language.addEventListener("change", () => {
  showKind();
  fresh.clear();
  if (state.sequence) showStrip();
  draw();
});
globalThis.addEventListener("hashchange", () => lookAtAddress().catch(() => {}));
if (config.models.length > 0) {
  showKind();
  const beginWithPreset = () => {
    input.value = kindOf(modelSelect.value) === "chat" ? config.preset : "Había una vez";
    return look(input.value);
  };
  lookAtAddress().then((found) => found ? undefined : beginWithPreset(), beginWithPreset);
}
