/** The colour bar: what the colours of a map mean. */
import type { Canvas } from "../../core/draw/canvas.ts";
import { type Colormap, colourAt } from "../../core/draw/colormap.ts";
import type { ValueRange } from "../../core/draw/range.ts";
import { fillMask, outlineOf, segmentsOf, strokeMask } from "../../core/draw/shapes.ts";
import { drawText, textWidth } from "../../core/draw/text.ts";
import { niceTicks, tickText } from "../../core/draw/ticks.ts";
import { INK, MUTED } from "./theme.ts";

interface ColourBar {
  x: number;
  top: number;
  bottom: number;
  width: number;
  /** Height of the capitals of ticks. */
  size: number;
  range: ValueRange;
  /** Whether values lie beyond the ends, which then are pointed. */
  below: boolean;
  above: boolean;
  label: string;
}

/** Draws the bar with ticks at its right and its label along it, read from below. */
export function drawColourBar(canvas: Canvas, map: Colormap, bar: ColourBar): void {
  const { x, width, size, range } = bar;
  const right = x + width;
  const point = Math.round(width * 0.9);
  const top = bar.top + (bar.above ? point : 0), bottom = bar.bottom - (bar.below ? point : 0);
  for (let y = top; y < bottom; y++) {
    const colour = colourAt(map, 1 - (y + 0.5 - top) / (bottom - top));
    canvas.fill({ left: x, top: y, right, bottom: y + 1 }, colour);
  }
  const clip = { left: 0, top: 0, right: canvas.width, bottom: canvas.height };
  const outline: number[] = [];
  const middle = x + width / 2;
  const tip = (from: number, to: number, colour: number) => {
    const ring = [x, from, middle, to, right, from];
    canvas.paint(fillMask([ring], clip), colourAt(map, colour));
    outline.push(...segmentsOf(ring));
  };
  if (bar.above) tip(top, bar.top, 1);
  if (bar.below) tip(bottom, bar.bottom, 0);
  outline.push(
    ...(bar.above || bar.below
      ? [
        ...segmentsOf([x, top, x, bottom]),
        ...segmentsOf([right, top, right, bottom]),
        ...(bar.above ? [] : segmentsOf([x, top, right, top])),
        ...(bar.below ? [] : segmentsOf([x, bottom, right, bottom])),
      ]
      : outlineOf({ left: x, top, right, bottom })),
  );
  canvas.paint(strokeMask(outline, 1, clip), INK);

  const { ticks, step } = niceTicks(
    range.low,
    range.high,
    Math.max(3, Math.min(8, (bottom - top) / (5 * size))),
  );
  let widest = 0;
  for (const tick of ticks) {
    const y = bottom - ((tick - range.low) / (range.high - range.low)) * (bottom - top);
    canvas.paint(strokeMask([right, y, right + size * 0.5, y], 1, clip), INK);
    const text = tickText(tick, step);
    drawText(canvas, text, right + size, y + size / 2, { size, colour: INK });
    widest = Math.max(widest, textWidth(text, size));
  }
  drawText(canvas, bar.label, right + size + widest + size * 2.1, (bar.top + bar.bottom) / 2, {
    size: size * 1.08,
    colour: MUTED,
    align: "middle",
    turns: 1,
  });
}
