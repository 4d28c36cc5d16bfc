/** A scale bar, true at its own place on the map. */
import type { Canvas } from "../../core/draw/canvas.ts";
import { strokeMask } from "../../core/draw/shapes.ts";
import { drawText } from "../../core/draw/text.ts";
import { niceStep } from "../../core/draw/ticks.ts";
import { INK, PAPER } from "./theme.ts";
import { fromPixels, type View } from "./view.ts";

const EARTH_RADIUS = 6371008.8;

/** A map wider than this has no one scale. */
const WIDEST_METRES = 9e6;

/** Draws the bar in the lower left corner of the frame; maps of much of the world have none. */
export function drawScaleBar(canvas: Canvas, view: View, size: number): void {
  const { frame } = view;
  const width = frame.right - frame.left;
  const x = frame.left + 2 * size, y = frame.bottom - 1.8 * size;
  const perPixel = metresBetween(view, x, y, x + width / 6, y) / (width / 6);
  if (!Number.isFinite(perPixel) || perPixel * width > WIDEST_METRES) return;
  const wanted = niceStep((perPixel * width) / 10);
  const length = wanted / perPixel;
  const text = wanted >= 1000 ? `${wanted / 1000} km` : `${wanted} m`;
  const tick = size * 0.35;
  const strokes = [x, y, x + length, y, x, y - tick, x, y + tick, x + length, y - tick, x + length, y + tick];
  canvas.paint(strokeMask(strokes, size * 0.62, frame), PAPER, 0.8);
  canvas.paint(strokeMask(strokes, size * 0.17, frame), INK);
  drawText(canvas, text, x + length / 2, y - size * 0.85, {
    size,
    colour: INK,
    align: "middle",
    halo: PAPER,
  });
}

/** Distance along the great circle between two places of the picture; NaN off the map. */
function metresBetween(view: View, x1: number, y1: number, x2: number, y2: number): number {
  const a = new Float64Array(2), b = new Float64Array(2);
  if (!fromPixels(view, x1, y1, a) || !fromPixels(view, x2, y2, b)) return NaN;
  const radians = Math.PI / 180;
  const across = Math.sin(((b[0] - a[0]) * radians) / 2), along = Math.sin(((b[1] - a[1]) * radians) / 2);
  const chord = along ** 2 + Math.cos(a[1] * radians) * Math.cos(b[1] * radians) * across ** 2;
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(chord));
}
