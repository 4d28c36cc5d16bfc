import assert from "node:assert/strict";
import { checkRange } from "../../../../core/access/range.ts";
import type { Source } from "../../../../core/access/source.ts";
import { openGeotiff } from "../../../../core/geotiff/open.ts";
import { countingSource } from "../../../support/memory_source.ts";
import { plainFields, tiffBytes, type TiffForm } from "../../../support/tiff_bytes.ts";

const WIDTH = 37, HEIGHT = 23, STRIP_ROWS = 5;

/** A cell's value by its place in the file. */
const cell = (x: number, y: number) => (x + 7 * y) % 251;

/** An image in strips, one of which may not be stored. */
function inStrips(form: TiffForm = {}, missing = -1): Uint8Array {
  const { 322: _w, 323: _l, 324: _o, 325: _c, ...fields } = plainFields(WIDTH, HEIGHT, 16);
  const strips = [0, 1, 2, 3, 4].map((strip) => {
    const rows = strip === missing ? 0 : Math.min(STRIP_ROWS, HEIGHT - strip * STRIP_ROWS);
    return Uint8Array.from(
      { length: rows * WIDTH },
      (_, i) => cell(i % WIDTH, strip * STRIP_ROWS + Math.floor(i / WIDTH)),
    );
  });
  const tags = {
    ...fields,
    273: { type: "offsets" },
    278: { type: "short", values: [STRIP_ROWS] },
    279: { type: "lengths" },
  } as const;
  return tiffBytes([{ fields: tags, blocks: strips }], form);
}

/** Counts what is read into the caller's memory. */
function intoMemory(bytes: Uint8Array): Source & { into: number[] } {
  const into: number[] = [];
  return {
    ...countingSource("made.tif", bytes),
    into,
    readInto: (offset, memory) => {
      checkRange("made.tif", bytes.length, offset, memory.length);
      memory.set(bytes.subarray(offset, offset + memory.length));
      into.push(memory.length);
      return Promise.resolve();
    },
  };
}

for (const littleEndian of [true, false]) {
  Deno.test(`whole rows of strips in a row are one read, ${littleEndian ? "little" : "big"}-endian`, async () => {
    const source = intoMemory(inStrips({ littleEndian }));
    const [grid] = (await openGeotiff(source, "made.tif")).grids;
    const windows = [[0, HEIGHT], [0, 1], [3, 4], [4, 12], [HEIGHT - 1, 1]];
    for (const [y, height] of windows) {
      const { bands: [values], mask } = await grid.readWindow({ level: 0, x: 0, y, width: WIDTH, height });
      assert.equal(mask, null);
      assert.deepEqual(
        [...values],
        Array.from({ length: WIDTH * height }, (_, i) => cell(i % WIDTH, y + Math.floor(i / WIDTH))),
      );
    }
    assert.deepEqual(source.into, windows.map(([, height]) => WIDTH * height));
  });
}

Deno.test("rows of strips that lie in several parts of the file are a read a part", async () => {
  const bytes = inStrips();
  const strip = STRIP_ROWS * WIDTH;
  const first = bytes.length - HEIGHT * WIDTH;
  // The second and the third strip change places in the file, and in the list of places.
  const moved = bytes.slice();
  moved.set(bytes.subarray(first + strip, first + 2 * strip), first + 2 * strip);
  moved.set(bytes.subarray(first + 2 * strip, first + 3 * strip), first + strip);
  const view = new DataView(moved.buffer);
  for (let at = 0; at < first; at++) {
    if (view.getUint32(at, true) !== first + strip || view.getUint32(at + 4, true) !== first + 2 * strip) {
      continue;
    }
    view.setUint32(at, first + 2 * strip, true);
    view.setUint32(at + 4, first + strip, true);
  }
  const source = intoMemory(moved);
  const [grid] = (await openGeotiff(source, "made.tif")).grids;
  const { bands: [values] } = await grid.readWindow({
    level: 0,
    x: 0,
    y: 2,
    width: WIDTH,
    height: HEIGHT - 2,
  });
  assert.deepEqual(
    [...values],
    Array.from({ length: WIDTH * (HEIGHT - 2) }, (_, i) => cell(i % WIDTH, 2 + Math.floor(i / WIDTH))),
  );
  assert.deepEqual(source.into, [3, 5, 5, 8].map((rows) => rows * WIDTH));
});

Deno.test("parts of rows, and rows of which some are not stored, are read as blocks", async () => {
  const source = intoMemory(inStrips());
  const [grid] = (await openGeotiff(source, "made.tif")).grids;
  const part = await grid.readWindow({ level: 0, x: 1, y: 2, width: WIDTH - 1, height: 9 });
  assert.equal(part.bands[0][WIDTH - 1], cell(1, 3));
  const sparse = intoMemory(inStrips({}, 2));
  const [other] = (await openGeotiff(sparse, "made.tif")).grids;
  const whole = await other.readWindow({ level: 0, x: 0, y: 0, width: WIDTH, height: HEIGHT });
  assert.equal(whole.mask![2 * STRIP_ROWS * WIDTH], 0);
  assert.equal(whole.bands[0][3 * STRIP_ROWS * WIDTH], cell(0, 15));
  assert.deepEqual([source.into, sparse.into], [[], []]);
});
