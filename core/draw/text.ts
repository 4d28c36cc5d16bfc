/** Text in the stroke font: how wide it is, and its strokes in pixels. */
import type { Canvas, Colour } from "./canvas.ts";
import { CAPITAL_HEIGHT, glyphOf, hasGlyph, SPACE, SPACING } from "./glyphs.ts";
import { strokeMask } from "./shapes.ts";

interface TextStyle {
  /** Height of capitals in pixels. */
  size: number;
  colour: Colour;
  /** Where x is on the line; default start. */
  align?: "start" | "middle" | "end";
  bold?: boolean;
  /** Quarter turns against the clock; 1 reads from below to above. */
  turns?: 0 | 1;
  /** Colour of a rim, for text over a picture. */
  halo?: Colour;
}

/** Width of the text in pixels. */
export function textWidth(text: string, size: number): number {
  let units = 0;
  for (const character of spelled(text)) units += advanceOf(character);
  return Math.max(0, units - SPACING) * (size / CAPITAL_HEIGHT);
}

/** Letters that are two of the font's, or one without its stroke. */
const SPELLED: Readonly<Record<string, string>> = {
  "ß": "ss",
  "ẞ": "SS",
  "æ": "ae",
  "Æ": "AE",
  "œ": "oe",
  "Œ": "OE",
  "ø": "o",
  "Ø": "O",
  "ł": "l",
  "Ł": "L",
  "đ": "d",
  "Đ": "D",
  "ð": "d",
  "Ð": "D",
  "þ": "th",
  "Þ": "Th",
  "ı": "i",
  "\u00a0": " ",
  "‘": "'",
  "“": '"',
  "”": '"',
};

function spelled(text: string): string {
  return text.normalize("NFC").replace(/[^ -~]/gu, (character) => SPELLED[character] ?? character);
}

/** The characters of a text that the font cannot draw, each once: boxes stand for them. */
export function undrawable(text: string): string[] {
  return [...new Set(spelled(text))].filter((character) => character !== " " && !hasGlyph(character));
}

function advanceOf(character: string): number {
  return character === " " ? SPACE + SPACING : glyphOf(character).width + SPACING;
}

/** Draws one line of text with its baseline at (x, y). */
export function drawText(canvas: Canvas, text: string, x: number, y: number, style: TextStyle): void {
  const { size, align = "start", turns = 0 } = style;
  const scale = size / CAPITAL_HEIGHT;
  const width = textWidth(text, size);
  let pen = align === "start" ? 0 : align === "middle" ? -width / 2 : -width;
  const segments: number[] = [];
  for (const character of spelled(text)) {
    if (character !== " ") {
      for (const stroke of glyphOf(character).strokes) {
        for (let i = 0; i + 3 < stroke.length; i += 2) {
          for (const at of [i, i + 2]) {
            const right = pen + stroke[at] * scale, up = stroke[at + 1] * scale;
            if (turns === 0) segments.push(x + right, y - up);
            else segments.push(x - up, y - right);
          }
        }
      }
    }
    pen += advanceOf(character) * scale;
  }
  if (segments.length === 0) return;
  const clip = { left: 0, top: 0, right: canvas.width, bottom: canvas.height };
  const weight = Math.max(1.05, size * (style.bold ? 0.165 : 0.125));
  if (style.halo !== undefined) {
    canvas.paint(strokeMask(segments, weight + size * 0.45, clip), style.halo, 0.85);
  }
  canvas.paint(strokeMask(segments, weight, clip), style.colour);
}
