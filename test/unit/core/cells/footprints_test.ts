import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { s2 } from "s2js";
import { coverAdaptive } from "../../../../core/cells/coverage.ts";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { pointInShape } from "./point_in_shape.ts";
import { ShapeBuilder } from "../../../../core/cells/shape.ts";
import { decodeWkb } from "../../../../core/geometry/wkb.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { lonLatOf, randomFrom, unit, type Vector, vectorOf } from "./random_shapes.ts";
import { coverShape } from "../../../support/cells.ts";

type Place = [number, number];

/** Rings of the real footprints: swaths of ICESat-2, 6.6 km wide, half of them across the antimeridian. */
async function footprints(): Promise<Place[][]> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    "select ST_AsWKB(geometry)::BLOB as wkb from read_parquet($file) order by id",
    { file: sharedData("geoparquet/cat_neon.parquet") },
  );
  const rings = reader.getRows().map(([wkb]) => {
    const geometry = decodeWkb((wkb as { bytes: Uint8Array }).bytes);
    assert.ok(geometry.type === "Polygon");
    return geometry.coordinates[0].slice(0, -1) as Place[];
  });
  connection.closeSync();
  instance.closeSync();
  return rings;
}

/** The swath as triangles: vertices run down the left side from 1 and up the right side to 0. */
function triangles(ring: Place[]): [Place, Place, Place][] {
  const count = ring.length;
  const left = (k: number) => ring[1 + k];
  const right = (k: number) => ring[(count - k) % count];
  const out: [Place, Place, Place][] = [];
  for (let k = 0; k + 1 < count / 2; k++) {
    out.push([left(k), right(k), left(k + 1)], [right(k), right(k + 1), left(k + 1)]);
  }
  return out;
}

function mix(places: Place[], weights: number[]): Place {
  const sum: Vector = [0, 0, 0];
  places.forEach((place, i) => vectorOf(...place).forEach((value, k) => sum[k] += weights[i] * value));
  return lonLatOf(unit(sum));
}

/** Whether neighbours in the ring differ by more than 180 degrees somewhere. */
const jumps = (ring: Place[]) =>
  ring.some(([lon], i) => Math.abs(lon - ring[(i + 1) % ring.length][0]) > 180);

Deno.test(
  "real swaths: what S2 finds inside is inside, and its cell is covered",
  { ignore: !hasSharedData },
  async () => {
    const rings = await footprints();
    assert.equal(rings.length, 2089);
    assert.equal(rings.filter(jumps).length, 1020);
    const random = randomFrom(1);
    let inside = 0;
    for (let n = 0; n < rings.length; n += 9) {
      const ring = rings[n];
      const loop = new s2.Loop(ring.map((place) => new s2.Point(...vectorOf(...place))));
      loop.normalize();
      const shape = new ShapeBuilder({ edges: "geodetic", convention: "geodetic" }).polygon(ring.flat())
        .build();
      const orders = [5, 8, 10].map((order) => ({ order, cells: new Set(coverShape(shape, order)) }));
      for (const triangle of triangles(ring)) {
        const [u, v] = [random(), random()];
        const weights = random() < 0.3
          ? [u, 0, 1 - u]
          : [1 - Math.max(u, v), Math.min(u, v), Math.abs(u - v)];
        const place = mix(triangle, weights);
        const found = loop.containsPoint(new s2.Point(...vectorOf(...place)));
        if (found) inside++;
        if (weights[1] > 0) assert.equal(pointInShape(shape, ...place), found, `${n}: ${place}`);
        if (!found) continue;
        for (const { order, cells } of orders) {
          assert.ok(
            cells.has(BigInt(nestedOf(...place, order, "geodetic"))),
            `${n}: ${place} at order ${order}`,
          );
        }
      }
    }
    assert.ok(inside > 3000, `${inside}`);
  },
);

Deno.test("real swaths read as planar: points straight between vertices are covered", {
  ignore: !hasSharedData,
}, async () => {
  const rings = await footprints();
  const random = randomFrom(2);
  for (let n = 0; n < rings.length; n += 40) {
    const ring = rings[n];
    const cells = new Set(coverShape(new ShapeBuilder({ edges: "planar" }).polygon(ring.flat()).build(), 9));
    for (let i = 0; i < ring.length; i++) {
      const [a, b] = [ring[i], ring[(i + 1) % ring.length]];
      const step = b[0] - a[0] - 360 * Math.round((b[0] - a[0]) / 360);
      for (let k = 0; k < 20; k++) {
        const t = random();
        const lon = a[0] + t * step;
        const place: Place = [lon - 360 * Math.round(lon / 360), a[1] + t * (b[1] - a[1])];
        assert.ok(cells.has(BigInt(nestedOf(...place, 9, "authalic"))), `${n}: ${place}`);
      }
    }
  }
});

Deno.test(
  "the excess of real swaths' cells at order 8 is under 0.5 %",
  { ignore: !hasSharedData },
  async () => {
    const rings = await footprints();
    const random = randomFrom(3);
    let covered = 0;
    let touched = 0;
    for (const n of [0, 300, 601, 900, 1203, 1500, 1801, 2088]) {
      const ring = rings[n];
      const found = new Set<bigint>();
      const see = (place: Place) => found.add(BigInt(nestedOf(...place, 8, "geodetic")));
      for (let i = 0; i < ring.length; i++) {
        const side = [ring[i], ring[(i + 1) % ring.length]];
        for (let k = 0; k <= 8000; k++) see(mix(side, [1 - k / 8000, k / 8000]));
      }
      for (const triangle of triangles(ring)) {
        for (let k = 0; k < 1000; k++) see(mix(triangle, [random(), random(), random()]));
      }
      const shape = new ShapeBuilder({ edges: "geodetic", convention: "geodetic" }).polygon(ring.flat())
        .build();
      const cells = coverShape(shape, 8);
      for (const cell of found) assert.ok(cells.includes(cell));
      assert.deepEqual(coverAdaptive(shape, 8), { order: 8, cells });
      covered += cells.length;
      touched += found.size;
    }
    const excess = covered / touched - 1;
    assert.ok(touched > 1000 && excess < 0.005, `${(100 * excess).toFixed(2)} % beyond ${touched} cells`);
  },
);
