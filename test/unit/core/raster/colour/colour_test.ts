import assert from "node:assert/strict";
import fs from "node:fs";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";
import {
  type AppliedColormap,
  colourPixels,
  needsMask,
  plainPicture,
} from "../../../../../core/raster/colour/apply.ts";
import { COLORMAP_NAMES, isDiverging, namedColormap } from "../../../../../core/raster/colour/colormaps.ts";
import { adjustColours, parseColourFormula } from "../../../../../core/raster/colour/formula.ts";
import { rescaleToBytes } from "../../../../../core/raster/colour/rescale.ts";
import type { GridValues } from "../../../../../core/raster/grid.ts";
import type { Pixels } from "../../../../../core/raster/pixels.ts";
import { rgbaOf } from "../../../../../core/raster/picture.ts";

function pixelsOf(bands: readonly GridValues[], mask?: readonly number[]): Pixels {
  const count = bands[0].length;
  const all = Uint8Array.from(mask ?? new Array<number>(count).fill(1));
  return { width: count, height: 1, bands, masks: bands.map(() => all) };
}

Deno.test({
  name: "names and colours are those that titiler-cmr lists and gives",
  ignore: !hasSharedData,
  fn() {
    const answers: { name: string; json: Record<string, unknown> }[] = JSON.parse(
      fs.readFileSync(sharedData("serve/transcripts.json"), "utf8"),
    );
    const answer = (name: string) => answers.find((one) => one.name === name)?.json ?? assert.fail(name);
    assert.deepEqual([...COLORMAP_NAMES], (answer("cmaps").colormaps as string[]).toSorted());
    const map = namedColormap("viridis");
    for (const [index, colour] of Object.entries(answer("cmap_viridis"))) {
      assert.deepEqual([...map.subarray(3 * +index, 3 * +index + 3), 255], colour);
    }
  },
});

Deno.test("every map has 256 colours, and an unknown one is answered with the nearest", () => {
  assert.equal(COLORMAP_NAMES.length, 211);
  for (const name of COLORMAP_NAMES) assert.equal(namedColormap(name).length, 768, name);
  assert.throws(() => namedColormap("viridiss"), /did you mean viridis\?/);
  assert.throws(() => namedColormap("toString"), /is unknown/);
  assert.ok(isDiverging("rdbu_r") && isDiverging("balance") && !isDiverging("viridis"));
});

Deno.test("values become bytes as numpy casts them, cut and within the range", () => {
  // rio_tiler.utils.rescale_image of these with in_range=((10, 20),).
  const { bands: [bytes] } = rescaleToBytes(pixelsOf([Float32Array.of(9, 10, 12.5, 15, 19.99, 20, 1e9)]), [[
    10,
    20,
  ]]);
  assert.deepEqual([...bytes], [0, 0, 63, 127, 254, 255, 255]);
  const two = rescaleToBytes(pixelsOf([Uint16Array.of(0, 100), Int16Array.of(-5, 5)], [1, 0]), [[0, 200], [
    -5,
    5,
  ]]);
  assert.deepEqual(two.bands.map((band) => [...band]), [[0, 0], [0, 0]]);
  const most = 3.4028234663852886e38;
  const whole = rescaleToBytes(pixelsOf([Float32Array.of(0, 280)]), [[-most, most]]);
  assert.deepEqual([...whole.bands[0]], [127, 127]);
});

Deno.test("bytes take a map's colours, pixels without a value none, in a palette of those used", () => {
  const picture = colourPixels(pixelsOf([Uint8Array.of(0, 255, 255, 7)], [1, 1, 0, 1]), {
    kind: "bytes",
    colours: namedColormap("gist_gray"),
  });
  assert.ok(picture.kind === "indexed");
  assert.equal(picture.palette.length, 16);
  assert.deepEqual([...rgbaOf(picture)], [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0, 7, 7, 7, 255]);
});

Deno.test("256 colours and transparency are more than a palette holds", () => {
  const values = Uint8Array.from({ length: 257 }, (_, i) => i & 255);
  const mask = Array.from(values, (_, i) => i === 256 ? 0 : 1);
  const map = { kind: "bytes", colours: namedColormap("turbo") } as const;
  const picture = colourPixels(pixelsOf([values], mask), map);
  assert.equal(picture.kind, "sampled");
  const rgba = rgbaOf(picture);
  assert.deepEqual([...rgba.subarray(4 * 256)], [0, 0, 0, 0]);
  assert.deepEqual([...rgba.subarray(4 * 200, 4 * 200 + 3)], [...map.colours.subarray(600, 603)]);
  assert.equal(colourPixels(pixelsOf([values], mask), map, false).kind, "indexed");
});

Deno.test("single values and intervals have their colours, others are transparent", () => {
  const values: AppliedColormap = {
    kind: "values",
    colours: new Map([[1, [255, 0, 0, 255]], [2.5, [0, 0, 255, 128]]]),
  };
  const band = Float32Array.of(1, 2.5, 3);
  assert.deepEqual([...rgbaOf(colourPixels(pixelsOf([band]), values))], [
    255,
    0,
    0,
    255,
    0,
    0,
    255,
    128,
    0,
    0,
    0,
    0,
  ]);
  const intervals: AppliedColormap = {
    kind: "intervals",
    intervals: [
      { low: 0, high: 2, colour: [1, 1, 1, 255] },
      { low: 1, high: 3, colour: [2, 2, 2, 255] },
    ],
  };
  const coloured = rgbaOf(colourPixels(pixelsOf([Float32Array.of(0, 1, 2.99, 3)]), intervals));
  assert.deepEqual([...coloured], [1, 1, 1, 255, 2, 2, 2, 255, 2, 2, 2, 255, 0, 0, 0, 0]);
  assert.throws(() => colourPixels(pixelsOf([band, band]), values), /colours one band, not 2/);
});

Deno.test("plain images are gray or RGB, of bytes or of 16 bits, with opacity where asked", () => {
  const gray = plainPicture(pixelsOf([Uint8Array.of(5, 6)], [1, 0]));
  assert.deepEqual([gray.channels, [...gray.samples]], [2, [5, 255, 6, 0]]);
  const wide = plainPicture(pixelsOf([Uint16Array.of(500, 6)], [1, 0]));
  assert.deepEqual([...wide.samples], [500, 65535, 6, 0]);
  const rgb = plainPicture(pixelsOf([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]), false);
  assert.deepEqual([rgb.channels, [...rgb.samples]], [3, [1, 2, 3]]);
  assert.throws(() => plainPicture(pixelsOf([Float32Array.of(1)])), /8 or 16 bits/);
  assert.throws(
    () => plainPicture(pixelsOf([Uint8Array.of(1), Uint8Array.of(1)])),
    /one band or three, not 2/,
  );
  assert.ok(needsMask(pixelsOf([Uint8Array.of(1, 2)], [1, 0])));
  assert.ok(!needsMask(pixelsOf([Uint8Array.of(1, 2)])));
});

Deno.test("formulas leave bytes alone where they change nothing", () => {
  const bands = [0, 1, 2].map((b) => Uint8Array.from({ length: 256 }, (_, i) => (i * (b + 1)) & 255));
  const adjusted = adjustColours(pixelsOf(bands), parseColourFormula("gamma RGB 1, sigmoidal rgb 0 0.5"));
  adjusted.bands.forEach((band, b) => {
    band.forEach((byte, i) => assert.ok(bands[b][i] - byte >= 0 && bands[b][i] - byte <= 1));
  });
  const grey = adjustColours(pixelsOf(bands), parseColourFormula("saturation 0"));
  grey.bands[0].forEach((byte, i) => {
    assert.ok(Math.abs(byte - grey.bands[1][i]) <= 1 && Math.abs(byte - grey.bands[2][i]) <= 1);
  });
});

Deno.test("what is no formula is refused with what is missing", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /says nothing/],
    ["brighten 2", /"brighten" is no operation/],
    ["gamma X 2", /"x" are no bands/],
    ["gamma R", /gamma is missing/],
    ["gamma R -1", /gamma is -1, not above 0/],
    ["sigmoidal R 3 7", /bias is 7/],
    ["saturation much", /saturation is much/],
    ["gamma R 1 ".repeat(60), /characters, at most 500/],
    ["gamma R 1 ".repeat(30), /more than 20 operations/],
  ];
  for (const [text, wanted] of cases) assert.throws(() => parseColourFormula(text), wanted);
  const one = pixelsOf([Uint8Array.of(1)]);
  assert.throws(() => adjustColours(one, parseColourFormula("gamma G 2")), /band g, of 1/);
  assert.throws(() => adjustColours(one, parseColourFormula("saturation 2")), /three bands, not 1/);
});
