/** Web Map Tile Service: its documents name tiles that are served, of the times that there are. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { cellCentre } from "../../../core/cells/place.ts";
import { crsOfCode } from "../../../core/raster/crs/codes.ts";
import { transformer } from "../../../core/raster/crs/transform.ts";
import { crsCodeOf, tileMatrixSet } from "../../../core/raster/tms/tile_matrix_set.ts";
import { tileAt } from "../../../core/raster/tms/tiles.ts";
import { wmtsCapabilities } from "../../../serve/wmts/capabilities.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../interop/store_fixture.ts";
import { type Serving, startServing } from "../../support/serving.ts";
import { terrainWorld } from "../../support/terrain_world.ts";
import { withFolder } from "../catalog/sample.ts";

const day = (text: string) => Date.parse(text) / 1000;
const STARTS = ["2020-01-01", "2020-02-01", "2020-03-01"];
const IDS = fixtureIds(fixtureSpec("compact"), 9);
const [LON, LAT] = cellCentre(IDS[100], 9, "authalic");

/** `months` has three windows of time, `ice` has none. */
async function inServer(
  options: Parameters<typeof startServing>[0],
  body: (serving: Serving) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const spec = fixtureSpec("compact");
    const [months, ice] = ["months.zarr", "ice.zarr"].map((name) => path.join(folder, name));
    const ends = ["2020-02-01", "2020-03-01", "2020-04-01"].map(day);
    await writeFixture({ ...spec, time: { starts: STARTS.map(day), ends } }, new FolderTarget(months));
    await writeFixture(spec, new FolderTarget(ice));
    const serving = await startServing({ stores: [months, ice], ...options });
    try {
      await body(serving);
    } finally {
      await serving.stop();
    }
  });
}

interface Layer {
  name: string;
  sets: string[];
  times: string[];
  default: string | undefined;
  template: string;
  limits(set: string, zoom: number): number[] | undefined;
}

function layersOf(text: string): Layer[] {
  return [...text.matchAll(/<Layer>.*?<\/Layer>/gs)].map(([layer]) => ({
    name: /<\/ows:WGS84BoundingBox>\s*<ows:Identifier>(.*?)</.exec(layer)?.[1] ?? "",
    sets: [...layer.matchAll(/<TileMatrixSetLink><TileMatrixSet>(.*?)</g)].map(([, id]) => id),
    times: [...layer.matchAll(/<Value>(.*?)</g)].map(([, time]) => time),
    default: /<Default>(.*?)</.exec(layer)?.[1],
    template: (/template="(.*?)"/.exec(layer)?.[1] ?? "").replaceAll("&#38;", "&"),
    limits: (set, zoom) => {
      const of = layer.split("<TileMatrixSetLink>").find((one) => one.startsWith(`<TileMatrixSet>${set}<`));
      const one = of?.split("<TileMatrixLimits>").find((one) => one.startsWith(`<TileMatrix>${zoom}<`));
      return one === undefined
        ? undefined
        : [...one.matchAll(/<M\w+Tile\w+>(\d+)</g)].map(([, n]) => Number(n));
    },
  }));
}

/** The address of the tile that holds a place. */
function tileOf({ template }: Layer, id: string, zoom: number, [lon, lat]: number[], time = ""): string {
  const set = tileMatrixSet(id);
  const { forward } = transformer(crsOfCode("EPSG:4326"), crsOfCode(crsCodeOf(set)));
  const { x, y } = tileAt(set, ...forward(lon, lat), zoom);
  const values = { TileMatrixSet: id, TileMatrix: zoom, TileCol: x, TileRow: y, time };
  return Object.entries(values).reduce(
    (url, [name, value]) => url.replace(`{${name}}`, `${value}`),
    template,
  );
}

for (const workers of [0, 1]) {
  Deno.test(`variables of stores are layers, whose tiles are served in every set that they touch (threads: ${workers})`, () =>
    inServer({ workers }, async ({ get }) => {
      const answer = await get(
        "/store/months/WMTSCapabilities.xml?SERVICE=WMTS&REQUEST=GetCapabilities&tilesize=512",
      );
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      assert.equal(answer.headers.get("content-type"), "application/xml");
      const layers = layersOf(text);
      const [h] = layers.filter(({ name }) => name === "h_best");
      assert.deepEqual([h.times, h.default], [STARTS, "2020-03-01"]);
      assert.ok(h.sets.includes("WebMercatorQuad") && h.sets.includes("WGS1984Quad"), h.sets.join());
      assert.doesNotMatch(h.template, /request|tilesize/i);
      for (const id of h.sets) {
        const drawn = await fetch(tileOf(h, id, 4, [LON, LAT], "2020-02-01"));
        assert.ok([200, 204].includes(drawn.status), id);
        await drawn.body?.cancel();
      }
      const drawn = await fetch(tileOf(h, "WebMercatorQuad", 5, [LON, LAT], "2020-02-01"));
      assert.deepEqual([drawn.status, drawn.headers.get("content-type")], [200, "image/png"]);
      assert.match(drawn.headers.get("x-granary-time") ?? "", /^2020-02-01/);
      await drawn.body?.cancel();
      const all = layersOf(await (await get("/WMTSCapabilities.xml")).text());
      assert.equal(all.length, 2 * layers.length);
      const still = all.find(({ name }) => name === "ice/h_best");
      assert.deepEqual(still?.times, []);
      const jpeg = layersOf(
        await (await get("/store/ice/WMTSCapabilities.xml?variable=count&tile_format=jpg")).text(),
      );
      assert.deepEqual(jpeg.map(({ name }) => name), ["count"]);
      const picture = await fetch(tileOf(jpeg[0], "WGS1984Quad", 4, [LON, LAT]));
      assert.deepEqual([picture.status, picture.headers.get("content-type")], [200, "image/jpg"]);
      await picture.body?.cancel();
    }));
}

Deno.test("a selection of a catalog is a layer with its values, and no other service or request is answered", () =>
  terrainWorld(async ({ get }) => {
    const answer = await get(
      "/rasterio/WMTSCapabilities.xml?rescale=0,2000&colormap_name=viridis&minzoom=3&maxzoom=9",
    );
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    const [layer, ...others] = layersOf(text);
    assert.deepEqual(others, []);
    assert.match(text, /<ows:LowerCorner>6 44<[^]*<ows:UpperCorner>12 49</);
    assert.deepEqual(layer.limits("WebMercatorQuad", 3), [2, 2, 4, 4]);
    assert.deepEqual([layer.limits("WebMercatorQuad", 2), layer.limits("WebMercatorQuad", 10)], [
      undefined,
      undefined,
    ]);
    // A set is told from its first zoom on, as TiTiler tells it; its limits say where tiles begin. The document's address
    // gives this document.
    const zooms =
      /<TileMatrixSet>\n.*\n<ows:Identifier>WebMercatorQuad<[^]*?<\/TileMatrixSet>/.exec(text)?.[0] ?? "";
    assert.deepEqual(
      [...zooms.matchAll(/<TileMatrix><ows:Identifier>(\d+)</g)].map(([, id]) => Number(id)),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    const own = /<ServiceMetadataURL xlink:href="(.*?)"/.exec(text)?.[1].replaceAll("&#38;", "&") ?? "";
    assert.equal(await (await fetch(own)).text(), text);
    // Europe's grid holds the Alps, New Zealand's does not.
    assert.ok(layer.sets.includes("EuropeanETRS89_LAEAQuad") && !layer.sets.includes("NZTM2000Quad"));
    assert.equal((await fetch(tileOf(layer, "WebMercatorQuad", 6, [9, 46]))).status, 200);
    for (
      const asked of ["service=WMS", "REQUEST=GetTile", "Version=2.0.0", "temporal=soon", "tile_format=bmp"]
    ) {
      const refused = await get(`/rasterio/WMTSCapabilities.xml?${asked}`);
      assert.equal(refused.status, 422, asked);
      await refused.body?.cancel();
    }
    const nowhere = await get("/rasterio/WMTSCapabilities.xml?minzoom=9&maxzoom=3");
    assert.equal(nowhere.status, 400);
    assert.match((await nowhere.json()).detail, /no tile matrix set .*zooms/);
    const none = await get("/WMTSCapabilities.xml");
    assert.equal(none.status, 404);
    assert.match((await none.json()).detail, /rasterio\/WMTSCapabilities/);
  }));

Deno.test("what a document repeats is XML, whatever it holds", () => {
  const text = wmtsCapabilities({
    address: 'http://host/?a="<>&',
    layers: [{
      name: "<b>\u0000&'\"",
      bounds: { xmin: -180, ymin: -90, xmax: 180, ymax: 90 },
      tiles: "http://host/tiles",
      query: "a=1&b=2",
      times: ["<2020>"],
    }],
    format: { ending: "png", type: "image/png" },
    zooms: {},
    mostTileSide: 4096,
  });
  assert.match(text, /<ows:Identifier>&#60;b&#62;\ufffd&#38;&#39;&#34;</);
  assert.match(text, /\.png\?a=1&#38;b=2"/);
  assert.doesNotMatch(text, /&(?!#\d+;)|<2020>|="[^"]*[<][^"]*"/);
  // All of the Earth: the tiles around a pole, which is on no side of the box, are within the limits.
  const [layer] = layersOf(text);
  assert.deepEqual(layer.limits("UPSArcticWGS84Quad", 3), [0, 7, 0, 7]);
  assert.deepEqual(layer.limits("GIBSAntarctic3031", 1), [0, 3, 0, 3]);
  const box = (code: string) =>
    new RegExp(`crs="urn:ogc:def:crs:${code}">[^/]*?Corner>(.*?)<.*?UpperCorner>(.*?)<`).exec(text)?.slice(1);
  assert.deepEqual(box("EPSG::3031"), ["-4194304 -4194304", "4194304 4194304"]);
  // Latitudes come first in the system of WGS1984Quad, and longitudes in that of WorldCRS84Quad.
  assert.deepEqual(box("EPSG::4326"), ["-90 -180", "90 180"]);
  assert.deepEqual(box("OGC:1.3:CRS84"), ["-180 -90", "180 90"]);
});

Deno.test("addresses of stores that the documentation gives are answered as they stand", () =>
  withFolder(async (folder) => {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(folder));
    const page = fs.readFileSync(new URL("../../../docs/serve.md", import.meta.url), "utf8");
    const asked = [...page.matchAll(/^http:\/\/127\.0\.0\.1:8000(\S*WMTSCapabilities\.xml\S*)$/gm)]
      .map(([, at]) => at).filter((at) => !/^\/(rasterio|xarray)\//.test(at));
    assert.equal(asked.length, 2);
    const { get, stop } = await startServing({ stores: [`antarctica=${folder}`] });
    try {
      for (const at of asked) {
        const answer = await get(at);
        assert.match(await answer.text(), /<ows:Identifier>(antarctica\/)?h_best</, at);
      }
    } finally {
      await stop();
    }
  }));

Deno.test("a server of small images names tiles that it serves", () =>
  inServer({ limits: { imageSide: 256 } }, async ({ get, url }) => {
    const { tiles } = await (await get("/store/ice/WebMercatorQuad/tilejson.json?variable=count")).json();
    assert.match(tiles[0], /tilesize=256/);
    const { x, y } = tileAt(tileMatrixSet("WebMercatorQuad"), ...mercator(LON, LAT), 5);
    const tile = tiles[0].replace("{z}", "5").replace("{x}", `${x}`).replace("{y}", `${y}`);
    assert.ok(tile.startsWith(url));
    assert.equal((await fetch(tile)).status, 200);
    assert.equal((await get("/store/ice/WebMercatorQuad/tilejson.json?tilesize=512")).status, 400);
    const [layer] = layersOf(await (await get("/store/ice/WMTSCapabilities.xml")).text());
    assert.ok(layer.sets.includes("WebMercatorQuad"));
    assert.ok(!layer.sets.some((set) => set.startsWith("GIBS")), layer.sets.join());
  }));

function mercator(lon: number, lat: number): [number, number] {
  const [x, y] = transformer(crsOfCode("EPSG:4326"), crsOfCode("EPSG:3857")).forward(lon, lat);
  return [x, y];
}

/** What may become of a store that is served: its level's document, or a chunk of it, is not as it was written. */
const DAMAGES: Record<string, (store: string) => void> = {
  "a document of a level is cut short": (store) => {
    const file = path.join(store, "zarr.json");
    fs.writeFileSync(file, fs.readFileSync(file).subarray(0, 500));
  },
  "it is no store any more": (store) => fs.writeFileSync(path.join(store, "zarr.json"), "{}"),
  "objects of it are damaged": (store) => {
    for (const key of fs.readdirSync(store, { recursive: true, encoding: "utf8" })) {
      const file = path.join(store, key);
      if (/\bc\/[\d/]+$/.test(key) && fs.statSync(file).isFile()) fs.truncateSync(file, 7);
    }
  },
  "it is gone": (store) => fs.rmSync(store, { recursive: true }),
};

for (const workers of [0, 2]) {
  for (const [what, damage] of Object.entries(DAMAGES)) {
    Deno.test(`a store of several that cannot be read takes no other from people: ${what} (threads: ${workers})`, () =>
      withFolder(async (folder) => {
        const spec = fixtureSpec("compact");
        const [ice, good] = ["ice.zarr", "good.zarr"].map((name) => path.join(folder, name));
        for (const store of [ice, good]) await writeFixture(spec, new FolderTarget(store));
        const { get, warnings, stop } = await startServing({ stores: [ice, good], workers });
        try {
          damage(ice);
          const seen = [];
          for (let turn = 0; turn < 4; turn++) {
            const answer = await get("/WMTSCapabilities.xml");
            const text = await answer.text();
            assert.equal(answer.status, 200, text);
            seen.push(new Set(layersOf(text).map(({ name }) => name.split("/")[0])));
          }
          const own = await get("/store/ice/WMTSCapabilities.xml");
          const said = await own.text();
          for (const names of seen) assert.ok(names.has("good"));
          // One that was opened before it was damaged answers from what it knows.
          if (seen.some((names) => !names.has("ice"))) {
            assert.equal(own.status, 502);
            assert.match(said, /the store ice could not be read/);
            assert.ok(!said.includes(folder), said);
            assert.equal(
              warnings.filter((line) => /^store ice cannot be read and is left out/.test(line)).length,
              1,
            );
          } else assert.equal(own.status, 200);
          assert.equal((await get("/store/good/WMTSCapabilities.xml")).status, 200);
        } finally {
          await stop();
        }
      }));
  }
}

Deno.test("a store that was damaged and is mended is a layer again, and the log says both", () =>
  withFolder(async (folder) => {
    const spec = fixtureSpec("compact");
    const [ice, good] = ["ice.zarr", "good.zarr"].map((name) => path.join(folder, name));
    for (const store of [ice, good]) await writeFixture(spec, new FolderTarget(store));
    const { get, warnings, stop } = await startServing({ stores: [ice, good], workers: 0 });
    const names = async () => {
      const answer = await get("/WMTSCapabilities.xml");
      return layersOf(await answer.text()).map(({ name }) => name.split("/")[0]);
    };
    try {
      fs.cpSync(ice, `${ice}.whole`, { recursive: true });
      DAMAGES["objects of it are damaged"](ice);
      assert.ok(!(await names()).includes("ice"));
      fs.rmSync(ice, { recursive: true });
      fs.renameSync(`${ice}.whole`, ice);
      assert.ok((await names()).includes("ice"));
      assert.deepEqual(warnings.map((line) => line.replace(/:.*/s, "")), [
        "store ice cannot be read and is left out where all are listed, until it can",
        "store ice is read again",
      ]);
    } finally {
      await stop();
    }
  }));

Deno.test("where no store can be read the document of all is refused as that of each", () =>
  withFolder(async (folder) => {
    const ice = path.join(folder, "ice.zarr");
    await writeFixture(fixtureSpec("compact"), new FolderTarget(ice));
    const { get, stop } = await startServing({ stores: [ice], workers: 0 });
    try {
      DAMAGES["objects of it are damaged"](ice);
      const answer = await get("/WMTSCapabilities.xml");
      assert.equal(answer.status, 502);
      assert.match(await answer.text(), /the store ice could not be read/);
    } finally {
      await stop();
    }
  }));
