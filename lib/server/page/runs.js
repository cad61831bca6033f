// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The page of runs. Its URL holds which runs are shown; the server streams their progress.

import { drawCharts, redrawCharts, startCharts } from "./charts.js";
import { fill, get, page } from "./dom.js";
import { changed, follow } from "./follow.js";
import * as frame from "./frame.js";
import { drawGrowth, startGrowth } from "./growth.js";
import { drawHeld, drawSamples, drawStill } from "./run_details.js";
import { drawList } from "./run_list.js";

/** @typedef {import("./follow.js").Shown} Shown */
/** @typedef {import("./charts.js").Axis} Axis */

/** Points of all curves together, and the fewest and most of one run. */
const POINTS = { all: 20_000, least: 100, most: 1000 };
/** Milliseconds between drawings of curves and tables while runs that are to be shown have not arrived. */
const PATIENCE = 300;
/** Runs that can be shown at once. */
const MOST_SHOWN = 100;

/** @type {import("./follow.js").Run[]} */
let list = [];
/** Whether the server has told the list. */
let told = false;
/** Runs that are shown, with the numbers of their colours. @type {Map<string, number>} */
const colours = new Map();
/** What is known of them. @type {Map<string, Shown>} */
const known = new Map();
let following = new AbortController();
let problem = "";

/** @returns {Axis} */
function axis() {
  const { value } = /** @type {RadioNodeList | { value: string }} */ (
    document.querySelector("input[name=by]:checked") ?? { value: "step" }
  );
  return value === "tokens" || value === "seconds" ? value : "step";
}

const shown = () => [...colours.keys()].flatMap((id) => known.get(id) ?? []);

/** The first unused colour. */
function freeColour() {
  const taken = new Set(colours.values());
  let colour = 0;
  while (taken.has(colour)) colour++;
  return colour;
}

function drawStatus() {
  const status = get("status", HTMLElement);
  const text = problem === "" ? page.texts.live : problem;
  if (status.textContent !== text) status.textContent = text;
  status.dataset.live = String(problem === "");
}

let waiting = false, patientUntil = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let impatience;
/** Draws the changes with the next frame. Curves and tables, which take long, wait for the runs that are still to come. */
function draw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawStatus();
    drawList(list, { colours, choose });
    get("none", HTMLParagraphElement).hidden = !told || list.length > 0;
    get("no-choice", HTMLParagraphElement).hidden = !told || list.length === 0 || colours.size > 0;
    clearTimeout(impatience);
    const patience = patientUntil - performance.now();
    if (known.size < colours.size && patience > 0) {
      impatience = setTimeout(draw, patience);
      return;
    }
    patientUntil = performance.now() + PATIENCE;
    const all = shown(), by = axis();
    drawCharts(all, colours, { by, log: get("log-scale", HTMLInputElement).checked });
    const silent = all.filter(({ training }) => training && training[by].every((x) => x === null));
    const note = get("not-told", HTMLParagraphElement);
    note.hidden = silent.length === 0;
    note.textContent = fill(page.texts.not_told, { ids: silent.map(({ run }) => run.id).join(", ") });
    drawGrowth(all.map(({ run }) => run));
    drawHeld(all);
    drawSamples(all);
    document.body.dataset.drawn = String(all.length);
  });
}

/** @param {string} text */
function tell(text) {
  const news = get("news", HTMLParagraphElement);
  news.textContent = text;
  news.hidden = text === "";
}

/** Chooses runs at first: those in training, or else the one that changed last. */
function chooseFirst() {
  const training = list.filter(({ state }) => state === "training" || state === "starting");
  for (const { id } of training.length > 0 ? training.slice(0, 4) : list.slice(0, 1)) {
    colours.set(id, freeColour());
  }
  if (colours.size > 0) start();
}

/** @param {string} name @param {any} data what the server says */
function hear(name, data) {
  if (name === "list") {
    list = data.runs;
    const first = !told;
    told = true;
    if (first && colours.size === 0 && !location.search.includes("run=")) chooseFirst();
  } else if (name === "run" && colours.has(data.run.id)) {
    known.set(data.run.id, changed(known.get(data.run.id), data));
  } else if (name === "gone" && colours.delete(data.id)) {
    known.delete(data.id);
    tell(fill(page.texts.gone, { id: data.id }));
    remember();
    drawStill([...colours.keys()]);
  }
  draw();
}

/** Puts the choice into the page's address. */
function remember() {
  const query = new URLSearchParams([...colours.keys()].map((id) => ["run", id]));
  if (axis() !== "step") query.set("by", axis());
  history.replaceState(null, "", `/runs${query.size > 0 ? `?${query}` : "?run="}`);
}

/** Follows what is chosen now. */
function start() {
  following.abort();
  following = new AbortController();
  patientUntil = performance.now() + PATIENCE;
  const ids = [...colours.keys()];
  for (const id of known.keys()) if (!colours.has(id)) known.delete(id);
  const points = Math.max(
    POINTS.least,
    Math.min(POINTS.most, Math.floor(POINTS.all / Math.max(1, ids.length))),
  );
  follow({ ids, points, signal: following.signal }, {
    told: hear,
    connected(what) {
      problem = what ?? "";
      draw();
    },
  });
  drawStill(ids);
  draw();
}

/** @param {string} id @param {boolean} on @param {boolean} only */
function choose(id, on, only) {
  tell("");
  if (only) colours.clear();
  if (!on) colours.delete(id);
  else if (!colours.has(id) && colours.size < MOST_SHOWN) colours.set(id, freeColour());
  remember();
  start();
}

const given = new URLSearchParams(location.search);
for (const id of given.getAll("run").filter((id) => id !== "").slice(0, MOST_SHOWN)) {
  if (!colours.has(id)) colours.set(id, freeColour());
}
for (const input of document.querySelectorAll("input[name=by]")) {
  if (!(input instanceof HTMLInputElement)) continue;
  if (given.get("by") === input.value) input.checked = true;
  input.onchange = () => {
    remember();
    draw();
  };
}
get("log-scale", HTMLInputElement).onchange = draw;
document.getElementById("key")?.addEventListener("change", start);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  redrawCharts();
  draw();
});
frame.language.addEventListener("change", () => {
  redrawCharts();
  drawStill([...colours.keys()]);
  draw();
});
frame.start();
problem = page.texts.connecting;
startCharts();
startGrowth();
start();
