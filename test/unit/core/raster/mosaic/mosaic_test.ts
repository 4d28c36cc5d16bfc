import assert from "node:assert/strict";
import fc from "fast-check";
import { createMosaic, type PixelSelection } from "../../../../../core/raster/mosaic/mosaic.ts";
import type { Pixels } from "../../../../../core/raster/pixels.ts";

/** One row of pixels of one band; null is no value. */
function row(
  values: readonly (number | null)[],
  Kind: Float32ArrayConstructor | Uint8ArrayConstructor = Float32Array,
) {
  return {
    width: values.length,
    height: 1,
    bands: [Kind.from(values.map((value) => value ?? 99))],
    masks: [Uint8Array.from(values, (value) => value === null ? 0 : 1)],
  };
}

function mosaicOf(method: PixelSelection, rows: readonly Pixels[]): (number | null)[][] {
  const mosaic = createMosaic(method);
  for (const pixels of rows) mosaic.add(pixels);
  const { bands, masks } = mosaic.result() ?? assert.fail();
  return bands.map((band, b) => Array.from(band, (value, i) => masks[b][i] === 0 ? null : value));
}

// numpy.ma of rio-tiler 9.2.1 (mosaic_reader's methods fed with these three rows).
const ROWS = [row([null, 5, 1, null]), row([null, 2, 8, 7]), row([null, 3.5, 3, 4])];
const WANTED: Readonly<Partial<Record<PixelSelection, (number | null)[]>>> = {
  first: [null, 5, 1, 7],
  highest: [null, 5, 8, 7],
  lowest: [null, 2, 1, 4],
  mean: [null, 3.5, 4, 5.5],
  median: [null, 3.5, 3, 5.5],
  stdev: [null, 1.224744871391589, 2.943920288775949, 1.5],
  count: [0, 3, 3, 2],
};

Deno.test("every rule gives what numpy gives", () => {
  for (const [method, wanted] of Object.entries(WANTED)) {
    const [found] = mosaicOf(method as PixelSelection, ROWS);
    found.forEach((value, i) => {
      const expected = wanted[i];
      if (value === null || expected === null) assert.equal(value, expected, method);
      else assert.ok(Math.abs(value - expected) < 1e-6, `${method}: ${found}`);
    });
  }
});

Deno.test("means and medians of whole numbers are cut to whole numbers", () => {
  const rows = [row([1, 200, 3], Uint8Array), row([2, 201, 3], Uint8Array), row([2, 255, 3], Uint8Array)];
  assert.deepEqual(mosaicOf("mean", rows), [[1, 218, 3]]);
  assert.deepEqual(mosaicOf("median", rows.slice(0, 2)), [[1, 200, 3]]);
});

Deno.test("the last band decides for all and is left out", () => {
  const two = (values: (number | null)[], deciding: (number | null)[]) => ({
    ...row(values),
    bands: [row(values).bands[0], row(deciding).bands[0]],
    masks: [row(values).masks[0], row(deciding).masks[0]],
  });
  const rows = [
    two([1, 2, null], [10, 20, null]),
    two([5, 6, 7], [11, 19, 0]),
    two([8, null, 9], [10.5, 30, 1]),
  ];
  assert.deepEqual(mosaicOf("lastbandhigh", rows), [[5, 2, 9]]);
  assert.deepEqual(mosaicOf("lastbandlow", rows), [[1, 6, 7]]);
});

Deno.test("a last band that is the only one leaves no picture", () => {
  for (const method of ["lastbandhigh", "lastbandlow"] as const) {
    assert.throws(
      () => createMosaic(method).add(row([1, 2])),
      /leave out the last band, and there is no other/,
    );
  }
});

Deno.test("the first value is kept, and every rule knows which pixels have a value of any source", () => {
  const first = createMosaic("first");
  for (const values of [[null, 5], [3, 4], [100, 100]]) first.add(row(values));
  assert.deepEqual([...(first.result() ?? assert.fail()).bands[0]], [3, 5]);
  for (const method of ["first", "highest", "lowest", "mean", "median", "stdev", "count"] as const) {
    const mosaic = createMosaic(method);
    assert.equal(mosaic.valued(), undefined);
    assert.equal(mosaic.result(), undefined);
    for (const values of [[null, 5, null], [null, 4, 1]]) mosaic.add(row(values));
    assert.deepEqual((mosaic.valued() ?? assert.fail()).map((mask) => [...mask]), [[0, 1, 1]], method);
  }
});

Deno.test("a median of more values than are kept is refused", () => {
  const source = {
    width: 4096,
    height: 4096,
    bands: [new Uint8Array(2 ** 24)],
    masks: [new Uint8Array(2 ** 24)],
  };
  const median = createMosaic("median");
  median.add(source);
  median.add(source);
  assert.throws(() => median.add(source), /a median of more than 2 sources of 1 bands of 4096 x 4096 pixels/);
});

Deno.test("what was added is not changed, and extremes don't ask for the order", () => {
  fc.assert(fc.property(
    fc.array(fc.array(fc.option(fc.integer({ min: -9, max: 9 })), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
    }),
    (lists) => {
      const rows = lists.map((list) => row(list));
      for (const method of ["highest", "lowest", "count", "median"] as const) {
        const forward = mosaicOf(method, rows);
        assert.deepEqual(mosaicOf(method, rows.toReversed()), forward);
      }
      mosaicOf("first", rows);
      assert.deepEqual(rows, lists.map((list) => row(list)));
    },
  ));
});

Deno.test("sources of other sizes or bands are refused", () => {
  const mosaic = createMosaic("first");
  mosaic.add(row([1, 2]));
  assert.throws(() => mosaic.add(row([1, 2, 3])), /cannot take 1 bands of 3 x 1/);
});
