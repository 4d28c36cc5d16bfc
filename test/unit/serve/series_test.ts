import assert from "node:assert/strict";
import { startServeWorld } from "../../support/serve_world.ts";
import { startServing } from "../../support/serving.ts";
import { hasSharedData } from "../../shared_data.ts";

const ICE = "collection_concept_id=C2036881735-POCLOUD&variables=sea_ice_fraction";
const DAYS = "temporal=2024-10-10T00:00:01Z/2024-10-11T23:59:59Z&step=P1D";

Deno.test({
  name: "a time series has a TileJSON for each step, and a GIF of those that have data",
  ignore: !hasSharedData,
  async fn() {
    const world = await startServeWorld();
    const serving = await startServing({ cmrUrl: world.cmrUrl });
    try {
      const documents =
        await (await serving.get(`/xarray/timeseries/WebMercatorQuad/tilejson.json?${ICE}&${DAYS}`)).json();
      const steps = Object.keys(documents);
      assert.equal(steps.length, 2);
      const tiles = new URL(documents[steps[1]].tiles[0]);
      assert.equal(tiles.searchParams.get("temporal"), steps[1]);
      assert.equal(tiles.searchParams.get("step"), null);
      const box = "/xarray/timeseries/bbox/-60,60,-20,75";
      const gif = await serving.get(`${box}/64x32.gif?${ICE}&${DAYS}&rescale=0,1&colormap_name=viridis`);
      assert.equal(gif.headers.get("content-type"), "image/gif");
      const bytes = new Uint8Array(await gif.arrayBuffer());
      assert.equal(String.fromCharCode(...bytes.subarray(0, 6)), "GIF89a");
      assert.deepEqual([bytes[6] + 256 * bytes[7], bytes[8] + 256 * bytes[9]], [64, 32]);
      const status = async (search: string) => {
        const answer = await serving.get(search);
        await answer.body?.cancel();
        return answer.status;
      };
      assert.equal(await status(`${box}.gif?${ICE}&temporal=2020-01-01/2020-01-02&step=P1D`), 204);
      // The step of a granule's own dimension of time that the request's time is nearest to.
      const near = `sel=${encodeURIComponent("time=nearest::{datetime}")}`;
      assert.equal(await status(`${box}/64x32.gif?${ICE}&${DAYS}&${near}`), 200);
      const point = `/xarray/point/-40,70?${ICE}&temporal=2024-10-11T12:00:00Z`;
      const [plain, named] = await Promise.all(
        [point, `${point}&${near}`].map(async (at) => (await (await serving.get(at)).json()).assets),
      );
      assert.deepEqual(
        named.map(({ values }: { values: number[] }) => values),
        plain.map((one: { values: number[] }) => one.values),
      );
      assert.equal(await status(`/xarray/point/-40,70?${ICE}&${near}`), 422);
      assert.equal(await status(`${box}/9000x32.gif?${ICE}&${DAYS}`), 400);
      assert.equal(await status(`${box}.gif?${ICE}&${DAYS}&fps=0`), 422);
      assert.equal(await status(`${box}.gif?${ICE}&temporal=2020-01-01/2024-01-01&step=PT1S`), 400);
    } finally {
      await serving.stop();
      await world.close();
    }
  },
});

Deno.test({
  name: "what a request can make large or wrong is refused, and the server goes on",
  ignore: !hasSharedData,
  async fn() {
    const world = await startServeWorld();
    const serving = await startServing({ cmrUrl: world.cmrUrl });
    const fmask =
      "collection_concept_id=C2021957657-LPCLOUD&temporal=2024-10-09&assets_regex=Fmask&assets=Fmask";
    const ask = async (path: string) => {
      const answer = await serving.get(path);
      await answer.body?.cancel();
      return answer.status;
    };
    const tile = "/rasterio/tiles/WebMercatorQuad";
    try {
      const cases: [string, number][] = [
        [`${tile}/9/125/177.png?${fmask}&tilesize=999999`, 422],
        [`${tile}/31/0/0.png?${fmask}`, 204],
        [`${tile}/9/-1/177.png?${fmask}`, 204],
        [`${tile}/99999999999999999999/0/0.png?${fmask}`, 422],
        [`${tile}/9/125/177.png?${fmask}&expression=${"(".repeat(500)}b1${")".repeat(500)}`, 400],
        [`${tile}/9/125/177.png?${fmask}&expression=constructor.constructor(b1)`, 400],
        [`${tile}/9/125/177.png?${fmask}&assets_regex=${encodeURIComponent("(a+)+$")}`, 404],
        [`${tile}/9/125/177.png?${fmask}&assets_regex=${encodeURIComponent("(")}`, 422],
        [`${tile}/9/125/177.png?${fmask}&colormap_name=..%2F..%2Fetc`, 422],
        [`${tile}/9/125/177.png?${fmask}&nodata=0x`, 422],
        [`${tile}/9/125/177.png?${fmask}&url=file:///etc/passwd`, 200],
        [`/rasterio/bbox/-180,-90,180,90.png?${fmask}`, 400],
        [`/rasterio/bbox/0,0,0,0/1x1.png?${fmask}`, 422],
        [`/rasterio/point/-91.65,48.2?${fmask}&coord_crs=epsg:999999`, 422],
        [`/xarray/point/0,0?${ICE}&sel=lev=500`, 400],
        [`/xarray/point/0,0?collection_concept_id=C2036881735-POCLOUD&variables=nothing`, 400],
        [`/rasterio/tiles/..%2f..%2fetc/passwd`, 404],
        ["/%00", 404],
        ["/rasterio/point/%ff,0", 404],
      ];
      for (const [path, status] of cases) assert.equal(await ask(path), status, path);
      const injected = await serving.get(`${tile}/9/125/177.png?${fmask}&x=%0d%0aset-cookie:a=b`);
      assert.equal(injected.headers.get("set-cookie"), null);
      await injected.body?.cancel();
      const all = await Promise.all(
        Array.from({ length: 1000 }, () => ask(`${tile}/9/125/177.png?${fmask}`)),
      );
      assert.ok(all.every((status) => status === 200 || status === 503), String(new Set(all)));
      assert.ok(all.filter((status) => status === 200).length > 500);
      assert.equal(await ask("/healthz"), 200);
    } finally {
      await serving.stop();
      await world.close();
    }
  },
});
