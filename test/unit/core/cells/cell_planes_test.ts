import assert from "node:assert/strict";
import fc from "fast-check";
import { cellPlanes, ChildPlanes, PLANE_STRIDE } from "../../../../core/cells/cell_planes.ts";
import { vectorOnFace } from "../../../../core/cells/place.ts";

const planes = new Float64Array(PLANE_STRIDE);
const place = new Float64Array(3);

/** How far, in cell widths, the outline reaches beyond the planes; and the planes beyond the outline. */
function reaches(
  face: number,
  x: number,
  y: number,
  order: number,
  steps: number,
): [over: number, spare: number] {
  const nside = 2 ** order;
  cellPlanes(face, x, y, order, planes);
  let over = -Infinity;
  let spare = -Infinity;
  for (let plane = 0; plane < 16; plane += 4) {
    let lowest = Infinity;
    for (let k = 0; k <= steps; k++) {
      for (const [u, v] of [[0, k], [steps, k], [k, 0], [k, steps]] as const) {
        vectorOnFace(face, (x + u / steps) / nside, (y + v / steps) / nside, place, 0);
        const height = planes[plane] * place[0] + planes[plane + 1] * place[1] +
          planes[plane + 2] * place[2];
        lowest = Math.min(lowest, height + planes[plane + 3]);
      }
    }
    over = Math.max(over, -lowest * nside);
    spare = Math.max(spare, lowest * nside);
  }
  return [over, spare];
}

Deno.test("the planes of every cell of orders 0 to 5 hold its curved outline", () => {
  for (let order = 0; order <= 5; order++) {
    let most = 0;
    for (let face = 0; face < 12; face++) {
      for (let x = 0; x < 2 ** order; x++) {
        for (let y = 0; y < 2 ** order; y++) {
          const [over, spare] = reaches(face, x, y, order, 16);
          assert.ok(over <= 0, `${order} ${face} ${x} ${y} by ${over}`);
          most = Math.max(most, spare);
        }
      }
    }
    assert.ok(most < 0.2, `order ${order}: ${most} of a cell to spare`);
  }
});

Deno.test("so do those of deep cells: at the poles, where belt and cap meet, and anywhere", () => {
  const edge = fc.integer({ min: 0, max: 5 });
  const cell = fc.integer({ min: 3, max: 29 }).chain((order) => {
    const last = 2 ** order - 1;
    const any = fc.integer({ min: 0, max: last });
    return fc.record({
      order: fc.constant(order),
      face: fc.integer({ min: 0, max: 11 }),
      place: fc.oneof(
        fc.tuple(any, any),
        fc.tuple(edge, edge),
        fc.tuple(edge, edge).map(([x, y]) => [last - x, last - y]),
        fc.tuple(any, edge).map(([x, y]) => [x, Math.max(0, Math.min(last, last - x + y - 3))]),
        fc.tuple(any, edge).map(([x, y]) => [x, last - y]),
      ),
    });
  });
  fc.assert(
    fc.property(cell, ({ order, face, place }) => {
      const [over] = reaches(face, place[0], place[1], order, 8);
      assert.ok(over <= 0, `by ${over}`);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("children have the planes that they have as cells, whichever were asked for before", () => {
  const kept = new ChildPlanes();
  const sides = (at: number, from: Float64Array) =>
    [0, 4, 8, 12].map((side) => from.slice(at + side, at + side + 4));
  const cell = fc.integer({ min: 0, max: 28 }).chain((order) => {
    const any = fc.oneof(
      fc.nat(2 ** order - 1),
      fc.nat(Math.min(7, 2 ** order - 1)),
      fc.nat(Math.min(7, 2 ** order - 1)).map((step) => 2 ** order - 1 - step),
    );
    return fc.tuple(fc.integer({ min: 0, max: 11 }), any, any, fc.constant(order), fc.boolean());
  });
  fc.assert(
    fc.property(cell, ([face, x, other, order, isOnBorder]) => {
      // Cells that the border of belt and cap goes through.
      const y = isOnBorder ? 2 ** order - 1 - x : other;
      const at = kept.placeOf(face, x, y, order);
      for (let child = 0; child < 4; child++) {
        cellPlanes(face, 2 * x + (child & 1), 2 * y + (child >> 1), order + 1, planes);
        const own = at + child * PLANE_STRIDE;
        const first = [1, 2, 0, 3][child];
        const expected = sides(0, planes);
        assert.deepEqual(sides(own, kept.numbers), [...expected.slice(first), ...expected.slice(0, first)]);
        assert.deepEqual(kept.numbers.slice(own + 16, own + PLANE_STRIDE), planes.slice(16));
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("planes that are kept are not made again", () => {
  const kept = new ChildPlanes();
  const ask = () => {
    for (let x = 0; x < 64; x++) for (let y = 0; y < 64; y++) kept.placeOf(5, 640 + x, 320 + y, 10);
  };
  ask();
  assert.equal(kept.made, 4096);
  ask();
  assert.equal(kept.made, 4096);
});
