// @ts-check
/// <reference lib="dom" />
// Asks the server and reads its answers as they come. Each conversation can have one question in progress, whether it
// is shown or not.

import {
  addOthers,
  addQuestion,
  announce,
  changes,
  editQuestion,
  find,
  setAnswer,
  shown,
} from "./conversations.js";
import { kindOf, nameOf, page, post, RequestError, textFor, worded } from "./dom.js";
import { serverEvents } from "./events.js";
import { labelsOf, LONGEST_QUESTION, tokenInfos, traceOf, wordsOf } from "./format.js";
import { modelChosen, sampling, settings } from "./settings.js";
import { toast } from "./toast.js";
import { addTexts } from "./tokens.js";

/** @typedef {import("./format.js").Talk} Talk */
/** @typedef {import("./format.js").Turn} Turn */
/** @typedef {import("./format.js").Answer} Answer */
/** A question that is being answered: `answers` holds one answer, or several alternatives to the existing one.
 * @typedef {{ turnId: string, answers: Answer[], alternatives: boolean, controller: AbortController }} Run */
/** Overrides the settings for one question: `faq` false asks only the model, `inside` opens the inside afterwards.
 * @typedef {{ faq?: boolean, inside?: boolean }} Manner */

/** Questions under way, by conversation. @type {Map<string, Run>} */
export const runs = new Map();

/** Turns whose inside is to be opened when the answer has come. @type {Set<string>} */
export const toOpen = new Set();

/** Longest history that is sent: far more than a context holds, but less than the server's limit. */
const LONGEST_HISTORY = { turns: 200, characters: 200_000 };
/** How many of the most probable tokens are requested at each position. */
const TOP = 10;
const ALTERNATIVES = 3;
/** Temperature of alternatives if the setting is 0, at which all answers would be the same. */
const WARM = 1;

/** Dispatches "text" when an answer in the shown conversation has grown. */
export const progress = new EventTarget();

export const stopShown = () => runs.get(shown().id)?.controller.abort();
// Stops answers in conversations that are deleted for good, here or in another tab.
changes.addEventListener("change", () => {
  for (const [id, { controller }] of runs) if (!find(id)) controller.abort();
});

/** @param {string} question @returns whether it can be asked in the shown conversation */
function isAskable(question) {
  if (runs.has(shown().id) || question.trim() === "") return false;
  if (question.length <= LONGEST_QUESTION) return true;
  toast(textFor("question_long", modelChosen()), { urgent: true });
  return false;
}

/** Asks in the conversation that is shown. @param {string} question @param {Manner} [manner] @returns whether it was taken */
export function ask(question, manner = {}) {
  if (!isAskable(question)) return false;
  const talk = shown();
  const { id } = addQuestion(talk, question);
  answer(talk.id, id, manner);
  return true;
}

/** Changes a question and asks it again. @param {string} talkId @param {string} turnId @param {string} question @returns whether it was taken */
export function askEdited(talkId, turnId, question) {
  if (!isAskable(question)) return false;
  editQuestion(talkId, turnId, question);
  answer(talkId, turnId);
  return true;
}

/**
 * @param {string} talkId @param {string} turnId @param {number} count of answers @param {boolean} alternatives
 * @param {(answers: Answer[], talk: Talk, turn: Turn, signal: AbortSignal) => Promise<void>} write
 * @returns {Promise<Answer[] | undefined>} what came; undefined if nothing could be asked
 */
async function run(talkId, turnId, count, alternatives, write) {
  const talk = find(talkId);
  const turn = talk?.turns.find(({ id }) => id === turnId);
  if (!talk || !turn || runs.has(talkId)) return undefined;
  const controller = new AbortController();
  const answers = Array.from(
    { length: count },
    () => /** @type {Answer} */ ({ at: 0, content: "", model: modelChosen() }),
  );
  runs.set(talkId, { turnId, answers, alternatives, controller });
  announce();
  try {
    await write(answers, talk, turn, controller.signal);
  } catch (error) {
    const failed = failureOf(error);
    for (const one of answers) {
      if (controller.signal.aborted) one.stopped = true;
      else Object.assign(one, failed);
    }
  }
  runs.delete(talkId);
  for (const one of answers) one.at = Date.now();
  return answers;
}

/** Answers a question, anew if it has an answer. @param {string} talkId @param {string} turnId @param {Manner} [manner] */
export async function answer(talkId, turnId, manner = {}) {
  const before = find(talkId)?.turns.find(({ id }) => id === turnId)?.answer;
  if (manner.inside) toOpen.add(turnId);
  const answers = await run(
    talkId,
    turnId,
    1,
    false,
    (answers, talk, turn, signal) =>
      kindOf(modelChosen()) === "classifier"
        ? label(answers[0], turn.question, signal)
        : generate(answers, talk, turn, { ...settings(), ...manner }, sampling(), signal),
  );
  if (!answers) return;
  const [coming] = answers;
  // A failed attempt does not replace an answer.
  if (before?.content && !coming.content && (coming.error || coming.stopped)) {
    if (coming.error) tellFailure(coming);
  } else setAnswer(talkId, turnId, coming);
  announce();
}

/** Draws some more answers to a question, beside the one that it has. @param {string} talkId @param {string} turnId */
export async function askAlternatives(talkId, turnId) {
  const drawn = sampling();
  const warm = { ...drawn, temperature: drawn.temperature || WARM };
  const answers = await run(
    talkId,
    turnId,
    ALTERNATIVES,
    true,
    (answers, talk, turn, signal) =>
      generate(answers, talk, turn, { ...settings(), faq: false }, warm, signal),
  );
  if (!answers) return;
  const failed = answers.find((one) => one.error);
  if (failed) tellFailure(failed);
  const said = answers.filter(({ content }) => content !== "");
  if (said.length > 0 && !addOthers(talkId, turnId, said) && !failed) toast(page.texts.all_alike);
  announce();
}

/** @param {Answer} answer @param {string} text @param {AbortSignal} signal */
async function label(answer, text, signal) {
  const response = await post("/classify", { model: answer.model, input: text, words: true }, signal);
  const [{ labels, words }] = (await response.json()).data;
  answer.labels = labelsOf(labels, "labels");
  answer.words = wordsOf(words, "words");
  answer.content = answer.labels[0]?.label ?? "";
}

/**
 * The earlier turns as messages for a chat model. Turns whose answer is missing, failed or a classifier's labels
 * are left out.
 * @param {Turn[]} before
 */
function history(before) {
  const sent = [];
  let left = LONGEST_HISTORY.characters;
  for (const { question, answer } of before.slice(-LONGEST_HISTORY.turns).reverse()) {
    if (!answer?.content || answer.error || answer.labels) continue;
    left -= question.length + answer.content.length;
    if (left < 0) break;
    sent.unshift({ role: "user", content: question }, { role: "assistant", content: answer.content });
  }
  return sent;
}

/**
 * @param {Answer[]} answers each gets what is written of it @param {Talk} talk @param {Turn} turn
 * @param {ReturnType<typeof settings>} manner @param {import("./format.js").Sampling} drawn @param {AbortSignal} signal
 */
async function generate(answers, talk, turn, { system, faq, history: withHistory }, drawn, signal) {
  const model = answers[0].model;
  const before = withHistory && kindOf(model) === "chat"
    ? history(talk.turns.slice(0, talk.turns.indexOf(turn)))
    : [];
  const { seed, ...same } = drawn;
  // The server derives the seeds of the other answers, and tells them at their end.
  answers.forEach((one, i) => {
    one.sampling = {
      ...same,
      ...i === 0 && { seed },
      ...system && { system },
      ...before.length > 0 && { history: true },
    };
  });
  const response = await post("/v1/chat/completions", {
    model,
    messages: [
      ...system ? [{ role: "system", content: system }] : [],
      ...before,
      { role: "user", content: turn.question },
    ],
    stream: true,
    logprobs: true,
    top_logprobs: TOP,
    faq,
    n: answers.length,
    ...drawn,
  }, signal);
  for await (const chunk of chunks(response)) {
    if (chunk.error) {
      const status = statusOf(chunk.error);
      throw new RequestError(status, nameOf(status, chunk.error), chunk.error);
    }
    for (const { index = 0, delta, logprobs } of chunk.choices ?? []) {
      const one = answers[index];
      const piece = delta?.content ?? "";
      one.content += piece;
      if (logprobs) {
        const tokens = tokenInfos(logprobs.content, "logprobs");
        addTexts(tokens, piece);
        (one.tokens ??= []).push(...tokens);
      }
      if (chunk.desde_cero) {
        one.trace = traceOf(chunk.desde_cero, "desde_cero");
        if (one.trace.seed !== undefined) one.sampling = { ...one.sampling, seed: one.trace.seed };
      }
    }
    if (talk.id === shown().id) progress.dispatchEvent(new Event("text"));
  }
}

/** What an answer stores of an error. It is worded when it is shown, as the reader may switch the language.
 * @param {unknown} error @returns {Pick<Answer, "error" | "why">} */
function failureOf(error) {
  if (!(error instanceof RequestError)) {
    return { error: (error instanceof Error ? error.message : String(error)).slice(0, 1000) };
  }
  return { error: (error.told.message || error.message).slice(0, 1000), why: error.why };
}

/** @param {Answer} failed */
const tellFailure = (failed) =>
  toast(`${textFor("failed", failed.model)}: ${worded(failed)}`, { urgent: true });

/** The status of an error that ends a stream. @param {{ type: string, message: string }} error */
function statusOf({ type, message }) {
  if (type === "rate_limit_error") return 429;
  if (type !== "server_error") return 400;
  return message.includes("time limit") ? 504 : 500;
}

/** The chunks of a streamed answer. @param {Response} response @returns {AsyncGenerator<any>} */
async function* chunks(response) {
  for await (const { data } of serverEvents(response)) {
    if (data === "[DONE]") return;
    yield JSON.parse(data);
  }
  throw new RequestError(0, "cut_off");
}
