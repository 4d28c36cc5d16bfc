/** Plans of reads, carried out on arrays in memory: every window is what its definition says. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { copyPlane } from "../../../../core/grids/plane.ts";
import { indicesOf, placeIn, planReads, type StoredLayout } from "../../../../core/grids/stored_window.ts";

interface Drawn {
  layout: StoredLayout;
  window: { x: number; y: number; width: number; height: number; bands: number[] };
}

const drawn: fc.Arbitrary<Drawn> = fc.integer({ min: 2, max: 4 }).chain((rank) =>
  fc.record({
    shape: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: rank, maxLength: rank }),
    chunk: fc.option(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: rank, maxLength: rank }), {
      nil: null,
    }),
    order: fc.shuffledSubarray([...Array(rank).keys()], { minLength: rank }),
    flipX: fc.boolean(),
    flipY: fc.boolean(),
    share: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 5, maxLength: 5 }),
    bandShares: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 6 }),
  })
).map(({ shape, chunk, order, flipX, flipY, share, bandShares }): Drawn => {
  const [xAxis, yAxis, ...rest] = order;
  const bandAxes = rest.sort((a, b) => a - b);
  const count = bandAxes.reduce((product, axis) => product * shape[axis], 1);
  const x = Math.floor(share[0] * shape[xAxis]);
  const y = Math.floor(share[1] * shape[yAxis]);
  return {
    layout: {
      ...{ shape, xAxis, yAxis, bandAxes, elementBytes: 4 },
      chunks: chunk && chunk.map((size, axis) => Math.min(size, shape[axis])),
      orientation: { flipX, flipY, roll: Math.floor(share[4] * shape[xAxis]) },
    },
    window: {
      ...{ x, y, bands: [...new Set(bandShares.map((one) => Math.floor(one * count)))] },
      width: 1 + Math.floor(share[2] * (shape[xAxis] - x)),
      height: 1 + Math.floor(share[3] * (shape[yAxis] - y)),
    },
  };
});

/** Where an element lies in an array of `shape`. */
function placeOf(at: readonly number[], shape: readonly number[]): number {
  return shape.reduce((place, size, axis) => place * size + at[axis], 0);
}

/** The elements of a box, each its place in the whole array. */
function box(shape: readonly number[], start: readonly number[], count: readonly number[]): Int32Array {
  const size = count.reduce((product, n) => product * n, 1);
  return Int32Array.from({ length: size }, (_, i) => {
    const at: number[] = [];
    for (let axis = count.length - 1, rest = i; axis >= 0; axis--) {
      at[axis] = start[axis] + rest % count[axis];
      rest = Math.floor(rest / count[axis]);
    }
    return placeOf(at, shape);
  });
}

Deno.test("reads of a window lie in the variable, and their copies make the window", () => {
  fc.assert(
    fc.property(drawn, ({ layout, window }) => {
      const { shape, xAxis, yAxis, bandAxes, orientation } = layout;
      const planes = window.bands.map(() => new Int32Array(window.width * window.height).fill(-1));
      for (const { start, count, copies } of planReads(layout, window)) {
        shape.forEach((size, axis) =>
          assert.ok(start[axis] >= 0 && count[axis] >= 1 && start[axis] + count[axis] <= size)
        );
        const raw = box(shape, start, count);
        for (const { band, plane, at, rows, columns } of copies) {
          copyPlane(raw, plane, planes[band], at, window.width, rows, columns);
        }
      }
      window.bands.forEach((band, i) => {
        for (let row = 0; row < window.height; row++) {
          for (let column = 0; column < window.width; column++) {
            const west = (window.x + column + orientation.roll) % shape[xAxis];
            const north = window.y + row;
            const at = indicesOf(band, shape, bandAxes);
            at[xAxis] = orientation.flipX ? shape[xAxis] - 1 - west : west;
            at[yAxis] = orientation.flipY ? shape[yAxis] - 1 - north : north;
            assert.equal(planes[i][row * window.width + column], placeOf(at, shape));
          }
        }
      });
    }),
    { numRuns: 1500, seed: 7 },
  );
});

Deno.test("a place in a plane is where copies of the read put its elements", () => {
  let places = 0;
  fc.assert(
    fc.property(drawn, ({ layout, window }) => {
      const planes = window.bands.map(() => new Int32Array(window.width * window.height));
      for (const read of planReads(layout, window)) {
        const place = placeIn(planes, window.width, read);
        if (place === null) continue;
        places += 1;
        const { start, count, copies: [{ band, plane, at, rows, columns }] } = read;
        const raw = box(layout.shape, start, count);
        const expected = new Int32Array(window.width * window.height);
        copyPlane(raw, plane, expected, at, window.width, rows, columns);
        const view = new DataView(planes[band].buffer);
        raw.forEach((element, i) => {
          let to = place.at;
          for (let axis = count.length - 1, rest = i; axis >= 0; axis--) {
            to += rest % count[axis] * place.strides[axis];
            rest = Math.floor(rest / count[axis]);
          }
          view.setInt32(to, element, true);
        });
        assert.deepEqual(planes[band], expected);
        planes[band].fill(0);
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(places > 50, `${places} places`);
});
