/** Grids in degrees: their cells against arithmetic of the test's own, at the antimeridian and the poles above all. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { CellFinder } from "../../../../core/projected/assign.ts";
import {
  cellOf,
  columnAndRow,
  edgesOf,
  finestOrder,
  isInDegrees,
  sideOf,
} from "../../../../core/projected/grid.ts";
import { coordinateAttributes, mappingAttributes } from "../../../../core/projected/mapping.ts";
import { CellPlaces } from "../../../../core/projected/places.ts";
import { cellOrderFor, TileFinder } from "../../../../core/projected/tiles.ts";
import { crsOfCode } from "../../../../core/raster/crs/codes.ts";
import { ellipsoid, parseParameters } from "../../../../core/raster/crs/parameters.ts";
import { transformer } from "../../../../core/raster/crs/transform.ts";
import type { Crs } from "../../../../core/raster/grid.ts";
import { PlaneCells } from "../../../../core/store/plane_cells.ts";
import { outlineOf } from "../../../../results/cell_shapes.ts";

type Origin = [x: number, y: number];

/** Sides that divide half a turn and sides that do not, from a corner of the Earth and from elsewhere. */
const GRIDS: [resolution: number, origin: Origin][] = [
  [0.25, [-180, 90]],
  [0.7, [0, 0]],
  [0.01, [0, 0]],
  [5, [2.5, -1]],
];
const gridOf = ([resolution, origin]: [number, Origin]) => ({ crs: "EPSG:4326", resolution, origin });

const longitude = fc.oneof(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.double({ min: 179.99, max: 180, noNaN: true }),
  fc.double({ min: -180, max: -179.99, noNaN: true }),
  fc.constantFrom(-180, 180, 0),
);
const latitude = fc.oneof(
  fc.double({ min: -90, max: 90, noNaN: true }),
  fc.double({ min: 89.9, max: 90, noNaN: true }),
  fc.constantFrom(-90, 90, 0),
);

function placed(grid: ReturnType<typeof gridOf>, lon: number, lat: number, order = finestOrder(grid)) {
  const finder = new CellFinder(grid, order);
  assert.ok(finder.find(lon, lat), `${lon} ${lat}`);
  return cellOf(finder.column, finder.row);
}

for (const [resolution, origin] of GRIDS) {
  const grid = gridOf([resolution, origin]);
  const order = finestOrder(grid);

  Deno.test(`every place lies within the edges of its cell, at ${resolution} degrees from ${origin}`, () => {
    fc.assert(fc.property(longitude, latitude, (lon, lat) => {
      const [west, north] = edgesOf(grid, order, columnAndRow(placed(grid, lon, lat)));
      const x = lon === 180 ? -180 : lon, slack = 1e-8 * resolution + 1e-12;
      // Where the last bits put a longitude onto 180, it is -180.
      const isBeside = lon > 180 - slack && Math.abs(west + 180) < resolution;
      assert.ok(isBeside || x >= west - slack && x < west + resolution + slack, `${lon} in ${west}`);
      assert.ok(lat <= north + slack && lat >= north - resolution - slack, `${lat} in ${north}`);
      assert.ok(north > -90, "the south pole is in a cell that has a place on the Earth");
    }));
  });

  Deno.test(`a turn more or less is no other place, at ${resolution} degrees from ${origin}`, () => {
    fc.assert(fc.property(fc.integer({ min: -720, max: -1 }), latitude, (quarters, lat) => {
      assert.equal(placed(grid, quarters / 4, lat), placed(grid, quarters / 4 + 360, lat));
    }));
    assert.equal(placed(grid, 180, 10), placed(grid, -180, 10));
  });

  Deno.test(`a cell's centre lies in it, and the cell above has a quarter of its id, at ${resolution} degrees`, () => {
    const places = new CellPlaces(grid, order);
    fc.assert(fc.property(longitude, latitude, (lon, lat) => {
      const id = placed(grid, lon, lat);
      const [x, y] = places.centre(id);
      assert.ok(Math.abs(x) < 180 && Math.abs(y) < 90);
      assert.equal(placed(grid, x, y), id);
      for (let above = order - 1, own = id; above >= 0; above--) {
        own = Math.floor(own / 4);
        assert.equal(placed(grid, x, y, above), own, String(above));
      }
      for (const [east, north] of places.corners(id)) {
        assert.ok(Math.abs(east) <= 180 && Math.abs(north) <= 90);
      }
    }));
  });

  Deno.test(`the tile of every place is among those of its HEALPix cell, at ${resolution} degrees from ${origin}`, () => {
    const tileOrder = Math.max(1, order - 5), cellOrder = cellOrderFor(grid, tileOrder);
    const tiles = new TileFinder(grid, tileOrder, cellOrder), finder = new CellFinder(grid, tileOrder);
    fc.assert(
      fc.property(longitude, latitude, (lon, lat) => {
        assert.ok(finder.find(lon, lat));
        const cell = nestedOf(lon, lat, cellOrder, "authalic");
        assert.ok(tiles.tilesOf(cell).includes(cellOf(finder.column, finder.row)), `${lon} ${lat}`);
      }),
      { numRuns: 200 },
    );
  });
}

Deno.test("tiles of cells beside the antimeridian and the poles are tiles of the Earth", () => {
  const grid = gridOf([0.25, [-180, 90]]);
  const order = finestOrder(grid) - 3, side = sideOf(grid, order);
  const tiles = new TileFinder(grid, order, 6);
  for (const [lon, lat] of [[180, 0], [-180, 40], [179.99, -89.9], [0, -90], [10, 90]]) {
    const found = tiles.tilesOf(nestedOf(lon, lat, 6, "authalic"));
    assert.ok(found.length > 0);
    for (const tile of found) {
      const [west, north] = edgesOf(grid, order, columnAndRow(tile));
      assert.ok(west >= -180 && west < 180 && north <= 90 && north > -90, `${west} ${north}`);
      assert.ok(Number.isInteger((west + 180) / side));
    }
  }
});

Deno.test("outlines are boxes that end at the antimeridian and the poles", () => {
  const grid = gridOf([0.75, [-180.0, 90]]);
  const order = finestOrder(grid), cells = new PlaneCells(order, grid);
  const boxOf = (lon: number, lat: number) => {
    const outline = outlineOf(BigInt(placed(grid, lon, lat)), cells);
    assert.equal(outline.type, "Polygon");
    return outline.coordinates;
  };
  const box = (west: number, south: number, east: number, north: number) => [
    [[west, north], [west, south], [east, south], [east, north], [west, north]],
  ];
  assert.deepEqual(boxOf(0.1, 0.1), box(0, 0, 0.75, 0.75));
  assert.deepEqual(boxOf(179.9, 89.9), box(179.25, 89.25, 180, 90));
  assert.deepEqual(boxOf(180, -90), box(-180, -90, -179.25, -89.25));
  const cut = gridOf([0.75, [0.5, 0]]);
  const seam = new PlaneCells(finestOrder(cut), cut);
  const east = outlineOf(BigInt(placed(cut, 179.9, 0.1)), seam);
  const west = outlineOf(BigInt(placed(cut, -180, 0.1)), seam);
  assert.deepEqual(east.coordinates, box(179.75, 0, 180, 0.75));
  assert.deepEqual(west.coordinates, box(-180, 0, -179.5, 0.75));
});

Deno.test("coordinates are CF's longitude and latitude, and the mapping has the axes of its code", () => {
  const attributes = mappingAttributes({ crs: "EPSG:4326" });
  assert.equal(attributes.grid_mapping_name, "latitude_longitude");
  assert.equal(attributes.geographic_crs_name, "WGS 84");
  assert.match(String(attributes.crs_wkt), /AXIS\["latitude",north,ORDER\[1\].*ID\["EPSG",4326\]\]$/);
  assert.equal(coordinateAttributes({ crs: "EPSG:4326" }, "x").units, "degrees_east");
  assert.equal(coordinateAttributes({ crs: "EPSG:4326" }, "y").standard_name, "latitude");
});

Deno.test("degrees that are not those of observations are refused", () => {
  // On other datums, of which the shifts are in files, or are numbers.
  for (const crs of ["EPSG:4267", "EPSG:4230"]) {
    assert.throws(
      () => finestOrder({ crs, resolution: 1, origin: [0, 0] }),
      /its longitudes and latitudes are not those of WGS 84 \(wanted EPSG:4326/,
    );
  }
});

Deno.test("degrees are taken of those codes whose places the projections leave where they are, on WGS 84's axis", () => {
  const places = [[0, 0], [100, 45], [-120, -60]];
  const taken = [0, 0];
  for (let number = 4000; number < 5000; number++) {
    const crs = codeIn(number);
    if (crs === undefined || !crs.geographic) continue;
    const { forward } = transformer(crsOfCode("EPSG:4326"), crs);
    const stay = places.every(([lon, lat]) => {
      const [x, y] = forward(lon, lat);
      return Math.abs(x - lon) < 1e-7 && Math.abs(y - lat) < 1e-7;
    });
    const wanted = stay && ellipsoid(parseParameters(crs.proj4))?.semiMajor === 6378137;
    const found = catching(() => isInDegrees({ crs: `EPSG:${number}` }));
    assert.equal(found, wanted, `EPSG:${number} ${crs.proj4}`);
    taken[Number(wanted)] += 1;
  }
  assert.ok(taken.every((count) => count > 50), `${taken}`);
});

function codeIn(number: number): Crs | undefined {
  try {
    return crsOfCode(`EPSG:${number}`);
  } catch {
    return undefined;
  }
}

function catching(run: () => boolean): boolean {
  try {
    return run();
  } catch {
    return false;
  }
}

Deno.test("a cell's side is that of a square of its area on the sphere, at every latitude", () => {
  const radius = 6371007.18, radians = Math.PI / 180;
  for (const [resolution, origin] of [[0.25, [-180, 90]], [5, [0, 0]]] as [number, Origin][]) {
    const grid = gridOf([resolution, origin]);
    const cells = new PlaneCells(finestOrder(grid), grid);
    for (const south of [-90, -45, 0, 60, 85]) {
      const north = south + resolution;
      const area = radius ** 2 * resolution * radians *
        (Math.sin(north * radians) - Math.sin(south * radians));
      const side = cells.metresAt(south + resolution / 2);
      assert.ok(Math.abs(side ** 2 / area - 1) < 0.01, `${side} at ${south}`);
    }
    assert.ok(cells.metresAt(90) > 0);
  }
});
