// @ts-check
/// <reference lib="dom" />
// The tokens of an answer: tinted by how unexpected each was, and the ten most probable ones as bars.

import { fill, make, page } from "./dom.js";
import { decimal } from "./numbers.js";

/** @typedef {import("./format.js").Answer} Answer */
/** @typedef {import("./format.js").TokenInfo} TokenInfo */

/** Least surprise of each shade, in bits (-log2 of the probability). */
const SURPRISE = [0.15, 1, 2, 4, 7];
/** Least rank of each shade among the most probable tokens; rank 1 has no shade. */
const RANKS = [2, 3, 4, 6, 11];
export const SHADES = SURPRISE.length;

/** @param {number} logprob natural logarithm of a probability @returns bits */
export const surprise = (logprob) => Math.max(0, -logprob / Math.LN2);
/** @param {number} logprob */
export const percent = (logprob) => {
  const share = 100 * Math.exp(logprob);
  return `${share < 0.05 ? `<${decimal(0.1, 1)}` : decimal(share, share < 10 ? 1 : 0)} %`;
};

/** Rank among the most probable tokens that are known; if it is none of them, the next rank. @param {TokenInfo} info */
export const rank = ({ token, top_logprobs }) => {
  const at = top_logprobs.findIndex((other) => other.token === token);
  return at < 0 ? top_logprobs.length + 1 : at + 1;
};

/** CSS classes for its shades on both scales; the page applies the chosen scale. @param {TokenInfo} info */
export function shades(info) {
  const steps = (/** @type {number[]} */ from, /** @type {number} */ value) =>
    from.filter((least) => value >= least).length;
  return `s${steps(SURPRISE, surprise(info.logprob))} r${steps(RANKS, rank(info))}`;
}

/** Makes a token's blanks visible. @param {string} token */
export const visible = (token) => token.replaceAll("\n", "⏎").replaceAll(" ", "␣").replaceAll("\t", "⇥");

/**
 * Splits a piece of the answer among its tokens.
 * @param {TokenInfo[]} tokens @param {string} piece what all of them add
 */
export function addTexts(tokens, piece) {
  let left = piece;
  tokens.forEach((info, i) => {
    const last = i === tokens.length - 1;
    const whole = left.startsWith(info.token)
      ? info.token
      : left.startsWith(info.token.trimStart())
      ? info.token.trimStart()
      : "";
    const text = last ? left : whole;
    left = left.slice(text.length);
    if (text !== info.token) info.text = text;
  });
}

/** What a token adds to its answer. @param {TokenInfo} info */
export const textOf = ({ token, text }) => text ?? token;

/** How many tokens an element shows. @type {WeakMap<Element, number>} */
const shown = new WeakMap();

/** Fills an element with an answer, token by token, or adds those that have come since. @param {Element} element @param {Answer} answer */
export function fillTokens(element, { content, tokens = [] }) {
  const known = shown.get(element) ?? 0;
  const joined = tokens.map(textOf).join("");
  if (tokens.length === 0 || joined !== content) {
    shown.delete(element);
    element.textContent = content;
    return;
  }
  if (known === 0) element.textContent = "";
  tokens.slice(known).forEach((info, i) => {
    const text = textOf(info);
    if (text === "") return;
    const span = make("span", `tint ${shades(info)}`, text);
    span.dataset.token = String(known + i);
    element.append(span);
  });
  shown.set(element, tokens.length);
}

/** The most probable tokens at a position as bars, with the drawn one marked. @param {TokenInfo} info */
export function bars(info) {
  const { texts } = page;
  const box = make("div", "bars");
  const place = rank(info);
  const told = {
    token: visible(info.token),
    percent: percent(info.logprob),
    bits: decimal(surprise(info.logprob), 1),
  };
  box.append(
    make(
      "p",
      "",
      place > info.top_logprobs.length
        ? fill(texts.drawn_beyond, told)
        : fill(texts.drawn, { ...told, rank: place }),
    ),
  );
  const list = make("ol");
  const rows = place > info.top_logprobs.length ? [...info.top_logprobs, info] : info.top_logprobs;
  rows.forEach((row, i) => {
    const drawn = i === place - 1;
    const item = make("li", drawn ? "drawn" : "");
    const bar = make("span", "bar-of");
    const length = make("span");
    length.style.width = `${100 * Math.exp(row.logprob)}%`;
    bar.append(length);
    item.append(make("code", "", visible(row.token)), bar, make("span", "share", percent(row.logprob)));
    item.append(make("span", "mark", drawn ? `← ${texts.chosen}` : ""));
    list.append(item);
  });
  box.append(list);
  return box;
}

/** Lets the tokens of a text be clicked. @param {HTMLElement} text @param {(token: number) => void} act */
export function onToken(text, act) {
  text.classList.add("opens");
  text.onclick = ({ target }) => {
    const token = target instanceof HTMLElement ? target.dataset.token : undefined;
    if (token !== undefined) act(Number(token));
  };
}

/** Shows what else was probable at a token, below the answer's text.
 * @param {HTMLElement} text @param {Answer} answer @param {number} token */
export function showBars(text, { tokens = [] }, token) {
  if (text.nextElementSibling?.matches(".bars")) text.nextElementSibling.remove();
  text.after(bars(tokens[token]));
}

/** What the shades mean. */
export function legend() {
  const { texts } = page;
  const box = make("p", "legend");
  for (const scale of ["surprise", "rank"]) {
    const one = make("span", `by-${scale}`);
    one.append(make("span", "", texts[`${scale}_low`]));
    for (let i = 0; i <= SHADES; i++) one.append(make("i", `${scale[0]}${i}`));
    one.append(make("span", "", texts[`${scale}_high`]));
    box.append(one);
  }
  return box;
}
