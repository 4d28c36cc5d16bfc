/// <reference lib="dom" />
/** Colormaps and the legend. */
import { at, make, shortNumber } from "./dom.ts";
import { getJson } from "./server.ts";

type Colours = Record<string, [number, number, number, number]>;

/** Those that are offered first: of even steps to the eye, or made for a quantity. */
export const FAVOURITES = [
  "viridis",
  "cividis",
  "magma",
  "thermal",
  "ice",
  "deep",
  "balance",
  "terrain",
  "gray",
];

const known = new Map<string, Promise<Colours | null>>();

function coloursOf(name: string): Promise<Colours | null> {
  let colours = known.get(name);
  if (colours === undefined) {
    colours = getJson<Colours>(`colorMaps/${encodeURIComponent(name)}`);
    colours.catch(() => known.delete(name));
    known.set(name, colours);
  }
  return colours;
}

const TICKS = 5;
const FEW_TICKS = 3;
/** Of all ticks together: what the bar is wide enough for. */
const MOST_TICK_CHARACTERS = 26;

/** Draws a legend of a colormap from `low` to `high`; null hides it. */
export async function drawLegend(
  shown: { title: string; colormap: string; range: readonly [number, number] } | null,
): Promise<void> {
  const figure = at("legend", HTMLElement);
  figure.hidden = shown === null;
  if (shown === null) return;
  const { title, colormap, range: [low, high] } = shown;
  const colours = await coloursOf(colormap);
  const canvas = at("legend-bar", HTMLCanvasElement);
  const context = canvas.getContext("2d");
  if (context === null || colours === null) return;
  const picture = context.createImageData(256, 1);
  for (let i = 0; i < 256; i++) picture.data.set(colours[i], 4 * i);
  context.putImageData(picture, 0, 0);
  canvas.setAttribute("aria-label", `${colormap}, from ${shortNumber(low)} to ${shortNumber(high)}`);
  at("legend-title", HTMLElement).textContent = title;
  at("legend-ticks", HTMLElement).replaceChildren(
    ...tickTexts(low, high).map((text) => make("span", {}, text)),
  );
}

/** Numbers along the bar: fewer where they would run into each other. */
function tickTexts(low: number, high: number): string[] {
  const texts = (count: number) =>
    Array.from({ length: count }, (_, i) => shortNumber(low + (high - low) * i / (count - 1), 4));
  const many = texts(TICKS);
  return many.join("").length <= MOST_TICK_CHARACTERS ? many : texts(FEW_TICKS);
}

/** A range that is chosen by the values, of few digits. */
export function roundRange(low: number, high: number): readonly [number, number] {
  if (!(high > low)) return [low, low + 1];
  const step = 10 ** (Math.floor(Math.log10(high - low)) - 2);
  const places = Math.max(0, Math.round(-Math.log10(step)));
  const round = (value: number) =>
    places > 20 ? value : Number((Math.round(value / step) * step).toFixed(places));
  return [round(low), round(high)];
}
