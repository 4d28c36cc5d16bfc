/** Stores with windows of time over HTTP: every answer is that of the window that was asked for. */
import assert from "node:assert/strict";
import path from "node:path";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { cellCentre } from "../../../core/cells/place.ts";
import { crsOfCode } from "../../../core/raster/crs/codes.ts";
import { transformer } from "../../../core/raster/crs/transform.ts";
import { tileMatrixSet } from "../../../core/raster/tms/tile_matrix_set.ts";
import { tileAt } from "../../../core/raster/tms/tiles.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../interop/store_fixture.ts";
import { parseNpy } from "../../support/npy.ts";
import { type Serving, startServing } from "../../support/serving.ts";
import { withFolder } from "../catalog/sample.ts";

const FINE = 9;
const day = (text: string) => Date.parse(text) / 1000;
const STARTS = ["2020-01-01", "2020-02-01", "2020-03-01"].map(day);
const ENDS = ["2020-02-01", "2020-03-01", "2020-04-01"].map(day);
const TIMES = STARTS.map((start, i) => ({
  start: new Date(start * 1000).toISOString(),
  end: new Date(ENDS[i] * 1000).toISOString(),
}));

/** `months` has three windows, `ice` has none. */
async function inServer(workers: number, body: (serving: Serving) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const spec = fixtureSpec("compact");
    const [months, ice] = ["months.zarr", "ice.zarr"].map((name) => path.join(folder, name));
    await writeFixture({ ...spec, time: { starts: STARTS, ends: ENDS } }, new FolderTarget(months));
    await writeFixture(spec, new FolderTarget(ice));
    const serving = await startServing({ stores: [months, ice], workers });
    try {
      await body(serving);
    } finally {
      await serving.stop();
    }
  });
}

const IDS = fixtureIds(fixtureSpec("compact"), FINE);
const CELL = IDS[100];
const [LON, LAT] = cellCentre(CELL, FINE, "authalic");

for (const workers of [0, 1]) {
  Deno.test(`points, tiles, statistics and series are of the window that time says (threads: ${workers})`, () =>
    inServer(workers, async ({ get, post }) => {
      const about = await (await get("/store/months")).json();
      assert.deepEqual(about.times, TIMES);
      assert.equal((await (await get("/store/ice")).json()).times, null);
      const point = `/store/months/point/${LON},${LAT}?variable=h_best`;
      const asked: [string, number][] = [
        ["", 2],
        ["&time=first", 0],
        ["&time=last", 2],
        ["&time=2020-02", 1],
        ["&time=2020-01-31T23:59:59Z", 0],
        ["&time=2020-02-01T00:00:00Z", 1],
      ];
      for (const [query, window] of asked) {
        const answer = await (await get(point + query)).json();
        assert.deepEqual(
          [answer.values, answer.time],
          [{ h_best: CELL / 3 + 1000 * window }, TIMES[window]],
          query,
        );
      }
      for (
        const [query, status, words] of [
          [
            "&time=2020-04-01",
            400,
            /no window of time .* holds 2020-04-01 .*from 2020-01-01.* to 2020-04-01/,
          ],
          ["&time=soon", 422, /no date or time/],
        ] as const
      ) {
        const answer = await get(point + query);
        assert.equal(answer.status, status);
        assert.match(JSON.stringify(await answer.json()), words);
      }
      assert.equal((await get(`/store/ice/point/${LON},${LAT}?time=first`)).status, 400);

      const set = tileMatrixSet("WebMercatorQuad");
      const { forward } = transformer(crsOfCode("EPSG:4326"), crsOfCode("EPSG:3857"));
      const { x, y } = tileAt(set, ...forward(LON, LAT), 12);
      for (const window of [0, 1, 2]) {
        const answer = await get(
          `/store/months/tiles/WebMercatorQuad/12/${x}/${y}.npy?variable=h_best&tilesize=16&time=${
            TIMES[window].start
          }`,
        );
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get("x-granary-time"), `${TIMES[window].start}/${TIMES[window].end}`);
        assert.match(answer.headers.get("access-control-expose-headers") ?? "", /X-Granary-Time/);
        const { values } = parseNpy(new Uint8Array(await answer.arrayBuffer()));
        // The pixels of the cell have its value; others are of cells beside it, or of none.
        assert.ok([...values].includes(CELL / 3 + 1000 * window), `window ${window}`);
      }

      const around = 0.4;
      const ring = [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]].map((
        [u, v],
      ) => [LON + u * around, LAT + v * around]);
      const feature = {
        type: "Feature",
        properties: { name: "here" },
        geometry: { type: "Polygon", coordinates: [ring] },
      };
      const means = await Promise.all([0, 1, 2].map(async (window) => {
        const answer = await post(
          `/store/months/statistics?variable=h_best&time=${TIMES[window].start}`,
          feature,
        );
        const { properties } = await answer.json();
        assert.deepEqual(properties.time, TIMES[window]);
        return properties.statistics.h_best.mean;
      }));
      assert.ok(Math.abs(means[1] - means[0] - 1000) < 1e-6 && Math.abs(means[2] - means[0] - 2000) < 1e-6);
      const series = await (await post("/store/months/timeseries/statistics?variable=h_best", feature))
        .json();
      assert.deepEqual(
        Object.entries(series.properties.statistics as Record<string, { h_best: { mean: number } }>).map((
          [time, { h_best }]: [string, { h_best: { mean: number } }],
        ) => [time, h_best.mean]),
        TIMES.map(({ start }, i) => [start, means[i]]),
      );
      assert.equal(series.properties.name, "here");

      const values = [0, 1, 2].map((window) => CELL / 3 + 1000 * window);
      const path = `/store/months/timeseries/point/${LON},${LAT}?variable=h_best`;
      const whole = await (await get(path)).json();
      assert.deepEqual([whole.values.h_best, whole.times, whole.cell_id], [values, TIMES, CELL]);
      const part = await (await get(`${path}&time=2020-02-15/..`)).json();
      assert.deepEqual([part.values.h_best, part.times], [values.slice(1), TIMES.slice(1)]);
      for (
        const [query, status] of [["&time=2021-01-01/..", 400], ["&time=x", 422], [
          "&time=2020-03-01/2020-01-01",
          422,
        ]] as const
      ) {
        assert.equal((await get(path + query)).status, status, query);
      }
      assert.equal((await get(`/store/ice/timeseries/point/${LON},${LAT}`)).status, 400);

      const tilejson =
        await (await get("/store/months/WebMercatorQuad/tilejson.json?variable=h_best&time=first")).json();
      assert.match(tilejson.tiles[0], /time=first/);
      assert.deepEqual(
        tilejson.bounds,
        (await (await get("/store/ice/WebMercatorQuad/tilejson.json")).json()).bounds,
      );
    }));
}
