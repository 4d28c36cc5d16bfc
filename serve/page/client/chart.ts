/// <reference lib="dom" />
/** A chart of values over time, as SVG. */
import { make, makeSvg, shortNumber } from "./dom.ts";
import { timeText } from "./times.ts";

export interface Sample {
  /** ISO 8601. */
  readonly time: string;
  readonly value: number;
}

const WIDTH = 320;
const HEIGHT = 150;
const LEFT = 48, RIGHT = 8, TOP = 8, BOTTOM = 22;

/** The samples in the order of their times. */
export function chartOf(samples: readonly Sample[], title: string): HTMLElement {
  const times = samples.map(({ time }) => Date.parse(time));
  const values = samples.map(({ value }) => value);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) [low, high] = [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
  const x = (time: number) =>
    LEFT + (last === first ? 0.5 : (time - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM);
  const line = samples.map((_, i) => `${x(times[i]).toFixed(1)},${y(values[i]).toFixed(1)}`).join(" ");
  const chart = makeSvg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `${title}: ${samples.length} values from ${shortNumber(Math.min(...values))} to ${
      shortNumber(Math.max(...values))
    }`,
  });
  for (const value of [low, (low + high) / 2, high]) {
    chart.append(
      makeSvg("line", { class: "rule", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      makeSvg("text", { x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, shortNumber(value)),
    );
  }
  chart.append(
    makeSvg("text", { x: LEFT, y: HEIGHT - 6 }, timeText(samples[0].time).slice(0, 10)),
    makeSvg(
      "text",
      { x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" },
      timeText(samples[samples.length - 1].time).slice(0, 10),
    ),
    makeSvg("polyline", { class: "series", points: line }),
  );
  for (const [i, { time, value }] of samples.entries()) {
    const dot = makeSvg("circle", { class: "dot", cx: x(times[i]), cy: y(values[i]), r: 3 });
    dot.append(makeSvg("title", {}, `${timeText(time)}: ${shortNumber(value)}`));
    chart.append(dot);
  }
  const rows = samples.map(({ time, value }) =>
    make("tr", {}, make("th", { scope: "row" }, timeText(time)), make("td", {}, String(value)))
  );
  return make(
    "figure",
    { class: "chart" },
    chart,
    make("details", {}, make("summary", {}, "As a table"), make("table", {}, ...rows)),
  );
}
