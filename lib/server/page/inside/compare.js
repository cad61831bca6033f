// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// One input, continued at several temperatures or by several models, in columns.

import { config, fill, make, page } from "../dom.js";
import { failure, toldOf } from "../failure.js";
import { decimal } from "../numbers.js";
import { messagesOf, read, sequence, writeOn } from "./state.js";
import { button, chooser, percent, strength, visible } from "./tokens.js";

/** @typedef {{ model: string, temperature: number }} Column */

const TEMPERATURES = [0, 0.5, 1, 1.5];
/** What a column can be set to. */
const STEPS = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
const MOST_COLUMNS = 8;

/** @type {Column[]} */
let columns = [];
let seed = 1;
/** Number of the latest round of answers; those of earlier rounds are dropped. */
let round = 0;

const byTemperature = () => TEMPERATURES.map((temperature) => ({ model: sequence().model, temperature }));
const byModel = () =>
  config.models.slice(0, MOST_COLUMNS).map((/** @type {{ id: string }} */ { id }) => ({
    model: id,
    temperature: 0,
  }));

/** @param {HTMLElement} body @param {AbortSignal} signal */
export function draw(body, signal) {
  if (columns.length === 0) columns = byTemperature();
  const grid = make("div", "columns compared");
  const run = () => write(grid, signal);
  const set = (/** @type {Column[]} */ next) => {
    columns = next;
    drawColumns(grid, set);
    run();
  };
  const number = make("input");
  Object.assign(number, { type: "number", min: 0, step: 1 });
  number.value = String(seed);
  number.onchange = () => {
    seed = Math.max(0, Math.floor(Number(number.value))) || 0;
    run();
  };
  const label = make("label", "chooser", `${page.texts.seed} `);
  label.append(number);
  const row = make("div", "row");
  row.append(
    button(page.texts.by_temperature, () => set(byTemperature())),
    button(page.texts.by_model, () => set(byModel())),
    button(page.texts.add_column, () => {
      if (columns.length < MOST_COLUMNS) set([...columns, { ...columns[columns.length - 1] }]);
    }),
    label,
    button(page.texts.run, run, "primary"),
  );
  body.replaceChildren(row, grid);
  drawColumns(grid, set);
  run();
}

/** @param {HTMLElement} grid @param {(next: Column[]) => void} set */
function drawColumns(grid, set) {
  const models = config.models.map((/** @type {{ id: string }} */ { id }) => id);
  grid.replaceChildren(...columns.map((column, i) => {
    const box = make("section", "part");
    box.setAttribute("aria-label", fill(page.texts.column, { n: i + 1 }));
    const change = (/** @type {Partial<Column>} */ to) =>
      set(columns.map((other) => other === column ? { ...other, ...to } : other));
    const steps = [...new Set([...STEPS, column.temperature])].sort((a, b) => a - b);
    const head = make("div", "row");
    head.append(
      chooser(
        page.texts.model,
        models,
        models.indexOf(column.model),
        (index) => change({ model: models[index] }),
      ),
      chooser(
        page.texts.temperature,
        steps.map((step) => decimal(step)),
        steps.indexOf(column.temperature),
        (index) => change({ temperature: steps[index] }),
      ),
    );
    if (columns.length > 1) {
      const remove = button("✕", () => set(columns.filter((other) => other !== column)), "quiet");
      remove.setAttribute("aria-label", `${page.texts.remove_column} (${i + 1})`);
      head.append(remove);
    }
    box.append(head, make("div", "written"));
    return box;
  }));
}

/** Lets every column write. @param {HTMLElement} grid @param {AbortSignal} signal */
async function write(grid, signal) {
  const mine = ++round, shown = sequence();
  await Promise.all(columns.map(async ({ model, temperature }, i) => {
    const box = grid.children[i]?.querySelector(".written");
    if (!(box instanceof HTMLElement)) return;
    box.setAttribute("aria-busy", "true");
    box.textContent = page.texts.writing;
    try {
      // The current sequence is made of its model's token ids; other models are given what these say.
      const what = model === shown.model
        ? { input: shown.ids.slice(0, shown.prompt) }
        : { messages: await messagesOf(shown, signal) };
      const given = await read(model, what, signal);
      const written = await writeOn(given, { temperature, seed, max_tokens: 80 }, signal);
      if (mine === round) box.replaceChildren(...answerOf(written));
    } catch (error) {
      if (mine !== round || signal.aborted) return;
      box.replaceChildren(failure(toldOf(error), () => write(grid, signal)));
    } finally {
      if (mine === round) box.removeAttribute("aria-busy");
    }
  }));
}

/** @param {import("./state.js").Sequence} written */
function answerOf({ tokens, prompt, probabilities }) {
  const text = make("p", "text");
  const made = probabilities.slice(prompt).map((probability) => probability ?? 0);
  tokens.slice(prompt).forEach((token, i) => {
    const span = make("span", "token", visible(token));
    span.style.setProperty("--w", String(strength(made[i])));
    span.title = percent(made[i]);
    text.append(span);
  });
  if (made.length === 0) text.textContent = page.texts.empty;
  const mean = Math.exp(made.reduce((sum, p) => sum + Math.log(p), 0) / Math.max(1, made.length));
  const note = made.length > 0 ? fill(page.texts.mean_probability, { value: percent(mean) }) : "";
  return [text, make("p", "help", note)];
}

/** The chosen token changes nothing here. */
export function choose() {}
