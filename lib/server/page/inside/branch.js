// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// Branches: one token is replaced, and the model continues from there. Branches are kept as a tree.

import { fill, make, page } from "../dom.js";
import { failure, toldOf } from "../failure.js";
import { keep, parsed, recall } from "../storage.js";
import { ask, read, sequence, show, state, writeOn } from "./state.js";
import { bars, button, quoted, titled } from "./tokens.js";

/** @typedef {import("./state.js").Sequence} Sequence */
/** @typedef {import("./state.js").Token} Token */
/** A text, and where it leaves its parent: `at` is the position of the replaced token.
 * @typedef {{ sequence: Sequence, at: number, children: Branch[] }} Branch */

/** Trees that are kept. */
const MOST_TREES = 10;
/** A tree for each text that was looked at. @type {Branch[]} */
let trees = [];
/** The tree with the sequence, and the branch of it that is shown. @type {Branch | null} */
let root = null;
/** @type {Branch | null} */
let current = null;

/** The branch that holds a sequence. @param {Branch} branch @param {Sequence} sequence @returns {Branch | null} */
function find(branch, sequence) {
  const { model, ids } = branch.sequence;
  if (model === sequence.model && ids.join() === sequence.ids.join()) return branch;
  for (const child of branch.children) {
    const found = find(child, sequence);
    if (found) return found;
  }
  return null;
}

/** Whether a stored value, which may be anything, is a tree. @param {any} value @returns {value is Branch} */
const isBranch = (value) =>
  Array.isArray(value?.sequence?.ids) && Array.isArray(value.sequence.tokens) &&
  value.sequence.tokens.length === value.sequence.ids.length && Number.isInteger(value.at) &&
  value.at <= value.sequence.ids.length && Array.isArray(value.children) && value.children.every(isBranch);

/** Stores the trees, so that they survive a reload of the page, but not the tab. */
const store = () => keep("branches", JSON.stringify(trees), "sessionStorage");

/** Finds the sequence in a tree; if it is in none, it begins a new one. */
function locate() {
  if (trees.length === 0) {
    const stored = parsed(recall("branches", "sessionStorage"));
    trees = Array.isArray(stored) ? stored.filter(isBranch) : [];
  }
  for (const tree of trees) {
    root = tree;
    current = find(tree, sequence());
    if (current) return;
  }
  root = current = { sequence: sequence(), at: sequence().prompt, children: [] };
  trees = [...trees.filter(({ children }) => children.length > 0), root].slice(-MOST_TREES);
}

/** How many of the most probable tokens are offered. */
const OFFERED = 10;

/** Shows the alternatives of the chosen token. */
let follow = () => {};

/** @param {HTMLElement} body @param {AbortSignal} signal */
export async function draw(body, signal) {
  locate();
  const { tokens, model, ids } = sequence();
  const offer = make("div", "offer");
  const tree = make("div", "tree");
  drawTree(tree);
  const sides = make("div", "sides");
  sides.append(offer, titled(page.texts.tree, tree));
  const { cells } = await ask("lens", { model, ids, top: OFFERED }, signal);
  /** The most probable tokens at each position, given those before it. @type {Token[][]} */
  const offered = cells.at(-1).map((/** @type {{ top: Token[] }} */ { top }) => top);
  follow = () => {
    const at = state.chosen;
    if (at === 0) return offer.replaceChildren(make("p", "", page.texts.alternatives_none));
    const take = (/** @type {Token} */ token) => {
      offer.setAttribute("aria-busy", "true");
      grow(at, token).catch((error) => {
        offer.querySelector(".failure")?.remove();
        offer.append(failure(toldOf(error), () => take(token)));
      }).finally(() => offer.removeAttribute("aria-busy"));
    };
    const title = fill(page.texts.alternatives, { token: quoted(tokens[at]) });
    offer.replaceChildren(titled(title, bars(offered[at - 1], { marked: ids[at], pick: take })));
  };
  body.replaceChildren(sides);
  follow();
}

/** Grows a branch: the text up to a position, another token there, and what the model writes after it.
 * @param {number} at @param {Token} token */
async function grow(at, { id, probability }) {
  const parent = current;
  if (!parent) return;
  const { sequence: before } = parent;
  if (before.ids[at] === id) return;
  const known = parent.children.find((child) => child.at === at && child.sequence.ids[at] === id);
  if (known) return go(known);
  const cut = {
    ...await read(before.model, { input: [...before.ids.slice(0, at), id] }),
    probabilities: [...before.probabilities.slice(0, at), probability],
    prompt: Math.min(before.prompt, at),
  };
  const branch = { sequence: await writeOn(cut, { temperature: 0 }), at, children: [] };
  parent.children.push(branch);
  store();
  if (current === parent) go(branch);
}

/** @param {Branch} branch */
function go(branch) {
  current = branch;
  show(branch.sequence, branch.at);
}

/** @param {HTMLElement} box */
function drawTree(box) {
  if (root) box.replaceChildren(listOf([root]));
  if (root && root.children.length > 0) {
    box.append(button(page.texts.forget, () => {
      const old = root, rest = current && { ...current, children: [] };
      trees = trees.flatMap((tree) => tree !== old ? [tree] : rest ? [rest] : []);
      root = current = rest;
      store();
      drawTree(box);
    }, "quiet"));
  }
}

/** @param {Branch[]} branches */
function listOf(branches) {
  const list = make("ul");
  for (const branch of branches) {
    const item = make("li");
    const { tokens, prompt } = branch.sequence;
    const name = branch === root
      ? page.texts.root
      : fill(page.texts.branch_name, { token: quoted(tokens[branch.at]), position: branch.at + 1 });
    const press = button(name, () => go(branch), "branch");
    press.append(
      make(
        "small",
        "",
        tokens.slice(branch === root ? prompt : branch.at).join("").trim() || page.texts.empty,
      ),
    );
    if (branch === current) press.setAttribute("aria-current", "true");
    item.append(press);
    if (branch.children.length > 0) item.append(listOf(branch.children));
    list.append(item);
  }
  return list;
}

/** Another token is chosen. */
export function choose() {
  follow();
}
