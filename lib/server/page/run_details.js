// @ts-check
/// <reference lib="dom" />
// Below the curves: figures on held-out data, samples, settings side by side, and a run's lineage.

import { fill, get, make, page, request } from "./dom.js";
import { failure, toldOf } from "./failure.js";
import { count, duration, named } from "./numbers.js";

/** @typedef {import("./follow.js").Shown} Shown */
/** @typedef {import("./follow.js").Points} Points */
/** What each section shows, to avoid redrawing it unchanged. @type {Map<string, string>} */
const drawn = new Map();

/** Draws a section if its content has changed; hides it if there is none.
 * @param {string} id @param {unknown} key @param {() => (HTMLElement | null)[]} draw */
function section(id, key, draw) {
  const text = JSON.stringify([document.documentElement.lang, key]);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  const parts = draw().filter((part) => part !== null);
  const element = get(id, HTMLElement);
  element.hidden = parts.length === 0;
  element.querySelector(".content")?.replaceChildren(...parts);
}

/** A table that scrolls by itself. @param {string} caption @param {string[]} head @param {(string | HTMLElement)[][]} rows */
function table(caption, head, rows) {
  const element = make("table");
  element.append(make("caption", "", caption));
  const top = element.createTHead().insertRow();
  for (const text of head) {
    const cell = make("th", "", text);
    cell.scope = "col";
    top.append(cell);
  }
  const body = element.createTBody();
  for (const [first, ...rest] of rows) {
    const row = body.insertRow();
    const cell = make("th");
    cell.scope = "row";
    cell.append(first);
    row.append(cell);
    for (const value of rest) row.insertCell().append(value);
  }
  const box = make("div", "wide tall");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", caption);
  box.append(element);
  return box;
}

/** Most rows in a table of figures. */
const MOST_ROWS = 100;

/** @param {Shown} shown @param {Points | null} points @param {string} caption */
function figuresTable({ run: { epoch } }, points, caption) {
  const names = Object.keys(points?.figures ?? {});
  if (!points || names.length === 0) return null;
  const { texts } = page;
  const shownSteps = points.step.map((_, i) => i).reverse().slice(0, MOST_ROWS);
  const rows = shownSteps.map((i) => [
    ...epoch ? [named("epoch", points.step[i] / epoch)] : [],
    count(points.step[i]),
    ...names.map((name) => named(name, points.figures[name][i])),
  ]);
  const head = [
    ...epoch ? [texts.epoch] : [],
    texts.fig_step,
    ...names.map((name) => texts[`fig_${name}`] ?? name),
  ];
  return table(caption, head, rows);
}

/** @param {Shown[]} shown */
export function drawHeld(shown) {
  const key = shown.map(({ run: { id, epoch }, validation, average }) => [id, epoch, validation, average]);
  section("held", key, () =>
    shown.flatMap((one) => [
      figuresTable(one, one.validation, one.run.id),
      figuresTable(one, one.average, `${one.run.id}, ${page.texts.fig_average}`),
    ]));
}

/** @param {Shown[]} shown */
export function drawSamples(shown) {
  const key = shown.map(({ run: { id }, samples }) => [id, samples.length, samples.at(-1)]);
  section(
    "samples",
    key,
    () =>
      shown.filter(({ samples }) => samples.length > 0).map(({ run: { id }, samples }) => {
        const box = make("div", "samples tall");
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", `${page.texts.samples}: ${id}`);
        box.append(make("h3", "", id));
        for (const { step, text } of [...samples].reverse()) {
          const sample = make("figure", "sample");
          sample.append(
            make("figcaption", "", `${page.texts.step} ${count(step)}`),
            make("blockquote", "", text),
          );
          box.append(sample);
        }
        return box;
      }),
  );
}

/** Number of each section's latest request, as answers may arrive out of order. @type {Map<string, number>} */
const asked = new Map();

/** @param {string} id @param {string} path @param {(answer: any) => void} then */
async function ask(id, path, then) {
  const number = (asked.get(id) ?? 0) + 1;
  asked.set(id, number);
  /** @type {any} */
  let answer;
  try {
    answer = await (await request(path)).json();
  } catch (error) {
    const text = toldOf(error);
    const retry = () => ask(id, path, then);
    if (asked.get(id) === number) section(id, [text, number], () => [failure(text, retry)]);
    return;
  }
  if (asked.get(id) === number) then(answer);
}

const query = (/** @type {string[]} */ ids) => new URLSearchParams(ids.map((id) => ["run", id]));

/** A setting as people write it in a preset. @param {string | null} json */
const written = (json) => json === null ? page.texts.not_set : json.replace(/^"(.*)"$/, "$1");

/** @param {{ runs: string[], settings: { key: string, values: (string | null)[], differs: boolean }[] }} answer */
function drawSettings({ runs, settings }) {
  const several = runs.length > 1;
  const only = get("only-different", HTMLInputElement);
  const label = only.closest("label");
  if (label) label.hidden = !several;
  const rows = settings.filter(({ differs }) => differs || !several || !only.checked);
  section("settings", [runs, rows], () => {
    if (settings.length === 0) return [];
    if (rows.length === 0) return [make("p", "", page.texts.settings_same)];
    const box = table(
      page.texts.settings,
      [page.texts.setting, ...runs],
      rows.map(({ key, values, differs }) => {
        const name = make("span", differs ? "differs" : "", key);
        if (differs && !only.checked) name.append(make("span", "mark", page.texts.differs));
        return [name, ...values.map((value) => make("code", value === null ? "soft" : "", written(value)))];
      }),
    );
    return [box];
  });
}

/** Draws the sections that change only with the choice of runs. @param {string[]} ids */
export function drawStill(ids) {
  const nothing = () => [];
  if (ids.length === 0) {
    section("settings", [], nothing);
    return section("origin", [], nothing);
  }
  ask("settings", `/api/runs/settings?${query(ids)}`, (answer) => {
    get("only-different", HTMLInputElement).onchange = () => drawSettings(answer);
    drawSettings(answer);
  });
  ask("origin", `/api/runs/lineage?${query(ids)}`, ({ runs }) => {
    section("origin", runs, () =>
      runs.map((/** @type {any} */ origin) => {
        const list = make("ul", "origin");
        list.append(originItem(origin));
        return list;
      }));
  });
}

/** @param {any} origin what something was made from @returns {HTMLElement} */
function originItem(
  { folder, by, made, seconds, device, seed, repeated, taught, parts, files, missing, from },
) {
  const { texts } = page;
  const item = make("li");
  const facts = [
    by && fill(texts.by_stage, { stage: by }),
    made && new Date(made).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" }),
    seconds !== null && duration(seconds),
    device,
    seed !== null && fill(texts.seed, { seed }),
    repeated && texts.see_above,
  ].filter(Boolean).join(" · ");
  item.append(make("code", "", folder), make("small", "", facts));
  const inner = make("ul");
  for (const { instruction, response } of taught) {
    inner.append(make("li", "", `${texts.taught}: ${instruction} → ${response}`));
  }
  for (const part of parts) inner.append(make("li", "", part));
  for (const { path, command, sources } of missing) {
    const gone = make("li", "gone");
    const how = command === null
      ? texts.missing
      : fill(sources.length > 0 ? texts.again_from : texts.again, { command, sources: sources.join(", ") });
    gone.append(make("code", "", path), make("small", "", how));
    inner.append(gone);
  }
  const shown = files.slice(0, 6);
  for (const { path, bytes } of shown) {
    const file = make("li", "file");
    file.append(make("code", "", path));
    if (bytes !== null) file.append(make("small", "", `${count(bytes)} B`));
    inner.append(file);
  }
  if (files.length > shown.length) {
    const more = make("details");
    more.append(make("summary", "", fill(texts.files, { count: files.length - shown.length })));
    for (const { path } of files.slice(shown.length, 500)) more.append(make("code", "", `${path} `));
    const row = make("li");
    row.append(more);
    inner.append(row);
  }
  for (const one of from) inner.append(originItem(one));
  if (inner.children.length > 0) item.append(inner);
  return item;
}
