// @ts-check
/// <reference lib="dom" />
// The conversations of this browser, and which of them this tab shows. Each is stored under its own key. A tab
// writes only the conversation that it changes, merged with what other tabs have stored.

import { page } from "./dom.js";
import { readTalk, writeTalk } from "./format.js";
import { drop, keep, names, parsed, PREFIX, recall } from "./storage.js";
import { toast } from "./toast.js";

/** @typedef {import("./format.js").Talk} Talk */
/** @typedef {import("./format.js").Turn} Turn */
/** @typedef {import("./format.js").Answer} Answer */

const TALK = "talk.";
/** Most alternatives that are kept beside an answer. */
const MOST_OTHERS = 8;
/** Never changed in place: a change stores a new object. @type {Map<string, Talk>} */
const talks = new Map();
/** Deleted in this tab, while that can still be undone. @type {Map<string, Talk>} */
const deleted = new Map();
/** Ids known to be in storage: if one is missing there, another tab deleted it. @type {Set<string>} */
const stored = new Set();

/** Dispatches "change" whenever the page must be drawn again. */
export const changes = new EventTarget();
export const announce = () => changes.dispatchEvent(new Event("change"));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;
/** Announces once for many changes in a row, as another tab makes them. */
function announceSoon() {
  clearTimeout(soon);
  soon = setTimeout(announce, 20);
}

// No randomUUID: browsers lack it if the page was loaded from another machine without TLS.
const newId = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;
/** @returns {Talk} */
const fresh = () => ({ id: newId(), created: Date.now(), turns: [] });

/** The new conversation, until its first question: it can be shown, but is not stored. */
let draft = fresh();
let shownId = draft.id;

export const shown = () => talks.get(shownId) ?? draft;
export const newestFirst = () => [...talks.values()].sort((a, b) => b.created - a.created);
/** @param {string} id the conversation's; also a deleted one, while that can be undone */
export const find = (id) => talks.get(id) ?? deleted.get(id);

/** Shows a conversation, or a new one if no conversation has this id. @param {string} [id] */
export function open(id) {
  shownId = id !== undefined && talks.has(id) ? id : draft.id;
  keep("shown", shownId, "sessionStorage");
  announce();
}

/** When a turn last changed. @param {Turn} turn */
const changed = ({ edited = 0, answer }) => Math.max(edited, answer?.at ?? 0);
/** Whether a turn is newer than the known version of it. @param {Turn} turn @param {Turn} [known] */
const isNewer = (turn, known) => !known || changed(turn) > changed(known);
/** @param {Talk} talk @param {Talk} other */
const isRenamed = ({ renamed = 0 }, other) => renamed > (other.renamed ?? 0);

/** @param {Talk} mine @param {Talk} other @returns {Talk} the turns of both, each with its latest answer */
function merge(mine, other) {
  const turns = new Map(mine.turns.map((turn) => [turn.id, turn]));
  for (const turn of other.turns) {
    const known = turns.get(turn.id);
    if (isNewer(turn, known)) turns.set(turn.id, turn);
  }
  const { title, renamed } = isRenamed(other, mine) ? other : mine;
  return {
    ...mine,
    ...renamed && { title, renamed },
    turns: [...turns.values()].sort((a, b) => a.at - b.at),
  };
}

/** @param {string} id @param {string | null} text @returns {Talk | null} null if it is no sound conversation */
function soundTalk(id, text) {
  try {
    const talk = readTalk(parsed(text), "");
    return talk.id === id && talk.turns.length > 0 ? talk : null;
  } catch {
    return null;
  }
}

/** @param {string} id */
function forget(id) {
  stored.delete(id);
  talks.delete(id);
  if (id === shownId) open(newestFirst()[0]?.id);
}

/** Takes over the stored version of a conversation.
 * @param {string} id @param {string | null} text @returns {Talk | null} what it holds, if that is sound */
function take(id, text) {
  const talk = soundTalk(id, text);
  if (talk) {
    const mine = talks.get(id);
    talks.set(id, mine ? merge(mine, talk) : talk);
    stored.add(id);
  } else if (stored.has(id) && text === null) forget(id);
  return talk;
}

/** Takes over what another tab has stored. If that overwrote changes of this tab, they are stored again.
 * @param {string} id @param {string | null} text */
function takeWritten(id, text) {
  const other = take(id, text), mine = talks.get(id);
  if (!other || !mine) return;
  const known = new Map(other.turns.map((turn) => [turn.id, turn]));
  if (isRenamed(mine, other) || mine.turns.some((turn) => isNewer(turn, known.get(turn.id)))) put(mine);
}

/** Stores a conversation, merged with the version that another tab stored.
 * @param {Talk} talk @returns {boolean} whether there was room; if not, a message says so */
function put(talk) {
  talks.set(talk.id, talk);
  take(talk.id, recall(TALK + talk.id));
  const whole = talks.get(talk.id);
  const there = !whole || keep(TALK + talk.id, JSON.stringify(writeTalk(whole)));
  if (whole && there) stored.add(talk.id);
  if (!there) toast(page.texts.storage_full, { urgent: true });
  return there;
}

/** Adds a question without an answer. @param {Talk} talk @param {string} question @returns {Turn} */
export function addQuestion(talk, question) {
  const now = Date.now();
  const turn = { id: newId(), at: Math.max(now, (talk.turns.at(-1)?.at ?? 0) + 1), question };
  if (talk === draft) draft = fresh();
  put({ ...talk, created: talk.turns.length > 0 ? talk.created : now, turns: [...talk.turns, turn] });
  announce();
  return turn;
}

/** @param {string} id the conversation's @param {string} turnId @param {(turn: Turn) => Turn} change */
function changeTurn(id, turnId, change) {
  const talk = find(id);
  if (!talk) return;
  const turns = talk.turns.map((turn) => turn.id === turnId ? change(turn) : turn);
  if (talks.has(id)) put({ ...talk, turns });
  else deleted.set(id, { ...talk, turns });
  announce();
}

/** The alternatives to a turn's answer, that answer among them if it says something. @param {Turn} turn */
function withOthers({ question, answer, others = [] }) {
  const says = answer?.content &&
    !others.some(({ content, asked }) => content === answer.content && asked === question);
  return (says ? [{ ...answer, asked: question }, ...others] : others).slice(0, MOST_OTHERS);
}

/** Sets a turn's answer. The previous answer becomes an alternative, if it differs.
 * @param {string} id the conversation's @param {string} turnId @param {Answer} answer */
export function setAnswer(id, turnId, answer) {
  changeTurn(id, turnId, (turn) => {
    const others = withOthers(turn).filter(({ content, asked }) =>
      content !== answer.content || asked !== turn.question
    );
    return { ...turn, answer, ...others.length > 0 && { others } };
  });
}

/** Changes a question. It then has no answer; the old one becomes an alternative.
 * @param {string} id the conversation's @param {string} turnId @param {string} question */
export function editQuestion(id, turnId, question) {
  changeTurn(id, turnId, (turn) => {
    const { answer: _, ...kept } = turn;
    return { ...kept, question, edited: Date.now(), others: withOthers(turn) };
  });
}

/** Adds alternatives that differ from the existing answers.
 * @param {string} id the conversation's @param {string} turnId @param {Answer[]} answers @returns {boolean} whether any does */
export function addOthers(id, turnId, answers) {
  let any = false;
  changeTurn(id, turnId, (turn) => {
    const { question, others = [] } = turn;
    const known = new Set([turn.answer, ...others].map((one) => one?.content));
    const added = answers.filter(({ content }) => !known.has(content) && known.add(content));
    any = added.length > 0;
    if (!any) return turn;
    const all = [...added.map((answer) => ({ ...answer, asked: question })), ...others];
    return { ...turn, edited: Date.now(), others: all.slice(0, MOST_OTHERS) };
  });
  return any;
}

/** Makes an alternative the answer. @param {string} id the conversation's @param {string} turnId @param {number} index */
export function chooseOther(id, turnId, index) {
  changeTurn(id, turnId, (turn) => {
    const { question, answer, others = [] } = turn;
    const chosen = others[index];
    const before = answer ? [{ ...answer, asked: question }] : [];
    return {
      ...turn,
      question: chosen.asked ?? question,
      edited: Date.now(),
      answer: chosen,
      others: others.toSpliced(index, 1, ...before),
    };
  });
}

/** @param {string} id @param {string} title an empty one gives the conversation the name of its first question again */
export function rename(id, title) {
  const talk = talks.get(id);
  if (!talk) return;
  put({ ...talk, title: title.trim().slice(0, 200), renamed: Date.now() });
  announce();
}

/** @param {string} id */
export function remove(id) {
  const talk = talks.get(id);
  if (!talk) return;
  deleted.set(id, talk);
  forget(id);
  drop(TALK + id);
  announce();
}

export const countDeleted = () => deleted.size;
export function restoreDeleted() {
  for (const talk of deleted.values()) put(talk);
  forgetDeleted();
}
export function forgetDeleted() {
  deleted.clear();
  announce();
}

/**
 * Adds conversations from a file. If one has the id of another here and differs from it, both are kept.
 * @param {Talk[]} read @returns {boolean} whether there was room for all
 */
export function add(read) {
  const ids = read.map((talk) => {
    const mine = talks.get(talk.id);
    if (!mine) return { id: talk.id, there: put(talk) };
    if (JSON.stringify(mine.turns) === JSON.stringify(talk.turns)) return { id: talk.id, there: true };
    const copy = { ...talk, id: newId() };
    return { id: copy.id, there: put(copy) };
  });
  open(ids[0]?.id);
  return ids.every(({ there }) => there);
}

/** Takes over conversations from the old format, in which all were stored in one list. */
function takeOldList() {
  try {
    const old = parsed(localStorage.getItem("talks"));
    if (!Array.isArray(old)) return;
    const sound = old.map((talk) => soundTalk(talk?.id, JSON.stringify(talk))).filter((talk) =>
      talk !== null
    );
    if (sound.length > 0 && sound.map(put).every(Boolean)) localStorage.removeItem("talks");
  } catch {
    // forbidden storage holds nothing
  }
}

/** Takes over all that storage holds. */
function load() {
  const ids = names(TALK).map((name) => name.slice(TALK.length));
  for (const id of stored) if (!ids.includes(id)) forget(id);
  for (const id of ids) take(id, recall(TALK + id));
}

export function start() {
  load();
  takeOldList();
  const last = recall("shown", "sessionStorage");
  open(last ?? newestFirst()[0]?.id);
  addEventListener("storage", (event) => {
    if (!(event instanceof StorageEvent)) return;
    const { key, newValue } = event;
    if (key === null) load();
    else if (key.startsWith(PREFIX + TALK)) takeWritten(key.slice(PREFIX.length + TALK.length), newValue);
    announceSoon();
  });
  // A page restored from the browser's history has missed the storage events since it was left.
  addEventListener("pageshow", (event) => {
    if (!(event instanceof PageTransitionEvent && event.persisted)) return;
    load();
    announce();
  });
}
