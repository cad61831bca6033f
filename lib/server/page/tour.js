// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The first screen: cards and examples, each with a question for a model of its kind.

import { ask } from "./answering.js";
import { cardOf } from "./card.js";
import { config, get, kindOf, page } from "./dom.js";
import { translate } from "./frame.js";
import { choose, modelChanges, modelChosen } from "./settings.js";

const tour = get("tour", HTMLElement);

/** The model that an example is for: the chosen one, if it fits. @param {DOMStringMap} wanted @returns {string | undefined} */
function modelFor({ kind, classifier }) {
  const fits = (/** @type {string} */ id) => kindOf(id) === kind && (!classifier || id.endsWith(classifier));
  if (fits(modelChosen())) return modelChosen();
  return config.models.find((/** @type {{ id: string }} */ { id }) => fits(id))?.id;
}

/** Shows the cards and examples that there is a model for, and the chosen model's scores. */
function fit() {
  const kind = kindOf(modelChosen());
  for (const element of tour.querySelectorAll(".card")) {
    if (element instanceof HTMLElement) element.hidden = modelFor(element.dataset) === undefined;
  }
  for (const element of tour.querySelectorAll(".example")) {
    if (!(element instanceof HTMLElement)) continue;
    element.hidden = element.dataset.kind !== kind || modelFor(element.dataset) !== modelChosen();
  }
  for (const element of tour.querySelectorAll("[data-for]")) {
    if (element instanceof HTMLElement) element.hidden = element.dataset.for !== kind;
  }
  scores();
}

/** Shows the chosen model's score for each skill, if it was evaluated. */
async function scores() {
  const card = await cardOf(modelChosen()).catch(() => null); // the card itself says so
  for (const element of tour.querySelectorAll(".example")) {
    const output = element.querySelector(".score");
    if (!(element instanceof HTMLElement) || !output) continue;
    const skill = card?.skills.find(({ name }) => name === element.dataset.skill);
    output.textContent = skill ? `${Math.round(100 * skill.right)} % ${page.texts.right}` : "";
  }
}

/** @returns {HTMLElement} the screen, in the reader's language */
export function welcome() {
  translate(tour);
  fit();
  return tour;
}

export function start() {
  tour.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    if (!button) return;
    const { prompt = "", temperature } = button.dataset;
    const model = modelFor(button.dataset);
    if (model === undefined) return;
    choose({ model, ...temperature && { temperature: Number(temperature) } });
    ask(prompt, { faq: false, inside: button.dataset.kind === "chat" });
  });
  modelChanges.addEventListener("change", fit);
}
