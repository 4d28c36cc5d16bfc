/** A feed's state as one page without scripts: counts by day, and footprints of the last days on a plain map. */
import { type Geometry, type Position, singleParts } from "../../core/geometry/geometry.ts";
import type { FeedDay, FeedState } from "../../catalog/feed_state.ts";
import { escaped } from "../http/html.ts";
import type { FeedFootprint } from "./served_feed.ts";

/** The page holds its style, and asks for nothing. */
export const FEED_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const COUNTS = ["available", "known", "kept", "filtered", "deleted", "downloaded", "failed", "dead"] as const;
/** The newest day's, and those before it. */
const HUES = [205, 150, 35, 280, 330];

export function feedPage(state: FeedState, footprints: readonly FeedFootprint[]): string {
  const name = escaped(state.feed);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="60">
<title>${name}: the feed's state</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { border-top: 1px solid #8884; padding: .2rem .6rem; text-align: right; }
th:first-child, td:first-child { text-align: left; }
svg { background: #8881; width: 100%; }
.grid { fill: none; stroke: #8886; stroke-width: .2; }
.short td { color: #c33; font-weight: 600; }
ul { list-style: none; padding: 0; } li { display: inline-block; margin-right: 1rem; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #dde; } }
</style>
<h1>${name}</h1>
<p>Everything before <b>${timeOf(state.watermark)}</b> is known. Last poll ${
    timeOf(state.polled)
  }, last push ${timeOf(state.pushed)}${state.silent ? " (<b>unusually silent</b>)" : ""}.</p>
${mapOf(footprints)}
<h2>By day of the last change</h2>
<table>
<tr><th>day</th>${COUNTS.map((count) => `<th>${count}</th>`).join("")}<th></th></tr>
${[...state.days].reverse().map(rowOf).join("\n")}
</table>
</html>
`;
}

function rowOf(day: FeedDay): string {
  const cells = COUNTS.map((count) => `<td>${day[count] ?? ""}</td>`).join("");
  return `<tr${day.short ? ' class="short"' : ""}><td>${escaped(day.day)}</td>${cells}<td>${
    day.short ? "short" : ""
  }</td></tr>`;
}

/** Longitudes and latitudes as they are, north above. */
function mapOf(footprints: readonly FeedFootprint[]): string {
  const days = [...new Set(footprints.map(({ day }) => day))].sort().reverse();
  const colour = (day: string) => `hsl(${HUES[days.indexOf(day) % HUES.length]} 70% 45%)`;
  const paths = days.map((day) => {
    const lines = footprints.filter((one) => one.day === day).map(({ geometry }) => pathOf(geometry)).join(
      "",
    );
    return `<path d="${lines}" fill="${colour(day)}" fill-opacity=".25" stroke="${
      colour(day)
    }" stroke-width=".3"/>`;
  });
  const legend = days.map((day) => {
    const count = footprints.filter((one) => one.day === day).length;
    return `<li><b style="color: ${colour(day)}">■</b> ${escaped(day)}: ${count}</li>`;
  });
  return `<svg viewBox="-180 -90 360 180" role="img" aria-label="Footprints of the last days">
<path class="grid" d="${graticule()}"/>
${paths.join("\n")}
</svg>
<ul>${legend.join("")}</ul>`;
}

function pathOf(geometry: Geometry): string {
  let path = "";
  for (const part of singleParts(geometry)) {
    if (part.type === "Point") continue;
    const lines = part.type === "Polygon" ? part.coordinates : [part.coordinates];
    for (const line of lines) path += lineOf(line) + (part.type === "Polygon" ? "Z" : "");
  }
  return path;
}

/** Hundredths of a degree are finer than the map's dots. */
function lineOf(line: readonly Position[]): string {
  return line.map(([lon, lat], i) => `${i === 0 ? "M" : "L"}${lon.toFixed(2)} ${(-lat).toFixed(2)}`).join("");
}

function graticule(): string {
  const meridians = [-120, -60, 0, 60, 120].map((lon) => `M${lon} -90V90`);
  const parallels = [-60, -30, 0, 30, 60].map((lat) => `M-180 ${lat}H180`);
  return [...meridians, ...parallels].join("");
}

function timeOf(time: string | null): string {
  return time === null ? "never" : `<time>${escaped(time.replace(/\.\d+Z$/, "Z"))}</time>`;
}
