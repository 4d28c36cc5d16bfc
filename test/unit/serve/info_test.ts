/** Where a selection lies, in longitude and latitude and in other systems. */
import assert from "node:assert/strict";
import { terrainWorld } from "../../support/terrain_world.ts";

// Of pyproj's transform_bounds.
const BOXES = {
  "EPSG:4326": [6, 44, 12, 49],
  "EPSG:3857": [667916.9, 5465442.2, 1335833.9, 6274861.4],
  "EPSG:3035": [3999614.5, 2321133.6, 4481757.9, 2884261.5],
} as const;

Deno.test("a selection's Feature has its box in the system that is asked for", () =>
  terrainWorld(async ({ get }) => {
    for (const [crs, wanted] of Object.entries(BOXES)) {
      const answer = await get(`/rasterio/info.geojson?crs=${crs}`);
      const { bbox, geometry, properties } = await answer.json();
      const metres = crs === "EPSG:4326" ? 1e-6 : 300;
      wanted.forEach((side, i) => assert.ok(Math.abs(bbox[i] - side) < metres, `${crs}: ${bbox}`));
      assert.deepEqual(geometry.coordinates[0][0], [bbox[0], bbox[1]]);
      assert.deepEqual(properties.bounds, [6, 44, 12, 49]);
    }
    assert.equal((await get("/rasterio/info.geojson?crs=EPSG:0")).status, 422);
  }));
