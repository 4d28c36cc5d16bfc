import assert from "node:assert/strict";
import fc from "fast-check";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import {
  capCells,
  FOOTPRINT_TOLERANCE_DEGREES,
  MAX_FOOTPRINT_VERTICES,
  type Track,
} from "../../../../catalog/footprint/footprint.ts";
import { type Position, positions, singleParts } from "../../../../core/geometry/geometry.ts";
import { simplifyLine } from "../../../../core/geometry/simplify.ts";
import { decodeWkb } from "../../../../core/geometry/wkb.ts";
import { coverTrack } from "../../../support/cells.ts";
import { summarizeTracks } from "../../../support/tracks.ts";

const track = (longitude: number[], latitude: number[]): Track => ({
  longitude: Float64Array.from(longitude),
  latitude: Float64Array.from(latitude),
});

/** The nearest distance of a point to the lines of a geometry, degrees of arc near the point. */
function distanceTo(wkb: Uint8Array, [x, y]: Position): number {
  const scale = Math.cos(y * Math.PI / 180);
  let least = Infinity;
  for (const part of singleParts(decodeWkb(wkb))) {
    const line = part.type === "LineString" ? part.coordinates : [part.coordinates as Position];
    for (let i = 0; i < line.length; i++) {
      const [a, b] = [line[i], line[Math.min(i + 1, line.length - 1)]];
      const [ax, ay] = [(a[0] - x) * scale, a[1] - y];
      const [dx, dy] = [(b[0] - a[0]) * scale, b[1] - a[1]];
      const length = dx * dx + dy * dy;
      const t = length === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / length));
      least = Math.min(least, Math.hypot(ax + t * dx, ay + t * dy));
    }
  }
  return least;
}

Deno.test("cells are exactly those that hold an observation, rows that are not finite skipped", () => {
  const point = fc.tuple(
    fc.oneof({ weight: 9, arbitrary: fc.double({ min: -180, max: 360, noNaN: true }) }, {
      weight: 1,
      arbitrary: fc.constant(NaN),
    }),
    fc.oneof({ weight: 9, arbitrary: fc.double({ min: -90, max: 90, noNaN: true }) }, {
      weight: 1,
      arbitrary: fc.constant(3.4e38),
    }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(point), { maxLength: 4 }),
      fc.integer({ min: 0, max: 12 }),
      (tracks, order) => {
        const expected = new Set<bigint>();
        let count = 0;
        for (const [x, y] of tracks.flat()) {
          if (!(Math.abs(y) <= 90) || Number.isNaN(x)) continue;
          expected.add(BigInt(nestedOf(x, y, order, "authalic")));
          count += 1;
        }
        const summary = summarizeTracks(
          tracks.map((rows) => track(rows.map(([x]) => x), rows.map(([, y]) => y))),
          order,
        );
        assert.deepEqual([...summary.cells], [...expected].sort((a, b) => Number(a - b)));
        assert.equal(summary.cellOrder, order);
        assert.equal(summary.positions, count);
        assert.equal(summary.geometry === null, count === 0);
        assert.equal(summary.bbox === null, count === 0);
      },
    ),
  );
});

Deno.test("dense tracks over poles, faces and the antimeridian have the cells of their every row", () => {
  for (let orbit = 0; orbit < 40; orbit += 3) {
    const rows = 40_000;
    const longitude = new Float64Array(rows);
    const latitude = new Float64Array(rows);
    const tilt = (86 + orbit / 5) * Math.PI / 180;
    for (let i = 0; i < rows; i++) {
      const along = 2 * Math.PI * i / rows;
      latitude[i] = Math.asin(Math.sin(tilt) * Math.sin(along)) * 180 / Math.PI;
      const turned = Math.atan2(Math.cos(tilt) * Math.sin(along), Math.cos(along)) * 180 / Math.PI +
        orbit * 9;
      longitude[i] = ((turned + 180) % 360 + 360) % 360 - 180;
    }
    for (const order of [0, 2, 5, 8, 11]) {
      const expected = coverTrack(longitude, latitude, order, "authalic");
      const { cells, cellOrder } = summarizeTracks([{ longitude, latitude }], order);
      if (cellOrder === order) assert.deepEqual(cells, expected, `orbit ${orbit}, order ${order}`);
      else assert.ok(expected.length > 4096);
    }
  }
});

Deno.test("every observation lies within the tolerance of the lines and inside the box", () => {
  const rows = 20_000;
  const longitude = new Float64Array(rows);
  const latitude = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    latitude[i] = -87 + 60 * i / rows;
    longitude[i] = 30 + 40 / (1 + Math.exp((latitude[i] + 80) / 2)) + 0.002 * Math.sin(i);
  }
  const { geometry, bbox } = summarizeTracks([{ longitude, latitude }], 8);
  for (let i = 0; i < rows; i += 7) {
    const distance = distanceTo(geometry!, [longitude[i], latitude[i]]);
    assert.ok(distance <= FOOTPRINT_TOLERANCE_DEGREES, `${distance} at row ${i}`);
  }
  assert.deepEqual(bbox, {
    xmin: Math.min(...longitude),
    xmax: Math.max(...longitude),
    ymin: Math.min(...latitude),
    ymax: Math.max(...latitude),
  });
  assert.ok([...positions(decodeWkb(geometry!))].length < 400);
});

Deno.test("so does every observation of wandering tracks, whatever their spacing", () => {
  let state = 7;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5;
  for (let round = 0; round < 60; round++) {
    const spacing = 10 ** (-4 + 3.5 * (round % 12) / 12);
    let [x, y, heading] = [170 + random() * 30, random() * 170, random() * 6];
    const places: Position[] = [];
    for (let i = 0; i < 1500; i++) {
      heading += random() * 0.4 + (i % 400 === 0 ? Math.PI : 0);
      x += spacing * Math.cos(heading) / Math.cos(y * Math.PI / 180);
      y = Math.max(-89, Math.min(89, y + spacing * Math.sin(heading)));
      places.push([((x + 180) % 360 + 360) % 360 - 180, y]);
    }
    const { geometry } = summarizeTracks([track(places.map(([px]) => px), places.map(([, py]) => py))], 6);
    for (let i = 0; i < places.length; i += 11) {
      const distance = distanceTo(geometry!, places[i]);
      assert.ok(distance <= FOOTPRINT_TOLERANCE_DEGREES * 1.0001, `${distance} at row ${i}, round ${round}`);
    }
  }
});

Deno.test("a track across the antimeridian is split and its box spans all longitudes", () => {
  const count = 1000;
  const longitude = Array.from({ length: count }, (_, i) => 175 + i / 100).map((x) => x > 180 ? x - 360 : x);
  const latitude = Array.from({ length: count }, (_, i) => 60 + i / 200);
  const { geometry, bbox } = summarizeTracks([track(longitude, latitude)], 8);
  const parts = [...singleParts(decodeWkb(geometry!))];
  assert.equal(parts.length, 2);
  assert.deepEqual(bbox, { xmin: -180, xmax: 180, ymin: 60, ymax: 60 + 999 / 200 });
});

Deno.test("a gap cuts the line; a lone observation is a point", () => {
  const { geometry } = summarizeTracks([track([10, 10.01, 10.02, 20, 20.01, 40], [0, 0, 0, 0, 0, 0])], 8);
  assert.deepEqual(decodeWkb(geometry!), {
    type: "GeometryCollection",
    geometries: [
      { type: "MultiLineString", coordinates: [[[10, 0], [10.02, 0]], [[20, 0], [20.01, 0]]] },
      { type: "Point", coordinates: [40, 0] },
    ],
  });
});

Deno.test("observations without order are simplified to a bounded footprint", () => {
  let state = 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const cloud = track(
    Array.from({ length: 60_000 }, () => 10 + random() * 0.4),
    Array.from({ length: 60_000 }, () => 10 + random() * 0.2),
  );
  const { geometry } = summarizeTracks([cloud], 8);
  assert.ok([...positions(decodeWkb(geometry!))].length <= MAX_FOOTPRINT_VERTICES);
});

Deno.test("too many cells are kept at the finest order at which they are few enough", () => {
  const many = Array.from({ length: 20_000 }, (_, i) => 4 * i);
  const { cells, order } = capCells(many, 10);
  // 20,000 at order 9, 5,000 at order 8, 1,250 at order 7.
  assert.equal(order, 7);
  assert.deepEqual(cells, BigUint64Array.from({ length: 1250 }, (_, i) => BigInt(i)));
});

Deno.test("a simplified line keeps its ends and every vertex near it", () => {
  const coordinate = fc.double({ min: -5, max: 5, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 2, maxLength: 40 }), (line) => {
      const kept = simplifyLine(line, 0.5);
      assert.equal(kept[0], 0);
      assert.equal(kept[kept.length - 1], line.length - 1);
      assert.deepEqual(kept, [...new Set(kept)].sort((a, b) => a - b));
    }),
  );
});
