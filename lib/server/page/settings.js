// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The controls in the sidebar: model and sampling. Their values survive a reload.

import { get, kindOf, page } from "./dom.js";
import { language } from "./frame.js";
import { drop, keep, parsed, recall } from "./storage.js";

const modelSelect = get("model", HTMLSelectElement);
const temperature = get("temperature", HTMLInputElement);
const system = get("system", HTMLTextAreaElement);
const switches = [get("faq", HTMLInputElement), get("history", HTMLInputElement)];
const sliders = ["max_tokens", "temperature", "top_k", "top_p"].map((id) => get(id, HTMLInputElement));
const seed = get("seed", HTMLInputElement);

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
/** Sampling parameters, as the API names them. @returns {Record<string, number>} */
export const sampling = () =>
  Object.fromEntries(
    [...sliders, seed].filter(({ value }) => value !== "").map(({ id, value }) => [id, Number(value)]),
  );

/** @param {HTMLInputElement} slider */
function showValue(slider) {
  const output = document.querySelector(`output[for=${slider.id}]`);
  if (output) output.textContent = slider.value;
}

/** Shows what the chosen model does, and the settings that it has. */
function showModel() {
  const kind = kindOf(modelSelect.value);
  get("model-kind", HTMLParagraphElement).textContent = page.texts[kind ?? ""] ?? "";
  get("current", HTMLElement).textContent = modelSelect.value;
  get("sampling", HTMLElement).hidden = kind === "classifier";
  // A model that continues text gets only the last question.
  get("remembering", HTMLElement).hidden = kind !== "chat";
  // It says little at temperature 0.
  if (!("temperature" in kept())) temperature.value = kind === "text" ? "0.7" : "0";
  showValue(temperature);
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
  if (typeof values.model === "string" && kindOf(values.model)) modelSelect.value = values.model;
  showModel();
}

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
  language.addEventListener("change", showModel);
  restore();
}
