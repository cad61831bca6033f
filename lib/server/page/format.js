// @ts-check
// The format in which conversations are stored and exported, checked field by field: a file or the browser's
// storage may hold anything.

/** A token of an answer; `text` is what it adds to the answer, where that is not `token`.
 * @typedef {{ token: string, text?: string | undefined, logprob: number, top_logprobs: { token: string, logprob: number }[] }} TokenInfo */
/** @typedef {{ source: "model" | "faq", ids: number[], tokens: string[], prompt: number, truncated?: boolean | undefined, context: number, seed?: number | undefined, first_token_ms?: number | undefined, tokens_per_s?: number | undefined }} Trace */
/** @typedef {{ label: string, probability: number }} Label */
/** @typedef {{ word: string, start: number, weight: number }} Word */
/** How an answer was sampled; `history` says that the model was given the turns before it.
 * @typedef {{ max_tokens?: number | undefined, temperature?: number | undefined, top_k?: number | undefined, top_p?: number | undefined, seed?: number | undefined, system?: string | undefined, history?: boolean | undefined }} Sampling */
/** `asked` is the wording that was answered, of alternatives. `error` is what the server or the browser said went
 * wrong, and `why` the name of the page's text for it.
 * @typedef {{ at: number, content: string, model?: string | undefined, trace?: Trace | undefined, tokens?: TokenInfo[] | undefined, labels?: Label[] | undefined, words?: Word[] | undefined, sampling?: Sampling | undefined, asked?: string | undefined, error?: string | undefined, why?: string | undefined, stopped?: boolean | undefined }} Answer */
/** A question, its answer if it has one yet, and the alternatives to that. Times are in milliseconds since 1970;
 * `edited` is when the question or the choice among its answers last changed.
 * @typedef {{ id: string, at: number, question: string, edited?: number | undefined, answer?: Answer | undefined, others?: Answer[] | undefined }} Turn */
/** `title` is the name that a person gave, at the time `renamed`.
 * @typedef {{ id: string, created: number, title?: string | undefined, renamed?: number | undefined, turns: Turn[] }} Talk */
/** @template T @typedef {(value: unknown, path: string) => T} Check */

/** Largest file that is imported, in bytes: a browser's storage holds less. */
export const LARGEST_FILE = 10_000_000;
/** Longest question, in characters: the server's own limit. */
export const LONGEST_QUESTION = 100_000;
const LONGEST_TEXT = 1_000_000, LONGEST_LIST = 100_000, MOST_TALKS = 10_000;

/** A field that is missing or wrong. */
export class FormatError extends Error {
  /** @param {string} path where, such as `[0].messages[1].content`
   * @param {string} expected the name of a text of the page: what should be there */
  constructor(path, expected) {
    super(`${path}: ${expected}`);
    this.path = path;
    this.expected = expected;
  }
}

/** @param {string} path @param {string} expected @returns {never} */
function fail(path, expected) {
  throw new FormatError(path, expected);
}

/** @param {number} [longest] @returns {Check<string>} */
const text = (longest = LONGEST_TEXT) => (value, path) =>
  typeof value === "string" && value.length <= longest ? value : fail(path, "want_text");
/** @type {Check<string>} */
const name = (value, path) => text(200)(value, path) || fail(path, "want_text");
/** @type {Check<number>} */
const number = (value, path) =>
  typeof value === "number" && Number.isFinite(value) ? value : fail(path, "want_number");
/** @type {Check<number>} */
const share = (value, path) => {
  const found = number(value, path);
  return found >= 0 && found <= 1 ? found : fail(path, "want_share");
};
/** @type {Check<boolean>} */
const yesOrNo = (value, path) => typeof value === "boolean" ? value : fail(path, "want_boolean");
/** The logarithm of a probability; JSON writes that of 0, minus infinity, as null.
 * @type {Check<number>} */
const logprob = (value, path) => value === null ? -9999 : number(value, path);
/** @template {string} T @param {...T} choices @returns {Check<T>} */
const oneOf = (...choices) => (value, path) =>
  choices.find((choice) => choice === value) ?? fail(path, "want_choice");
/** @template T @param {Check<T>} check @returns {Check<T | undefined>} */
const optional = (check) => (value, path) => value == null ? undefined : check(value, path);
/** @template T @param {Check<T>} check @param {number} [longest] @returns {Check<T[]>} */
const list = (check, longest = LONGEST_LIST) => (value, path) =>
  Array.isArray(value) && value.length <= longest
    ? value.map((one, i) => check(one, `${path}[${i}]`))
    : fail(path, "want_list");
/** Fields that are not named here are left out of the copy.
 * @template {Record<string, Check<any>>} F @param {F} fields
 * @returns {Check<{ [K in keyof F]: ReturnType<F[K]> }>} */
const record = (fields) => (value, path) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(path, "want_object");
  const given = /** @type {Record<string, unknown>} */ (value);
  const copied = Object.entries(fields).map(([key, check]) => [key, check(given[key], `${path}.${key}`)]);
  return Object.fromEntries(copied.filter(([, found]) => found !== undefined));
};

const token = { token: text(), logprob };
/** @type {Check<TokenInfo[]>} */
export const tokenInfos = list(
  record({ ...token, text: optional(text()), top_logprobs: list(record(token)) }),
);
/** @type {Check<Trace>} */
export const traceOf = record({
  source: oneOf("model", "faq"),
  ids: list(number),
  tokens: list(text()),
  prompt: number,
  truncated: optional(yesOrNo),
  context: number,
  seed: optional(number),
  first_token_ms: optional(number),
  tokens_per_s: optional(number),
});
/** @type {Check<Label[]>} */
export const labelsOf = list(record({ label: text(), probability: share }));
/** @type {Check<Word[]>} */
export const wordsOf = list(record({ word: text(), start: number, weight: number }));
/** @type {Check<Sampling>} */
const samplingOf = record({
  max_tokens: optional(number),
  temperature: optional(number),
  top_k: optional(number),
  top_p: optional(number),
  seed: optional(number),
  system: optional(text()),
  history: optional(yesOrNo),
});

const message = record({
  role: oneOf("user", "assistant"),
  content: text(),
  id: optional(name),
  at: optional(number),
  model: optional(name),
  trace: optional(traceOf),
  tokens: optional(tokenInfos),
  labels: optional(labelsOf),
  words: optional(wordsOf),
  sampling: optional(samplingOf),
  asked: optional(text()),
  edited: optional(number),
  other: optional(yesOrNo),
  error: optional(text()),
  why: optional(text(200)),
  stopped: optional(yesOrNo),
});
const talk = record({
  id: name,
  created: optional(number),
  title: optional(text(200)),
  renamed: optional(number),
  messages: list(message),
});

/**
 * Reads a conversation as it is stored and exported. Questions in older exports have neither id nor time; they get
 * the same ones at every reading.
 * @param {unknown} value @param {string} path @returns {Talk}
 * @throws {FormatError}
 */
export function readTalk(value, path) {
  const { id, created = 0, title, renamed, messages } = talk(value, path);
  /** @type {Turn[]} */
  const turns = [];
  const known = new Set();
  messages.forEach(
    (
      {
        role,
        content,
        id: own = `${id}-${turns.length}`,
        at = created + turns.length,
        edited,
        other,
        ...more
      },
      i,
    ) => {
      const last = turns.at(-1);
      if (role === "user") {
        if (known.has(own)) fail(`${path}.messages[${i}].id`, "want_new_id");
        known.add(own);
        turns.push({ id: own, at, question: content, ...edited !== undefined && { edited } });
      } else if (last && other) last.others = [...last.others ?? [], { at, content, ...more }];
      else if (last) last.answer = { at, content, ...more };
      else fail(`${path}.messages[${i}].role`, "want_question");
    },
  );
  return { id, created, ...title !== undefined && { title }, ...renamed !== undefined && { renamed }, turns };
}

/** All conversations of a file; those without a question are left out.
 * @param {unknown} value @returns {Talk[]} @throws {FormatError} */
export const readTalks = (value) =>
  list(readTalk, MOST_TALKS)(value, "").filter(({ turns }) => turns.length > 0);

/** The reverse of `readTalk`. @param {Talk} talk */
export const writeTalk = ({ turns, ...talk }) => ({
  ...talk,
  messages: turns.flatMap(({ question, answer, others = [], ...turn }) => [
    { role: "user", ...turn, content: question },
    ...others.map((other) => ({ role: "assistant", other: true, ...other })),
    ...answer ? [{ role: "assistant", ...answer }] : [],
  ]),
});
