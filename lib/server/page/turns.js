// @ts-check
/// <reference lib="dom" />
// How a question and its answer look. Whatever a person or a model wrote goes into the page as text
// (textContent), never as markup.

import { columns, pager } from "./alternatives.js";
import * as answering from "./answering.js";
import { copy, linkTo } from "./clipboard.js";
import { kindOf, make, page, textFor, worded } from "./dom.js";
import { failure } from "./failure.js";
import { iconButton } from "./icons.js";
import { labelled } from "./labels.js";
import { count } from "./numbers.js";
import { questionElement } from "./questions.js";
import { modelChosen } from "./settings.js";
import { fillTokens, onToken, showBars } from "./tokens.js";
import { openTrace } from "./trace.js";

/** @typedef {import("./format.js").Turn} Turn */
/** @typedef {import("./format.js").Answer} Answer */
/** @typedef {import("./answering.js").Run} Run */

/** What each turn's element shows.
 * @type {WeakMap<HTMLElement, { language: string, question: string, state: string, answer: Answer | undefined, others: Answer[] | undefined }>} */
const drawn = new WeakMap();

/**
 * The element of a turn. Unchanged parts are left alone: they stay open, and screen readers do not repeat them.
 * @param {string} talkId @param {Turn} turn @param {Run | undefined} run the conversation's question under way
 * @param {HTMLElement | undefined} before the element that shows the turn already
 */
export function turnElement(talkId, turn, run, before) {
  const { question, answer, others } = turn;
  const { lang: language } = document.documentElement;
  const own = run?.turnId === turn.id ? run : undefined;
  // One can ask again, except while another question of the conversation is being answered.
  const state = own
    ? (own.alternatives ? "comparing" : "writing")
    : answer
    ? "answered"
    : run
    ? "waiting"
    : "unanswered";
  const known = before && drawn.get(before);
  const same = known?.language === language && known.question === question;
  const element = before && same ? before : make("div", "turn");
  if (!(before && same)) element.append(questionElement(talkId, turn));
  if (same && known.state === state && known.answer === answer && known.others === others) {
    if (own) showText(element, own);
    return element;
  }
  const kind = kindOf((own?.answers[0] ?? answer)?.model);
  // A text that is continued or labelled is shown within the answer.
  element.classList.toggle(
    "one-text",
    state !== "unanswered" && state !== "waiting" && kind !== "chat" && kind !== undefined,
  );
  const kept = same && state !== "writing" && known.answer === answer
    ? element.querySelector(".answer")
    : null;
  for (const child of [...element.children].slice(1)) if (child !== kept) child.remove();
  if (own && !own.alternatives) element.append(writingElement(turn, own));
  else if (answer && !kept) element.append(answerElement(talkId, turn, answer));
  else if (!answer) element.append(unanswered(talkId, turn, run !== undefined));
  // An answer that is left alone may have other alternatives by now.
  element.querySelector(".pager")?.remove();
  const pages = pager(talkId, turn);
  if (pages) element.querySelector(".answer .figures")?.after(pages);
  const wide = columns(talkId, turn, own?.alternatives ? own.answers : undefined);
  if (wide) element.append(wide);
  drawn.set(element, { language, question, state, answer, others });
  return element;
}

/** Shows the answers as far as they have come. @param {HTMLElement} within @param {Run} run */
export function showText(within, run) {
  const texts = within.querySelectorAll(".writing .text");
  run.answers.forEach((answer, i) => texts[i] && fillTokens(texts[i], answer));
}

/** The given text, shown before the model's continuation. @param {Turn} turn @param {Answer} answer */
function given({ question }, { model, trace }) {
  if (kindOf(model) !== "text") return [];
  const box = make("span", "given");
  // The first token marks the beginning.
  const tokens = trace?.tokens.slice(1, trace.prompt) ?? [];
  if (tokens.join("") === question) box.append(...tokens.map((token) => make("span", "piece", token)));
  else box.textContent = question;
  return [box];
}

/** @param {Turn} turn @param {Run} run */
function writingElement(turn, run) {
  const [answer] = run.answers;
  const article = make("article", "assistant writing");
  article.setAttribute("aria-label", page.texts.them);
  article.setAttribute("aria-busy", "true");
  const text = make("span", "text");
  text.dataset.waiting = page.texts.reading;
  fillTokens(text, answer);
  const block = make("div", "prose");
  block.append(...given(turn, answer), text);
  article.append(block);
  return article;
}

/** @param {string} talkId @param {Turn} turn @param {boolean} busy */
function unanswered(talkId, turn, busy) {
  const article = make("article", "assistant unanswered");
  article.setAttribute("aria-label", page.texts.them);
  const again = make("button", "", textFor("ask_again", modelChosen()));
  again.type = "button";
  again.disabled = busy;
  again.onclick = () => answering.answer(talkId, turn.id);
  article.append(make("p", "", textFor("unanswered", modelChosen())), again);
  return article;
}

/** @param {string} talkId @param {Turn} turn @param {Answer} answer */
function answerElement(talkId, turn, answer) {
  const article = make("article", "assistant answer");
  article.setAttribute("aria-label", page.texts.them);
  if (answer.labels) article.append(labelled(turn.question, answer));
  else if (answer.content || !answer.error) {
    const block = make("div", "prose");
    const text = make("span", "text");
    if (answer.content) fillTokens(text, answer);
    else text.textContent = page.texts.empty;
    const { trace } = answer;
    onToken(
      text,
      // An answer that was stopped or cut off has no trace.
      (token) => trace ? openTrace(article, answer, trace, token) : showBars(block, answer, token),
    );
    block.append(...given(turn, answer), text);
    article.append(block);
  }
  if (answer.error) {
    const told = `${textFor("failed", answer.model)}: ${worded(answer)}`;
    article.append(failure(told, () => answering.answer(talkId, turn.id)));
  }
  article.append(footer(talkId, turn, answer, article));
  if (answering.toOpen.delete(turn.id) && answer.trace?.source === "model") {
    openTrace(article, answer, answer.trace);
  }
  return article;
}

/** @param {Answer} answer */
function figures({ stopped, trace }) {
  const { texts } = page;
  const box = make("span", "figures");
  const add = (/** @type {string} */ text, className = "") => box.append(make("span", className, text));
  if (stopped) add(texts.stopped);
  if (trace?.source === "model") {
    add(`${texts.context} ${Math.min(trace.ids.length, trace.context)}/${trace.context}`);
    if (trace.truncated) add(texts.truncated);
    if (trace.tokens_per_s !== undefined) add(`${trace.tokens_per_s} ${texts.rate}`);
    // Narrow screens have no room for it.
    if (trace.first_token_ms !== undefined) add(`${texts.first} ${count(trace.first_token_ms)} ms`, "lesser");
  }
  return box;
}

/** @param {string} talkId @param {Turn} turn @param {Answer} answer @param {HTMLElement} article */
function footer(talkId, turn, answer, article) {
  const { texts } = page;
  const foot = make("div", "foot");
  const { trace, model } = answer;
  const fixed = trace?.source === "faq";
  if (fixed) foot.append(make("span", "badge faq", texts.from_faq));
  else if (model) foot.append(make("span", "badge model", model));
  foot.append(figures(answer));
  const tools = make("div", "tools");
  if (fixed) {
    const button = make("button", "quiet", texts.ask_model);
    button.type = "button";
    button.onclick = () => answering.answer(talkId, turn.id, { faq: false, inside: true });
    tools.append(button);
  } else if (trace) {
    const button = make("button", "quiet look", texts.trace);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.onclick = () => openTrace(article, answer, trace);
    tools.append(button);
  }
  tools.append(iconButton("copy", texts.copy, () => copy(answer.content)));
  tools.append(
    iconButton("again", textFor("regenerate", model), () => answering.answer(talkId, turn.id), "again"),
  );
  if (!answer.labels && !fixed) {
    tools.append(
      iconButton("columns", texts.alternatives, () => answering.askAlternatives(talkId, turn.id), "more"),
    );
  }
  if (kindOf(model) !== "chat") {
    tools.append(iconButton("edit", textFor("edit", model), () => startEdit(article), "edit"));
  }
  const copied = answer.sampling?.history ? texts.link_alone : texts.link_copied;
  tools.append(
    iconButton("link", textFor("link", model), () => copy(linkTo(turn.question, answer), copied)),
  );
  foot.append(tools);
  return foot;
}

/** Lets the question of an answer be edited. @param {HTMLElement} article */
function startEdit(article) {
  const button = article.closest(".turn")?.querySelector(".user .edit");
  if (button instanceof HTMLElement) button.click();
}
