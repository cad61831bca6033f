// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// One prompt through training: what a run's snapshots write, expect and attend to, from the random start on.

import { fill, get, make, page, post } from "./dom.js";
import { failure, toldOf } from "./failure.js";
import { language } from "./frame.js";
import { count, percent } from "./numbers.js";

/** @typedef {import("./follow.js").Run} Run */
/** @typedef {{ step: number, tokens: string[], prompt: number, predictions: { probability: number, top: { token: string, probability: number }[] }[], layers: number, heads: number, weights: string }} Seen */

const section = get("growth", HTMLElement);
const runSelect = get("growth-run", HTMLSelectElement);
const prompt = get("growth-prompt", HTMLInputElement);
const slider = get("growth-step", HTMLInputElement);
const play = get("growth-play", HTMLButtonElement);
const layer = get("growth-layer", HTMLSelectElement);
const head = get("growth-head", HTMLSelectElement);

/** Most cached answers: more than a run has snapshots. */
const KEPT = 80;
/** Milliseconds for which each step is shown in playback. */
const PACE = 900;

/** @type {Run[]} */
let runs = [];
/** The latest question; answers to earlier ones are not shown. */
let asked = new AbortController();
/** @type {Map<string, Seen>} */
const answers = new Map();
/** The chosen token; null for the last one of the prompt. @type {number | null} */
let chosen = null;
/** @type {Seen | null} */
let shown = null;
let playing = false;

const chosenRun = () => runs.find(({ id }) => id === runSelect.value);
const steps = () => chosenRun()?.snapshots ?? [];
const stepAt = (/** @type {number} */ i) => steps()[i] ?? 0;
/** Waits. @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {number} step @param {AbortSignal} [signal] @returns {Promise<Seen>} */
async function see(step, signal) {
  const question = {
    ...{ run: runSelect.value, step, prompt: prompt.value },
    ...{ layer: Number(layer.value), head: Number(head.value) },
  };
  // A run that starts over keeps other snapshots under the same steps.
  const key = JSON.stringify([question, chosenRun()?.started]);
  let seen = answers.get(key);
  if (!seen) {
    seen = /** @type {Seen} */ (await (await post("/api/runs/snapshot", question, signal)).json());
    answers.set(key, seen);
    for (const old of [...answers.keys()].slice(0, -KEPT)) answers.delete(old);
  }
  return seen;
}

/** A token with its invisible characters made visible. @param {string} token */
const visible = (token) => token.replaceAll("\n", "⏎").replace(/^ $/, "␣");

/** @param {HTMLSelectElement} select @param {number} n */
function offer(select, n) {
  while (select.length > n) select.remove(select.length - 1);
  while (select.length < n) select.append(new Option(String(select.length + 1), String(select.length)));
}

function drawSeen() {
  const box = get("growth-seen", HTMLDivElement);
  if (!shown) return box.replaceChildren();
  const { tokens, prompt: given, predictions, weights, step } = shown;
  const at = Math.min(chosen ?? given - 1, tokens.length - 1);
  const size = tokens.length;
  const bytes = Uint8Array.from(atob(weights), (c) => c.charCodeAt(0)).subarray(
    at * size,
    at * size + at + 1,
  );
  const most = Math.max(1, ...bytes);
  const focused = document.activeElement instanceof HTMLElement
    ? document.activeElement.dataset.token
    : undefined;
  const line = make("p", "seen");
  line.dataset.step = String(step);
  tokens.forEach((token, i) => {
    const button = make("button", i < given ? "token given" : "token", visible(token));
    button.type = "button";
    button.dataset.token = String(i);
    // Scaled by row: the token with the most attention is the darkest, whatever its share.
    button.classList.add(`look${i <= at ? Math.round(5 * bytes[i] / most) : 0}`);
    button.setAttribute("aria-pressed", String(i === at));
    button.onclick = () => {
      chosen = i;
      drawSeen();
    };
    line.append(button);
  });
  const token = visible(tokens[at]);
  const looks = [...bytes].map((weight, i) => ({ weight, i })).sort((a, b) => b.weight - a.weight).slice(
    0,
    5,
  );
  const list = make("ul", "looks");
  for (const { weight, i } of looks) {
    list.append(make("li", "", `«${visible(tokens[i])}» ${percent(weight / 255)}`));
  }
  const facts = make("div", "facts");
  const left = make("div"), right = make("div");
  left.append(
    make("h3", "", fill(page.texts.growth_expects, { token })),
    bars(predictions[at], tokens[at + 1]),
  );
  right.append(make("h3", "", fill(page.texts.growth_looks, { token })), list);
  if (predictions[at]) facts.append(left);
  facts.append(right);
  box.replaceChildren(line, facts);
  if (focused !== undefined) {
    const again = box.querySelector(`[data-token="${focused}"]`);
    if (again instanceof HTMLElement) again.focus();
  }
}

/** @param {Seen["predictions"][number] | undefined} prediction @param {string | undefined} follows */
function bars(prediction, follows) {
  const list = make("ul", "bars");
  const { top = [], probability = 0 } = prediction ?? {};
  const rows = top.some(({ token }) => token === follows) || follows === undefined
    ? top
    : [...top, { token: follows, probability }];
  for (const { token, probability } of rows) {
    const row = make("li", token === follows ? "drawn" : "");
    const meter = make("meter");
    meter.value = probability;
    meter.setAttribute("aria-hidden", "true");
    row.append(make("code", "", visible(token)), meter, make("span", "", percent(probability)));
    if (token === follows) row.append(make("span", "sr", page.texts.growth_drawn));
    list.append(row);
  }
  return list;
}

/** Shows the slider's step, and then fetches the others in advance. */
async function show() {
  asked.abort();
  const { signal } = asked = new AbortController();
  const error = get("growth-error", HTMLDivElement);
  const at = Number(slider.value), step = stepAt(at);
  const said = step === 0 ? fill(page.texts.growth_start, { step }) : count(step);
  get("growth-at", HTMLOutputElement).textContent = said;
  slider.setAttribute("aria-valuetext", said);
  try {
    const seen = await see(step, signal);
    if (signal.aborted) return;
    shown = seen;
    error.hidden = true;
    offer(layer, seen.layers);
    offer(head, seen.heads);
    drawSeen();
    for (let i = 1; i < steps().length; i++) {
      await see(stepAt((at + i) % steps().length), signal);
      if (signal.aborted) return;
    }
  } catch (problem) {
    if (signal.aborted) return;
    error.replaceChildren(failure(toldOf(problem), show));
    error.hidden = false;
  }
}

async function togglePlay() {
  playing = !playing;
  const label = () =>
    play.querySelector("span")?.setAttribute("data-text", playing ? "growth_stop" : "growth_play");
  const write = () => {
    label();
    const span = play.querySelector("span");
    if (span) span.textContent = page.texts[playing ? "growth_stop" : "growth_play"];
  };
  write();
  if (!playing) return;
  if (Number(slider.value) === Number(slider.max)) slider.value = "0";
  while (playing) {
    await Promise.all([show(), pause(PACE)].map((done) => Promise.race([done, pause(4 * PACE)])));
    if (!playing || Number(slider.value) >= Number(slider.max)) break;
    slider.value = String(Number(slider.value) + 1);
  }
  playing = false;
  write();
}

/** The chosen training; another one if its run starts over. */
const training = () => JSON.stringify([runSelect.value, chosenRun()?.started]);

/** Goes back to the first layer and head, as other models may have fewer. */
function resetHead() {
  offer(layer, 1);
  offer(head, 1);
}

/** @param {Run[]} all runs that are shown */
export function drawGrowth(all) {
  const before = training(), many = steps().length;
  runs = all.filter(({ snapshots }) => snapshots.length > 0);
  section.hidden = runs.length === 0;
  const ids = runs.map(({ id }) => id);
  if (ids.join("\n") !== [...runSelect.options].map(({ value }) => value).join("\n")) {
    const kept = runSelect.value;
    runSelect.replaceChildren(...ids.map((id) => new Option(id, id)));
    if (ids.includes(kept)) runSelect.value = kept;
  }
  if (runs.length === 0) return;
  const another = training() !== before;
  if (!another && steps().length === many) return;
  if (another) resetHead();
  const atEnd = slider.value === slider.max;
  slider.max = String(steps().length - 1);
  if (atEnd) slider.value = slider.max;
  show();
}

export function startGrowth() {
  get("growth-form", HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    chosen = null;
    show();
  };
  runSelect.onchange = () => {
    slider.max = String(Math.max(0, steps().length - 1));
    resetHead();
    show();
  };
  slider.oninput = () => {
    playing = false;
    show();
  };
  layer.onchange = head.onchange = show;
  play.onclick = togglePlay;
  language.addEventListener("change", drawSeen);
}
