import assert from "node:assert/strict";
import fc from "fast-check";
import { assignNested } from "../../../../../core/cells/assign.ts";
import { decodeWkb } from "../../../../../core/geometry/wkb.ts";
import { positions } from "../../../../../core/geometry/geometry.ts";
import { cellsProblem } from "../../../../../catalog/check_row.ts";
import { emptyExtent, type Extent } from "../../../../../catalog/footprint/extent.ts";
import { createFootprinter } from "../../../../../catalog/discover/draft/footprinter.ts";
import { groundTrack, ICESAT2, swathRing } from "../../../../../products/orbits.ts";

const footprint = createFootprinter(8);
const ring = (...numbers: number[]) => Float64Array.from(numbers);
const polygon = (outer: Float64Array, edges: Extent["edges"] = "planar"): Extent => ({
  ...emptyExtent(edges),
  polygons: [{ outer, holes: [] }],
});
const box = (west: number, south: number, east: number, north: number): Extent => ({
  ...emptyExtent("planar"),
  boxes: [{ west, south, east, north }],
});

function cellAt(longitude: number, latitude: number, order: number): bigint {
  const id = new Float64Array(1);
  assignNested(Float64Array.of(longitude), Float64Array.of(latitude), order, "authalic", id);
  return BigInt(id[0]);
}

Deno.test("no extent is no geometry and no cells", () => {
  const { geometry, bbox, cell_order, cells } = footprint(null);
  assert.deepEqual([geometry, bbox, cell_order, cells.length], [null, null, 8, 0]);
});

Deno.test("points of a box lie in its cells, also across the antimeridian", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: -90, max: 89, noNaN: true }),
      fc.double({ min: 0, max: 20, noNaN: true }),
      fc.double({ min: 0, max: 10, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (west, south, width, height, u, v) => {
        const east = west + width > 180 ? west + width - 360 : west + width;
        const north = Math.min(90, south + height);
        const made = footprint(box(west, south, east, north));
        assert.equal(cellsProblem(made.cells, made.cell_order), undefined);
        const inside = cellAt(west + u * width, south + v * (north - south), made.cell_order);
        assert.ok(made.cells.includes(inside));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("the whole globe stays small, given as a box or as a ring", () => {
  for (
    const extent of [
      box(-180, -90, 180, 90),
      polygon(ring(-180, -90, 180, -90, 180, 90, -180, 90, -180, -90)),
    ]
  ) {
    const made = footprint(extent);
    // Order 4 has 3,072 cells, order 5 has 12,288.
    assert.deepEqual([made.cell_order, made.cells.length], [4, 3072]);
    assert.deepEqual(made.bbox, { xmin: -180, ymin: -90, xmax: 180, ymax: 90 });
  }
});

Deno.test("a box across the antimeridian is written as two polygons", () => {
  const geometry = decodeWkb(footprint(box(170, -10, -170, 10)).geometry!);
  assert.equal(geometry.type, "MultiPolygon");
  const longitudes = [...positions(geometry)].map(([x]) => x);
  assert.deepEqual([Math.min(...longitudes), Math.max(...longitudes)], [-180, 180]);
  assert.ok(longitudes.every((x) => Math.abs(x) >= 170));
});

Deno.test("boxes that touch the antimeridian are not cut into slivers", () => {
  for (const edges of [[180, -170], [170, -180]]) {
    assert.equal(decodeWkb(footprint(box(edges[0], 0, edges[1], 1)).geometry!).type, "Polygon");
  }
});

Deno.test("boxes without area are a point or a line", () => {
  assert.deepEqual(decodeWkb(footprint(box(5, 6, 5, 6)).geometry!), { type: "Point", coordinates: [5, 6] });
  assert.equal(decodeWkb(footprint(box(5, 6, 5, 7)).geometry!).type, "LineString");
});

Deno.test("the geometry of a geodetic polygon bulges where its great circles do", () => {
  // From 60 N 0 E to 60 N 90 E the great circle's highest latitude is atan(tan 60 / cos 45).
  const made = footprint(polygon(ring(0, 60, 90, 60, 45, 40), "geodetic"));
  const highest = Math.atan(Math.tan(Math.PI / 3) / Math.cos(Math.PI / 4)) * 180 / Math.PI;
  assert.ok(Math.abs(made.bbox!.ymax - highest) < 0.02);
  assert.ok(made.cells.includes(cellAt(45, highest - 0.1, made.cell_order)));
  const flat = footprint(polygon(ring(0, 60, 90, 60, 45, 40), "planar"));
  assert.equal(flat.bbox!.ymax, 60);
  assert.ok(!flat.cells.includes(cellAt(45, 66, flat.cell_order)));
});

/** Footprint and notes of a ring. */
function noted(outer: Float64Array, edges: Extent["edges"] = "planar") {
  const notes: string[] = [];
  const made = footprint(polygon(outer, edges), (note) => notes.push(note));
  return { ...made, notes };
}

Deno.test("rings that mix 180 and -180 are as wide as the same ring written with one of them", () => {
  const plain = footprint(polygon(ring(179, 10, 180, 10, 180, 11, 179, 11, 179, 10)));
  const east = footprint(polygon(ring(-180, 10, -179, 10, -179, 11, -180, 11, -180, 10)));
  const mixed: [Float64Array, typeof plain][] = [
    [ring(-180, 10, 179, 10, 179, 11, 180, 11, -180, 10), plain],
    [ring(179, 10, 180, 10, -180, 11, 179, 11, 179, 10), plain],
    [ring(179, 10, -180, 10, -180, 11, 179, 11, 179, 10), plain],
    [ring(180, 10, -179, 10, -179, 11, -180, 11, 180, 10), east],
    [ring(-180, 10, -179, 10, -179, 11, 180, 11, -180, 10), east],
    [ring(180, 10, -179, 10, -179, 11, 180, 11, 180, 10), east],
  ];
  for (const [outer, wanted] of mixed) {
    const { cells, cell_order, bbox } = footprint(polygon(outer));
    assert.deepEqual({ cells, cell_order, bbox }, {
      cells: wanted.cells,
      cell_order: wanted.cell_order,
      bbox: wanted.bbox,
    }, `${outer}`);
  }
});

Deno.test("a band around the globe stays one, also with vertices along its sides", () => {
  const { cells, cell_order } = footprint(box(-180, 10, 180, 11));
  for (
    const outer of [
      ring(-180, 10, 180, 10, 180, 11, -180, 11, -180, 10),
      ring(-180, 10, 180, 10, 180, 11, 0, 11, -180, 11, -180, 10),
    ]
  ) {
    const made = noted(outer);
    assert.deepEqual([made.cells, made.cell_order, made.notes], [cells, cell_order, []]);
  }
});

Deno.test("rings without area are lines and points, with a note", () => {
  const kinds: [Float64Array, string][] = [
    [ring(10, 50, 20, 60, 10, 50), "LineString"],
    [ring(10, 50, 20, 60, 15, 55, 10, 50), "LineString"],
    [ring(10, 50, 10, 60, 10, 55, 10, 50), "LineString"],
    [ring(10, 50, 12, 53, 14, 50, 12, 53, 10, 50), "LineString"],
    [ring(10, 50, 10, 50, 10, 50), "Point"],
    [ring(10, 50), "Point"],
  ];
  for (const [outer, type] of kinds) {
    const { geometry, cells, notes } = noted(outer);
    assert.equal(decodeWkb(geometry!).type, type, `${outer}`);
    assert.ok(cells.length > 0 && /encloses nothing/.test(notes.join()), `${outer}: ${notes}`);
  }
});

Deno.test("a ring that crosses itself keeps all that it encloses, with a note", () => {
  const bow = noted(ring(10, 50, 20, 60, 20, 50, 10, 60, 10, 50));
  assert.match(bow.notes.join(), /crosses itself/);
  const geometry = decodeWkb(bow.geometry!);
  assert.equal(geometry.type, "MultiPolygon");
  assert.deepEqual(bow.bbox, { xmin: 10, ymin: 50, xmax: 20, ymax: 60 });
  for (const [longitude, inside] of [[11, true], [19, true], [15, false]] as const) {
    assert.equal(bow.cells.includes(cellAt(longitude, longitude === 15 ? 51 : 55, bow.cell_order)), inside);
  }
});

Deno.test("a ring around a pole with a hole around it is a band, its hole left out of cells and geometry", () => {
  for (const edges of ["geodetic", "planar", "unknown"] as const) {
    for (const sign of [1, -1]) {
      const around = (latitude: number, first: number) =>
        Float64Array.from(
          Array.from({ length: 9 }, (_, i) => [((first + 45 * i + 180) % 360) - 180, sign * latitude]).flat(),
        );
      const made = footprint({
        ...emptyExtent(edges),
        polygons: [{ outer: around(70, 10), holes: [around(86, 217.7)] }],
      });
      assert.deepEqual([made.bbox!.xmin, made.bbox!.xmax], [-180, 180]);
      const inside = (x: number, y: number) => made.cells.includes(cellAt(x, sign * y, made.cell_order));
      for (const x of [0, 100, -179]) {
        assert.deepEqual(
          [inside(x, 80), inside(x, 89), inside(x, 60)],
          [true, false, false],
          `${edges} ${x}`,
        );
      }
      const rings = decodeWkb(made.geometry!);
      assert.equal(rings.type, "Polygon");
      const highest = Math.max(...[...positions(rings)].map(([, y]) => sign * y));
      assert.ok(highest >= 86 && highest < 87.2, `${highest}`);
    }
  }
});

Deno.test("an edge of half a turn leads over the pole", () => {
  // Between 0 E and 180 E through the north pole, and 70 N 90 W: nothing of it lies east of Greenwich.
  const made = footprint(polygon(ring(0, 80, 180, 80, -90, 70, 0, 80), "geodetic"));
  const has = (x: number, y: number) => made.cells.includes(cellAt(x, y, made.cell_order));
  assert.deepEqual([has(-90, 85), has(-90, 72), has(90, 85), has(-179, 0), has(-90, 60)], [
    true,
    true,
    false,
    false,
    false,
  ]);
});

Deno.test("an unknown rule covers both readings", () => {
  const outer = ring(0, 60, 90, 60, 90, 62, 0, 62);
  const made = footprint(polygon(outer, "unknown"));
  for (const edges of ["geodetic", "planar"] as const) {
    const one = footprint(polygon(outer, edges));
    const coarse = new Set(
      [...made.cells].map((id) => id >> BigInt(2 * Math.max(0, made.cell_order - one.cell_order))),
    );
    for (const id of one.cells) {
      assert.ok(coarse.has(id >> BigInt(2 * Math.max(0, one.cell_order - made.cell_order))));
    }
  }
});

Deno.test("rings of an unknown rule over the antimeridian or a pole are geodetic: CMR's cartesian rings cross neither", () => {
  const notes: string[] = [];
  const rings = [
    ring(170, 80, -160, 84, -120, 87, 150, 86, 170, 80),
    ring(0, 80, 90, 81, 180, 82, -90, 80, 0, 80),
    ring(179, 10, -179, 10, -179, 12, 178, 12, 179, 10),
    // From 100 east to 110 west, an edge that could be meant either way.
    ring(100, 80, -110, 80, -110, 84, 100, 84.5, 100, 80),
  ];
  for (const outer of rings) {
    const [made, geodetic] = (["unknown", "geodetic"] as const).map((edges) =>
      footprint(polygon(outer, edges), (reason) => notes.push(`${edges}: ${reason}`))
    );
    assert.deepEqual(made, geodetic, `${outer}`);
  }
  assert.equal(notes.length, 1);
  assert.match(notes[0], /^unknown: .*more than 180 degrees of longitude/);
});

Deno.test("a buffer widens the cells and leaves the geometry", () => {
  const wide = createFootprinter(8, { bufferKm: 100 })(box(0, 0, 1, 1));
  const bare = footprint(box(0, 0, 1, 1));
  assert.ok(wide.cells.length > bare.cells.length);
  assert.deepEqual(wide.geometry, bare.geometry);
  assert.ok(wide.cells.includes(cellAt(1.8, 0.5, 8)));
});

const track = groundTrack({
  ascendingCrossing: 175,
  startLatitude: 59.5,
  startDirection: "A",
  endLatitude: 80,
  endDirection: "A",
}, ICESAT2)!;
const orbitExtent: Extent = { ...emptyExtent("geodetic"), lines: [track], halfWidthKm: 18 };

Deno.test("a track's cells hold its swath, and its geometry is the swath's outline", () => {
  const made = footprint(orbitExtent);
  const outline = swathRing(track, 18)!;
  for (const pairs of [track, outline]) {
    for (let i = 0; i < pairs.length; i += 2) {
      assert.ok(made.cells.includes(cellAt(pairs[i], pairs[i + 1], made.cell_order)));
    }
  }
  assert.match(decodeWkb(made.geometry!).type, /Polygon$/);
  // 36 km of width along 21 degrees of orbit: 84,000 km²; cells of order 8 have 649 km².
  const area = made.cells.length * 649 * 4 ** (8 - made.cell_order);
  assert.ok(area < 84_000 * 2.5, `${area} km²`);
});

Deno.test("a swath lies half its width off the track", () => {
  const outline = swathRing(track, 18)!;
  const count = track.length / 2;
  for (const i of [0, 20, count - 1]) {
    for (const at of [i, 2 * count - 1 - i]) {
      const [x0, y0, x1, y1] = [track[2 * i], track[2 * i + 1], outline[2 * at], outline[2 * at + 1]]
        .map((degrees) => degrees * Math.PI / 180) as [number, number, number, number];
      const cosine = Math.sin(y0) * Math.sin(y1) + Math.cos(y0) * Math.cos(y1) * Math.cos(x1 - x0);
      assert.ok(Math.abs(6371 * Math.acos(cosine) - 18) < 0.01);
    }
  }
});

Deno.test("a whole revolution or a swath over a pole has no outline and is a line", () => {
  const revolution = groundTrack({
    ascendingCrossing: 0,
    startLatitude: 0,
    startDirection: "A",
    endLatitude: 0,
    endDirection: "A",
  }, ICESAT2)!;
  assert.equal(swathRing(revolution, 18), null);
  assert.equal(swathRing(track, 2000), null);
  const made = footprint({ ...emptyExtent("geodetic"), lines: [revolution], halfWidthKm: 18 });
  assert.match(decodeWkb(made.geometry!).type, /LineString$/);
  assert.ok(made.cells.length > 0);
});
