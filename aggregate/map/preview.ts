/** A picture as text: two pixels a character by half blocks, or shades where colour is unwanted. */
import type { Canvas, Colour } from "../../core/draw/canvas.ts";
import { colourAt } from "../../core/draw/colormap.ts";
import type { MapContent } from "./map.ts";
import { tickText } from "../../core/draw/ticks.ts";

/** Light to dark. */
const SHADES = [" ", "·", "░", "▒", "▓", "█"];
const LEGEND_WIDTH = 24;

/** Averages `size` by `size` pixels into one and writes rows of text, with a legend below. */
export function previewText(canvas: Canvas, size: number, content: MapContent, colour: boolean): string {
  const columns = Math.floor(canvas.width / size);
  const rows = Math.floor(canvas.height / size / 2);
  const lines: string[] = [content.title, content.subtitle];
  for (let row = 0; row < rows; row++) {
    let line = "";
    for (let column = 0; column < columns; column++) {
      const upper = average(canvas, size, column, 2 * row);
      const lower = average(canvas, size, column, 2 * row + 1);
      line += colour ? `${foreground(upper)}${background(lower)}▀` : shade(upper, lower);
    }
    lines.push(colour ? `${line}\x1b[0m` : line.trimEnd());
  }
  lines.push(legend(content, colour));
  return lines.join("\n") + "\n";
}

function average({ pixels, width }: Canvas, size: number, column: number, row: number): Colour {
  let red = 0, green = 0, blue = 0;
  for (let y = row * size; y < (row + 1) * size; y++) {
    for (let x = column * size; x < (column + 1) * size; x++) {
      const at = 3 * (y * width + x);
      red += pixels[at];
      green += pixels[at + 1];
      blue += pixels[at + 2];
    }
  }
  const count = size * size;
  return [Math.round(red / count), Math.round(green / count), Math.round(blue / count)];
}

const foreground = ([red, green, blue]: Colour) => `\x1b[38;2;${red};${green};${blue}m`;
const background = ([red, green, blue]: Colour) => `\x1b[48;2;${red};${green};${blue}m`;

/** Darkness of the two pixels: the sea is empty, land a dot, data darker. */
function shade(upper: Colour, lower: Colour): string {
  const light = (one: Colour) => 0.299 * one[0] + 0.587 * one[1] + 0.114 * one[2];
  const darkness = 1 - (light(upper) + light(lower)) / 2 / 242;
  return SHADES[Math.min(SHADES.length - 1, Math.max(0, Math.round(darkness * (SHADES.length - 1))))];
}

function legend({ colormap, range, label }: MapContent, colour: boolean): string {
  const step = (range.high - range.low) / 100;
  const [low, high] = [tickText(range.low, step), tickText(range.high, step)];
  if (!colour) return `${label}: ${low} to ${high}`;
  let bar = "";
  for (let i = 0; i < LEGEND_WIDTH; i++) {
    bar += `${background(colourAt(colormap, (i + 0.5) / LEGEND_WIDTH))} `;
  }
  return `${low} ${bar}\x1b[0m ${high}  ${label}`;
}
