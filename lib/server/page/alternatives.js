// @ts-check
/// <reference lib="dom" />
// The alternatives to an answer, in columns beside each other.

import { copy } from "./clipboard.js";
import { chooseOther } from "./conversations.js";
import { fill, make, page } from "./dom.js";
import { iconButton } from "./icons.js";
import { decimal, plain } from "./numbers.js";
import { fillTokens, onToken, showBars, surprise } from "./tokens.js";

/** @typedef {import("./format.js").Turn} Turn */
/** @typedef {import("./format.js").Answer} Answer */

/**
 * @param {string} talkId @param {Turn} turn @param {Answer[]} [coming] alternatives that are being written
 * @returns {HTMLElement | null} null if there are none
 */
export function columns(talkId, turn, coming) {
  const { others = [], question } = turn;
  if (!coming && others.length === 0) return null;
  const { texts } = page;
  const box = make("details", "alternatives");
  box.open = true;
  box.append(
    make("summary", "", fill(texts.alternatives_count, { count: others.length + (coming?.length ?? 0) })),
  );
  const row = make("div", "columns");
  for (const answer of coming ?? []) row.append(column(answer, question, "writing"));
  others.forEach((answer, index) => {
    const article = column(answer, question);
    const choose = make("button", "quiet", texts.choose);
    choose.type = "button";
    choose.onclick = () => chooseOther(talkId, turn.id, index);
    const tools = make("div", "tools");
    tools.append(choose, iconButton("copy", texts.copy, () => copy(answer.content)));
    article.append(tools);
    row.append(article);
  });
  box.append(row);
  return box;
}

/** Pages through an answer and its alternatives in place, from the first that came to the last.
 * @param {string} talkId @param {Turn} turn @returns {HTMLElement | null} null if there are no alternatives */
export function pager(talkId, { id, answer, others = [] }) {
  if (!answer || others.length === 0) return null;
  const { texts } = page;
  const all = [answer, ...others].sort((a, b) => a.at - b.at || (a.content < b.content ? -1 : 1));
  const at = all.indexOf(answer);
  const box = make("span", "pager");
  const button = (/** @type {"previous" | "next"} */ name, /** @type {number} */ to) => {
    const one = make("button", `quiet ${name}`, name === "next" ? "›" : "‹");
    one.type = "button";
    one.setAttribute("aria-label", texts[`page_${name}`]);
    one.disabled = to < 0 || to >= all.length;
    one.onclick = () => {
      const turn = box.closest(".turn");
      chooseOther(talkId, id, others.indexOf(all[to]));
      // The pager is drawn anew.
      const again = turn?.querySelector(`.pager .${name}:enabled`) ?? turn?.querySelector(".pager :enabled");
      if (again instanceof HTMLElement) again.focus();
    };
    return one;
  };
  box.append(button("previous", at - 1), `${at + 1}/${all.length}`, button("next", at + 1));
  return box;
}

/** @param {Answer} answer @param {string} question @param {string} [state] */
function column(answer, question, state = "") {
  const { texts } = page;
  const article = make("article", `column ${state}`);
  article.setAttribute("aria-label", texts.alternative);
  const { asked = question, tokens = [], sampling, model } = answer;
  if (asked !== question) article.append(make("p", "asked", asked));
  const text = make("div", "text");
  fillTokens(text, answer);
  article.append(text);
  if (state === "") onToken(text, (token) => showBars(text, answer, token));
  const mean = tokens.reduce((sum, { logprob }) => sum + surprise(logprob), 0) / tokens.length;
  const figures = [
    model,
    ...sampling?.temperature === undefined
      ? []
      : [`${texts.temperature.toLowerCase()} ${plain(sampling.temperature)}`],
    ...tokens.length > 0 ? [fill(texts.mean_bits, { bits: decimal(mean) })] : [],
  ];
  if (state === "") article.append(make("p", "figures", figures.join(" · ")));
  return article;
}
