// Charts by ECharts, on a canvas; whatever they show stands in a table beside them.
import { h, svg } from "./dom.js";
import * as format from "./format.js";

const charts = new Set();
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Frees what is not on the page any more. */
export function sweep() {
  for (const chart of charts) {
    if (document.contains(chart.getDom())) continue;
    chart.dispose();
    charts.delete(chart);
  }
}

/** A chart that says in words what it shows. `option` is made when it is drawn, in the colours of the moment. */
export function chart(label, option) {
  const element = h("div", { class: "chart", role: "img", "aria-label": label });
  requestAnimationFrame(() => {
    if (!document.contains(element)) return;
    const drawn = globalThis.echarts.init(element, null, { renderer: "canvas" });
    charts.add(drawn);
    const draw = () => drawn.setOption(option(), true);
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  });
  return element;
}

function frame(labels, unit, amounts) {
  const text = { color: colour("soft"), fontFamily: "inherit" };
  return {
    animation: false,
    textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: { left: 8, right: 16, top: 28, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: colour("card"), borderColor: colour("line"), textStyle: { color: colour("text") },
      valueFormatter: (amount) => (amount === null || amount === undefined ? "–" : format.value(amount, unit)) },
    xAxis: { type: "category", data: labels, axisLabel: { ...text, hideOverlap: true }, axisLine: { lineStyle: { color: colour("line") } }, axisTick: { show: false } },
    yAxis: { type: "value", ...cuts(amounts, unit), axisLabel: { ...text, formatter: (amount) => format.value(amount, unit) }, splitLine: { lineStyle: { color: colour("line") } } },
  };
}

const line = (name, at, kind) => ({
  yAxis: at, name, lineStyle: { color: colour(kind), type: "dashed", width: 1.5 },
  label: { formatter: name, position: "insideEndTop", color: colour(kind), fontSize: 11 },
});

/** Lines across a chart, each where its value is: by itself ECharts rounds it to hundredths, and 99.9 % to 100 %. */
const lines = (data) => ({ symbol: "none", silent: true, precision: 9, data });

const STEPS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 432000, 864000, 2592000];

/** The next of 1, 2, 5, 10, 20 … that is no less. */
const even = (amount) => {
  const ten = 10 ** Math.floor(Math.log10(amount));
  return [1, 2, 5, 10].map((part) => part * ten).find((part) => part >= amount * 0.999);
};

/** An axis that holds every amount, limits and targets among them, cut about five times: seconds where clocks are. */
function cuts(amounts, unit) {
  const known = amounts.filter((amount) => amount !== null && amount !== undefined);
  // What is all near the whole would be a line along the upper edge.
  const near = unit === "ratio" && known.length && Math.min(...known) > 0.9 && Math.max(...known) <= 1;
  const [least, most] = [near ? Math.min(...known) : Math.min(0, ...known), near ? 1 : Math.max(0, ...known)];
  const span = most - least || 1;
  const clock = unit === "seconds" && STEPS.find((step) => span / step <= 6);
  const interval = clock || Math.max(even(span / 5), unit === "cases" ? 1 : 0);
  return { interval, min: Math.floor(least / interval) * interval, max: Math.ceil(most / interval || 1) * interval };
}

/** A KPI period by period, with its target: bars for counts, a line for what is not added up. */
export function trend(points, unit, labels, words) {
  return () => {
    const wanted = points.findLast((point) => point.target)?.target;
    const bars = unit === "cases";
    return {
      ...frame(labels, unit, [...points.map((point) => point.value), wanted?.value ?? null]),
      series: [{
        name: words.value, type: bars ? "bar" : "line", barMaxWidth: 36, symbolSize: 8, connectNulls: false,
        data: points.map((point, n) => ({
          value: point.value,
          itemStyle: { color: colour(n === points.length - 1 ? "accent" : "data"), opacity: point.small && !bars ? 0.45 : 1 },
        })),
        lineStyle: { color: colour("data"), width: 2 },
        markLine: wanted ? lines([line(words.target, wanted.value, "good")]) : undefined,
      }],
    };
  };
}

/** Natural limits, and the points that are signals. */
export function behaviour(points, limits, signals, unit, labels, words) {
  return () => ({
    ...frame(labels, unit, [...points.map((point) => point.value), limits.high, limits.low]),
    series: [{
      name: words.value, type: "line", symbolSize: 8, connectNulls: false,
      data: points.map((point, n) => ({
        value: point.value,
        symbol: signals.has(n) ? "diamond" : "circle",
        symbolSize: signals.has(n) ? 14 : 7,
        itemStyle: { color: colour(signals.has(n) ? "bad" : "data") },
      })),
      lineStyle: { color: colour("data"), width: 1.5 },
      markLine: lines([line(words.centre, limits.centre, "soft"), line("", limits.high, "warn"), line("", limits.low, "warn")]),
    }],
  });
}

/** Bars with a name each. */
export function bars(labels, amounts, unit, words) {
  return () => ({
    ...frame(labels, unit, amounts),
    series: [{ name: words.cases, type: "bar", barMaxWidth: 56, data: amounts, itemStyle: { color: colour("data") },
      label: { show: true, position: "top", color: colour("text"), formatter: ({ value }) => format.value(value, unit) } }],
  });
}

/** A small line without axes; a gap where there is no value. */
export function spark(amounts) {
  const [width, height] = [220, 40];
  const known = amounts.filter((amount) => amount !== null);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" });
  if (known.length < 2) return drawing;
  const [low, high] = [Math.min(0, ...known), Math.max(...known) || 1];
  const x = (n) => 3 + (n * (width - 6)) / (amounts.length - 1);
  const y = (amount) => height - 4 - ((amount - low) * (height - 8)) / (high - low || 1);
  let path = "";
  amounts.forEach((amount, n) => {
    if (amount === null) return;
    path += `${n === 0 || amounts[n - 1] === null ? "M" : "L"}${x(n).toFixed(1)} ${y(amount).toFixed(1)}`;
  });
  drawing.append(svg("path", { d: path, fill: "none", "vector-effect": "non-scaling-stroke" }));
  return drawing;
}
