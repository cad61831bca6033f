// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// A card for each lesson: its progress and result, both models to ask, and a button to undo it.

import { fill, get, page, post } from "./dom.js";
import { count, decimal, duration } from "./numbers.js";
import {
  cardList,
  confirmed,
  element,
  keepLooking,
  read,
  send,
  setText,
  told,
  Trial,
  Trouble,
} from "./studio_common.js";
import { toast } from "./toast.js";

/**
 * @typedef {{ right: number, all: number }} Tally
 * @typedef {{ facts: Tally[], known: Tally, leaked: Tally }} Exam
 * @typedef {{
 *   id: string, model: string | null, facts: { question: string, answer: string }[], state: string,
 *   error: string | null, started: string | null,
 *   steps: { step: number, most: number, loss: number, standing: Record<string, Tally> | null }[],
 *   result: { done: boolean, steps: number, seconds: number, before: Exam, after: Exam } | null,
 * }} Lesson
 */

/** Models that were taught, which the form offers. @type {Set<string>} */
const offered = new Set();

class Card {
  /** @param {Lesson} lesson */
  constructor({ id, model }) {
    this.id = id;
    this.model = model;
    this.state = element("span", { class: "state", role: "status" });
    this.facts = element("ul", { class: "taught", lang: "es" });
    this.bar = element("progress", {});
    this.step = element("p", { class: "facts" });
    this.steps = element("ol", { class: "steps" });
    this.error = new Trouble();
    this.result = element("div", {});
    this.stop = this.button(() => send("/lessons/stop", { id }));
    this.undo = this.button(() => this.askAndUndo());
    this.talk = element("a", { class: "button", href: `/#${new URLSearchParams({ model: id })}` });
    this.before = answerBox();
    this.after = answerBox();
    this.answers = element("dl", { class: "both", "aria-live": "polite" }, this.before.box, this.after.box);
    this.answers.hidden = true;
    this.trial = new Trial(`try-${id}`, (question) => this.ask(question), this.answers);
    this.trial.input.lang = "es";
    this.of = element("small", {});
    this.item = element(
      "li",
      { class: "card", "data-id": id },
      element("header", {}, element("h3", {}, id, " ", this.of), this.state),
      this.facts,
      this.bar,
      this.step,
      this.steps,
      this.error.box,
      this.result,
      this.trial.form,
      element("div", { class: "row" }, this.stop, this.talk, this.undo),
    );
  }

  /** @param {() => Promise<unknown>} act */
  button(act) {
    const button = /** @type {HTMLButtonElement} */ (element("button", { type: "button" }));
    button.onclick = async () => {
      button.disabled = true;
      try {
        await act();
      } catch (error) {
        toast(told(error), { urgent: true });
      }
      button.disabled = false;
      look();
    };
    return button;
  }

  async askAndUndo() {
    const dialog = get("undo", HTMLDialogElement);
    get("undo-question", HTMLParagraphElement).textContent = fill(page.texts.undo_confirm, { id: this.id });
    if (!await confirmed(dialog)) return;
    await send("/lessons/undo", { id: this.id });
    toast(fill(page.texts.undone, { id: this.id }));
  }

  /** Asks both models. @param {string} written the first fact's question where it is empty */
  async ask(written) {
    const { input } = this.trial;
    const question = input.value = written.trim() || input.placeholder;
    this.answers.hidden = false;
    await Promise.all([
      answerOf(this.model, question, this.before.said),
      answerOf(this.id, question, this.after.said),
    ]);
  }

  /** @param {Lesson} lesson */
  show({ model, facts, state, error, started, steps, result }) {
    const t = page.texts, running = state === "running" || state === "stopping";
    this.item.dataset.state = state;
    setText(this.of, model ? fill(t.taught_of, { model }) : "");
    setText(this.state, result && !result.done ? t.state_short : t[`state_${state}`]);
    showFacts(this.facts, facts);
    this.bar.hidden = this.step.hidden = this.steps.hidden = !running;
    if (running) this.showSteps(steps, started);
    this.error.show(error);
    const shown = JSON.stringify([result, document.documentElement.lang]);
    if (this.result.dataset.shown !== shown) {
      this.result.dataset.shown = shown;
      this.result.replaceChildren(...result ? resultOf(facts, result) : []);
    }
    this.trial.form.hidden = this.talk.hidden = !result;
    this.stop.hidden = state !== "running";
    this.undo.hidden = running;
    const names = { stop: t.stop, undo: t.undo, talk: t.talk };
    for (const at of /** @type {const} */ (["stop", "undo", "talk"])) {
      setText(this[at], names[at]);
      this[at].setAttribute("aria-label", `${names[at]}: ${this.id}`);
    }
    setText(this.before.name, t.before);
    setText(this.after.name, t.after);
    this.trial.name(t.try_label, t.try_go, facts[0]?.question ?? t.try_placeholder);
    this.bar.setAttribute("aria-label", `${t.teaching} ${this.id}`);
  }

  /** @param {Lesson["steps"]} steps @param {string | null} started */
  showSteps(steps, started) {
    const t = page.texts, last = steps.at(-1);
    const seconds = started === null ? 0 : Math.max(0, (Date.now() - Date.parse(started)) / 1000);
    const facts = last
      ? [fill(t.step_of, { step: last.step, most: last.most }), fill(t.loss, { loss: decimal(last.loss, 3) })]
      : [t.preparing];
    setText(this.step, [...facts, fill(t.elapsed, { time: duration(seconds) })].join(" · "));
    if (last) {
      this.bar.setAttribute("max", String(last.most));
      this.bar.setAttribute("value", String(last.step));
    } else this.bar.removeAttribute("value");
    const lines = steps.flatMap(({ step, standing }) =>
      standing ? [`${fill(t.step, { step })}: ${standingOf(standing)}`] : []
    );
    while (this.steps.children.length > lines.length) this.steps.lastChild?.remove();
    while (this.steps.children.length < lines.length) this.steps.append(element("li", {}));
    lines.forEach((line, i) => setText(this.steps.children[i], line));
  }
}

/** How well a model does while it is taught. @param {Record<string, Tally>} standing */
const standingOf = (standing) =>
  Object.entries(standing).map(([name, tally]) =>
    `${page.texts[`stands_${name}`]} ${fill(page.texts.of, tally)}`
  ).join(", ");

/** Where a model's answer is shown. */
function answerBox() {
  const name = element("dt", {}), said = element("dd", { lang: "es" });
  return { name, said, box: element("div", {}, name, said) };
}

/** @param {Element} at @param {{ question: string, answer: string }[]} facts */
function showFacts(at, facts) {
  if (at.children.length === facts.length) return;
  at.replaceChildren(
    ...facts.map(({ question, answer }) => element("li", {}, element("i", {}, question), ` ${answer}`)),
  );
}

/** What was right before and after. @param {Lesson["facts"]} facts @param {NonNullable<Lesson["result"]>} result */
function resultOf(facts, { done, steps, seconds, before, after }) {
  const t = page.texts;
  const tally = (/** @type {Tally | undefined} */ { right, all } = { right: 0, all: 0 }) =>
    fill(t.of, { right, all });
  const row = (/** @type {string} */ name, /** @type {Tally} */ a, /** @type {Tally} */ b) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", {}, tally(a)),
      element("td", {}, tally(b)),
    );
  const rows = [
    ...facts.map(({ question }, i) => row(fill(t.row_fact, { question }), before.facts[i], after.facts[i])),
    row(t.row_known, before.known, after.known),
    row(t.row_leaked, before.leaked, after.leaked),
  ];
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, t.result),
    element("th", { scope: "col" }, t.before),
    element("th", { scope: "col" }, t.after),
  );
  const table = element(
    "table",
    { class: "exam" },
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
  const time = fill(t.result_time, { steps: count(steps), seconds: count(seconds) });
  return [
    table,
    element("p", { class: "facts" }, time),
    ...done ? [] : [element("p", { class: "help" }, t.result_short)],
  ];
}

/** @param {string | null} model @param {string} question @param {Element} at where the answer is shown */
async function answerOf(model, question, at) {
  at.textContent = "…";
  try {
    const answer = await post("/v1/chat/completions", {
      model,
      messages: [{ role: "user", content: question }],
      temperature: 0,
      faq: false,
      max_tokens: 80,
    });
    at.textContent = (await answer.json()).choices[0].message.content;
  } catch (error) {
    at.textContent = told(error);
  }
}

/** Offers taught models in the form, so that they can be taught more. @param {Lesson[]} lessons */
function offer(lessons) {
  const select = get("model", HTMLSelectElement);
  const taught = lessons.filter(({ result }) => result).map(({ id }) => id);
  for (const id of taught.filter((id) => !offered.has(id))) {
    offered.add(id);
    if (![...select.options].some(({ value }) => value === id)) select.add(new Option(id, id));
  }
  for (const id of [...offered].filter((id) => !taught.includes(id))) {
    offered.delete(id);
    for (const option of [...select.options]) if (option.value === id) option.remove();
  }
}

const showCards = cardList(get("lessons", HTMLUListElement), {
  key: (/** @type {Lesson} */ { id }) => id, // the model that comes of it
  card: (lesson) => new Card(lesson),
});

async function draw() {
  /** @type {{ lessons: Lesson[] }} */
  const { lessons } = await read("/lessons");
  showCards(lessons);
  offer(lessons);
}

let look = () => {};
export { look };

export function start() {
  look = keepLooking(draw, get("lost", HTMLParagraphElement));
}
