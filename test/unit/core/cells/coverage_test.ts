import assert from "node:assert/strict";
import fs from "node:fs";
import fc from "fast-check";
import { s2 } from "s2js";
import { geodeticFromAuthalic } from "../../../../core/cells/authalic.ts";
import { cellsOf, coverAdaptive, coverMixed } from "../../../../core/cells/coverage.ts";
import { nestedBigFromFaceXY, nestedFromFaceXY } from "../../../../core/cells/face_xy.ts";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { plainCover } from "./plain_cover.ts";
import { pointInShape } from "./point_in_shape.ts";
import { cellOutline } from "../../../../core/cells/place.ts";
import { ShapeBuilder } from "../../../../core/cells/shape.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import {
  centreArbitrary,
  destination,
  pointOfStar,
  randomFrom,
  reversed,
  type Star,
  starArbitrary,
  vectorOf,
} from "./random_shapes.ts";
import { coverShape } from "../../../support/cells.ts";

const SPHERE = { edges: "geodetic", convention: "geodetic" } as const;

/** An order at which a shape of some degrees has a few dozen to a few thousand cells. */
function orderFor(degrees: number): number {
  return Math.max(0, Math.min(24, Math.round(Math.log2(58.6 / degrees)) + 4));
}

Deno.test("a polygon's cells, full and partial, are those of cds-healpix", { ignore: !hasSharedData }, () => {
  const lines = fs.readFileSync(sharedData("healpix/test_cov_polygon.expect"), "utf8").split("\n");
  const flags = (cells: { order: number; nested: number; full: boolean }[]) =>
    cells.flatMap(({ order, nested, full }) =>
      Array.from({ length: 4 ** (5 - order) }, (_, i) => `${nested * 4 ** (5 - order) + i} ${full}`)
    ).sort();
  const expected = lines.filter((line) => /^\d/.test(line)).map((line) => {
    const [order, nested, full] = line.split(",").map(Number);
    return { order: order, nested: nested, full: full === 1 };
  });
  const shape = new ShapeBuilder(SPHERE).polygon([10, -10, 10, 20, 20, 20, 20, -10]).build();
  const { full, partial } = coverMixed(shape, 5);
  const found = full.flatMap((cells, order) =>
    Array.from(cellsOf(cells), (cell) => ({ order, nested: nestedFromFaceXY(cell, order), full: true }))
  );
  found.push(
    ...Array.from(cellsOf(partial), (cell) => ({ order: 5, nested: nestedFromFaceXY(cell, 5), full: false })),
  );
  assert.equal(expected.length, 88);
  assert.deepEqual(flags(found), flags(expected));
});

for (
  const [name, place] of [["cone", "first"], ["box", "first"], ["cone", "second"], ["box", "second"]] as const
) {
  Deno.test(
    `the ${place} ${name} of cds-healpix, as a polygon, has its cells`,
    { ignore: !hasSharedData },
    () => {
      const parts = fs.readFileSync(sharedData(`healpix/test_cov_${name}.expect`), "utf8").split(
        /^order,.*\n/m,
      );
      const text = parts[place === "first" ? 1 : 2];
      const expected = new Set<number>();
      const expectedFull = new Set<number>();
      for (const line of text.split("\n").filter((line) => /^\d/.test(line))) {
        const [order, nested, full] = line.split(",").map(Number);
        for (let i = 0; i < 4 ** (10 - order); i++) {
          expected.add(nested * 4 ** (10 - order) + i);
          if (full) expectedFull.add(nested * 4 ** (10 - order) + i);
        }
      }
      const [lon, lat] = [123.456789, place === "first" ? 12.3456789 : -12.3456789];
      const shape = new ShapeBuilder(SPHERE).polygon(
        name === "cone" ? cone(lon, lat, 0.2) : box(lon, lat, 0.2, 0.1, 23),
      ).build();
      const found = new Set([...coverShape(shape, 10)].map(Number));
      // cds-healpix gives a superset of the cone's and box's cells (its own words: approximate).
      for (const cell of found) assert.ok(expected.has(cell), `${cell} is not among cds-healpix's`);
      for (const cell of expectedFull) assert.ok(found.has(cell), `${cell} is full and missing`);
      assert.ok(found.size >= 0.9 * expected.size, `${found.size} of ${expected.size}`);
    },
  );
}

function cone(lon: number, lat: number, radius: number): number[] {
  return Array.from({ length: 360 }, (_, i) => destination(lon, lat, i, radius)).flat();
}

/** Semi-axes `a`, `b` degrees, turned by `angle` from north to east. */
function box(lon: number, lat: number, a: number, b: number, angle: number): number[] {
  const corner = Math.atan2(b, a) * 180 / Math.PI;
  const distance = Math.hypot(a, b);
  return [corner, -corner, 180 + corner, 180 - corner].flatMap((turn) =>
    destination(lon, lat, angle + turn, distance)
  );
}

Deno.test("every point of a random polygon lies in a covered cell, either winding, anywhere", () => {
  fc.assert(
    fc.property(starArbitrary, fc.nat(), fc.integer({ min: -3, max: 1 }), (star, seed, finer) => {
      const order = Math.max(0, orderFor(star.radius) + finer);
      const cells = coverShape(new ShapeBuilder(SPHERE).polygon(star.ring).build(), order);
      const covered = new Set(cells);
      assert.equal(covered.size, cells.length);
      assert.ok(cells.every((cell, i) => i === 0 || cell > cells[i - 1]));
      const random = randomFrom(seed);
      for (let i = 0; i < 60; i++) {
        const u = random() < 0.3 ? 0 : random();
        const v = u === 0 && random() < 0.5 ? 1 : random() * (random() < 0.3 ? 1 - u : 1);
        const [lon, lat] = pointOfStar(star, Math.floor(random() * 20), u, v);
        const cell = BigInt(nestedOf(lon, lat, order, "geodetic"));
        assert.ok(covered.has(cell), `${lon} ${lat} in ${order}/${cell}`);
      }
      const backwards = coverShape(new ShapeBuilder(SPHERE).polygon(reversed(star.ring)).build(), order);
      assert.deepEqual(backwards, cells);
    }),
    { numRuns: 300 },
  );
});

Deno.test("an authalic cover holds the authalic cells of the polygon's points", () => {
  fc.assert(
    fc.property(starArbitrary, fc.nat(), (star, seed) => {
      // The star is drawn on the authalic sphere; its vertices are given as geodetic latitudes.
      const ring = star.ring.map((value, i) => i % 2 === 1 ? geodeticFromAuthalic(value) : value);
      const order = orderFor(star.radius);
      const covered = new Set(
        coverShape(new ShapeBuilder({ edges: "geodetic" }).polygon(ring).build(), order),
      );
      const random = randomFrom(seed);
      for (let i = 0; i < 40; i++) {
        const [lon, lat] = pointOfStar(star, Math.floor(random() * 20), random(), random());
        const cell = BigInt(nestedOf(lon, geodeticFromAuthalic(lat), order, "authalic"));
        assert.ok(covered.has(cell), `${lon} ${lat}`);
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("a point is inside where S2 says so", () => {
  let inside = 0;
  fc.assert(
    fc.property(starArbitrary, fc.nat(), (star, seed) => {
      const count = star.ring.length / 2;
      const points = Array.from(
        { length: count },
        (_, i) => new s2.Point(...vectorOf(star.ring[2 * i], star.ring[2 * i + 1])),
      );
      const loop = new s2.Loop(points.reverse());
      const shape = new ShapeBuilder(SPHERE).polygon(star.ring).build();
      const random = randomFrom(seed);
      for (let i = 0; i < 30; i++) {
        const [lon, lat] = destination(
          ...star.centre,
          random() * 360,
          star.radius * 1.2 * Math.sqrt(random()),
        );
        const expected = loop.containsPoint(new s2.Point(...vectorOf(lon, lat)));
        if (expected) inside++;
        assert.equal(pointInShape(shape, lon, lat), expected, `${lon} ${lat}`);
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(inside > 500);
});

Deno.test("cells of a random polygon are few beyond those that a close look finds: under 0.5 %", () => {
  const random = randomFrom(7);
  let covered = 0;
  let touched = 0;
  for (const star of fc.sample(starArbitrary, { numRuns: 30, seed: 11 })) {
    const order = Math.max(2, Math.min(24, orderFor(star.radius) + 1));
    const found = new Set<bigint>();
    const see = (point: [number, number]) => found.add(BigInt(nestedOf(...point, order, "geodetic")));
    const count = star.ring.length / 2;
    for (let i = 0; i < count; i++) {
      // The edge, 2,000 points, and the triangle behind it.
      for (let k = 0; k <= 2000; k++) see(pointOfStar(star, i, k / 2000, 1 - k / 2000));
      for (let k = 0; k < 3000; k++) see(pointOfStar(star, i, random(), random()));
    }
    const cells = coverShape(new ShapeBuilder(SPHERE).polygon(star.ring).build(), order);
    covered += cells.length;
    touched += found.size;
  }
  const excess = covered / touched - 1;
  assert.ok(excess >= 0 && excess < 0.005, `excess ${(100 * excess).toFixed(2)} % of ${touched} cells`);
});

Deno.test("planar edges: the points of a polygon drawn in longitude and latitude are covered", () => {
  const polygon = fc.record({
    centre: centreArbitrary,
    width: fc.double({ min: 0.01, max: 80, noNaN: true }),
    height: fc.double({ min: 0.01, max: 40, noNaN: true }),
    reaches: fc.array(fc.double({ min: 0.3, max: 1, noNaN: true }), { minLength: 3, maxLength: 9 }),
  });
  fc.assert(
    fc.property(polygon, fc.nat(), ({ centre, width, height, reaches }, seed) => {
      const middle = Math.max(-89.9, Math.min(89.9, centre[1]));
      const tall = Math.min(height, 90 - Math.abs(middle));
      const plane = reaches.map((reach, i) => {
        const angle = 2 * Math.PI * i / reaches.length;
        return [
          centre[0] + width * reach * Math.cos(angle),
          middle + tall * reach * Math.sin(angle),
        ] as const;
      });
      const wrap = (lon: number) => lon - 360 * Math.round(lon / 360);
      const ring = plane.flatMap(([lon, lat]) => [wrap(lon), lat]);
      const order = Math.min(12, orderFor(Math.min(width, tall)));
      const shape = new ShapeBuilder({ edges: "planar" }).polygon(ring).build();
      const covered = new Set(coverShape(shape, order));
      const random = randomFrom(seed);
      for (let k = 0; k < 40; k++) {
        const i = Math.floor(random() * plane.length);
        const [a, b] = [plane[i], plane[(i + 1) % plane.length]];
        let [u, v] = [random() < 0.3 ? 0 : random(), random()];
        if (u + v > 1) [u, v] = [1 - u, 1 - v];
        const lon = wrap(centre[0] + u * (a[0] - centre[0]) + v * (b[0] - centre[0]));
        const lat = middle + u * (a[1] - middle) + v * (b[1] - middle);
        const cell = BigInt(nestedOf(lon, lat, order, "authalic"));
        assert.ok(covered.has(cell), `${lon} ${lat} ${order}/${cell}`);
        assert.ok(pointInShape(shape, lon, lat));
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("a line covers the cells along it and no others, by either rule", () => {
  const points = [170, -60, -170, 10, -100, 65];
  const cells = (edges: "geodetic" | "planar") =>
    coverShape(new ShapeBuilder({ edges, convention: "geodetic" }).line(points).build(), 6);
  const planar = new Set<bigint>();
  const geodetic = new Set<bigint>();
  const open = [[170, -60], [190, 10], [260, 65]] as const;
  for (let i = 0; i < 2; i++) {
    const [a, b] = [open[i], open[i + 1]];
    for (let k = 0; k <= 20_000; k++) {
      const t = k / 20_000;
      const lon = a[0] + t * (b[0] - a[0]);
      planar.add(
        BigInt(nestedOf(lon - 360 * Math.round(lon / 360), a[1] + t * (b[1] - a[1]), 6, "geodetic")),
      );
      const star = { centre: [a[0], a[1]] as [number, number], ring: [a[0], a[1], b[0], b[1]], radius: 1 };
      geodetic.add(BigInt(nestedOf(...pointOfStar(star, 0, 0, t), 6, "geodetic")));
    }
  }
  for (const [rule, expected] of [["planar", planar], ["geodetic", geodetic]] as const) {
    const found = new Set(cells(rule));
    for (const cell of expected) assert.ok(found.has(cell), `${rule} ${cell}`);
    assert.ok(found.size <= expected.size + 3, `${rule}: ${found.size} for ${expected.size}`);
  }
});

Deno.test("holes are left out, with what touches them kept", () => {
  const outer = cone(30, 60, 10);
  const hole = cone(30, 60, 6);
  const ringShape = new ShapeBuilder(SPHERE).polygon(outer, [hole]).build();
  const whole = coverShape(new ShapeBuilder(SPHERE).polygon(outer).build(), 6);
  const inner = coverMixed(new ShapeBuilder(SPHERE).polygon(hole).build(), 6);
  const partial = new Set(Array.from(cellsOf(inner.partial), (cell) => nestedBigFromFaceXY(cell, 6)));
  const inHole = new Set(coverShape(new ShapeBuilder(SPHERE).polygon(hole).build(), 6));
  const expected = whole.filter((cell) => !inHole.has(cell) || partial.has(cell));
  assert.deepEqual(coverShape(ringShape, 6), expected);
  assert.ok(!pointInShape(ringShape, 30, 60) && pointInShape(ringShape, 30, 68));
});

Deno.test("boxes: across the antimeridian, whole belts, poles, the whole Earth", () => {
  const cover = (west: number, south: number, east: number, north: number, order = 4) =>
    new Set(coverShape(new ShapeBuilder({ edges: "planar" }).box(west, south, east, north).build(), order));
  assert.equal(cover(-180, -90, 180, 90).size, 3072);
  assert.equal(cover(0, -90, 360, 90).size, 3072);
  const boxes = [[170, -10, -170, 10], [-180, 60, 180, 90], [-20, -90, 30, -60], [10, 20, 10, 20], [
    0,
    50,
    300,
    60,
  ]] as const;
  const random = randomFrom(3);
  for (const [west, south, east, north] of boxes) {
    const cells = cover(west, south, east, north);
    const width = east >= west ? east - west : east - west + 360;
    const found = new Set<bigint>();
    for (let i = 0; i < 60_000; i++) {
      const pick = () => random() < 0.2 ? Math.round(random()) : random();
      const lon = west + width * pick();
      const lat = south + (north - south) * pick();
      found.add(BigInt(nestedOf(lon > 180 ? lon - 360 : lon, lat, 4, "authalic")));
    }
    for (const cell of found) assert.ok(cells.has(cell), `${west} ${south} ${east} ${north}: ${cell}`);
    // No cell but those that lie within 0.01 degrees of the box.
    const beyond = ([lon, lat]: readonly [number, number]) => {
      const east = (lon - west + 720) % 360;
      return Math.max(Math.min(east - width, 360 - east), south - lat, lat - north);
    };
    for (const cell of cells) {
      const outline = cellOutline(cell, 4, "authalic", 200);
      assert.ok(found.has(cell) || outline.some((place) => beyond(place) < 0.01), `${west}: ${cell}`);
    }
  }
});

Deno.test("planar rings as wide as the Earth are read as stated", () => {
  const cover = (ring: number[]) =>
    coverShape(new ShapeBuilder({ edges: "planar" }).polygon(ring).build(), 4).length;
  assert.equal(cover([-180, -90, 180, -90, 180, 90, -180, 90, -180, -90]), 3072);
  assert.equal(cover([-180, 90, 180, 90, 180, -90, -180, -90]), 3072);
  const grid = cover([
    -179.875,
    -89.875,
    179.875,
    -89.875,
    179.875,
    89.875,
    -179.875,
    89.875,
    -179.875,
    -89.875,
  ]);
  assert.ok(grid > 3000, `${grid}`);
  const half = cover([-90, -90, 90, -90, 90, 90, -90, 90]);
  assert.ok(half > 1536 && half < 1536 + 4 * 40, `${half}`);
});

Deno.test("a pole is inside the ring around it, and a ring without it does not reach it", () => {
  for (
    const [edges, lat] of [["geodetic", 70], ["planar", 70], ["geodetic", -70], ["planar", -70], [
      "unknown",
      -70,
    ]] as const
  ) {
    const ring = [-150, -90, -30, 30, 90, 150].flatMap((lon) => [lon, lat]);
    for (const turn of [ring, reversed(ring)]) {
      const shape = new ShapeBuilder({ edges }).polygon(turn).build();
      assert.ok(pointInShape(shape, 12, Math.sign(lat) * 89.99));
      assert.ok(!pointInShape(shape, 12, 0) && !pointInShape(shape, 12, -Math.sign(lat) * 89.99));
      const count = coverShape(shape, 5).length;
      const cap = 12288 * (1 - Math.sin(70 * Math.PI / 180)) / 2;
      assert.ok(count > 0.75 * cap && count < 1.4 * cap, `${edges} ${lat}: ${count} of ${cap}`);
    }
  }
});

Deno.test("counterclockwise rings may enclose more than half of the Earth", () => {
  const island = cone(20, 50, 10);
  const cells = (ring: number[]) =>
    coverShape(new ShapeBuilder({ ...SPHERE, winding: "counterclockwise" }).polygon(ring).build(), 4);
  const inside = cells(reversed(island));
  const outside = cells(island);
  assert.equal(new Set([...inside, ...outside]).size, 3072);
  assert.ok(inside.length < 60 && outside.length > 3012);
  const polar = cone(20, 89, 10);
  assert.ok(cells(reversed(polar)).length < 60 && cells(polar).length > 3012);
});

Deno.test("degenerate shapes cover the cells they lie in", () => {
  const cover = (ring: number[], order = 8) =>
    coverShape(new ShapeBuilder({ edges: "geodetic" }).polygon(ring).build(), order);
  const home = BigInt(nestedOf(12.3, 45.6, 8, "authalic"));
  assert.deepEqual([...cover([12.3, 45.6, 12.3, 45.6, 12.3, 45.6])], [home]);
  assert.deepEqual([...cover([12.3, 45.6])], [home]);
  assert.deepEqual([...coverShape(new ShapeBuilder({ edges: "planar" }).point(12.3, 45.6).build(), 8)], [
    home,
  ]);
  assert.deepEqual([...cover([])], []);
  // There and back again is a line.
  const line = coverShape(new ShapeBuilder({ edges: "geodetic" }).line([10, 40, 15, 47]).build(), 8);
  assert.deepEqual(cover([10, 40, 15, 47]), line);
  assert.deepEqual(cover([10, 40, 10, 40, 15, 47, 15, 47, 15, 47]), line);
  for (let i = 0; i <= 200; i++) {
    const [lon, lat] = pointOfStar({ centre: [10, 40], ring: [10, 40, 15, 47], radius: 1 }, 0, 0, i / 200);
    const near = coverShape(
      new ShapeBuilder({ edges: "geodetic", bufferMetres: 1000 }).point(lon, lat).build(),
      8,
    );
    assert.ok(near.some((cell) => line.includes(cell)));
  }
  // Two triangles that touch at a vertex: both are inside.
  const bow = new ShapeBuilder({ edges: "geodetic" }).polygon([0, 0, 10, 10, 0, 10, 10, 0]).build();
  assert.ok(pointInShape(bow, 5, 2) && pointInShape(bow, 5, 8) && !pointInShape(bow, 2, 5));
});

Deno.test("a cover of order 29 surrounds its polygon closely, at the pole too", () => {
  for (const [lon, lat] of [[33, 12], [-71, 89.99999999], [180, -45], [10, -90]] as const) {
    const ring = cone(lon, lat, 3e-7);
    const cells = new Set(coverShape(new ShapeBuilder(SPHERE).polygon(ring).build(), 29));
    const area = Math.PI * (3e-7 * Math.PI / 180) ** 2 / (4 * Math.PI) * 12 * 4 ** 29;
    assert.ok(
      cells.size > area && cells.size < area + 12 * Math.sqrt(area) + 10,
      `${cells.size} for ${area}`,
    );
  }
});

Deno.test("a buffer widens by its metres", () => {
  const shape = new ShapeBuilder({ edges: "geodetic", bufferMetres: 50_000 }).point(100, 20).build();
  for (const azimuth of [0, 45, 90, 135, 180, 270]) {
    assert.ok(pointInShape(shape, ...destination(100, 20, azimuth, 49_700 / 111_195)));
    assert.ok(!pointInShape(shape, ...destination(100, 20, azimuth, 51_000 / 111_195)));
  }
  const cells = new Set(coverShape(shape, 9));
  for (let i = 0; i < 360; i++) {
    assert.ok(cells.has(BigInt(nestedOf(...destination(100, 20, i, 49_700 / 111_195), 9, "authalic"))));
  }
  assert.ok(cells.size < 4 * Math.PI * 50 ** 2 / 11.45 ** 2, `${cells.size}`);
  assert.throws(() => new ShapeBuilder({ edges: "geodetic", bufferMetres: -1 }), /buffer of -1 metres/);
});

Deno.test("covers are those of a plain loop: polygons with holes, of any edges, widened, with lines and points", () => {
  const part = fc.record(
    {
      star: starArbitrary,
      order: fc.integer({ min: -3, max: 1 }),
      edges: fc.constantFrom("geodetic", "planar", "unknown"),
      bufferMetres: fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: 6, noNaN: true }).map((power) => 10 ** power),
      ),
      kind: fc.constantFrom("polygon", "hole", "line", "point"),
    } as const,
  );
  fc.assert(
    fc.property(part, ({ star, order: finer, edges, bufferMetres, kind }) => {
      const builder = new ShapeBuilder({ edges, bufferMetres });
      const { centre: [lon, lat], ring } = star;
      const hole = pointsOfStar(star, 0.5);
      if (kind === "line") builder.line(ring);
      else builder.polygon(ring, kind === "hole" ? [hole] : []);
      if (kind === "point") builder.point(lon, lat);
      const shape = builder.build();
      const order = Math.max(0, orderFor(Math.max(star.radius, bufferMetres / 111_195)) + finer);
      const expected = plainCover(shape, order);
      assert.deepEqual([...coverShape(shape, order)], expected);
      const { order: found, cells } = coverAdaptive(shape, order, 60);
      assert.deepEqual([...cells], found === order ? expected : plainCover(shape, found));
      if (found < order) assert.ok(plainCover(shape, found + 1).length > 60);
    }),
    { numRuns: 150 },
  );
});

/** A star's ring, so many times as far from its centre. */
function pointsOfStar(star: Star, share: number): number[] {
  return Array.from(
    { length: star.ring.length / 2 },
    (_, i) => pointOfStar(star, i, share, 0),
  ).flat();
}

Deno.test("a footprint of many cells is kept at the finest order that fits", () => {
  const shape = new ShapeBuilder({ edges: "geodetic" }).polygon(cone(0, 0, 20)).build();
  const { order, cells } = coverAdaptive(shape, 12);
  assert.ok(cells.length <= 4096 && coverShape(shape, order + 1).length > 4096);
  assert.deepEqual(cells, coverShape(shape, order));
  assert.equal(coverAdaptive(shape, 4).order, 4);
  const earth = new ShapeBuilder({ edges: "planar" }).box(-180, -90, 180, 90).build();
  assert.equal(coverAdaptive(earth, 8).cells.length, 3072);
  assert.equal(coverAdaptive(earth, 8, 1).order, 0);
  assert.deepEqual(coverAdaptive(new ShapeBuilder({ edges: "planar" }).build(), 8), {
    order: 8,
    cells: new BigUint64Array(0),
  });
  assert.throws(() => coverMixed(earth, 20), /more than 50,000,000 cells of order 20/);
});

Deno.test("positions out of range are refused by name", () => {
  const builder = () => new ShapeBuilder({ edges: "planar" });
  assert.throws(() => builder().polygon([0, 0, 10, 91, 5, 5]), /position 10, 91 is out of range/);
  assert.throws(() => builder().polygon([0, 0, NaN, 1, 5, 5]), /out of range/);
  assert.throws(() => builder().point(400, 0), /out of range/);
  assert.throws(() => builder().box(0, 10, 5, -10), /south is above north/);
});
