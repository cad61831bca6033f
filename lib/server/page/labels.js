// @ts-check
/// <reference lib="dom" />
// A classifier's answer: the text with its decisive words, and the labels.

import { fill, make, page } from "./dom.js";
import { decimal } from "./numbers.js";

/** @typedef {import("./format.js").Answer} Answer */
/** @typedef {import("./format.js").Word} Word */

/** Number of shades for decisive words, each for and against. */
const SHADES = 4;
/** How many words are listed with their weights in numbers. */
const TOLD = 3;
/** Smaller weights (shares of one) count as zero. */
const LEAST = 0.005;

/** @param {string} text @param {Answer} answer */
export function labelled(text, { labels = [], words = [], content }) {
  const box = make("div", "labelled");
  box.append(marked(text, words));
  const decided = words.filter(({ weight }) => weight >= LEAST).sort((a, b) => b.weight - a.weight);
  if (words.length > 0) {
    const { texts } = page;
    const told = decided.slice(0, TOLD).map(({ word, weight }) => `«${word}» (${decimal(100 * weight, 0)})`);
    box.append(
      make(
        "p",
        "figures",
        told.length > 0
          ? fill(texts.decided, { label: content, words: told.join(", ") })
          : texts.none_decided,
      ),
    );
  }
  box.append(table(labels));
  return box;
}

/** The text, its words shaded by how much they decided. @param {string} text @param {Word[]} words */
function marked(text, words) {
  const block = make("div", "prose text given");
  // Positions count from the first letter: outer spaces were not sent.
  const offset = text.length - text.trimStart().length;
  const most = Math.max(...words.map(({ weight }) => Math.abs(weight)), LEAST);
  let at = 0;
  for (const { word, start, weight } of words) {
    const from = start + offset;
    if (text.slice(from, from + word.length) !== word) continue;
    block.append(text.slice(at, from));
    const step = Math.abs(weight) < LEAST ? 0 : Math.ceil(SHADES * Math.abs(weight) / most);
    block.append(step === 0 ? word : make("mark", `${weight > 0 ? "for" : "against"}${step}`, word));
    at = from + word.length;
  }
  block.append(text.slice(at));
  return block;
}

/** @param {{ label: string, probability: number }[]} labels */
function table(labels) {
  const table = make("table", "labels");
  for (const { label, probability } of labels) {
    const row = make("tr");
    const cell = make("td");
    const bar = make("div", "bar-of");
    const length = make("span");
    length.style.width = `${100 * probability}%`;
    bar.append(length);
    cell.append(bar);
    row.append(make("td", "", label), cell, make("td", "", `${decimal(100 * probability, 1)} %`));
    table.append(row);
  }
  return table;
}
