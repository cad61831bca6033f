// @ts-check
/// <reference lib="dom" />
// How a question and its answer look. Whatever a person or a model wrote goes into the page as text
// (textContent), never as markup.

import * as answering from "./answering.js";
import { make, page } from "./dom.js";
import { tracePanel } from "./trace.js";

/** @typedef {import("./format.js").Turn} Turn */
/** @typedef {import("./format.js").Answer} Answer */
/** @typedef {import("./answering.js").Run} Run */

/** What each turn's element shows. @type {WeakMap<HTMLElement, { language: string, state: string, answer: Answer | undefined }>} */
const drawn = new WeakMap();

/**
 * The element of a turn. Unchanged parts are left alone: they stay open, and screen readers do not repeat them.
 * @param {string} talkId @param {Turn} turn @param {Run | undefined} run the conversation's answer under way
 * @param {HTMLElement | undefined} before the element that shows the turn already
 */
export function turnElement(talkId, turn, run, before) {
  const { answer } = turn;
  const { lang: language } = document.documentElement;
  const writing = run?.turnId === turn.id;
  // One can ask again, except while another question of the conversation is being answered.
  const state = writing ? "writing" : answer ? "answered" : run ? "waiting" : "unanswered";
  const known = before && drawn.get(before);
  const same = known?.language === language;
  const element = before && same ? before : questionElement(turn);
  if (same && known.state === state && known.answer === answer) {
    if (writing) showText(element, run);
    return element;
  }
  while (element.children.length > 1) element.lastElementChild?.remove();
  if (writing) element.append(writingElement(run));
  else if (answer) element.append(answerElement(answer));
  else element.append(unanswered(talkId, turn, run !== undefined));
  drawn.set(element, { language, state, answer });
  return element;
}

/** @param {Turn} turn */
function questionElement({ question }) {
  const element = make("div", "turn");
  const article = make("article", "user");
  article.setAttribute("aria-label", page.texts.you);
  article.append(make("div", "text", question));
  element.append(article);
  return element;
}

/** Shows what has come of an answer. @param {HTMLElement} within @param {Run} run */
export function showText(within, run) {
  const text = within.querySelector(".writing .text");
  if (text) text.textContent = run.answer.content;
}

/** @param {Run} run */
function writingElement(run) {
  const article = make("article", "assistant writing");
  article.setAttribute("aria-label", page.texts.them);
  article.setAttribute("aria-busy", "true");
  article.append(make("div", "text", run.answer.content));
  return article;
}

/** @param {string} talkId @param {Turn} turn @param {boolean} busy */
function unanswered(talkId, turn, busy) {
  const article = make("article", "assistant unanswered");
  article.setAttribute("aria-label", page.texts.them);
  const again = make("button", "", page.texts.ask_again);
  again.type = "button";
  again.disabled = busy;
  again.onclick = () => answering.answer(talkId, turn.id);
  article.append(make("p", "", page.texts.unanswered), again);
  return article;
}

/** @param {Answer} answer */
function answerElement(answer) {
  const article = make("article", "assistant");
  article.setAttribute("aria-label", page.texts.them);
  if (answer.labels) article.append(labelTable(answer.labels));
  else if (answer.content || !answer.error) {
    article.append(make("div", "text", answer.content || page.texts.empty));
  }
  if (answer.error) article.append(make("div", "error", `${page.texts.failed}: ${answer.error}`));
  article.append(footer(answer, article));
  return article;
}

/** @param {{ label: string, probability: number }[]} labels */
function labelTable(labels) {
  const table = make("table", "labels");
  for (const { label, probability } of labels) {
    const row = make("tr");
    const cell = make("td");
    const meter = make("meter");
    meter.value = probability;
    meter.setAttribute("aria-label", label);
    cell.append(meter);
    row.append(make("td", "", label), cell, make("td", "", `${(100 * probability).toFixed(1)} %`));
    table.append(row);
  }
  return table;
}

/** @param {Answer} answer @param {HTMLElement} article */
function footer(answer, article) {
  const foot = make("div", "foot");
  const { trace } = answer;
  if (trace) {
    foot.append(
      make("span", `badge ${trace.source}`, trace.source === "faq" ? page.texts.from_faq : answer.model),
    );
  } else if (answer.model) foot.append(make("span", "badge", answer.model));
  const figures = [];
  if (answer.stopped) figures.push(page.texts.stopped);
  if (trace?.source === "model") {
    figures.push(`${page.texts.context} ${Math.min(trace.ids.length, trace.context)}/${trace.context}`);
    if (trace.truncated) figures.push(page.texts.truncated);
    if (trace.first_token_ms !== undefined) {
      figures.push(`${page.texts.first} ${trace.first_token_ms.toFixed(0)} ms`);
    }
    if (trace.tokens_per_s !== undefined) figures.push(`${trace.tokens_per_s} ${page.texts.rate}`);
  }
  foot.append(make("span", "figures", figures.join(" · ")));
  if (trace) {
    const button = make("button", "quiet", page.texts.trace);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.onclick = () => {
      const open = article.querySelector(".trace");
      open?.remove();
      button.setAttribute("aria-expanded", String(!open));
      if (!open) article.append(tracePanel(answer, trace));
    };
    foot.append(button);
  }
  return foot;
}
