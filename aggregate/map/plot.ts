/** A store's variable as a picture. */
import { encode } from "fast-png";
import type { Canvas } from "../../core/draw/canvas.ts";
import { inputError } from "../../core/errors.ts";
import { formatCount } from "../../core/units.ts";
import type { GranaryStore } from "../../core/store/open.ts";
import type { StoreLevel } from "../../core/store/levels.ts";
import { colormap, DEFAULT_COLORMAP, isDivergingMap } from "../../core/draw/colormap.ts";
import { DEFAULT_WIDTH, WIDTH_LIMITS } from "./limits.ts";
import { chooseLevel, loadCells, placesOf } from "./load_cells.ts";
import { drawBareMap, drawMap, type MapContent } from "./map.ts";
import type { PlacedCells } from "./paint_cells.ts";
import type { ValueRange } from "../../core/draw/range.ts";
import { previewText } from "./preview.ts";
import type { ProjectionName } from "../../core/draw/projection.ts";
import { extremes, robustRange } from "../../core/draw/range.ts";
import { undrawable } from "../../core/draw/text.ts";
import { chooseProjection, meanLatitude, shows } from "./view.ts";

export interface PlotOptions {
  variable: string;
  /** The level; chosen by the map's scale when absent. */
  order?: number;
  projection?: ProjectionName | "auto";
  /** Of the picture, in pixels. */
  width?: number;
  /** Values at the ends of the colours; without outliers when absent. */
  range?: ValueRange;
  colormap?: string;
  title?: string;
  /** Hears of what the picture cannot show. */
  onWarning?(message: string): void;
  signal?: AbortSignal;
}

/** What was plotted, for `--json`. */
export interface PlotSummary {
  variable: string;
  order: number;
  cells: number;
  projection: ProjectionName;
  range: ValueRange;
  width: number;
  height: number;
}

/** Draws a map of a variable. Returns the PNG and what is on it. */
export async function plotStore(
  store: GranaryStore,
  options: PlotOptions,
): Promise<{ png: Uint8Array; summary: PlotSummary }> {
  const width = pictureWidth(options);
  const [content] = await mapContents([store], options, width);
  warnOfBoxes(content, options.onWarning);
  const canvas = await drawMap(content, width);
  const png = pngOf(canvas);
  return { png, summary: summaryOf(content, options.variable, canvas.width, canvas.height) };
}

export function pngOf(canvas: Canvas): Uint8Array {
  return encode({
    width: canvas.width,
    height: canvas.height,
    data: new Uint8Array(canvas.pixels.buffer),
    channels: 3,
  });
}

/** The width that is asked for, which must be within limits. */
export function pictureWidth({ width = DEFAULT_WIDTH }: PlotOptions): number {
  if (Number.isInteger(width) && width >= WIDTH_LIMITS.least && width <= WIDTH_LIMITS.most) return width;
  throw inputError(`width is ${width}; wanted ${WIDTH_LIMITS.least} to ${WIDTH_LIMITS.most} pixels`);
}

/**
 * The map as text of half blocks for a terminal of `columns` by `rows`; with `colour` false by shades
 * of block characters, without any escape.
 */
export async function previewStore(
  store: GranaryStore,
  options: PlotOptions,
  terminal: { columns: number; rows: number; colour: boolean },
): Promise<{ text: string; summary: PlotSummary }> {
  const supersampling = 4;
  const [content] = await mapContents([store], options, terminal.columns);
  let columns = Math.max(20, terminal.columns);
  let canvas = await drawBareMap(content, columns * supersampling, supersampling);
  const tallest = 2 * supersampling * Math.max(6, terminal.rows);
  if (canvas.height > tallest) {
    columns = Math.max(12, Math.floor((columns * tallest) / canvas.height));
    canvas = await drawBareMap(content, columns * supersampling, supersampling);
  }
  const text = previewText(canvas, supersampling, content, terminal.colour);
  return { text, summary: summaryOf(content, options.variable, canvas.width, canvas.height) };
}

export function warnOfBoxes({ title, label }: MapContent, warn?: (message: string) => void): void {
  const boxes = undrawable(title + label);
  if (boxes.length === 0) return;
  const some = boxes.slice(0, 10).join(" ");
  warn?.(
    `the map's font has no ${some}${
      boxes.length > 10 ? " …" : ""
    }: boxes stand for them (--title says it otherwise)`,
  );
}

/**
 * What is on the map of each of a store's windows of time: one level, projection, extent and range of colours for all.
 * Throws an input error where no window has a value that a map could show.
 */
export async function mapContents(
  windows: readonly GranaryStore[],
  options: PlotOptions,
  width: number,
): Promise<MapContent[]> {
  const { variable, projection: asked = "auto" } = options;
  const [store] = windows;
  const map = colormap(options.colormap ?? DEFAULT_COLORMAP);
  const array = store.variable(variable, options.order);
  const level = options.order === undefined
    ? await chooseLevel(windows, variable, asked, width)
    : store.level(options.order);
  const cells: PlacedCells[] = [];
  for (const one of windows) {
    cells.push(await loadCells(one, variable, level, options.signal, windows.length > 1));
  }
  const extent = placesOf(cells);
  if (extent.longitudes.length === 0) {
    throw inputError(
      `${store.name}: variable ${variable} has no values at order ${level.order} in these windows`,
    );
  }
  const projection = chooseProjection(extent, asked);
  if (!extent.latitudes.some((latitude) => shows(projection, latitude))) {
    throw inputError(
      `${store.name}: no cell with a value lies on a ${projection.name} map; use another --projection`,
    );
  }
  const diverging = isDivergingMap(options.colormap ?? DEFAULT_COLORMAP);
  const values = cells.length === 1
    ? cells[0].values
    : Float64Array.from(cells.flatMap((one) => [...one.values]));
  const range = options.range ?? robustRange(values, diverging);
  if (!(range.high > range.low)) {
    throw inputError(`range ${range.low},${range.high}: the second value must be above the first`);
  }
  const [least, most] = extremes(values);
  const units = textOf(array.attributes.units);
  return cells.map((own) => ({
    cells: own,
    ...windows.length > 1 ? { extent } : {},
    projection,
    colormap: map,
    range,
    below: least < range.low,
    above: most > range.high,
    title: options.title ?? capitalised(textOf(array.attributes.long_name) ?? variable),
    subtitle: [
      `${gridText(level)} (${cellSizeText(level.cells.metresAt(meanLatitude(extent)))} cells)`,
      `${formatCount(own.ids.length)} cells with data`,
      ...collectionsOf(store),
    ].join("  ·  "),
    label: units === null || units === "1" ? variable : `${variable} (${units})`,
  }));
}

function summaryOf(content: MapContent, variable: string, width: number, height: number): PlotSummary {
  const { cells, projection, range } = content;
  const { order, ids } = cells;
  return { variable, order, cells: ids.length, projection: projection.name, range, width, height };
}

/** Collections that the run noted, if it did. */
function collectionsOf(store: GranaryStore): string[] {
  const collections = store.provenance?.collections;
  if (typeof collections !== "object" || collections === null) return [];
  const names = Object.keys(collections);
  return names.length === 0 ? [] : [names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "")];
}

function gridText({ plane, cells, order }: StoreLevel): string {
  return plane === null ? `HEALPix order ${order}` : cells.name;
}

/** The side of a square cell, in two digits. */
function cellSizeText(metres: number): string {
  const [size, unit] = metres >= 1000 ? [metres / 1000, "km"] : [metres, "m"];
  return `${size >= 10 ? Math.round(size) : size.toFixed(1)} ${unit}`;
}

const textOf = (value: unknown): string | null => typeof value === "string" && value !== "" ? value : null;

const capitalised = (text: string) => /^[a-z]+ /.test(text) ? text[0].toUpperCase() + text.slice(1) : text;
