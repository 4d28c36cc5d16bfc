import assert from "node:assert/strict";
import fc from "fast-check";
import { inRing, signedArea } from "../../../../core/geometry/antimeridian.ts";
import type { Position, Ring } from "../../../../core/geometry/geometry.ts";
import { areValid, type Rings, unionPolygons } from "../../../../core/geometry/valid_polygons.ts";

const square = (x: number, y: number, side: number): Ring => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
  [x, y],
];

const areaOf = (polygons: readonly Rings[]): number =>
  polygons.flat().reduce((sum, ring) => sum + signedArea(ring) / 2, 0);

/** How often a ring winds around a place: the sum of crossings of a ray to the east, by direction. */
function winding([x, y]: Position, ring: Ring): number {
  let count = 0;
  for (let i = 1; i < ring.length; i++) {
    const [[x0, y0], [x1, y1]] = [ring[i - 1], ring[i]];
    if ((y0 > y) !== (y1 > y) && x0 + (x1 - x0) * (y - y0) / (y1 - y0) > x) count += y1 > y0 ? 1 : -1;
  }
  return count;
}

Deno.test("what simple features calls invalid is reported: crossings, spikes, shared edges, holes outside", () => {
  assert.ok(areValid([[square(0, 0, 4), square(1, 1, 1)], [square(5, 0, 1)]]));
  assert.ok(areValid([[square(0, 0, 1)], [square(1, 1, 1)]]), "parts may touch at a corner");
  assert.ok(areValid([[square(0, 0, 9), square(1, 1, 6)], [square(2, 2, 2)]]), "a part may lie in a hole");
  const invalid: Rings[][] = [
    [[[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]],
    [[[[0, 0], [2, 0], [2, 2], [2, 3], [2, 2], [0, 2], [0, 0]]]],
    [[square(0, 0, 1)], [square(1, 0, 1)]],
    [[square(0, 0, 4)], [square(1, 1, 1)]],
    [[square(0, 0, 1), square(5, 5, 1)]],
    [[square(0, 0, 9), square(1, 1, 5), square(2, 2, 1)]],
    [[[[0, 0], [1, 0], [0, 0]]]],
  ];
  for (const polygons of invalid) assert.ok(!areValid(polygons), JSON.stringify(polygons));
});

Deno.test("unions of squares have the areas that paper gives", () => {
  const cases: [Rings[], number, number][] = [
    [[[square(0, 0, 2)], [square(1, 1, 2)]], 7, 1],
    [[[square(0, 0, 1)], [square(1, 0, 1)]], 2, 1],
    [[[square(0, 0, 4)], [square(1, 1, 1)]], 16, 1],
    [[[square(0, 0, 4), square(1, 1, 1)], [square(1, 1, 1)]], 16, 1],
    [[[square(0, 0, 4), square(1, 1, 1)]], 15, 1],
    [[[[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]], 2, 2],
  ];
  for (const [polygons, area, parts] of cases) {
    const united = unionPolygons(polygons)!;
    assert.ok(areValid(united));
    assert.equal(areaOf(united), area);
    assert.equal(united.length, parts);
  }
});

Deno.test("a union is valid, and holds a place exactly when a ring winds around it and no hole of that part does", () => {
  const corner = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }));
  const ring = fc.array(corner, { minLength: 3, maxLength: 9 }).map((places): Ring => [...places, places[0]]);
  const part = fc.array(ring, { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (polygons) => {
      const united = unionPolygons(polygons);
      assert.ok(united !== undefined && areValid(united));
      for (let x = Math.PI / 9; x < 12; x += Math.SQRT2) {
        for (let y = Math.E / 7; y < 12; y += Math.sqrt(1.7)) {
          const wanted = polygons.some(([outer, ...holes]) =>
            winding([x, y], outer) !== 0 && holes.every((hole) => winding([x, y], hole) === 0)
          );
          const found: boolean = united.some(([outer, ...holes]) =>
            inRing([x, y], outer) && !holes.some((hole) => inRing([x, y], hole))
          );
          assert.equal(found, wanted, `${x} ${y}`);
        }
      }
    }),
    { numRuns: 300 },
  );
});
