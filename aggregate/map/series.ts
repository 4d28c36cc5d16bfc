/** A store's variable in several windows of time: maps beside each other, or an animation. */
import { Canvas } from "../../core/draw/canvas.ts";
import { indexedPicture } from "../../core/draw/palette.ts";
import { drawText, textWidth } from "../../core/draw/text.ts";
import { inputError } from "../../core/errors.ts";
import { encodeGif } from "../../core/raster/encode/gif.ts";
import { encodeApng } from "../../core/raster/encode/png.ts";
import type { GranaryStore } from "../../core/store/open.ts";
import { WIDTH_LIMITS } from "./limits.ts";
import { drawMap, type MapContent } from "./map.ts";
import { mapContents, pictureWidth, type PlotOptions, type PlotSummary, pngOf, warnOfBoxes } from "./plot.ts";
import { INK, MUTED, PAPER } from "./theme.ts";

/** A store in one of its windows, from `start` to before `end`, in seconds since 1970 UTC. */
interface StoreWindow {
  store: GranaryStore;
  start: number;
  end: number;
}

/** Panels are pictures beside each other, the others loop for ever. */
type SeriesKind = "panels" | "gif" | "apng";

/** More maps than anybody looks through, or memory should hold. */
const MOST_WINDOWS = 240;

/** At a width of 1200 pixels. */
const BANNER = { height: 64, title: 20, subtitle: 11.5 };
const DESIGN_WIDTH = 1200;

type SeriesSummary = PlotSummary & {
  windows: { start: string; end: string; cells: number }[];
};

/** Draws the windows with one extent and one range of colours; returns the file's bytes and what is on it. */
export async function plotSeries(
  windows: readonly StoreWindow[],
  options: PlotOptions & { framesPerSecond?: number },
  kind: SeriesKind,
): Promise<{ bytes: Uint8Array; summary: SeriesSummary }> {
  const width = pictureWidth(options);
  if (windows.length > MOST_WINDOWS) {
    throw inputError(
      `${windows.length} windows of time (at most ${MOST_WINDOWS}; --time FROM/TO takes some)`,
    );
  }
  const columns = kind === "panels" ? panelColumns(windows.length, width) : 1;
  const own = Math.floor(width / columns);
  const contents = await mapContents(windows.map(({ store }) => store), options, own);
  warnOfBoxes(contents[0], options.onWarning);
  const { bytes, height } = kind === "panels"
    ? await panels(windows, contents, columns, width)
    : await animation(windows, contents, width, kind, options.framesPerSecond ?? 2);
  const { cells, projection, range } = contents[0];
  return {
    bytes,
    summary: {
      variable: options.variable,
      order: cells.order,
      cells: contents.reduce((sum, content) => sum + content.cells.ids.length, 0),
      windows: windows.map((window, w) => ({ ...endsOf(window), cells: contents[w].cells.ids.length })),
      projection: projection.name,
      range,
      width,
      height,
    },
  };
}

/** About as many beside as below each other, each as wide as a map must be. */
function panelColumns(count: number, width: number): number {
  const most = Math.max(1, Math.floor(width / WIDTH_LIMITS.least));
  return Math.min(most, Math.ceil(Math.sqrt(count)));
}

async function panels(
  windows: readonly StoreWindow[],
  contents: readonly MapContent[],
  columns: number,
  width: number,
): Promise<{ bytes: Uint8Array; height: number }> {
  const own = Math.floor(width / columns);
  const scale = width / DESIGN_WIDTH;
  const banner = Math.round(BANNER.height * scale);
  let canvas: Canvas | undefined;
  for (const [w, content] of contents.entries()) {
    const title = windowText(windows[w]);
    const map = await drawMap(
      { ...content, title, subtitle: `${content.cells.ids.length} cells with data` },
      own,
    );
    // One extent for all: maps are of one size.
    canvas ??= new Canvas(width, banner + map.height * Math.ceil(contents.length / columns), PAPER);
    canvas.place(map, own * (w % columns), banner + map.height * Math.floor(w / columns));
  }
  const [{ title, subtitle }] = contents;
  const left = Math.round(24 * scale);
  drawFitted(canvas!, title, left, banner * 0.5, BANNER.title * scale, true);
  drawFitted(canvas!, subtitle.split("  ·  ")[0], left, banner * 0.9, BANNER.subtitle * scale, false);
  return { bytes: pngOf(canvas!), height: canvas!.height };
}

function drawFitted(
  canvas: Canvas,
  text: string,
  left: number,
  bottom: number,
  size: number,
  bold: boolean,
): void {
  const most = canvas.width - 2 * left;
  const fitted = textWidth(text, size) > most ? size * most / textWidth(text, size) : size;
  drawText(canvas, text, left, bottom, { size: fitted, colour: bold ? INK : MUTED, bold });
}

async function animation(
  windows: readonly StoreWindow[],
  contents: readonly MapContent[],
  width: number,
  kind: "gif" | "apng",
  framesPerSecond: number,
): Promise<{ bytes: Uint8Array; height: number }> {
  const maps: Canvas[] = [];
  for (const [w, content] of contents.entries()) {
    maps.push(
      await drawMap({ ...content, subtitle: `${windowText(windows[w])}  ·  ${content.subtitle}` }, width),
    );
  }
  const bytes = kind === "gif" ? encodeGif(maps.map(indexedPicture), framesPerSecond) : encodeApng(
    maps.map((map) => ({
      kind: "sampled",
      width: map.width,
      height: map.height,
      channels: 3,
      samples: new Uint8Array(map.pixels.buffer),
    })),
    framesPerSecond,
  );
  return { bytes, height: maps[0].height };
}

function endsOf({ start, end }: StoreWindow): { start: string; end: string } {
  const text = (seconds: number) => Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : "";
  return { start: text(start), end: text(end) };
}

/** `2020-03-01 to 2020-03-31` of a window of whole days, whose end belongs to the next; else both times. */
function windowText(window: StoreWindow): string {
  const { start, end } = endsOf(window);
  const days = [start, end].every((text) => text.endsWith("T00:00:00.000Z"));
  if (!days) return `${start.slice(0, 19)} to ${end.slice(0, 19)}`;
  const last = new Date((window.end - 1) * 1000).toISOString().slice(0, 10);
  return last === start.slice(0, 10) ? last : `${start.slice(0, 10)} to ${last}`;
}
