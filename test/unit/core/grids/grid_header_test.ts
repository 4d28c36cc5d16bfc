/** Grids of GPM without coordinates: placed by the header of their group, from whichever corner it names. */
import assert from "node:assert/strict";
import { madeGrids, wholeBands } from "./grid_files.ts";

const WIDTH = 6, HEIGHT = 4;

const header = (origin: string, more = "") =>
  "BinMethod=ARITHMEAN;\nRegistration=CENTER;\nLatitudeResolution=5;\nLongitudeResolution=10;\n" +
  "NorthBoundingCoordinate=20;\nSouthBoundingCoordinate=0;\nEastBoundingCoordinate=30;\n" +
  `WestBoundingCoordinate=-30;\nOrigin=${origin};\n${more}`;

/** Row 0 north, column 0 west. */
const MAP = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => i + 1);

function made(text: string, origin: string, order: "yx" | "xy", names: string | null, rows = HEIGHT) {
  const data = new Float32Array(WIDTH * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < WIDTH; column++) {
      const y = origin.startsWith("SOUTH") ? rows - 1 - row : row;
      const x = origin.endsWith("EAST") ? WIDTH - 1 - column : column;
      data[order === "yx" ? y * WIDTH + x : x * rows + y] = MAP[row * WIDTH + column];
    }
  }
  return madeGrids((file) => {
    const group = file.create_group("Grid");
    group.create_attribute("GridHeader", text);
    const shape = order === "yx" ? [rows, WIDTH] : [WIDTH, rows];
    const rain = group.create_dataset({ name: "rain", data, shape });
    if (names !== null) rain.create_attribute("DimensionNames", names);
  });
}

Deno.test("a GridHeader places its group's grids, whatever corner and order its cells begin with", async () => {
  for (const origin of ["SOUTHWEST", "SOUTHEAST", "NORTHWEST", "NORTHEAST"]) {
    for (const [order, names] of [["yx", "nlat,nlon"], ["xy", "nlon,nlat"], ["xy", null]] as const) {
      const file = await made(header(origin), origin, order, names);
      const reported = `${origin} ${order} ${names}: ${JSON.stringify(file.refused)}`;
      assert.equal(file.grids.length, 1, reported);
      const [grid] = file.grids;
      assert.deepEqual(grid.affine, [10, 0, -30, 0, -5, 20], reported);
      assert.equal(grid.crs.code, "EPSG:4326");
      assert.deepEqual((await wholeBands(grid))[0], MAP, reported);
      assert.ok(grid.notes.some((note) => note.includes("GridHeader")));
    }
  }
});

Deno.test("a header that does not fit the cells, or says no place, refuses them and says why", async () => {
  const cut = await made(header("SOUTHWEST"), "SOUTHWEST", "yx", "nlat,nlon", 3);
  assert.match(
    cut.refused[0].reason,
    /GridHeader of \/Grid tells of 60 by 20 degrees.*dimensions are 3 by 6/,
  );
  const odd = await made(header("MIDDLE"), "SOUTHWEST", "yx", "nlat,nlon");
  assert.match(odd.refused[0].reason, /has the origin "MIDDLE"/);
  const broken = await made(header("SOUTHWEST").replace("=20;", "=north;"), "SOUTHWEST", "yx", "nlat,nlon");
  assert.match(broken.refused[0].reason, /has no number NorthBoundingCoordinate \("north"\)/);
});
