import assert from "node:assert/strict";
import path from "node:path";
import { crsOfCode } from "../../../core/raster/crs/codes.ts";
import { tileBounds } from "../../../core/raster/tms/tiles.ts";
import { tileMatrixSet } from "../../../core/raster/tms/tile_matrix_set.ts";
import { encodeWkb } from "../../../core/geometry/wkb.ts";
import type { GranuleRow } from "../../../catalog/granule.ts";
import { writeCatalog } from "../../../catalog/write/write.ts";
import { areaOfPlaneBox } from "../../../serve/area/lonlat_area.ts";
import { Problem } from "../../../serve/http/problem.ts";
import { seriesSteps } from "../../../serve/parameters/series.ts";
import { parseInterval } from "../../../serve/parameters/temporal.ts";
import { sampleRow, withFolder } from "../catalog/sample.ts";
import { type Serving, startServing } from "../../support/serving.ts";

const DAY = 86_400_000;
const BEGIN = Date.UTC(2024, 0, 1);

function row(
  id: string,
  day: number,
  box: [number, number, number, number],
  more: Partial<GranuleRow> = {},
): GranuleRow {
  const [xmin, ymin, xmax, ymax] = box;
  const ring = [[xmin, ymin], [xmax, ymin], [xmax, ymax], [xmin, ymax], [xmin, ymin]];
  return sampleRow({
    id,
    path: `a/${id}`,
    start_datetime: BEGIN + day * DAY,
    end_datetime: BEGIN + (day + 1) * DAY,
    geometry: encodeWkb({ type: "Polygon", coordinates: [ring] }),
    bbox: { xmin, ymin, xmax, ymax },
    ...more,
  });
}

/** Across the antimeridian: its box holds all longitudes, its parts do not. */
const CROSSING = row("crossing", 3, [-180, 10, 180, 20], {
  geometry: encodeWkb({
    type: "MultiPolygon",
    coordinates: [
      [[[170, 10], [180, 10], [180, 20], [170, 20], [170, 10]]],
      [[[-180, 10], [-170, 10], [-170, 20], [-180, 20], [-180, 10]]],
    ],
  }),
});

/** A triangle whose box is twice as large. */
const TRIANGLE = row("triangle", 4, [40, 40, 50, 50], {
  geometry: encodeWkb({ type: "Polygon", coordinates: [[[40, 40], [50, 40], [40, 50], [40, 40]]] }),
});

const ROWS = [
  row("first", 0, [0, 0, 10, 10], { collection: "A.1", properties: { cloud_cover: 10 } }),
  row("second", 1, [0, 0, 10, 10], { collection: "A.1", properties: { cloud_cover: 80 } }),
  row("third", 2, [5, 5, 15, 15], { collection: "B.1", properties: { collection_concept_id: "C1-TEST" } }),
  CROSSING,
  TRIANGLE,
];

Deno.test("granules of a catalog are found by place, time and what they are", async (t) => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "mine.parquet");
    await writeCatalog(file, ROWS);
    const serving = await startServing({ catalogs: [file] });
    const ask = async (search: string) => {
      const answer = await serving.get(search);
      const body = await answer.json();
      assert.equal(answer.status, 200, JSON.stringify(body));
      return (body as { granule_ur: string }[]).map(({ granule_ur }) => granule_ur);
    };
    try {
      await t.step("by a point, in order of time", async () => {
        assert.deepEqual(await ask("/point/7,7/granules"), ["first", "second", "third"]);
        assert.deepEqual(
          await ask("/point/-90,15/granules"),
          [],
          "a wide box of two parts is not its middle",
        );
        assert.deepEqual(await ask("/point/-175,15/granules"), ["crossing"]);
        assert.deepEqual(await ask("/point/49,49/granules"), [], "the triangle's box is not the triangle");
        assert.deepEqual(await ask("/point/42,42/granules"), ["triangle"]);
      });
      await t.step("by a box that crosses the antimeridian", async () => {
        assert.deepEqual(await ask("/bbox/175,0,-175,30/granules"), ["crossing"]);
        assert.deepEqual(await ask("/bbox/20,20,30,30/granules"), []);
      });
      await t.step("by a tile of the plane, and of a polar one", async () => {
        assert.deepEqual(await ask("/tiles/WebMercatorQuad/0/0/0/granules"), ROWS.map(({ id }) => id));
        assert.deepEqual(await ask("/tiles/WebMercatorQuad/3/0/3/granules"), ["crossing"]);
        assert.deepEqual(await ask("/tiles/WebMercatorQuad/3/9/3/granules"), [], "no such tile");
        const polar = await ask("/tiles/UPSArcticWGS84Quad/0/0/0/granules");
        assert.ok(polar.includes("triangle"), polar.join());
      });
      await t.step("by time: what only touches the first instant comes last", async () => {
        assert.deepEqual(await ask("/point/7,7/granules?temporal=2024-01-02/2024-01-03T00:00:00Z"), [
          "second",
          "third",
          "first",
        ]);
        assert.deepEqual(
          await ask("/point/7,7/granules?temporal=2024-01-02/2024-01-03T00:00:00Z&sort_key=start_date"),
          [
            "first",
            "second",
            "third",
          ],
        );
        assert.deepEqual(await ask("/point/7,7/granules?temporal=../2024-01-01T12:00:00Z"), ["first"]);
        assert.deepEqual(await ask("/point/7,7/granules?temporal=2023-01-01/2023-12-31"), []);
      });
      await t.step("by other columns, in an asked order, and not more than asked for", async () => {
        assert.deepEqual(await ask("/point/7,7/granules?cloud_cover=0,20"), ["first"]);
        assert.deepEqual(await ask("/point/7,7/granules?granule_ur=second"), ["second"]);
        assert.deepEqual(await ask("/point/7,7/granules?collection=B.1"), ["third"]);
        assert.deepEqual(await ask("/point/7,7/granules?collection_concept_id=C1-TEST"), ["third"]);
        assert.deepEqual(await ask("/point/7,7/granules?sort_key=-start_date"), ["third", "second", "first"]);
        assert.deepEqual(await ask("/point/7,7/granules?items_limit=2"), ["first", "second"]);
        assert.deepEqual(await ask("/point/7,7/granules?bounding_box=12,12,20,20"), ["third"]);
      });
      await t.step("what is asked wrongly is refused by its name", async () => {
        await refused(serving, "/point/7,7/granules?catalog=other", 404, /'other'.*'mine'/);
        await refused(serving, "/point/7,7/granules?collection=C.1", 400, /C\.1.*A\.1/);
        await refused(serving, "/point/7,7/granules?temporal=yesterday", 422, /temporal/);
        await refused(serving, "/point/7,7/granules?cloud_cover=a", 422, /cloud_cover/);
        await refused(serving, "/point/7,97/granules", 422, /lat/);
        await refused(serving, "/point/7,7/granules?attribute=string,a%27b,c", 422, /attribute/);
        await refused(serving, "/point/7,7/granules?collection_concept_id=C9-NONE", 404, /C9-NONE/);
        await refused(serving, "/point/7,7/granules?sort_key=size", 422, /sort_key/);
        await refused(serving, "/rasterio/info?catalog=" + "a".repeat(17_000), 414, /longer/);
      });
      await t.step("bounds of TileJSON are those of the granules that are meant", async () => {
        const bounds = async (search: string) => (await (await serving.get(search)).json()).bounds;
        assert.deepEqual(await bounds("/rasterio/WebMercatorQuad/tilejson.json?collection=A.1"), [
          0,
          0,
          10,
          10,
        ]);
        assert.deepEqual(await bounds("/rasterio/info?granule_ur=third"), [5, 5, 15, 15]);
      });
    } finally {
      await serving.stop();
    }
  });
});

async function refused(serving: Serving, at: string, status: number, words: RegExp): Promise<void> {
  const answer = await serving.get(at);
  const text = await answer.text();
  assert.equal(answer.status, status, text);
  assert.match(text, words);
}

Deno.test("with several catalogs a request says which one it means", async () => {
  await withFolder(async (folder) => {
    for (const name of ["a", "b"]) {
      await writeCatalog(path.join(folder, `${name}.parquet`), [row(name, 0, [0, 0, 1, 1])]);
    }
    const serving = await startServing({ catalogs: [folder] });
    try {
      await refused(serving, "/point/0.5,0.5/granules", 400, /a, b/);
      const answer = await (await serving.get("/point/0.5,0.5/granules?catalog=b")).json();
      assert.equal(answer[0].granule_ur, "b");
      assert.doesNotMatch(JSON.stringify(answer), new RegExp(folder), "no path of this machine is reported");
    } finally {
      await serving.stop();
    }
  });
});

Deno.test("the area of a tile around a pole is a cap", () => {
  const set = tileMatrixSet("UPSArcticWGS84Quad");
  const area = areaOfPlaneBox(crsOfCode("EPSG:5041"), tileBounds(set, { z: 0, x: 0, y: 0 }));
  assert.deepEqual(area?.boxes.map(({ xmin, xmax, ymax }) => [xmin, xmax, ymax]), [[-180, 180, 90]]);
  const mercator = areaOfPlaneBox(
    crsOfCode("EPSG:3857"),
    tileBounds(tileMatrixSet("WebMercatorQuad"), { z: 1, x: 1, y: 0 }),
  );
  const [box] = mercator?.boxes ?? [];
  assert.ok(
    Math.abs(box.xmin) < 1e-6 && Math.abs(box.xmax - 180) < 1e-6 &&
      Math.abs(box.ymax - 85.0511287798066) < 1e-6,
  );
});

Deno.test("steps of a series are ISO 8601's, and months keep their day or take the last", () => {
  const starts = (temporal: string, step: string) =>
    seriesSteps({ temporal, step, temporal_mode: "point" }, 100).map(({ start }) =>
      new Date(start).toISOString().slice(0, 10)
    );
  assert.deepEqual(starts("2024-01-31/2024-05-31", "P1M"), [
    "2024-01-31",
    "2024-02-29",
    "2024-03-31",
    "2024-04-30",
    "2024-05-31",
  ]);
  assert.deepEqual(starts("2023-02-28/2025-12-31", "P1Y"), ["2023-02-28", "2024-02-28", "2025-02-28"]);
  assert.deepEqual(starts("2024-10-11,2024-10-13/2024-10-14", "P1D"), ["2024-10-11", "2024-10-13"]);
  const wrong = (temporal: string, step: string | undefined, status: number) =>
    assert.throws(
      () => seriesSteps({ temporal, step, temporal_mode: "interval" }, 100),
      (error: unknown) => error instanceof Problem && error.status === status,
    );
  wrong("2024-01-01/2025-01-01", "PT1S", 400);
  wrong("2024-01-01/2024-02-01", "P0D", 422);
  wrong("2024-01-01/2024-02-01", "1 day", 422);
  wrong("../2024-02-01", "P1D", 400);
});

Deno.test("a time alone is that instant, a date all of its day", () => {
  assert.deepEqual(parseInterval("2024-10-11"), {
    start: Date.UTC(2024, 9, 11),
    end: Date.UTC(2024, 9, 12) - 1,
  });
  const instant = Date.UTC(2024, 9, 11, 6);
  assert.deepEqual(parseInterval("2024-10-11T06:00:00Z"), { start: instant, end: instant });
  assert.deepEqual(parseInterval("2024-10-11T06:00:00Z/.."), { start: instant, end: null });
  for (const wrong of ["", "/", "../..", "a/b/c", "2024-13-01"]) {
    assert.throws(() => parseInterval(wrong), Problem, wrong);
  }
});
