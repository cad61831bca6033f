/** Training curves as SVG. */
import * as echarts from "echarts";

export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** A chart of curves over steps, self-contained; 720×420 pixels. */
export function plotCurves(title: string, unit: string, curves: readonly Curve[]): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: 720, height: 420 });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: title, left: "center", textStyle: { fontSize: 15 } },
    legend: { bottom: 4 },
    grid: { left: 64, right: 24, top: 48, bottom: 72 },
    xAxis: { type: "value", name: "step", nameLocation: "middle", nameGap: 26, min: 0, max: "dataMax" },
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
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
