/** Curves, bars and matrices as self-contained SVG. */
import * as echarts from "echarts";

function draw(width: number, height: number, option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: "#ffffff", ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // The library numbers classes over the life of the process; the same picture should give the same file.
  const classes = new Map<string, string>();
  return svg.replaceAll(/\bzr\d+-cls-\d+\b/g, (name) => {
    classes.set(name, classes.get(name) ?? `c${classes.size}`);
    return classes.get(name)!;
  });
}

const heading = (text: string) => ({ text, left: "center", textStyle: { fontSize: 15 } });

export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, value: number])[];
}

/** Roughly how many lines a legend takes: about 7 pixels per letter, and 50 per mark. */
function legendLines(names: readonly string[], width: number): number {
  let lines = 1, used = 0;
  for (const name of names) {
    const own = 50 + 7 * [...name].length;
    if (used > 0 && used + own > width) (lines++, used = 0);
    used += own;
  }
  return lines;
}

/** Curves over steps, or whatever `x` names; 720×420 pixels, or taller if the legend takes several lines. */
export function plotCurves(title: string, unit: string, curves: readonly Curve[], x = "step"): string {
  const more = 22 * (legendLines(curves.map(({ name }) => name), 700) - 1);
  return draw(720, 420 + more, {
    title: heading(title),
    legend: { bottom: 4 },
    grid: { left: 64, right: 24, top: 48, bottom: 72 + more },
    xAxis: { type: "value", name: x, nameLocation: "middle", nameGap: 26, min: 0, max: "dataMax" },
    yAxis: { type: "value", name: unit, scale: true },
    series: curves.map(({ name, points }) => ({
      name,
      type: "line",
      data: points,
      showSymbol: points.length < 40,
      symbolSize: 5,
      lineStyle: { width: points.length < 40 ? 2.5 : 1.2 },
    })),
  });
}

export interface Matrix {
  readonly title: string;
  readonly rows: { readonly name: string; readonly labels: readonly string[] };
  readonly columns: { readonly name: string; readonly labels: readonly string[] };
  /** values[row][column]; undefined cells are not drawn. */
  readonly values: readonly (readonly (number | undefined)[])[];
  /** Size of a cell in pixels; from 30 on, values are written into cells. */
  readonly cell: number;
}

/** A heat map, with the first row at the top. */
export function plotMatrix({ title, rows, columns, values, cell }: Matrix): string {
  const written = cell >= 30;
  const letters = (labels: readonly string[]) => Math.max(...labels.map((label) => [...label].length));
  const left = 48 + 7 * letters(rows.labels), bottom = written ? 52 : 24 + 6 * letters(columns.labels);
  const data = values.flatMap((row, y) =>
    row.flatMap((value, x) => value === undefined ? [] : [[x, y, value]])
  );
  const axis = ({ name, labels }: Matrix["rows"], gap: number) => ({
    type: "category",
    data: labels,
    name,
    nameLocation: "middle",
    nameGap: gap,
    axisLabel: { interval: 0, fontSize: written ? 12 : 9 },
  });
  const columnAxis = axis(columns, written ? 30 : 24);
  if (!written) Object.assign(columnAxis.axisLabel, { rotate: 90 });
  return draw(left + cell * columns.labels.length + 24, 48 + cell * rows.labels.length + bottom, {
    title: heading(title),
    grid: { left, right: 24, top: 48, bottom },
    xAxis: columnAxis,
    yAxis: { ...axis(rows, left - 20), inverse: true },
    visualMap: {
      show: false,
      min: 0,
      max: Math.max(1e-9, ...data.map(([, , value]) => value)),
      inRange: { color: ["#f7fbff", "#9ecae1", "#2171b5", "#08306b"] },
    },
    series: [{ type: "heatmap", data, label: { show: written } }],
  });
}

export interface Bars {
  readonly name: string;
  readonly values: readonly number[];
}

/** Groups of bars, one per label; `x` names the labels. 720×360 pixels. */
export function plotBars(
  title: string,
  { x, unit }: { readonly x: string; readonly unit: string },
  labels: readonly string[],
  bars: readonly Bars[],
): string {
  return draw(720, 360, {
    title: heading(title),
    legend: { bottom: 4 },
    grid: { left: 72, right: 24, top: 48, bottom: 84 },
    xAxis: { type: "category", data: labels, name: x, nameLocation: "middle", nameGap: 30 },
    yAxis: { type: "value", name: unit },
    series: bars.map(({ name, values }) => ({ name, type: "bar", data: values })),
  });
}

export interface Dots {
  readonly title: string;
  /** Side by side, each with its own axis. */
  readonly panels: readonly { readonly title: string; readonly note: string }[];
  /** From top to bottom; a heading has no values. */
  readonly rows: readonly {
    readonly name: string;
    readonly heading: boolean;
    /** For each panel, any number of values. */
    readonly values: readonly (readonly number[])[];
  }[];
  /** A reference line for each panel; null for none. */
  readonly reference: readonly (number | null)[];
}

/** In pixels: height of a row, least width of all panels together, least width of a panel, gap between panels. */
const DOTS = { row: 20, all: 520, panel: 240, gap: 44 };

/** Values as dots in rows, with a bar at their mean. */
export function plotDots({ title, panels, rows, reference }: Dots): string {
  const left = 32 + 7 * Math.max(...rows.map(({ name }) => [...name].length));
  const height = DOTS.row * rows.length, width = Math.max(DOTS.panel, DOTS.all / panels.length);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const points = (panel: number, of: (values: readonly number[]) => readonly number[]) =>
    rows.flatMap(({ values }, y) => {
      const own = values[panel] ?? [];
      return own.length === 0 ? [] : of(own).map((x) => [x, y]);
    });
  return draw(left + panels.length * (width + DOTS.gap), height + 132, {
    title: heading(title),
    grid: panels.map((_, i) => ({
      left: left + i * (width + DOTS.gap),
      width,
      top: 72,
      height,
    })),
    xAxis: panels.map(({ title, note }, gridIndex) => ({
      gridIndex,
      type: "value",
      scale: true,
      name: `${title}\n(${note})`,
      nameLocation: "middle",
      nameGap: 32,
      splitNumber: 4,
    })),
    yAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: "category",
      inverse: true,
      data: rows.map(({ name, heading }) => heading ? `{heading|${name}}` : name),
      axisTick: { show: false },
      splitLine: { show: true, lineStyle: { color: "#f0f0f0" } },
      axisLabel: {
        show: gridIndex === 0,
        interval: 0,
        rich: { heading: { fontWeight: "bold", color: "#222222" } },
      },
    })),
    series: panels.flatMap((_, panel) => {
      const axes = { type: "scatter", xAxisIndex: panel, yAxisIndex: panel };
      const line = reference[panel];
      return [
        {
          ...axes,
          data: points(panel, (values) => values),
          symbolSize: 8,
          itemStyle: { color: "#5470c6", opacity: 0.55 },
          ...line !== null && {
            markLine: {
              silent: true,
              symbol: "none",
              label: { show: false },
              lineStyle: { color: "#999999", type: "dashed" },
              data: [{ xAxis: line }],
            },
          },
        },
        {
          ...axes,
          data: points(panel, (values) => [mean(values)]),
          symbol: "rect",
          symbolSize: [3, 14],
          itemStyle: { color: "#222222" },
        },
      ];
    }),
  });
}
