import assert from "node:assert/strict";
import type { Grid } from "../../../../core/raster/grid.ts";
import { crsOfCode } from "../../../../core/raster/crs/codes.ts";
import { openGeotiff } from "../../../../core/geotiff/open.ts";
import { countingSource } from "../../../support/memory_source.ts";
import { plainFields, tiffBytes, type TiffForm, type TiffImageBytes } from "../../../support/tiff_bytes.ts";

/** Tiles of an image whose cell at (x, y) is (x + 3 y) mod 251. */
function tiles(width: number, height: number, tile: number, step = 1): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let top = 0; top < height; top += tile) {
    for (let left = 0; left < width; left += tile) {
      blocks.push(Uint8Array.from({ length: tile * tile }, (_, i) => {
        const x = left + i % tile, y = top + Math.floor(i / tile);
        return (x * step + 3 * y * step) % 251;
      }));
    }
  }
  return blocks;
}

function plain(width: number, height: number, tile: number): TiffImageBytes {
  return { fields: plainFields(width, height, tile), blocks: tiles(width, height, tile) };
}

async function open(images: TiffImageBytes[], form?: TiffForm): Promise<Grid> {
  const file = await openGeotiff(countingSource("made.tif", tiffBytes(images, form)), "made.tif");
  assert.deepEqual(file.refused, []);
  return file.grids[0];
}

async function refusal(image: TiffImageBytes): Promise<{ rule: string; reason: string }> {
  const file = await openGeotiff(countingSource("made.tif", tiffBytes([image])), "made.tif");
  assert.deepEqual(file.grids, []);
  return file.refused[0];
}

const with_ = (image: TiffImageBytes, fields: TiffImageBytes["fields"]): TiffImageBytes => ({
  ...image,
  fields: { ...image.fields, ...fields },
});

for (const littleEndian of [true, false]) {
  for (const bigTiff of [true, false]) {
    const called = `${bigTiff ? "BigTIFF" : "classic TIFF"}, ${littleEndian ? "little" : "big"}-endian`;
    Deno.test(`${called}: place, size and cells are read`, async () => {
      const grid = await open([plain(70, 40, 16)], { littleEndian, bigTiff });
      assert.deepEqual([grid.width, grid.height, grid.dtype], [70, 40, "uint8"]);
      assert.deepEqual(grid.affine, [10, 0, 500_000, 0, -10, 5_000_000]);
      assert.equal(grid.crs.code, "EPSG:32615");
      assert.deepEqual(grid.levels, [{ width: 70, height: 40, blockWidth: 16, blockHeight: 16 }]);
      const window = await grid.readWindow({ level: 0, x: 13, y: 7, width: 50, height: 30 });
      assert.equal(window.mask, null);
      for (let y = 0; y < 30; y++) {
        for (let x = 0; x < 50; x++) {
          assert.equal(window.bands[0][y * 50 + x], (x + 13 + 3 * (y + 7)) % 251, `${x} ${y}`);
        }
      }
    });
  }
}

Deno.test("opening reads the front once; a window costs its blocks, neighbours by one read", async () => {
  const source = countingSource("made.tif", tiffBytes([plain(256, 256, 64)], { gap: 100_000 }));
  const [grid] = (await openGeotiff(source, "made.tif")).grids;
  assert.deepEqual(source.log.map(({ offset, length }) => [offset, length]), [[0, 32768]]);
  source.log.length = 0;
  await grid.readWindow({ level: 0, x: 0, y: 0, width: 64, height: 64 });
  assert.deepEqual(source.log.map(({ length }) => length), [64 * 64]);
  source.log.length = 0;
  await grid.readWindow({ level: 0, x: 10, y: 70, width: 100, height: 100 });
  // Blocks 4, 5, 8 and 9; the two between them are nearer than another request.
  assert.deepEqual(source.log.map(({ length }) => length), [6 * 64 * 64]);
});

Deno.test("places of blocks that the front does not hold cost one round more", async () => {
  // 16,384 tiles: their places are 128 kB.
  const image = { fields: plainFields(2048, 2048, 16), blocks: tiles(2048, 2048, 16) };
  const source = countingSource("made.tif", tiffBytes([image]));
  const [grid] = (await openGeotiff(source, "made.tif")).grids;
  assert.equal(
    source.log.length,
    2,
    "the front, and the few fields behind the places",
  );
  source.log.length = 0;
  const window = await grid.readWindow({ level: 0, x: 1000, y: 1500, width: 16, height: 16 });
  assert.equal(window.bands[0][0], (1000 + 3 * 1500) % 251);
  assert.ok(source.log.length <= 4, JSON.stringify(source.log));
  const bytes = source.log.reduce((sum, { length }) => sum + length, 0);
  assert.ok(bytes < 100_000, `${bytes} bytes`);
});

Deno.test("levels are the file's own overviews, from fine to coarse", async () => {
  const overview = (size: number, step: number): TiffImageBytes => ({
    fields: { ...plainFields(size, size, 16), 254: { type: "long", values: [1] } },
    blocks: tiles(size, size, 16, step),
  });
  const page = with_(plain(64, 64, 16), { 254: { type: "long", values: [2] } });
  const grid = await open([plain(64, 64, 16), overview(16, 4), page, overview(32, 2)]);
  assert.deepEqual(grid.levels.map(({ width }) => width), [64, 32, 16]);
  const window = await grid.readWindow({ level: 1, x: 5, y: 6, width: 2, height: 1 });
  assert.deepEqual([...window.bands[0]], [(5 * 2 + 6 * 6) % 251, (6 * 2 + 6 * 6) % 251]);
  assert.match(grid.notes.join(), /1 further images of the file are passed over/);
});

Deno.test("rows from south to north and columns from east to west are turned", async () => {
  const matrix = (values: number[]) => with_(plain(20, 10, 16), { 34264: { type: "double", values } });
  const grid = await open([matrix([-10, 0, 0, 500_200, 0, 10, 0, 4_999_900, 0, 0, 0, 0, 0, 0, 0, 1])]);
  assert.deepEqual(grid.affine, [10, 0, 500_000, 0, -10, 5_000_000]);
  const window = await grid.readWindow({ level: 0, x: 1, y: 2, width: 3, height: 2 });
  // Stored column and row of the oriented (x, y): 19 - x, 9 - y.
  const stored = (x: number, y: number) => (19 - x + 3 * (9 - y)) % 251;
  assert.deepEqual(
    [...window.bands[0]],
    [stored(1, 2), stored(2, 2), stored(3, 2), stored(1, 3), stored(2, 3), stored(3, 3)],
  );
});

Deno.test("coordinates of centres place corners half a cell outwards, as the note says", async () => {
  const keys = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 2, 3072, 0, 1, 32615];
  const grid = await open([with_(plain(16, 16, 16), { 34735: { type: "short", values: keys } })]);
  assert.deepEqual(grid.affine, [10, 0, 499_995, 0, -10, 5_000_005]);
  assert.match(grid.notes.join(), /centres/);
});

Deno.test("a block that is not stored is nodata, or masked where there is none", async () => {
  const image = plain(32, 16, 16);
  const sparse = { ...image, blocks: [image.blocks[0], new Uint8Array(0)] };
  const whole = { level: 0, x: 15, y: 1, width: 2, height: 1 };
  const masked = await (await open([sparse])).readWindow(whole);
  assert.deepEqual([...masked.bands[0]], [18, 0]);
  assert.deepEqual([...masked.mask!], [1, 0]);
  const filled = await (await open([with_(sparse, { 42113: { type: "ascii", text: "77" } })])).readWindow(
    whole,
  );
  assert.deepEqual([...filled.bands[0]], [18, 77]);
  assert.equal(filled.mask, null);
});

Deno.test("strips, and parts of a strip that is a whole image, are read", async () => {
  const strips = (rowsPerStrip: number, width: number, height: number): TiffImageBytes => {
    const { 322: _w, 323: _l, 324: _o, 325: _c, ...fields } = plainFields(width, height, 16);
    const blocks: Uint8Array[] = [];
    for (let top = 0; top < height; top += rowsPerStrip) {
      const rows = Math.min(rowsPerStrip, height - top);
      blocks.push(Uint8Array.from(
        { length: rows * width },
        (_, i) => (i % width + 3 * (top + Math.floor(i / width))) % 251,
      ));
    }
    return {
      fields: {
        ...fields,
        273: { type: "offsets" },
        278: { type: "long", values: [rowsPerStrip] },
        279: { type: "lengths" },
      },
      blocks,
    };
  };
  const check = async (image: TiffImageBytes) => {
    const source = countingSource("made.tif", tiffBytes([image], { gap: 40_000 }));
    const [grid] = (await openGeotiff(source, "made.tif")).grids;
    source.log.length = 0;
    const window = await grid.readWindow({ level: 0, x: 100, y: grid.height - 3, width: 50, height: 3 });
    for (let i = 0; i < 150; i++) {
      const x = 100 + i % 50, y = grid.height - 3 + Math.floor(i / 50);
      assert.equal(window.bands[0][i], (x + 3 * y) % 251, `${x} ${y}`);
    }
    return source.log.reduce((sum, { length }) => sum + length, 0);
  };
  assert.equal(await check(strips(7, 300, 100)), (7 + 2) * 300, "the last strips, of 7 and 2 rows");
  const bytes = await check(strips(4000, 1000, 4000));
  assert.ok(bytes < 600_000, `${bytes} of 4,000,000 bytes were read`);
});

Deno.test("an internal mask and an alpha band tell what is seen", async () => {
  const mask: TiffImageBytes = {
    fields: {
      ...plainFields(16, 16, 16, 1),
      254: { type: "long", values: [4] },
      262: { type: "short", values: [4] },
    },
    // Rows of 16 bits: the first eight cells are seen.
    blocks: [Uint8Array.from({ length: 32 }, (_, i) => i % 2 === 0 ? 0xff : 0)],
  };
  const masked = await (await open([plain(16, 16, 16), mask]))
    .readWindow({ level: 0, x: 7, y: 3, width: 2, height: 1 });
  assert.deepEqual([...masked.mask!], [1, 0]);
  const alpha: TiffImageBytes = {
    fields: {
      ...plainFields(16, 16, 16),
      258: { type: "short", values: [8, 8] },
      277: { type: "short", values: [2] },
      338: { type: "short", values: [2] },
    },
    blocks: [Uint8Array.from({ length: 512 }, (_, i) => i % 2 === 0 ? 9 : i < 256 ? 255 : 0)],
  };
  const grid = await open([alpha]);
  assert.equal(grid.bands.length, 1);
  const seen = await grid.readWindow({ level: 0, x: 0, y: 7, width: 1, height: 2 });
  assert.deepEqual([[...seen.bands[0]], [...seen.mask!]], [[9, 9], [1, 0]]);
});

Deno.test("scale, offset, unit, description and nodata are those of GDAL's fields", async () => {
  const xml = `<GDALMetadata>
  <Item name="DESCRIPTION" sample="0" role="description">a &lt;b&gt; &amp; &quot;c&quot; &#181;</Item>
  <Item name="SCALE" sample="0" role="scale">0.01</Item>
  <Item name="OFFSET" sample="0" role="offset">273.15</Item>
  <Item name="UNITTYPE" sample="0" role="unittype">K</Item>
</GDALMetadata>`;
  const grid = await open([with_(plain(16, 16, 16), {
    42112: { type: "ascii", text: xml },
    42113: { type: "ascii", text: "255" },
  })]);
  assert.deepEqual(grid.bands, [
    { name: "b1", description: 'a <b> & "c" µ', scale: 0.01, offset: 273.15, unit: "K", time: null },
  ]);
  assert.equal(grid.nodata, 255);
});

Deno.test("a nodata that no cell can have is none, with a note", async () => {
  for (const text of ["-9999", "0.5", "nan", "text"]) {
    const grid = await open([with_(plain(16, 16, 16), { 42113: { type: "ascii", text } })]);
    assert.equal(grid.nodata, null, text);
    assert.equal(grid.notes.length, 1, text);
  }
});

Deno.test("the system that the caller names stands in place of the file's", async () => {
  const { 34735: _keys, ...fields } = plainFields(16, 16, 16);
  const bytes = tiffBytes([{ fields, blocks: tiles(16, 16, 16) }]);
  const without = await openGeotiff(countingSource("made.tif", bytes), "made.tif");
  assert.equal(without.refused[0].rule, "no-crs");
  const crs = crsOfCode("EPSG:3413");
  const given = await openGeotiff(countingSource("made.tif", bytes), "made.tif", { crs });
  assert.equal(given.grids[0].crs, crs);
});

Deno.test("what is whole and no grid is refused by its rule", async () => {
  const image = plain(16, 16, 16);
  const short = (...values: number[]) => ({ type: "short" as const, values });
  const { 33550: _scale, ...unscaled } = image.fields;
  const cases: [string, TiffImageBytes, RegExp][] = [
    ["dtype", with_(image, { 258: short(64), 339: short(6) }), /complex floating point of 64 bits/],
    ["dtype", with_(image, { 258: short(64), 339: short(2) }), /signed integers of 64 bits/],
    ["dtype", with_(image, { 258: short(12) }), /unsigned integers of 12 bits/],
    ["dtype", with_(image, { 277: short(2), 258: short(8, 16) }), /different types/],
    ["compression", with_(image, { 259: short(34925) }), /compressed by LZMA/],
    ["compression", with_(image, { 259: short(7), 258: short(16) }), /JPEG of uint16/],
    ["predictor", with_(image, { 317: short(3) }), /predictor 3 of uint8/],
    ["photometric", with_(image, { 262: short(6) }), /luminance/],
    ["control-points", { ...image, fields: unscaled }, /1 control points/],
    [
      "rotated",
      with_(image, { 34264: { type: "double", values: [9, 1, 0, 5, 1, -9, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1] } }),
      /do not run east and west/,
    ],
    ["no-place", with_(image, { 33550: { type: "double", values: [0, 10, 0] } }), /size 0/],
    [
      "no-crs",
      with_(image, { 34735: short(1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 1500) }),
      /1500 is not known/,
    ],
  ];
  for (const [rule, made, reason] of cases) {
    const refused = await refusal(made);
    assert.equal(refused.rule, rule, refused.reason);
    assert.match(refused.reason, reason);
  }
});

Deno.test("a window outside of its level, a level and a band that are not there are range errors", async () => {
  const grid = await open([plain(20, 10, 16)]);
  const window = { level: 0, x: 0, y: 0, width: 20, height: 10 };
  for (const change of [{ x: 1 }, { y: -1 }, { width: 21 }, { height: 0.5 }, { level: 1 }, { bands: [1] }]) {
    await assert.rejects(grid.readWindow({ ...window, ...change }), RangeError, JSON.stringify(change));
  }
  assert.equal((await grid.readWindow({ ...window, width: 0 })).bands[0].length, 0);
});

Deno.test("closing the file closes its source", async () => {
  const source = countingSource("made.tif", tiffBytes([plain(16, 16, 16)]));
  await (await openGeotiff(source, "made.tif")).close();
  assert.equal(source.closed, true);
});

Deno.test("a TIFF of degrees past the poles is refused: they are no latitudes", async () => {
  const image = plain(16, 16, 16);
  const degrees = [1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326];
  const at = (north: number): TiffImageBytes =>
    with_(image, {
      33550: { type: "double", values: [10, 10, 0] },
      33922: { type: "double", values: [0, 0, 0, 0, north, 0] },
      34735: { type: "short", values: degrees },
    });
  assert.equal((await open([at(90)])).crs.code, "EPSG:4326");
  const { rule, reason } = await refusal(at(200));
  assert.equal(rule, "no-crs");
  assert.match(reason, /from 40 to 200, which are no longitudes and latitudes/);
});

Deno.test("the colours of classes are read; a table of another length is none", async () => {
  const image = plain(16, 16, 16);
  const table = Array.from({ length: 768 }, (_, i) => i * 85);
  const coloured = (values: number[]): TiffImageBytes =>
    with_(image, { 262: { type: "short", values: [3] }, 320: { type: "short", values } });
  assert.deepEqual((await open([coloured(table)])).colourTable, table);
  assert.equal((await open([coloured(table.slice(3))])).colourTable, null);
  assert.equal((await open([image])).colourTable, null);
});
