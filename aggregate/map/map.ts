/** A whole map: title, land, cells, graticule, coast, frame, labels, scale and colour bar. */
import { Canvas, type Rectangle } from "../../core/draw/canvas.ts";
import { drawColourBar } from "./colour_bar.ts";
import type { Colormap } from "../../core/draw/colormap.ts";
import { type GraticuleLabel, makeGraticule } from "./graticule.ts";
import { loadLand } from "./land.ts";
import { paintCells, type PlacedCells, sideOf } from "./paint_cells.ts";
import type { ValueRange } from "../../core/draw/range.ts";
import type { Projection } from "../../core/draw/projection.ts";
import { drawScaleBar } from "./scale_bar.ts";
import { fillMask, outlineOf, strokeMask } from "../../core/draw/shapes.ts";
import { drawText, textWidth } from "../../core/draw/text.ts";
import { COAST, GRID, INK, LAND, MUTED, PAPER, SEA } from "./theme.ts";
import { fitView, type Places, type View } from "./view.ts";

export interface MapContent {
  cells: PlacedCells;
  /** What the map is fitted to, where that is more than its own cells. */
  extent?: Places;
  projection: Projection;
  colormap: Colormap;
  range: ValueRange;
  below: boolean;
  above: boolean;
  title: string;
  subtitle: string;
  /** Along the colour bar: variable and units. */
  label: string;
}

/** Sizes at a width of 1200 pixels; everything follows the width. */
const DESIGN_WIDTH = 1200;
const MARGINS = { left: 78, top: 92, right: 138, bottom: 52 };
/** More room where meridians are named on that side too. */
const LABEL_ROOM = { top: 24, right: 44 };
const LABEL_SIZE = 10.5;

/** Draws the map `width` pixels wide; its height follows from the data. */
export async function drawMap(content: MapContent, width: number): Promise<Canvas> {
  const scale = width / DESIGN_WIDTH;
  const px = (size: number) => Math.round(size * scale);
  const fit = (top: number, right: number) =>
    fitView(
      content.extent ?? content.cells,
      content.projection,
      { x: px(MARGINS.left), y: px(top), width: width - px(MARGINS.left) - px(right) },
      sideOf(content.cells),
    );
  let view = fit(MARGINS.top, MARGINS.right);
  const { labels } = makeGraticule(view);
  const room = (side: "top" | "right") => labels.some((one) => one.side === side) ? LABEL_ROOM[side] : 0;
  if (room("top") + room("right") > 0) view = fit(MARGINS.top + room("top"), MARGINS.right + room("right"));
  const canvas = new Canvas(width, view.frame.bottom + px(MARGINS.bottom), PAPER);
  await drawFrameContent(canvas, view, content, scale);
  drawTitle(canvas, content, { left: view.frame.left, top: view.frame.top - px(room("top")) }, scale);
  const { frame } = view;
  const tall = Math.min(frame.bottom - frame.top, px(460));
  const middle = Math.round((frame.top + frame.bottom) / 2);
  drawColourBar(canvas, content.colormap, {
    x: frame.right + px(26 + room("right")),
    top: middle - Math.floor(tall / 2),
    bottom: middle + Math.floor(tall / 2),
    width: px(17),
    size: LABEL_SIZE * scale,
    ...content,
  });
  return canvas;
}

/** The inside of the frame alone, for previews: no text. */
export async function drawBareMap(content: MapContent, width: number, dotScale: number): Promise<Canvas> {
  const view = fitView(
    content.cells,
    content.projection,
    { x: 0, y: 0, width },
    sideOf(content.cells),
  );
  const canvas = new Canvas(width, view.frame.bottom, SEA);
  const land = await loadLand(view);
  canvas.paint(fillMask(land.rings, view.frame), LAND);
  paintCells(canvas, view, content.cells, content.colormap, content.range, dotScale);
  canvas.paint(strokeMask(land.coast, dotScale * 0.7, view.frame), COAST, 0.8);
  return canvas;
}

async function drawFrameContent(
  canvas: Canvas,
  view: View,
  content: MapContent,
  scale: number,
): Promise<void> {
  const { frame } = view;
  const land = await loadLand(view);
  const graticule = makeGraticule(view);
  canvas.fill(frame, SEA);
  canvas.paint(fillMask(land.rings, frame), LAND);
  paintCells(canvas, view, content.cells, content.colormap, content.range, Math.max(1, scale));
  canvas.paint(strokeMask(graticule.segments, Math.max(0.7, 0.8 * scale), frame), GRID, 0.22);
  canvas.paint(strokeMask(land.coast, Math.max(0.8, scale), frame), COAST, 0.9);
  drawScaleBar(canvas, view, LABEL_SIZE * scale);
  canvas.paint(
    strokeMask(outlineOf(frame), Math.max(1, 1.2 * scale), {
      left: 0,
      top: 0,
      right: canvas.width,
      bottom: canvas.height,
    }),
    INK,
  );
  drawLabels(canvas, graticule.labels, scale);
}

function drawTitle(
  canvas: Canvas,
  { title, subtitle }: MapContent,
  frame: { left: number; top: number },
  scale: number,
): void {
  const most = canvas.width - frame.left - 16 * scale;
  let size = 19 * scale;
  if (textWidth(title, size) > most) size *= most / textWidth(title, size);
  drawText(canvas, title, frame.left, frame.top - 46 * scale, { size, colour: INK, bold: true });
  let small = 11 * scale;
  if (textWidth(subtitle, small) > most) small *= most / textWidth(subtitle, small);
  drawText(canvas, subtitle, frame.left, frame.top - 18 * scale, { size: small, colour: MUTED });
}

/** Labels in the order given; one that would touch an earlier one is left out. */
function drawLabels(canvas: Canvas, labels: readonly GraticuleLabel[], scale: number): void {
  const size = LABEL_SIZE * scale;
  const taken: Rectangle[] = [];
  for (const label of labels) {
    const width = textWidth(label.text, size);
    const gap = 8 * scale;
    const box = boxOf(label, width, size, gap);
    const inside = box.left >= 0 && box.right <= canvas.width && box.top >= 0 && box.bottom <= canvas.height;
    const free = taken.every((other) =>
      box.right + gap < other.left || box.left - gap > other.right ||
      box.bottom + gap / 2 < other.top || box.top - gap / 2 > other.bottom
    );
    if (!inside || !free) continue;
    taken.push(box);
    const halo = label.side === "inside" ? { halo: PAPER } : {};
    drawText(canvas, label.text, box.left, box.bottom, { size, colour: MUTED, ...halo });
  }
}

function boxOf({ side, x, y }: GraticuleLabel, width: number, size: number, gap: number): Rectangle {
  const left = side === "left" ? x - gap - width : side === "right" ? x + gap : x - width / 2;
  const bottom = side === "bottom" ? y + gap + size : side === "top" ? y - gap : y + size / 2;
  return { left, right: left + width, top: bottom - size, bottom };
}
