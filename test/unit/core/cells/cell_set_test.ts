import assert from "node:assert/strict";
import fc from "fast-check";
import { CellSet } from "../../../../core/cells/cell_set.ts";
import { coverMixed, coverShapeNumbers } from "../../../../core/cells/coverage.ts";
import { dilateCells, ringsForGeodetic, ringsForMetres } from "../../../../core/cells/dilate.ts";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { neighbours } from "../../../../core/cells/neighbours.ts";
import { cellCentre } from "../../../../core/cells/place.ts";
import { ShapeBuilder } from "../../../../core/cells/shape.ts";
import { destination } from "./random_shapes.ts";

const cell = fc.integer({ min: 0, max: 3 }).chain((order) =>
  fc.integer({ min: 0, max: 12 * 4 ** order - 1 }).map((nested) => ({ order, nested: BigInt(nested) }))
);
const mixed = fc.array(cell, { maxLength: 12 });
const ORDER = 3;

/** The same set by brute force: its cells of order 3. */
function listed(cells: { order: number; nested: bigint }[]): Set<number> {
  const out = new Set<number>();
  for (const { order, nested } of cells) {
    const size = 4 ** (ORDER - order);
    for (let i = 0; i < size; i++) out.add(Number(nested) * size + i);
  }
  return out;
}

const sorted = (cells: Iterable<number>) => [...cells].sort((a, b) => a - b);

Deno.test("union, intersection, difference and complement are those of lists of cells", () => {
  fc.assert(fc.property(mixed, mixed, (a, b) => {
    const [setA, setB] = [CellSet.fromMixed(a), CellSet.fromMixed(b)];
    const [listA, listB] = [listed(a), listed(b)];
    const all = Array.from({ length: 768 }, (_, i) => i);
    const cells = (set: CellSet) => [...set.numbersAt(ORDER)];
    assert.deepEqual(cells(setA), sorted(listA));
    assert.deepEqual(cells(setA.union(setB)), all.filter((c) => listA.has(c) || listB.has(c)));
    assert.deepEqual(cells(setA.intersection(setB)), all.filter((c) => listA.has(c) && listB.has(c)));
    assert.deepEqual(cells(setA.difference(setB)), all.filter((c) => listA.has(c) && !listB.has(c)));
    assert.deepEqual(cells(setA.complement()), all.filter((c) => !listA.has(c)));
    assert.equal(setA.intersects(setB), all.some((c) => listA.has(c) && listB.has(c)));
    assert.ok(Math.abs(setA.skyFraction - listA.size / 768) < 1e-12);
    assert.ok(CellSet.fromMixed(setA.mixedCells()).equals(setA));
    assert.ok(CellSet.fromCells(ORDER, sorted(listA).reverse()).equals(setA));
  }));
});

Deno.test("a cell is in a set wholly or in part, at its own and at other orders", () => {
  fc.assert(fc.property(mixed, cell, (cells, { order, nested }) => {
    const set = CellSet.fromMixed(cells);
    const list = listed(cells);
    const parts = [...listed([{ order, nested }])];
    assert.equal(set.contains(nested, order), parts.every((part) => list.has(part)));
    assert.equal(set.overlaps(Number(nested), order), parts.some((part) => list.has(part)));
    const coarse = new Set(sorted(list).map((c) => Math.floor(c / 4 ** (ORDER - order))));
    assert.deepEqual([...set.cellsAt(order)].map(Number), sorted(coarse));
    assert.deepEqual([...set.degrade(order).cellsAt(order)], [...set.cellsAt(order)]);
    assert.equal(Number(set.countAt(order)), coarse.size);
  }));
});

Deno.test("the fewest cells, and ranges for SQL", () => {
  const set = CellSet.fromCells(2, [0, 1, 2, 3, 4, 8, 9, 10, 11, 191]);
  assert.deepEqual([...set.mixedCells()], [
    { order: 1, nested: 0n },
    { order: 2, nested: 4n },
    { order: 1, nested: 2n },
    { order: 2, nested: 191n },
  ]);
  assert.deepEqual([...set.rangesAt(2)], [[0n, 4n], [8n, 11n], [191n, 191n]]);
  assert.deepEqual([...set.rangesAt(3)], [[0n, 19n], [32n, 47n], [764n, 767n]]);
  assert.deepEqual([...set.rangesAt(1)], [[0n, 2n], [47n, 47n]]);
  assert.ok(CellSet.empty.isEmpty && CellSet.fromCells(5, []).isEmpty);
  assert.throws(() => CellSet.fromCells(2, [192]), RangeError);
  assert.throws(() => CellSet.fromCells(0, [3]).cellsAt(20), /too many to list/);
});

Deno.test("the set of a coverage has the coverage's cells", () => {
  const shape = new ShapeBuilder({ edges: "geodetic" }).polygon([10, 70, 60, 75, 30, 85, 5, 80]).build();
  const set = CellSet.fromCoverage(coverMixed(shape, 8));
  assert.deepEqual(set.numbersAt(8), coverShapeNumbers(shape, 8));
});

Deno.test("one ring of neighbours is each cell's neighbours; rings add up", () => {
  fc.assert(fc.property(fc.array(fc.nat(12 * 4 ** 3 - 1), { maxLength: 6 }), (cells) => {
    const expected = new Set(cells);
    for (const cell of cells) for (const beside of neighbours(cell, 3)) if (beside >= 0) expected.add(beside);
    const once = dilateCells(cells, 3, 1);
    assert.deepEqual([...once], sorted(expected));
    assert.deepEqual(dilateCells(once, 3, 1), dilateCells(cells, 3, 2));
    assert.deepEqual(CellSet.fromCells(3, cells).dilate(3, 1).numbersAt(3), once);
  }));
  assert.equal(dilateCells([5], 4, 0)[0], 5);
  assert.equal(dilateCells([0], 0, 5).length, 12);
});

Deno.test("a point's authalic cell lies in the rings around its geodetic one, and the reverse", () => {
  const anywhere = fc.record({
    lon: fc.oneof(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.integer({ min: -4, max: 4 }).map((n) => 45 * n),
    ),
    lat: fc.oneof(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.double({ min: 41.6, max: 42.1, noNaN: true }),
    ),
    order: fc.integer({ min: 0, max: 12 }),
  });
  fc.assert(
    fc.property(anywhere, ({ lon, lat, order }) => {
      const [authalic, geodetic] = [
        nestedOf(lon, lat, order, "authalic"),
        nestedOf(lon, lat, order, "geodetic"),
      ];
      assert.ok(CellSet.fromCells(order, [geodetic]).dilateForGeodetic(order).contains(authalic, order));
      assert.ok(CellSet.fromCells(order, [authalic]).dilateForGeodetic(order).contains(geodetic, order));
    }),
    { numRuns: 400 },
  );
  assert.equal(ringsForGeodetic(8), 1);
});

Deno.test("rings for a distance reach every point at that distance", () => {
  const anywhere = fc.record({
    cell: fc.nat(12 * 4 ** 7 - 1),
    metres: fc.integer({ min: 1, max: 400_000 }),
    azimuth: fc.double({ min: 0, max: 360, noNaN: true }),
  });
  fc.assert(fc.property(anywhere, ({ cell, metres, azimuth }) => {
    const [lon, lat] = cellCentre(cell, 7, "geodetic");
    const reached = dilateCells([cell], 7, ringsForMetres(metres, 7));
    const [toLon, toLat] = destination(lon, lat, azimuth, metres / 6_371_007 * 180 / Math.PI);
    assert.ok(reached.includes(nestedOf(toLon, toLat, 7, "geodetic")));
  }));
});
