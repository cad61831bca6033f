// @ts-check
/// <reference lib="dom" />
// Asks the server, and reads its answer as it comes. Each conversation can have one answer under way, shown or
// not.

import { addQuestion, announce, changes, find, setAnswer, shown } from "./conversations.js";
import { kindOf, page, post } from "./dom.js";
import { labelsOf, LONGEST_QUESTION, tokenInfos, traceOf } from "./format.js";
import { modelChosen, sampling, settings } from "./settings.js";
import { toast } from "./toast.js";

/** @typedef {import("./format.js").Talk} Talk */
/** @typedef {import("./format.js").Turn} Turn */
/** @typedef {import("./format.js").Answer} Answer */
/** @typedef {{ turnId: string, answer: Answer, controller: AbortController }} Run */

/** Answers under way, by conversation. @type {Map<string, Run>} */
export const runs = new Map();

/** Longest history that is sent: far more than a model's context holds, and less than the server refuses. */
const LONGEST_HISTORY = { turns: 200, characters: 200_000 };

/** Dispatches "text" when the answer in the conversation that is shown has grown. */
export const progress = new EventTarget();

export const stopShown = () => runs.get(shown().id)?.controller.abort();
// Stops answers in conversations that are deleted for good, here or in another tab.
changes.addEventListener("change", () => {
  for (const [id, { controller }] of runs) if (!find(id)) controller.abort();
});

/** Asks in the conversation that is shown. @param {string} question @returns whether it was taken */
export function ask(question) {
  const talk = shown();
  if (runs.has(talk.id) || question.trim() === "") return false;
  if (question.length > LONGEST_QUESTION) {
    toast(page.texts.question_long, { urgent: true });
    return false;
  }
  const { id } = addQuestion(talk, question);
  answer(talk.id, id);
  return true;
}

/** Answers a question, anew if it has an answer. @param {string} talkId @param {string} turnId */
export async function answer(talkId, turnId) {
  const talk = find(talkId);
  const turn = talk?.turns.find(({ id }) => id === turnId);
  if (!talk || !turn || runs.has(talkId)) return;
  const controller = new AbortController();
  /** @type {Answer} */
  const coming = { at: 0, content: "", model: modelChosen() };
  runs.set(talkId, { turnId, answer: coming, controller });
  announce();
  try {
    if (kindOf(coming.model) === "classifier") await label(coming, turn.question, controller.signal);
    else await generate(coming, talk, turn, controller.signal);
  } catch (error) {
    if (controller.signal.aborted) coming.stopped = true;
    else coming.error = (error instanceof Error ? error.message : String(error)).slice(0, 1000);
  }
  runs.delete(talkId);
  coming.at = Date.now();
  // A failed attempt does not replace an answer.
  if (turn.answer?.content && !coming.content && (coming.error || coming.stopped)) {
    if (coming.error) toast(`${page.texts.failed}: ${coming.error}`, { urgent: true });
  } else setAnswer(talkId, turnId, coming);
  announce();
}

/** @param {Answer} answer @param {string} question @param {AbortSignal} signal */
async function label(answer, question, signal) {
  const response = await post("/classify", { model: answer.model, input: question }, signal);
  answer.labels = labelsOf((await response.json()).data[0].labels, "labels");
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

/** @param {Answer} answer @param {Talk} talk @param {Turn} turn @param {AbortSignal} signal */
async function generate(answer, talk, turn, signal) {
  const { system, faq, history: withHistory } = settings();
  const remembers = withHistory && kindOf(answer.model) === "chat";
  const response = await post("/v1/chat/completions", {
    model: answer.model,
    messages: [
      ...system ? [{ role: "system", content: system }] : [],
      ...remembers ? history(talk.turns.slice(0, talk.turns.indexOf(turn))) : [],
      { role: "user", content: turn.question },
    ],
    stream: true,
    logprobs: true,
    top_logprobs: 5,
    faq,
    ...sampling(),
  }, signal);
  answer.tokens = [];
  for await (const chunk of events(response)) {
    if (chunk.error) throw new Error(chunk.error.message);
    const choice = chunk.choices?.[0];
    answer.content += choice?.delta?.content ?? "";
    if (choice?.logprobs) answer.tokens.push(...tokenInfos(choice.logprobs.content, "logprobs"));
    if (chunk.desde_cero) answer.trace = traceOf(chunk.desde_cero, "desde_cero");
    if (talk.id === shown().id) progress.dispatchEvent(new Event("text"));
  }
}

/** The data of server-sent events. @param {Response} response @returns {AsyncGenerator<any>} */
async function* events(response) {
  const body = /** @type {ReadableStream<Uint8Array>} */ (response.body);
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let pending = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(page.texts.cut_off);
    const whole = (pending + value).split("\n\n");
    pending = whole.pop() ?? "";
    for (const event of whole) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}
