import assert from "node:assert/strict";
import { assignCells, assignNested } from "../../../../core/cells/assign.ts";
import { nestedOf, parentAt } from "../../../../core/cells/healpix.ts";
import { neighbours } from "../../../../core/cells/neighbours.ts";
import { nestedFromPacked, packedFromNested } from "../../../../core/cells/morton.ts";
import { cellCentre, cellCorners } from "../../../../core/cells/place.ts";
import { hasSharedData } from "../../../shared_data.ts";
import { longitudeGap, readExactJson, readTable } from "./healpix_tables.ts";
import { nestedBigOf } from "../../../support/cells.ts";

const POINTS = "healpix/healpy_1.16.1_ang2pix_nest_reference.csv";
const CELLS = "healpix/healpy_1.16.1_pix2ang_boundaries_neighbours.csv";
const ignore = !hasSharedData;

Deno.test("points fall into healpy's cells at every order of its table", { ignore }, () => {
  const rows = readTable(POINTS);
  assert.equal(rows.length, 411);
  let compared = 0;
  for (const row of rows) {
    const [lon, lat] = [Number(row.lon_deg), Number(row.lat_deg)];
    for (const order of [0, 1, 3, 6, 9, 12, 15, 18, 24, 29]) {
      const expected = row[`nest_o${order}`];
      assert.equal(String(nestedBigOf(lon, lat, order, "geodetic")), expected, `${lon} ${lat} ${order}`);
      if (order <= 24) assert.equal(String(nestedOf(lon, lat, order, "geodetic")), expected);
      compared++;
    }
  }
  assert.equal(compared, 4110);
});

Deno.test("the bulk kernels give healpy's cells, as parent and child", { ignore }, () => {
  const rows = readTable(POINTS);
  const lon = Float64Array.from(rows, (row) => Number(row.lon_deg));
  const lat = Float64Array.from(rows, (row) => Number(row.lat_deg));
  const child = new Uint32Array(rows.length);
  for (const [parentOrder, childOrder] of [[6, 12], [0, 0], [3, 18], [9, 9], [24, 29], [13, 29]] as const) {
    const kinds = parentOrder <= 13 ? [Float64Array, Uint32Array] : [Float64Array];
    for (const Kind of kinds) {
      const parent = new Kind(rows.length);
      const options = { parentOrder, childOrder, convention: "geodetic" } as const;
      assert.equal(assignCells(lon, lat, options, { parent, child }), rows.length);
      rows.forEach((row, i) => {
        const nested = (BigInt(parent[i]) << BigInt(2 * (childOrder - parentOrder))) + BigInt(child[i]);
        assert.equal(String(nested), row[`nest_o${childOrder}`]);
      });
    }
  }
  const out = new Float64Array(rows.length);
  assignNested(lon, lat, 24, "geodetic", out);
  rows.forEach((row, i) => assert.equal(String(out[i]), row.nest_o24));
});

Deno.test("centres, corners, ring index and neighbours are healpy's", { ignore }, () => {
  const rows = readTable(CELLS);
  assert.equal(rows.length, 231);
  for (const row of rows) {
    const order = Number(row.order);
    const nested = Number(row.nest);
    const near = ([lon, lat]: [number, number], lonName: string, latName: string) => {
      const wantedLat = Number(row[latName]);
      assert.ok(Math.abs(lat - wantedLat) < 1e-9, `${order}/${nested} ${latName} ${lat} ${wantedLat}`);
      const gap = longitudeGap(lon, Number(row[lonName]));
      assert.ok(gap < 1e-9, `${order}/${nested} ${lonName} ${lon} ${row[lonName]}`);
      assert.ok(lon >= -180 && lon < 180);
    };
    near(cellCentre(nested, order, "geodetic"), "lon_center", "lat_center");
    near(cellCentre(BigInt(nested), order, "geodetic"), "lon_center", "lat_center");
    cellCorners(nested, order, "geodetic").forEach((corner, i) => near(corner, `lon_b${i}`, `lat_b${i}`));
    const expected = ["SW", "W", "NW", "N", "NE", "E", "SE", "S"].map((name) => row[`nb_${name}`]);
    assert.deepEqual(neighbours(nested, order).map(String), expected, `${order}/${nested}`);
  }
});

Deno.test("authalic cells are those of an independent implementation (healpix-geo)", { ignore }, () => {
  const golden = readExactJson("healpix/healpix_geo_goldens.json");
  const { lats, lons } = golden.inputs;
  for (const depth of [6, 12, 18]) {
    golden.point_to_cell[`depth_${depth}`].forEach((expected: number, i: number) => {
      assert.equal(nestedOf(lons[i], lats[i], depth, "authalic"), Number(expected));
    });
  }
  for (const cell of golden.boundary) {
    const order = golden.boundary_depth;
    const [lon, lat] = cellCentre(cell.ipix, order, "authalic");
    assert.ok(longitudeGap(lon, cell.center_lon) < 1e-9 && Math.abs(lat - cell.center_lat) < 1e-9);
    const [north, west, south, east] = cellCorners(cell.ipix, order, "authalic");
    [south, east, north, west].forEach(([lon, lat], i) => {
      assert.ok(Math.abs(lat - cell.vertices_lat[i]) < 1e-9, `${lat} ${cell.vertices_lat[i]}`);
      if (Math.abs(lat) < 90) assert.ok(longitudeGap(lon, cell.vertices_lon[i]) < 1e-9);
    });
  }
});

for (
  const [file, convention] of [["authalic_goldens", "authalic"], [
    "legacy_geodetic_goldens",
    "geodetic",
  ]] as const
) {
  Deno.test(`points have the packed words of ${file} at orders 6, 12, 18 and 29`, { ignore }, () => {
    const golden = readExactJson(`healpix/${file}.json`);
    const { lats, lons } = golden.inputs;
    for (const [name, order] of [["area_o6", 6], ["area_o12", 12], ["area_o18", 18]] as const) {
      golden[name].forEach((word: string, i: number) => {
        assert.equal(packedFromNested(nestedBigOf(lons[i], lats[i], order, convention), order), BigInt(word));
      });
    }
    golden.points_o29.forEach((word: string, i: number) => {
      const nested = nestedBigOf(lons[i], lats[i], 29, convention);
      assert.deepEqual(nestedFromPacked(BigInt(word)), { order: 29, nested });
    });
  });
}

Deno.test("parents are where their ids say", () => {
  assert.equal(parentAt(45763, 6, 5), 11440);
  assert.equal(parentAt(2805218900651917656n, 29, 6), 39864n);
  assert.throws(() => parentAt(49152, 6, 5), /order 6 \(wanted 0 to 49151\)/);
});
