import assert from "node:assert/strict";
import fs from "node:fs";
import fc from "fast-check";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";
import {
  crsCodeOf,
  TILE_MATRIX_SET_NAMES,
  tileMatrixSet,
} from "../../../../../core/raster/tms/tile_matrix_set.ts";
import {
  maxZoom,
  minZoom,
  setBounds,
  tileAt,
  tileBounds,
  tileExists,
  tileLimits,
  tileMatrixOf,
} from "../../../../../core/raster/tms/tiles.ts";

interface Recorded {
  name: string;
  path: string;
  headers: Record<string, string>;
  json?: Record<string, unknown>;
}

Deno.test({
  name: "the set that titiler-cmr answered is ours, field by field",
  ignore: !hasSharedData,
  fn() {
    const answers: Recorded[] = JSON.parse(fs.readFileSync(sharedData("serve/transcripts.json"), "utf8"));
    const recorded = answers.find(({ name }) => name === "tms_web")!.json!;
    const ours = JSON.parse(JSON.stringify(tileMatrixSet("WebMercatorQuad")));
    const matrices = recorded.tileMatrices as unknown[];
    assert.deepEqual(ours.tileMatrices.slice(0, matrices.length - 1), matrices.slice(0, -1));
    assert.deepEqual({ ...ours, tileMatrices: null }, { ...recorded, tileMatrices: null });
  },
});

Deno.test({
  name: "boxes of tiles are those of the recorded Content-Bbox headers",
  ignore: !hasSharedData,
  fn() {
    const answers: Recorded[] = JSON.parse(fs.readFileSync(sharedData("serve/transcripts.json"), "utf8"));
    let seen = 0;
    for (const { path, headers } of answers) {
      const tile = /^\/\w+\/tiles\/(\w+)\/(\d+)\/(\d+)\/(\d+)[.?]/.exec(path);
      const box = headers["content-bbox"];
      if (tile === null || box === undefined) continue;
      seen++;
      const found = tileBounds(tileMatrixSet(tile[1]), { z: +tile[2], x: +tile[3], y: +tile[4] });
      assert.deepEqual([...found], box.split(",").map(Number), path);
    }
    assert.ok(seen >= 9);
  },
});

Deno.test("a place lies in the box of its tile, in every set and at every zoom", () => {
  for (const name of TILE_MATRIX_SET_NAMES) {
    const set = tileMatrixSet(name);
    const [left, bottom, right, top] = setBounds(set);
    fc.assert(
      fc.property(
        fc.integer({ min: minZoom(set), max: maxZoom(set) }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (zoom, across, up) => {
          const matrix = tileMatrixOf(set, zoom)!;
          const [x, y] = [left + across * (right - left), bottom + up * (top - bottom)];
          const tile = tileAt(set, x, y, zoom);
          assert.ok(tileExists(set, tile));
          const box = tileBounds(set, tile);
          // Published cell sizes are rounded: places near the far edges of deep zooms may lie beyond it.
          const edge = tile.x === matrix.matrixWidth - 1 || tile.y === matrix.matrixHeight - 1;
          const slack = 1e-9 * (right - left);
          if (edge) return;
          assert.ok(box[0] - slack <= x && x <= box[2] + slack, `${name} ${zoom}: ${x} in ${box}`);
          assert.ok(box[1] - slack <= y && y <= box[3] + slack, `${name} ${zoom}: ${y} in ${box}`);
        },
      ),
      { numRuns: 60 },
    );
  }
});

Deno.test("tiles that are joined have one box and one name", () => {
  const set = tileMatrixSet("GNOSISGlobalGrid");
  assert.deepEqual(tileBounds(set, { z: 1, x: 0, y: 0 }), [-180, 45, -90, 90]);
  assert.deepEqual(tileBounds(set, { z: 1, x: 1, y: 0 }), [-180, 45, -90, 90]);
  assert.deepEqual(tileAt(set, -100, 80, 1), { z: 1, x: 0, y: 0 });
  assert.deepEqual(tileAt(set, -100, 40, 1), { z: 1, x: 1, y: 1 });
  // CDB: twelve columns of one degree are one tile in the row at the pole.
  assert.deepEqual(tileBounds(tileMatrixSet("CDB1GlobalGrid"), { z: 0, x: 13, y: 0 }), [-168, 89, -156, 90]);
});

Deno.test("GIBS' polar sets are 8,192 km squares about their pole, 250 m or so at zoom 5", () => {
  for (const [name, code] of [["GIBSArctic3413", "EPSG:3413"], ["GIBSAntarctic3031", "EPSG:3031"]]) {
    const set = tileMatrixSet(name);
    assert.equal(crsCodeOf(set), code);
    assert.deepEqual(setBounds(set), [-4194304, -4194304, 4194304, 4194304]);
    assert.deepEqual(tileBounds(set, { z: 0, x: 1, y: 1 }), [0, -4194304, 4194304, 0]);
    assert.equal(tileMatrixOf(set, 5)!.cellSize, 256);
    assert.equal(tileMatrixOf(set, 5)!.tileWidth, 512);
  }
});

Deno.test("what lies outside a matrix is no tile", () => {
  const set = tileMatrixSet("WebMercatorQuad");
  assert.ok(tileExists(set, { z: 3, x: 7, y: 7 }));
  assert.ok(!tileExists(set, { z: 3, x: 8, y: 7 }));
  assert.ok(!tileExists(set, { z: 3, x: -1, y: 7 }));
  assert.ok(!tileExists(set, { z: 3, x: 0.5, y: 7 }));
  assert.ok(!tileExists(set, { z: -1, x: 0, y: 0 }));
  assert.ok(!tileExists(set, { z: 31, x: 0, y: 0 }));
  assert.ok(!tileExists(set, { z: 2.5, x: 0, y: 0 }));
  assert.equal(tileMatrixOf(set, 26)!.matrixWidth, 2 ** 26);
  assert.equal(tileMatrixOf(tileMatrixSet("CDB1GlobalGrid"), 22), undefined);
  assert.equal(tileMatrixOf(tileMatrixSet("CanadianNAD83_LCC"), 26), undefined);
});

Deno.test("limits of a box are the tiles of its corners", () => {
  const set = tileMatrixSet("WorldCRS84Quad");
  assert.deepEqual(tileLimits(set, [10, 40, 20, 50], 2, 3), [
    { tileMatrix: "2", minTileRow: 0, maxTileRow: 1, minTileCol: 4, maxTileCol: 4 },
    { tileMatrix: "3", minTileRow: 1, maxTileRow: 2, minTileCol: 8, maxTileCol: 8 },
  ]);
});

Deno.test("an unknown set is refused with the names that there are", () => {
  assert.throws(
    () => tileMatrixSet("WebMercatorQuat"),
    /"WebMercatorQuat" is unknown \(did you mean WebMercatorQuad\?\)/,
  );
});
