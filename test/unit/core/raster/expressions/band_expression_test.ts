import assert from "node:assert/strict";
import {
  evaluateBands,
  parseBandExpression,
} from "../../../../../core/raster/expressions/band_expression.ts";
import type { GridValues } from "../../../../../core/raster/grid.ts";
import type { Pixels } from "../../../../../core/raster/pixels.ts";

function pixelsOf(bands: readonly GridValues[], masks?: readonly Uint8Array[]): Pixels {
  const all = new Uint8Array(bands[0].length).fill(1);
  return { width: bands[0].length, height: 1, bands, masks: masks ?? bands.map(() => all) };
}

const B1 = Uint8Array.of(1, 2, 3, 250);
const B2 = Uint8Array.of(4, 2, 1, 10);
const B3 = Float32Array.of(0.5, -1.5, 2, 1e3);

/** Expression, values and type as numexpr 2.14 gives them of these three bands. */
const WANTED: readonly (readonly [string, string, readonly number[]])[] = [
  ["b1+b2", "Int32Array", [5, 4, 4, 260]],
  ["b1/b2", "Float64Array", [0.25, 1, 3, 25]],
  ["(b2-b1)/(b2+b1)", "Float64Array", [0.6, 0, -0.5, -0.9230769230769231]],
  ["where(b1>b2, b1, b2)", "Int32Array", [4, 2, 3, 250]],
  ["b1 if b1 > b2 else b2", "Int32Array", [4, 2, 3, 250]],
  ["b1 > b2", "Uint8Array", [0, 0, 1, 1]],
  ["(b1 > 1) & (b2 > 1)", "Uint8Array", [0, 1, 0, 1]],
  ["b1 > 1 and not b2 > 2", "Uint8Array", [0, 1, 1, 0]],
  ["b1 < 2 or b1 == 250", "Uint8Array", [1, 0, 0, 1]],
  ["~(b1 > 2)", "Uint8Array", [1, 1, 0, 0]],
  ["b1 & 2 | 1", "Int32Array", [1, 3, 3, 3]],
  ["-b1 % 7", "Int32Array", [6, 5, 4, 2]],
  ["-b1 // 7", "Int32Array", [-1, -1, -1, -36]],
  ["b2 ** 2 * 2", "Int32Array", [32, 8, 2, 200]],
  ["2 ** 3 ** 0", "Int32Array", [2, 2, 2, 2]],
  ["b3 * 2", "Float32Array", [1, -3, 4, 2000]],
  ["sqrt(b2 * b2)", "Float64Array", [4, 2, 1, 10]],
  ["b1 * b3", "Float32Array", [0.5, -3, 6, 250_000]],
  ["b3 * 1.5", "Float64Array", [0.75, -2.25, 3, 1500]],
  ["abs(b3)", "Float32Array", [0.5, 1.5, 2, 1000]],
  ["minimum(b1, b2)", "Int32Array", [1, 2, 1, 10]],
  ["np.where(b3 < 0, 0, b3)", "Float32Array", [0.5, 0, 2, 1000]],
];

for (const [text, type, values] of WANTED) {
  Deno.test(`bands compute: ${text}`, () => {
    const { bands: [band], names } = evaluateBands(pixelsOf([B1, B2, B3]), parseBandExpression(text));
    assert.equal(band.constructor.name, type);
    band.forEach((value, i) =>
      assert.ok(Math.abs(value - values[i]) <= 1e-12 * Math.abs(values[i]), `${[...band]}`)
    );
    assert.deepEqual(names, [text]);
  });
}

Deno.test("semicolons give several bands, beyond one chunk of pixels too", () => {
  const long = Float64Array.from({ length: 20_000 }, (_, i) => i);
  const { bands, names } = evaluateBands(pixelsOf([long]), parseBandExpression("b1*2; b1-1 ;"));
  assert.deepEqual(names, ["b1*2", "b1-1"]);
  assert.equal(bands.length, 2);
  for (const i of [0, 8191, 8192, 19_999]) assert.deepEqual([bands[0][i], bands[1][i]], [2 * i, i - 1]);
});

Deno.test("a pixel has a value where the bands that are named have, and the result is a number", () => {
  const masks = [Uint8Array.of(1, 1, 0, 1), Uint8Array.of(1, 0, 1, 1), Uint8Array.of(0, 0, 0, 0)];
  const pixels = pixelsOf([B1, Uint8Array.of(0, 1, 1, 2), B3], masks);
  const { masks: [mask] } = evaluateBands(pixels, parseBandExpression("b1/b2"));
  assert.deepEqual([...mask], [0, 0, 0, 1]);
  assert.deepEqual([...evaluateBands(pixels, parseBandExpression("b1")).masks[0]], [1, 1, 0, 1]);
  assert.deepEqual(masks[0], Uint8Array.of(1, 1, 0, 1), "what came in is left alone");
});

Deno.test("what is no arithmetic of bands is refused with its column", () => {
  const pixels = pixelsOf([B1]);
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /empty/],
    ["b1/", /column 4: wanted a number/],
    ["b2", /"b2" is no band \(b1 is\)/],
    ["b0", /"b0" is no band/],
    ["__import__('os')", /is no|text has no place/],
    ["open(b1)", /"open" is no function/],
    ["constructor(b1)", /is no function/],
    ["where(b1, 1)", /takes 3 arguments, not 2/],
    ["b1.real", /is no band/],
    ["b1 if b1", /wanted "else"/],
    ["b1[0]", /subscripts/],
    ["1.5 & b1", /whole numbers/],
    ["(".repeat(200) + "b1" + ")".repeat(200), /nested deeper/],
    ["b1+".repeat(4000), /too long/],
    ["b1;".repeat(40), /40 expressions/],
    ["not ".repeat(300) + "b1", /nested deeper/],
  ];
  for (const [text, wanted] of cases) {
    assert.throws(() => evaluateBands(pixels, parseBandExpression(text)), wanted, text.slice(0, 40));
  }
});
