import assert from "node:assert/strict";
import { Canvas } from "../../../../core/draw/canvas.ts";
import { CAPITAL_HEIGHT, glyphOf } from "../../../../core/draw/glyphs.ts";
import { drawText, textWidth, undrawable } from "../../../../core/draw/text.ts";

const ASCII = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));

Deno.test("every printable ASCII character and the signs of maps have a glyph of their own", () => {
  const missing = JSON.stringify(glyphOf("\u4e00"));
  for (const character of [...ASCII, ..."°−–·±×²³µσ…"]) {
    assert.notEqual(JSON.stringify(glyphOf(character)), missing, character);
  }
});

Deno.test("no two letters or digits look the same", () => {
  const seen = new Map<string, string>();
  for (const character of ASCII) {
    const shape = JSON.stringify(glyphOf(character).strokes);
    assert.equal(seen.get(shape), undefined, `${character} looks like ${seen.get(shape)}`);
    seen.set(shape, character);
  }
});

/** Below the line, where a capital letter is 7 high. */
const DESCENDER = 2.2;

Deno.test("glyphs stay within their width and between descender and ascender", () => {
  for (const character of ASCII) {
    const { width, strokes } = glyphOf(character);
    for (const stroke of strokes) {
      for (let i = 0; i < stroke.length; i += 2) {
        assert.ok(stroke[i] >= -0.8 && stroke[i] <= width + 0.8, `${character} x ${stroke[i]} of ${width}`);
        assert.ok(stroke[i + 1] >= -DESCENDER && stroke[i + 1] <= CAPITAL_HEIGHT + 1, `${character} y`);
      }
    }
  }
});

Deno.test("an accent that the font does not have is left off", () => {
  assert.deepEqual(glyphOf("é"), glyphOf("e"));
});

/** The box of what differs from white. */
function inkBox(canvas: Canvas): { left: number; right: number; top: number; bottom: number } {
  const box = { left: canvas.width, right: -1, top: canvas.height, bottom: -1 };
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      if (canvas.pixels[3 * (y * canvas.width + x)] > 200) continue;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y);
    }
  }
  return box;
}

Deno.test("text is as wide as it says, stands on its baseline and keeps to its side", () => {
  const size = 14;
  for (const [align, from] of [["start", 150], ["middle", 150 - textWidth("Height H", size) / 2]] as const) {
    const canvas = new Canvas(300, 60, [255, 255, 255]);
    drawText(canvas, "Height H", 150, 40, { size, colour: [0, 0, 0], align });
    const box = inkBox(canvas);
    assert.ok(Math.abs(box.left - from) <= 2, `${align}: ${box.left} is not near ${from}`);
    assert.ok(Math.abs(box.right - (from + textWidth("Height H", size))) <= 2);
    assert.ok(Math.abs(box.top - (40 - size)) <= 2);
  }
});

Deno.test("a quarter turn makes text run upward", () => {
  const canvas = new Canvas(60, 300, [255, 255, 255]);
  drawText(canvas, "HHHHHH", 40, 250, { size: 14, colour: [0, 0, 0], turns: 1 });
  const box = inkBox(canvas);
  assert.ok(Math.abs(box.bottom - 250) <= 2);
  assert.ok(Math.abs(box.top - (250 - textWidth("HHHHHH", 14))) <= 2);
  assert.ok(box.right - box.left < 18);
});

Deno.test("letters of two are spelled out, accents left off, and what is drawn as a box is named", () => {
  assert.equal(textWidth("Straße", 14), textWidth("Strasse", 14));
  assert.deepEqual(undrawable("Höhe über Grönland, Ærø"), []);
  assert.deepEqual(undrawable("schnee ☃ 海氷 ☃"), ["☃", "海", "氷"]);
});
