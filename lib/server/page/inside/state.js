// @ts-check
/// <reference lib="dom" />
// Shared state of the page's views: the sequence, the chosen token, and the server's answers.

import { post } from "../dom.js";

/** @typedef {{ id: number, token: string, probability: number }} Token */
/** @typedef {Token & { top: Token[] }} ChosenToken */
/** @typedef {{ layers: number, heads: number, kv_heads: number, head_width: number, width: number, hidden: number,
 *   vocab: number, context: number, parameters: number, position: string, norm: string, mlp: string,
 *   qk_norm: boolean }} Architecture */
/** @typedef {{ role: string, content: string }} Message */
/** A sequence: what the model was given, and what it wrote after that.
 * @typedef {{ model: string, ids: number[], tokens: string[], markers: boolean[], prompt: number,
 *   probabilities: (number | null)[], truncated: boolean, architecture: Architecture }} Sequence */

/** @type {{ sequence: Sequence | null, chosen: number, input: string }} */
export const state = { sequence: null, chosen: 0, input: "" };

/** Dispatches "sequence" when another sequence is shown, "chosen" when another of its tokens is chosen, and "redraw"
 * when the shown view must be drawn again. */
export const changes = new EventTarget();

/** The sequence. Views are drawn only when there is one. @returns {Sequence} */
export function sequence() {
  if (!state.sequence) throw new Error("there is no sequence yet");
  return state.sequence;
}

/** Cache of the server's answers by request, so that views need not ask again. @type {Map<string, any>} */
let answers = new Map();
const MOST_ANSWERS = 40;

/** Forgets the server's answers: since it gave them, a model may have been saved again under the same name. */
export function forget() {
  answers = new Map();
}

const pathOf = (/** @type {string} */ name) =>
  name === "attention" ? "/api/attention" : `/api/inside/${name}`;
const keyOf = (/** @type {string} */ path, /** @type {object} */ body) => `${path} ${JSON.stringify(body)}`;

/** What the server has answered, if it was asked and not forgotten. @param {string} name of the route below
 * /api/inside @param {object} body @returns {any} */
export const answered = (name, body) => answers.get(keyOf(pathOf(name), body));

/** @param {string} name of the route below /api/inside @param {object} body @param {AbortSignal} [signal]
 * @returns {Promise<any>} @throws {Error} what people are told */
export async function ask(name, body, signal) {
  const path = pathOf(name), key = keyOf(path, body);
  if (answers.has(key)) return answers.get(key);
  const kept = answers; // an answer that comes after `forget` is not kept
  const answer = await (await post(path, body, signal)).json();
  kept.set(key, answer);
  for (const old of [...kept.keys()].slice(0, -MOST_ANSWERS)) kept.delete(old);
  return answer;
}

/** @param {Sequence} next @param {number} [chosen] */
export function show(next, chosen = next.ids.length - 1) {
  state.sequence = next;
  state.chosen = Math.max(0, Math.min(chosen, next.ids.length - 1));
  changes.dispatchEvent(new Event("sequence"));
}

/** @param {number} position */
export function choose(position) {
  if (position === state.chosen) return;
  state.chosen = position;
  changes.dispatchEvent(new Event("chosen"));
}

/** Reads a text, token ids, or a conversation. @param {string} model
 * @param {{ input: string | number[] } | { messages: Message[] }} what @param {AbortSignal} [signal]
 * @returns {Promise<Sequence>} */
export async function read(model, what, signal) {
  const { ids, tokens, markers, truncated, architecture } = await ask("tokens", { model, ...what }, signal);
  const probabilities = tokens.map(() => null);
  return { model, ids, tokens, markers, truncated, architecture, prompt: ids.length, probabilities };
}

/** What the given part of a sequence says, for models that have other tokens. @param {Sequence} sequence
 * @param {AbortSignal} [signal] @returns {Promise<Message[]>} */
export async function messagesOf({ model, ids, prompt }, signal) {
  return (await ask("tokens", { model, input: ids.slice(0, prompt) }, signal)).messages;
}

/** A sequence with what the model writes after it. @param {Sequence} before @param {object} sampling
 * @param {AbortSignal} [signal] @returns {Promise<Sequence>} */
export async function writeOn(before, sampling, signal) {
  const { tokens } = await ask("continue", { model: before.model, ids: before.ids, ...sampling }, signal);
  /** @type {ChosenToken[]} */
  const made = tokens;
  return {
    ...before,
    ids: [...before.ids, ...made.map(({ id }) => id)],
    tokens: [...before.tokens, ...made.map(({ token }) => token)],
    markers: [...before.markers, ...made.map(() => false)],
    probabilities: [...before.probabilities, ...made.map(({ probability }) => probability)],
  };
}
