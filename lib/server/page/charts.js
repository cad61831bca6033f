// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The curves of several runs, overlaid, drawn by uPlot.

import { get, make, page } from "./dom.js";
import { count, duration, named, short } from "./numbers.js";

/** @typedef {import("./follow.js").Shown} Shown */
/** @typedef {import("./follow.js").Points} Points */
/** @typedef {"step" | "tokens" | "seconds"} Axis */
/** A line of a chart. @typedef {{ id: string, colour: number, kind: "training" | "validation" | "average", xs: number[], ys: (number | null)[] }} Line */
/** @typedef {{ plot: any, figure: HTMLElement, lines: Line[], shape: string }} Chart */

const uPlot = /** @type {typeof import("uplot")} */ (/** @type {any} */ (globalThis).uPlot);

/** @type {Map<string, Chart>} */
const charts = new Map();
/** @type {{ by: Axis, log: boolean, range: [number, number] | null }} */
const view = { by: "step", log: false, range: null };

/** @type {Record<Axis, (x: number) => string>} */
const formats = { step: count, tokens: short, seconds: duration };

/** Whether a chart overlays training and validation. @param {string} name */
const hasBoth = (name) => name === "loss" || name === "accuracy";

/** @param {string} name @param {Shown} shown @returns {[Line["kind"], Points | null][]} curves of a run in a chart */
function curvesOf(name, { training, validation, average, seen }) {
  if (name === "loss") return [["training", training], ["validation", validation], ["average", average]];
  if (name === "accuracy") return [["training", seen], ["validation", validation], ["average", average]];
  if (name === "bpb") return [["validation", validation], ["average", average]];
  return [["training", training]];
}

/** @param {string} name @param {Shown[]} shown @param {ReadonlyMap<string, number>} colours @returns {Line[]} */
function linesOf(name, shown, colours) {
  return shown.flatMap((one) =>
    curvesOf(name, one).flatMap(([kind, points]) => {
      const ys = points?.figures[name], xs = points?.[view.by];
      if (!ys || !xs) return [];
      const known = ys.map((_, i) => i).filter((i) => ys[i] !== null && xs[i] !== null && Number(xs[i]) > 0);
      if (known.length === 0) return [];
      const { id } = one.run;
      return [{
        ...{ id, kind, colour: colours.get(id) ?? 0 },
        xs: known.map((i) => Number(xs[i])),
        ys: known.map((i) => ys[i]),
      }];
    })
  );
}

/** The style sheet's current colours, light or dark. */
function palette() {
  const probe = make("span");
  document.body.append(probe);
  const of = (/** @type {string} */ name) => {
    probe.className = name;
    return getComputedStyle(probe).color;
  };
  const found = {
    runs: Array.from({ length: 8 }, (_, i) => of(`c${i}`)),
    soft: of("soft"),
    line: of("rule"),
  };
  probe.remove();
  return found;
}

/** A line's value at a place, or the last one before. @param {any} plot @param {number} series @param {number} at */
function valueAt(plot, series, at) {
  const values = plot.data[series];
  for (let i = at; i >= 0; i--) if (values[i] != null) return values[i];
  return null;
}

/** Most runs that are named under a chart. */
const NAMED = 6;

/** @param {string} name @param {Chart} chart @param {number | null} at @returns what is at a place, or at the end */
function readout(name, { plot, lines }, at) {
  const index = at ?? plot.data[0].length - 1;
  const x = plot.data[0][index];
  if (x === undefined) return { where: "", parts: [] };
  const unit = view.by === "step" ? `${page.texts.step} ` : "";
  /** @type {Map<string, { colour: number, values: string[] }>} */
  const runs = new Map();
  lines.forEach(({ id, colour, kind }, i) => {
    const value = valueAt(plot, i + 1, index);
    if (value === null) return;
    const run = runs.get(id) ?? { colour, values: [] };
    run.values.push((hasBoth(name) ? page.texts[`short_${kind}`] : "") + named(name, value));
    runs.set(id, run);
  });
  return { where: unit + formats[view.by](x), parts: [...runs].map(([id, run]) => ({ id, ...run })) };
}

/** @param {string} name @param {Chart} chart @param {number | null} at */
function showReadout(name, chart, at) {
  const { where, parts } = readout(name, chart, at);
  const line = chart.figure.querySelector(".readout");
  if (!line) return;
  const more = parts.length - NAMED;
  line.replaceChildren(
    make("span", "where", where),
    ...parts.slice(0, NAMED).map(({ id, colour, values }) => {
      const part = make("span", `part c${colour % 8}`);
      part.append(
        make("span", "swatch"),
        make("span", "text", `${parts.length > 1 ? `${id} ` : ""}${values.join(" · ")}`),
      );
      return part;
    }),
    ...more > 0 ? [make("span", "", `+ ${more}`)] : [],
  );
}

/** Shows a part of the axis in all charts, or all of it. @param {[number, number] | null} range */
export function zoom(range) {
  view.range = range;
  get("whole", HTMLButtonElement).hidden = range === null;
  for (const { plot } of charts.values()) plot.setData(plot.data, true);
}

/** @param {string} name @param {HTMLElement} figure @param {Line[]} lines */
function optionsFor(name, figure, lines) {
  const colours = palette();
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = {
    stroke: colours.soft,
    font,
    grid: { stroke: colours.line, width: 1 },
    ticks: { stroke: colours.line, width: 1, size: 4 },
  };
  const chart = () => /** @type {Chart} */ (charts.get(name));
  return /** @type {any} */ ({
    width: Math.max(200, figure.clientWidth - 2),
    height: 230,
    legend: { show: false },
    focus: { alpha: lines.length > 3 ? .25 : 1 },
    cursor: {
      y: false,
      sync: { key: "runs", setSeries: false },
      drag: { x: true, y: false, setScale: false },
      focus: { prox: 24 },
      points: { size: 7 },
      bind: { dblclick: () => () => zoom(null) },
    },
    scales: {
      x: {
        time: false,
        distr: view.log ? 3 : 1,
        range: (/** @type {any} */ _, /** @type {number} */ min, /** @type {number} */ max) =>
          view.range ?? [min, max > min ? max : min + 1],
      },
    },
    axes: [
      {
        ...axis,
        size: 34,
        space: view.by === "seconds" ? 90 : 64,
        values: (/** @type {any} */ _, /** @type {(number | null)[]} */ ticks) =>
          ticks.map((x) => x === null ? "" : view.by === "seconds" ? duration(x) : short(x)),
      },
      {
        ...axis,
        size: 58,
        values: (/** @type {any} */ _, /** @type {(number | null)[]} */ ticks) =>
          ticks.map((x) =>
            x === null
              ? ""
              : name === "accuracy"
              ? named(name, x)
              : x !== 0 && Math.abs(x) < .01
              ? x.toExponential(0)
              : short(x)
          ),
      },
    ],
    series: [
      {},
      ...lines.map(({ kind, colour }) => ({
        stroke: colours.runs[colour % 8],
        width: kind === "training" && hasBoth(name) ? 1 : 2,
        alpha: kind === "training" && hasBoth(name) ? .7 : 1,
        dash: kind === "average" ? [2, 4] : colour >= 8 ? [8, 4] : [],
        points: { show: kind !== "training" && lines.length < 9, size: 5 },
        spanGaps: true,
      })),
    ],
    hooks: {
      setCursor: [
        (/** @type {any} */ plot) => charts.has(name) && showReadout(name, chart(), plot.cursor.idx ?? null),
      ],
      setSelect: [(/** @type {any} */ plot) => {
        const { left, width } = plot.select;
        if (width < 8) return;
        const range = [left, left + width].map((at) => plot.posToVal(at, "x"));
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        zoom(/** @type {[number, number]} */ (range));
      }],
    },
  });
}

/** Walks along a chart by keyboard. @param {string} name @param {KeyboardEvent} event */
function walk(name, event) {
  const chart = charts.get(name);
  if (!chart) return;
  const { plot } = chart, xs = plot.data[0], last = xs.length - 1;
  const leap = Math.max(1, Math.round(last / (event.shiftKey ? 10 : 50)));
  const now = plot.cursor.idx ?? last;
  const to = { ArrowLeft: now - leap, ArrowRight: now + leap, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const at = Math.max(0, Math.min(last, to));
  plot.setCursor({ left: plot.valToPos(xs[at], "x"), top: plot.over.clientHeight / 2 });
  const { where, parts } = readout(name, chart, at);
  get("spoken", HTMLParagraphElement).textContent = `${where}: ${
    parts.map(({ id, values }) => `${id} ${values.join(", ")}`).join("; ")
  }`;
}

/** @param {string} name @param {Shown[]} shown @param {ReadonlyMap<string, number>} colours */
function drawChart(name, shown, colours) {
  const figure = get(`chart-${name}`, HTMLElement);
  const box = /** @type {HTMLElement} */ (figure.querySelector(".plot"));
  const lines = linesOf(name, shown, colours);
  const old = charts.get(name);
  const shape = JSON.stringify([view.by, view.log, lines.map(({ id, kind, colour }) => [id, kind, colour])]);
  figure.hidden = lines.length === 0;
  if (lines.length === 0 || old && old.shape !== shape) {
    old?.plot.destroy();
    charts.delete(name);
  }
  if (lines.length === 0) return;
  const tables = lines.map(({ xs, ys }) => /** @type {any} */ ([xs, ys]));
  const data = tables.length > 1 ? uPlot.join(tables) : tables[0];
  const there = charts.get(name);
  if (there) {
    there.lines = lines;
    there.plot.setData(data, true);
  } else {
    const plot = new uPlot(optionsFor(name, figure, lines), data, box);
    charts.set(name, { plot, figure, lines, shape });
  }
  const chart = /** @type {Chart} */ (charts.get(name));
  figure.dataset.points = String(lines.reduce((sum, { xs }) => sum + xs.length, 0));
  figure.dataset.lines = String(lines.length);
  showReadout(name, chart, chart.plot.cursor.idx ?? null);
  const { parts } = readout(name, chart, null);
  const said = parts.slice(0, NAMED).map(({ id, values }) => `${id} ${values.join(", ")}`).join("; ");
  box.setAttribute("aria-label", `${page.texts[`chart_${name}`]}: ${said}`);
}

const names = [...document.querySelectorAll("[data-chart]")].map((figure) =>
  /** @type {HTMLElement} */ (figure).dataset.chart ?? ""
);

/** @param {Shown[]} shown @param {ReadonlyMap<string, number>} colours @param {{ by: Axis, log: boolean }} axis */
export function drawCharts(shown, colours, { by, log }) {
  if (view.by !== by || view.log !== log) view.range = null;
  Object.assign(view, { by, log });
  get("whole", HTMLButtonElement).hidden = view.range === null;
  for (const name of names) drawChart(name, shown, colours);
}

/** Discards all charts, as colours or texts have changed. */
export function redrawCharts() {
  for (const { plot } of charts.values()) plot.destroy();
  charts.clear();
}

export function startCharts() {
  for (const name of names) {
    const box = get(`chart-${name}`, HTMLElement).querySelector(".plot");
    box?.addEventListener("keydown", (event) => walk(name, /** @type {KeyboardEvent} */ (event)));
  }
  get("whole", HTMLButtonElement).onclick = () => zoom(null);
  new ResizeObserver(() => {
    for (const { plot, figure } of charts.values()) {
      const width = Math.max(200, figure.clientWidth - 2);
      if (width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }).observe(get("curves", HTMLElement));
}
