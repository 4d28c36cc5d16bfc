/** Tiles that HEALPix cells may have observations in: no tile too few, wherever on Earth, and few too many. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { CellFinder } from "../../../../core/projected/assign.ts";
import { cellOf, finestOrder } from "../../../../core/projected/grid.ts";
import { cellOrderFor, TileFinder } from "../../../../core/projected/tiles.ts";

const longitude = fc.double({ min: -180, max: 180, noNaN: true });
const latitude = (min: number, max: number) => fc.double({ min, max, noNaN: true });

/** Systems with the latitudes that they are for: to a pole, across a seam, and beyond the zone that they are made for. */
const SYSTEMS: [
  crs: string,
  resolution: number,
  latitudes: [number, number],
  longitudes?: [number, number],
][] = [
  ["EPSG:3413", 1000, [-10, 90]],
  ["EPSG:3031", 500, [-90, -30]],
  ["EPSG:6931", 25_000, [-60, 90]],
  ["EPSG:6932", 100, [-90, -40]],
  ["EPSG:6933", 9000, [-89.9, 89.9]],
  ["EPSG:6933", 300, [-60, 60], [179, 180]],
  ["EPSG:3857", 1000, [-84, 84], [-180, -179.5]],
  ["EPSG:32628", 30, [60, 68], [-20, -9]],
];

for (const [crs, resolution, latitudes, longitudes] of SYSTEMS) {
  Deno.test(`the tile of every place is among those of its HEALPix cell, in ${crs} at ${resolution}`, () => {
    const grid = { crs, resolution, origin: [resolution / 3, 17] as [number, number] };
    const tileOrder = finestOrder(grid) - 7;
    const cellOrder = cellOrderFor(grid, tileOrder);
    const tiles = new TileFinder(grid, tileOrder, cellOrder);
    const finder = new CellFinder(grid, tileOrder);
    const east = longitudes === undefined ? longitude : latitude(...longitudes);
    fc.assert(
      fc.property(east, latitude(...latitudes), (lon, lat) => {
        if (!finder.find(lon, lat)) return;
        const tile = cellOf(finder.column, finder.row);
        const cell = nestedOf(lon, lat, cellOrder, "authalic");
        assert.ok(tiles.tilesOf(cell).includes(tile), `${lon} ${lat}`);
      }),
      { numRuns: 300 },
    );
  });
}

Deno.test("a cell small beside tiles touches few of them, and one that has no place on the plane none", () => {
  const grid = { crs: "EPSG:3413", resolution: 1000, origin: [0, 0] as [number, number] };
  const tiles = new TileFinder(grid, finestOrder(grid) - 7, 8);
  for (let i = 0; i < 200; i++) {
    const cell = nestedOf(-180 + 1.8 * i, 60 + 0.1 * i, 8, "authalic");
    assert.ok(tiles.tilesOf(cell).length <= 4, String(cell));
  }
  assert.equal(tiles.tilesOf(nestedOf(20, -89, 8, "authalic")).length, 0);
});

Deno.test("places that a reference system stretches over the whole grid are refused, with what to do", () => {
  const grid = { crs: "EPSG:32628", resolution: 3, origin: [0, 0] as [number, number] };
  const tiles = new TileFinder(grid, finestOrder(grid) - 5, 4);
  assert.throws(() => tiles.tilesOf(nestedOf(60, 5, 4, "authalic")), /EPSG:32628: .* --polygon/);
});
