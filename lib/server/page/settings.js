// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The chosen model, and the settings in their drawer. Their values survive a reload.

import { get, kindOf, page } from "./dom.js";
import { language } from "./frame.js";
import { plain } from "./numbers.js";
import { drop, keep, parsed, recall } from "./storage.js";

const modelSelect = get("model", HTMLSelectElement);
const temperature = get("temperature", HTMLInputElement);
const system = get("system", HTMLTextAreaElement);
const tint = get("tint", HTMLSelectElement);
const switches = [get("faq", HTMLInputElement), get("history", HTMLInputElement)];
const sliders = ["max_tokens", "temperature", "top_k", "top_p"].map((id) => get(id, HTMLInputElement));
const seed = get("seed", HTMLInputElement);
/** Drawn seeds are below this, so that they are short enough to read out. */
const SEEDS = 1_000_000;

/** Dispatches "change" when another model was chosen. */
export const modelChanges = new EventTarget();

/** Stored values by the control's id; they may be anything. @returns {Record<string, unknown>} */
function kept() {
  const found = parsed(recall("settings"));
  return typeof found === "object" && found !== null && !Array.isArray(found) ? { ...found } : {};
}

/** @param {string} name @param {unknown} value */
const remember = (name, value) => keep("settings", JSON.stringify({ ...kept(), [name]: value }));

export const modelChosen = () => modelSelect.value;
export const settings = () => ({
  system: system.value.trim(),
  faq: switches[0].checked,
  history: switches[1].checked,
});
/** Sampling parameters, as the API names them; a seed is drawn if none is given, so that it can be told.
 * @returns {import("./format.js").Sampling} */
export function sampling() {
  const values = Object.fromEntries(sliders.map(({ id, value }) => [id, Number(value)]));
  return { ...values, seed: seed.value === "" ? Math.floor(SEEDS * Math.random()) : Number(seed.value) };
}

/** @param {HTMLInputElement} slider */
function showValue(slider) {
  const output = document.querySelector(`output[for=${slider.id}]`);
  if (output) output.textContent = plain(Number(slider.value));
}

/** Shows what the chosen model does, and the settings that it has. */
function showModel() {
  const kind = kindOf(modelSelect.value);
  get("model-kind", HTMLElement).textContent = page.texts[kind ?? ""] ?? "";
  get("sampling", HTMLElement).hidden = kind === "classifier";
  // A model that continues text gets only the last question.
  get("remembering", HTMLElement).hidden = kind !== "chat";
  get("known", HTMLElement).hidden = kind !== "chat";
  const name = kind === "text" ? "prompt_text" : kind === "classifier" ? "prompt_label" : "prompt";
  get("prompt", HTMLTextAreaElement).placeholder = page.texts[name];
  get("prompt-label", HTMLElement).textContent = page.texts[name];
  // A model that continues text says little at temperature 0.
  if (!("temperature" in kept())) temperature.value = kind === "text" ? "0.7" : "0";
  showValue(temperature);
  modelChanges.dispatchEvent(new Event("change"));
}

/** Chooses a model and how it is sampled, as an example or a link wants it; only the model is remembered.
 * @param {{ model: string, faq?: boolean } & import("./format.js").Sampling} wanted */
export function choose({ model, faq, system: said, ...numbers }) {
  modelSelect.value = model;
  remember("model", model);
  showModel();
  for (const control of [...sliders, seed]) {
    const value = numbers[/** @type {keyof typeof numbers} */ (control.id)];
    if (value === undefined) continue;
    control.value = String(value);
    if (control !== seed) showValue(control);
  }
  if (faq !== undefined) switches[0].checked = faq;
  if (said !== undefined) system.value = said;
}

/** Sets the controls to the stored values, or to their defaults. */
function restore() {
  const values = kept();
  for (const box of switches) {
    const value = values[box.id];
    box.checked = typeof value === "boolean" ? value : box.defaultChecked;
  }
  for (const slider of sliders) {
    const value = values[slider.id];
    slider.value = typeof value === "number" ? String(value) : slider.defaultValue;
    showValue(slider);
  }
  seed.value = typeof values.seed === "number" && Number.isSafeInteger(values.seed)
    ? String(values.seed)
    : "";
  system.value = typeof values.system === "string" ? values.system : "";
  tint.value = typeof values.tint === "string" ? values.tint : "surprise";
  if (tint.value === "") tint.value = "surprise";
  document.body.dataset.tint = tint.value;
  if (typeof values.model === "string" && kindOf(values.model)) modelSelect.value = values.model;
  showModel();
}

const drawer = get("settings", HTMLElement);
const opener = get("open-settings", HTMLButtonElement);
/** On narrow screens the drawer covers the conversation. */
const narrow = matchMedia("(max-width: 70rem)");

/** @param {boolean} open */
export function toggleDrawer(open) {
  drawer.hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
  if (!narrow.matches) keep("drawer", open ? "open" : "closed");
}

export const isDrawerOver = () => narrow.matches && !drawer.hidden;

export function start() {
  for (const box of switches) box.onchange = () => remember(box.id, box.checked);
  for (const slider of sliders) {
    slider.oninput = () => {
      showValue(slider);
      remember(slider.id, Number(slider.value));
    };
  }
  seed.oninput = () => remember("seed", seed.value === "" ? null : Number(seed.value));
  system.oninput = () => remember("system", system.value);
  tint.onchange = () => {
    document.body.dataset.tint = tint.value;
    remember("tint", tint.value);
  };
  modelSelect.onchange = () => {
    remember("model", modelSelect.value);
    showModel();
  };
  get("reset", HTMLButtonElement).onclick = () => {
    const { model } = kept();
    drop("settings");
    keep("settings", JSON.stringify({ model }));
    restore();
  };
  opener.onclick = () => toggleDrawer(drawer.hidden !== false);
  const close = () => {
    toggleDrawer(false);
    opener.focus();
  };
  get("close-settings", HTMLButtonElement).onclick = close;
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  if (!narrow.matches && recall("drawer") === "open") toggleDrawer(true);
  language.addEventListener("change", () => {
    showModel();
    sliders.forEach(showValue);
  });
  restore();
}
