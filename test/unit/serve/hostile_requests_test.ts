/** Requests that are made to break a server: each is answered with what is wrong with it, soon, and it goes on. */
import assert from "node:assert/strict";
import { request } from "node:http";
import type { Serving } from "../../support/serving.ts";
import { terrainWorld } from "../../support/terrain_world.ts";

const TILE = "/rasterio/tiles/WebMercatorQuad";
const GOOD = `${TILE}/8/134/90.png`;
/** Longer than any of them takes, on a busy machine; a run-away pattern or loop takes for ever. */
const PATIENCE_MS = 15_000;

async function statusOf(get: Serving["get"], path: string, init?: RequestInit): Promise<[number, string]> {
  const answer = await get(path, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
  return [answer.status, await answer.text()];
}

/** Every path is refused with a status of `wanted`, in words, and a good tile is served after all. */
async function refused(serving: Serving, paths: readonly string[], wanted: readonly number[]): Promise<void> {
  const others: string[] = [];
  for (const path of paths) {
    const [status, text] = await statusOf(serving.get, path);
    const isSaid = status < 400 || JSON.parse(text).detail.length > 0;
    if (!wanted.includes(status) || !isSaid) {
      others.push(`${path.slice(0, 200)}: ${status} ${text.slice(0, 200)}`);
    }
  }
  assert.deepEqual(others, []);
  assert.deepEqual(serving.warnings, []);
  assert.equal((await statusOf(serving.get, GOOD))[0], 200);
}

Deno.test("tiles, boxes and sizes beyond what there is", () =>
  terrainWorld(async (serving) => {
    const places = [
      "8/-1/90",
      "8/134/-1",
      "-1/0/0",
      "8/1.5/90",
      "8/1e3/90",
      "8/0x10/90",
      "8/134/90abc",
      "999/0/0",
    ]
      .map((place) => `${TILE}/${place}.png`);
    await refused(serving, places, [204, 404, 422]);
    const outside = ["8/256/90", "8/134/256", "24/99999999/0", "8/999999999999999999999/0"];
    await refused(serving, outside.map((place) => `${TILE}/${place}.png`), [204, 404, 422]);
    const sizes = [
      "tilesize=0",
      "tilesize=-256",
      "tilesize=1e9",
      "tilesize=NaN",
      "tilesize=4294967297",
      "buffer=1e300",
    ];
    await refused(serving, sizes.map((size) => `${GOOD}?${size}`), [400, 422]);
    const box = "/rasterio/bbox/6,44,12,49";
    await refused(serving, [
      `${box}/100000x100000.png`,
      `${box}/1x99999999999.png`,
      `${box}/0x0.png`,
      `${box}/-1x5.png`,
      `${box}.png?max_size=1e12`,
      `${box}.png?width=1e9&height=1`,
      `${box}.png?dst_crs=EPSG:0`,
      `${box}.png?dst_crs=${"A".repeat(2000)}`,
      `${box}.png?coord_crs=%2B%70roj%3Dpipeline`,
      "/rasterio/bbox/12,49,6,44.png",
      "/rasterio/bbox/6,44,6,44.png",
      "/rasterio/bbox/NaN,44,12,49.png",
      "/rasterio/bbox/-Infinity,44,12,49.png",
      "/rasterio/bbox/1e400,44,12,49.png",
      "/rasterio/bbox/6,44,12.png",
      "/rasterio/bbox/6,-1000,12,1000.png",
      "/rasterio/point/1e400,0",
      "/rasterio/point/NaN,NaN",
      "/rasterio/point/6,91",
    ], [204, 400, 404, 422]);
  }));

Deno.test("expressions, patterns, colour maps and formulas that are no such thing, or never end", () =>
  terrainWorld(async (serving) => {
    const deep = "(".repeat(3000) + "b1" + ")".repeat(3000);
    const expressions = [
      "process.exit()",
      "b1;import('node:fs')",
      "constructor.constructor('return 1')()",
      "__proto__",
      "b1.__class__",
      "b999999999999",
      "b1+",
      deep,
      "b1**".repeat(3000) + "1",
      "-".repeat(8000) + "b1",
      "b1;".repeat(4000),
      "\u0000",
    ];
    await refused(serving, expressions.map((one) => `${GOOD}?expression=${encodeURIComponent(one)}`), [
      400,
      414,
      422,
    ]);
    const patterns = ["(a+)+$", "(", "(?=x)", "a".repeat(5000), "(x*)*y", "[", "\\1(a)", "(.*)*(.*)*(.*)*z"];
    for (const pattern of patterns) {
      const [status] = await statusOf(serving.get, `${GOOD}?assets_regex=${encodeURIComponent(pattern)}`);
      assert.ok([200, 204, 400, 404, 422].includes(status), `${pattern.slice(0, 40)}: ${status}`);
    }
    const renders = [
      "colormap=%7B",
      'colormap={"__proto__":[1,2,3,4]}',
      'colormap={"999999999":"#fff"}',
      `colormap=${"[".repeat(7000)}`,
      'colormap=[[[0,1e999],"#zz"]]',
      "colormap_name=__proto__",
      "colormap_name=constructor",
      "color_formula=gamma%20RGB%201e999",
      "color_formula=eval(1)",
      "algorithm=__proto__",
      "rescale=0",
      "rescale=a,b",
      "rescale=NaN,Infinity",
      "nodata=abc",
      "bogus_format=1&return_mask=perhaps",
      "pixel_selection=toString",
      "resampling=constructor",
    ].map((query) => `${GOOD}?${query}`);
    await refused(serving, renders, [400, 414, 422]);
    // A selection that leaves out the one band leaves nothing to write, in any format.
    const formats = ["png", "jpg", "webp", "tif", "npy"].flatMap((format) =>
      ["lastbandhigh", "lastbandlow"].map((one) => `${TILE}/8/134/90.${format}?pixel_selection=${one}`)
    );
    await refused(serving, formats, [400]);
    await refused(serving, [`${GOOD}?x=${"y".repeat(20_000)}`], [400, 414]);
  }));

const polygon = (...ring: number[][]) => ({
  type: "Feature",
  properties: {},
  geometry: { type: "Polygon", coordinates: [ring] },
});

Deno.test("polygons round the poles, over the antimeridian, and polygons that are none", () =>
  terrainWorld(async (serving) => {
    const cap = (latitude: number) =>
      polygon(...Array.from({ length: 37 }, (_, i) => [-180 + 10 * i, latitude]), [180, 90], [-180, 90], [
        -180,
        latitude,
      ]);
    const areas = [
      cap(40),
      cap(89),
      polygon([-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]),
      polygon([170, -10], [190, -10], [190, 10], [170, 10], [170, -10]),
      polygon([170, -10], [-170, -10], [-170, 10], [170, 10], [170, -10]),
      polygon([179.99, 40], [180, 40], [-179.99, 41], [179.99, 40]),
      polygon([0, 89.9], [120, 89.9], [-120, 89.9], [0, 89.9]),
      // A bow tie, and one of no area.
      polygon([6, 44], [12, 49], [12, 44], [6, 49], [6, 44]),
      polygon([7, 45], [7, 45], [7, 45], [7, 45]),
      polygon([7, 45], [8, 46], [7, 45]),
    ];
    for (const area of areas) {
      for (const path of ["/rasterio/statistics", "/rasterio/feature/64x64.png"]) {
        const init = {
          method: "POST",
          body: JSON.stringify(area),
          headers: { "content-type": "application/json" },
        };
        const [status, text] = await statusOf(serving.get, path, init);
        assert.ok(
          [200, 204, 400, 422].includes(status),
          `${path} ${JSON.stringify(area.geometry).slice(0, 120)}: ${status} ${text.slice(0, 200)}`,
        );
        if (status !== 200 || !path.endsWith("statistics")) continue;
        // What was counted lies in the area: no more than the image has.
        const { count } = JSON.parse(text).properties.statistics.b1 ?? { count: 0 };
        assert.ok(count <= 600 * 500 + 1, `${count} cells`);
      }
    }
    const bodies = [
      "",
      "{",
      "null",
      "[]",
      '"text"',
      "{}",
      '{"type":"Feature"}',
      '{"type":"Feature","geometry":null,"properties":{}}',
      '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[0,0]}}',
      '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[]}}',
      '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[1,2],[3,4]]]}}',
      '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[1e999,2],[3,4],[5,6],[1,2]]]}}',
      '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[["a","b"],["c","d"],["e","f"],["a","b"]]]}}',
      '{"type":"Feature","properties":{"__proto__":{"x":1}},"geometry":{"type":"__proto__","coordinates":[]}}',
      "[".repeat(100_000),
      `{"type":"FeatureCollection","features":[${'{"type":"Feature"},'.repeat(50_000)}{}]}`,
      JSON.stringify(
        polygon(...Array.from({ length: 120_000 }, (_, i) => [6 + (i % 100) / 50, 45 + (i % 7) / 7])),
      ),
    ];
    for (const body of bodies) {
      const init = { method: "POST", body, headers: { "content-type": "application/json" } };
      const [status, text] = await statusOf(serving.get, "/rasterio/statistics", init);
      assert.ok([400, 413, 422].includes(status), `${body.slice(0, 120)}: ${status} ${text.slice(0, 200)}`);
    }
    assert.deepEqual(serving.warnings, []);
    assert.equal((await statusOf(serving.get, GOOD))[0], 200);
  }));

/** The bytes of the path as they are: `fetch` would tidy them. */
function raw(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<[number, string, string]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers, timeout: PATIENCE_MS }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => text += part);
      answer.on("end", () => resolve([answer.statusCode ?? 0, text, JSON.stringify(answer.headers)]));
    });
    asked.on("timeout", () => asked.destroy(new Error(`${path} is not answered`)));
    asked.on("error", reject);
    asked.end();
  });
}

Deno.test("paths that climb, names of objects, and headers that would get into answers", () =>
  terrainWorld(async (serving) => {
    const climbing = [
      "/zarr/../../etc/passwd",
      "/zarr/%2e%2e/%2e%2e/etc/passwd",
      "/zarr/none/..%2f..%2fetc%2fpasswd",
      "/zarr/none/%00",
      "/map/../../../etc/passwd",
      "/colorMaps/../../etc/passwd",
      "/colorMaps/__proto__",
      "/tileMatrixSets/constructor",
      "/algorithms/toString",
      "/store/__proto__/tiles/WebMercatorQuad/0/0/0.png?variable=x",
      "//evil.example/x",
      "/%ff%fe",
      "/%",
      "/rasterio/tiles/__proto__/0/0/0.png",
      "/rasterio/tiles/WebMercatorQuad/0/0/0.__proto__",
      `/${"a/".repeat(3000)}`,
    ];
    for (const path of climbing) {
      const [status, text] = await raw(serving.url, path);
      assert.ok(status >= 400 && status < 500, `${path.slice(0, 80)}: ${status}`);
      assert.ok(!text.includes("root:"), path);
    }
    // No row of another's catalog by a path, and no address that the request gives is opened.
    for (
      const query of ["catalog=../../etc/passwd", "catalog=__proto__", "catalog=http://127.0.0.1:1/x.parquet"]
    ) {
      const [status] = await raw(serving.url, `${GOOD}?${query}`);
      assert.ok(status === 400 || status === 404 || status === 422, `${query}: ${status}`);
    }
    const headers: Record<string, string>[] = [
      { host: 'evil.example"><script>' },
      { host: "a b" },
      { "x-forwarded-host": 'evil"><script>alert(1)</script>' },
      { "x-forwarded-proto": "javascript" },
      {
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "//evil.example",
      },
      { origin: "null" },
      { range: "bytes=0-0,1-1,2-2" },
      { "if-none-match": "*".repeat(4000) },
      { accept: "application/json;q=".repeat(200) },
    ];
    for (const sent of headers) {
      for (
        const path of ["/", "/rasterio/WebMercatorQuad/tilejson.json", "/rasterio/WebMercatorQuad/map.html"]
      ) {
        const [status, text, answered] = await raw(serving.url, path, sent);
        assert.ok(status < 500, `${JSON.stringify(sent).slice(0, 100)} ${path}: ${status}`);
        assert.ok(
          !text.includes("<script>alert") && !text.includes('evil"'),
          `${path}: ${text.slice(0, 300)}`,
        );
        assert.ok(!answered.includes('evil\\"'), answered);
      }
    }
    assert.equal((await statusOf(serving.get, GOOD))[0], 200);
  }));
