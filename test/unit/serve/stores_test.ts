/** Stores over HTTP: values, tiles and statistics are those of the cells; the store itself is read by zarrita. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as zarr from "zarrita";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { nestedOf } from "../../../core/cells/healpix.ts";
import { cellCentre } from "../../../core/cells/place.ts";
import { crsOfCode } from "../../../core/raster/crs/codes.ts";
import { transformer } from "../../../core/raster/crs/transform.ts";
import { tileMatrixSet } from "../../../core/raster/tms/tile_matrix_set.ts";
import { tileAt, tileBounds } from "../../../core/raster/tms/tiles.ts";
import { insideTest } from "../../../core/geometry/inside.ts";
import { PlaneCells } from "../../../core/store/plane_cells.ts";
import { fixtureIds, fixtureSpec, planeSpec, writeFixture } from "../../interop/store_fixture.ts";
import { type Serving, startServing } from "../../support/serving.ts";

const FINE = 9;

async function inServer(body: (serving: Serving, folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-stores-"));
  await writeFixture(fixtureSpec("compact"), new FolderTarget(path.join(folder, "ice.zarr")));
  const serving = await startServing({ stores: [path.join(folder, "ice.zarr")] });
  try {
    await body(serving, folder);
  } finally {
    await serving.stop();
    fs.rmSync(folder, { recursive: true });
  }
}

/** The pixels of an npy answer: one band and its mask. */
function npy(bytes: Uint8Array): { values: Float64Array; mask: Float64Array } {
  const header = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const text = new TextDecoder().decode(bytes.subarray(10, 10 + header));
  assert.match(text, /'<f8'/);
  const data = new Float64Array(bytes.slice(10 + header).buffer);
  return { values: data.subarray(0, data.length / 2), mask: data.subarray(data.length / 2) };
}

Deno.test("a point gives its cell's values by name; a place without a cell is 204", () =>
  inServer(async ({ get }) => {
    const spec = fixtureSpec("compact");
    for (const id of fixtureIds(spec, FINE).filter((_, i) => i % 97 === 0)) {
      const [lon, lat] = cellCentre(id, FINE, "authalic");
      const response = await get(`/store/ice/point/${lon},${lat}?variable=h_best&variable=count`);
      const answer = await response.json();
      assert.equal(response.status, 200, JSON.stringify(answer));
      assert.deepEqual([answer.cell_id, answer.cell, answer.order], [id, `${FINE}/${id}`, FINE]);
      assert.deepEqual(answer.values, { h_best: id / 3, count: 1 + id % 50 });
    }
    const [lon, lat] = cellCentre(fixtureIds(spec, FINE)[0] + 1, FINE, "authalic");
    assert.equal((await get(`/store/ice/point/${lon},${lat}`)).status, 204);
    const coarse = await (await get(`/store/ice/point/${lon},${lat}?order=4`)).json();
    assert.equal(coarse.cell_id, 0);
    const unknown = await get(`/store/ice/point/0,0?variable=nothing`);
    assert.equal(unknown.status, 400);
    assert.match((await unknown.json()).detail, /no variable "nothing"; there are .*h_best/);
    assert.equal((await get("/store/ice/point/0,91")).status, 422);
    assert.equal((await get("/store/other/point/0,0")).status, 404);
    assert.equal((await get("/store/ice/point/0,0?order=7")).status, 400);
  }));

for (const id of ["WebMercatorQuad", "WGS1984Quad", "UPSArcticWGS84Quad"]) {
  Deno.test(`a tile of ${id} holds at each pixel the value of the cell there`, () =>
    inServer(async ({ get }) => {
      const set = tileMatrixSet(id);
      const crs = crsOfCode(
        id === "WebMercatorQuad" ? "EPSG:3857" : id === "WGS1984Quad" ? "EPSG:4326" : "EPSG:5041",
      );
      const { forward, inverse } = transformer(crsOfCode("EPSG:4326"), crs);
      const parent = id === "UPSArcticWGS84Quad" ? 900 : 17;
      const [lon, lat] = cellCentre(parent, 4, "authalic");
      if (id === "UPSArcticWGS84Quad" && lat < 60) return;
      const { x, y } = tileAt(set, ...forward(lon, lat), 6);
      const response = await get(
        `/store/ice/tiles/${id}/6/${x}/${y}.npy?variable=h_best&order=${FINE}&tilesize=64`,
      );
      assert.equal(response.status, 200, await response.clone().text());
      assert.equal(response.headers.get("x-granary-order"), String(FINE));
      const { values, mask } = npy(new Uint8Array(await response.arrayBuffer()));
      const [left, bottom, right, top] = tileBounds(set, { z: 6, x, y });
      const valued = new Set(fixtureIds(fixtureSpec("compact"), FINE));
      let seen = 0, other = 0;
      for (let row = 0; row < 64; row++) {
        for (let column = 0; column < 64; column++) {
          const [u, v] = inverse(
            left + (column + 0.5) / 64 * (right - left),
            top - (row + 0.5) / 64 * (top - bottom),
          );
          const cell = nestedOf(u, v, FINE, "authalic");
          const i = row * 64 + column;
          const same = valued.has(cell) ? mask[i] !== 0 && values[i] === cell / 3 : mask[i] === 0;
          if (!same) other += 1;
          if (valued.has(cell)) seen += 1;
        }
      }
      assert.ok(seen > 50, `${seen} pixels with a value`);
      // Places are an eighth of a pixel right: pixels on the edge of a cell may be its neighbour's.
      assert.ok(other <= 40, `${other} of 4096 pixels differ`);
    }));
}

Deno.test("a tile is of the coarsest level that is as fine as its pixels, as PNG with its range", () =>
  inServer(async ({ get }) => {
    const orders: string[] = [];
    const [lon, lat] = cellCentre(17, 4, "authalic");
    const set = tileMatrixSet("WebMercatorQuad");
    const { forward } = transformer(crsOfCode("EPSG:4326"), crsOfCode("EPSG:3857"));
    for (const zoom of [0, 2, 5, 8]) {
      const { x, y } = tileAt(set, ...forward(lon, lat), zoom);
      const response = await get(`/store/ice/tiles/WebMercatorQuad/${zoom}/${x}/${y}.png?variable=h_mean`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (response.status === 204) continue;
      assert.deepEqual([...bytes.subarray(1, 4)], [0x50, 0x4e, 0x47]);
      assert.match(response.headers.get("x-granary-rescale") ?? "", /^[\d.]+,[\d.]+$/);
      orders.push(response.headers.get("x-granary-order") ?? "");
    }
    // Cells of order z + 6 are as small as Mercator's pixels at the equator: 9 is the finest there is.
    assert.deepEqual([orders[0], orders.at(-1)], ["6", "9"]);
    const colours =
      "/store/ice/tiles/WebMercatorQuad/0/0/0.png?variable=h_mean&rescale=0,100&colormap_name=viridis";
    assert.equal((await get(colours)).status, 200);
    assert.equal((await get(`${colours}&tilesize=4097`)).status, 422);
    const unwritten = await get(colours.replace(".png", ".jp2"));
    assert.equal(unwritten.status, 422);
    assert.match(await unwritten.text(), /Input should be 'png', .* \(JPEG 2000 is not written here/);
    assert.equal((await get("/store/ice/tiles/WebMercatorQuad/3/9/0.png")).status, 204);
    const document = await (await get("/store/ice/WebMercatorQuad/tilejson.json?variable=h_mean")).json();
    assert.match(
      document.tiles[0],
      /\/store\/ice\/tiles\/WebMercatorQuad\/\{z\}\/\{x\}\/\{y\}\?variable=h_mean/,
    );
  }));

Deno.test("statistics are of the cells whose centres lie in the polygon", () =>
  inServer(async ({ post }) => {
    const spec = fixtureSpec("compact");
    const places = fixtureIds(spec, FINE).map((id) => ({ id, place: cellCentre(id, FINE, "authalic") }));
    const [lon, lat] = cellCentre(17, 4, "authalic");
    const [west, south, east, north] = [lon - 2, lat - 2, lon + 2, lat + 2];
    const inside = places.filter(({ place: [x, y] }) => x > west && x < east && y > south && y < north);
    assert.ok(inside.length > 20);
    const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    const feature = {
      type: "Feature",
      properties: { name: "box" },
      geometry: { type: "Polygon", coordinates: [ring] },
    };
    const response = await post("/store/ice/statistics?variable=h_best&order=9", feature);
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    const values = inside.map(({ id }) => id / 3);
    const { min, max, mean, count } = answer.properties.statistics.h_best;
    assert.deepEqual([min, max, count], [Math.min(...values), Math.max(...values), values.length]);
    assert.ok(Math.abs(mean - values.reduce((sum, one) => sum + one, 0) / values.length) < 1e-9 * mean);
    assert.equal(answer.properties.name, "box");
    for (
      const geometry of [{ type: "Point", coordinates: [0, 0] }, { type: "Polygon", coordinates: [] }, {
        type: "X",
      }]
    ) {
      const refused = await post("/store/ice/statistics", { ...feature, geometry });
      assert.ok(refused.status === 400 || refused.status === 422, `${refused.status}`);
    }
  }));

Deno.test("the store itself is read by zarrita over HTTP, with a grid mapping in CF's words", () =>
  inServer(async ({ url, get }) => {
    const root = await zarr.open.v3(new zarr.FetchStore(`${url}/zarr/ice`), { kind: "group" });
    const best = await zarr.open.v3(root.resolve("9/h_best"), { kind: "array" });
    assert.equal(best.attrs.grid_mapping, "crs");
    const ids = await zarr.get(await zarr.open.v3(root.resolve("9/cell_ids"), { kind: "array" }));
    const values = await zarr.get(best);
    const valued = new Set(fixtureIds(fixtureSpec("compact"), FINE));
    let seen = 0;
    for (let i = 0; i < values.data.length; i++) {
      const id = Number((ids.data as BigUint64Array)[i]);
      if (!valued.has(id)) continue;
      seen += 1;
      assert.equal((values.data as Float64Array)[i], id / 3);
    }
    assert.equal(seen, valued.size);
    // As gridlook opens a level: its consolidated metadata, its grid mapping, its cells under the name `cell`.
    const listed = await zarr.withConsolidatedMetadata(new zarr.FetchStore(`${url}/zarr/ice/9`), {
      format: "v3",
    });
    const names = listed.contents().map(({ path }: { path: string }) => path);
    for (const name of ["/h_best", "/cell", "/cell_ids", "/crs"]) {
      assert.ok(names.includes(name as `/${string}`), name);
    }
    const level = await zarr.open.v3(listed, { kind: "group" });
    assert.equal((level.attrs.dggs as { refinement_level: number }).refinement_level, FINE);
    const cells = await zarr.get(await zarr.open.v3(level.resolve("cell"), { kind: "array" }));
    assert.deepEqual(cells.data, ids.data);
    const crs = await zarr.open.v3(root.resolve("9/crs"), { kind: "array" });
    assert.deepEqual([crs.attrs.grid_mapping_name, crs.attrs.healpix_nside], ["healpix", 512]);
    const document = await (await get("/zarr/ice/zarr.json")).json();
    assert.ok("9/crs" in document.consolidated_metadata.metadata);
    const part = await get("/zarr/ice/9/h_best/c/0", { headers: { range: "bytes=2-5" } });
    const whole = new Uint8Array(await (await get("/zarr/ice/9/h_best/c/0")).arrayBuffer());
    assert.equal(part.status, 206);
    assert.deepEqual(new Uint8Array(await part.arrayBuffer()), whole.slice(2, 6));
    assert.equal(part.headers.get("content-range"), `bytes 2-5/${whole.length}`);
    assert.match(part.headers.get("access-control-expose-headers") ?? "", /Content-Range/);
    assert.equal(
      (await get("/zarr/ice/9/h_best/c/0", { headers: { range: "bytes=999999999-" } })).status,
      416,
    );
    // Documents have what is added to them, and ranges are of that.
    const added = new Uint8Array(await (await get("/zarr/ice/zarr.json")).arrayBuffer());
    const tail = await get("/zarr/ice/zarr.json", { headers: { range: "bytes=-7" } });
    assert.equal(tail.status, 206);
    assert.equal(
      tail.headers.get("content-range"),
      `bytes ${added.length - 7}-${added.length - 1}/${added.length}`,
    );
    assert.deepEqual(new Uint8Array(await tail.arrayBuffer()), added.slice(-7));
    const beyond = await get("/zarr/ice/9/zarr.json", { headers: { range: "bytes=999999999-" } });
    assert.equal(beyond.status, 416);
    assert.match(beyond.headers.get("content-range") ?? "", /^bytes \*\/\d+$/);
    const head = await get("/zarr/ice/zarr.json", { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, String(added.length)]);
    for (const key of ["..%2f..%2fetc%2fpasswd", "9/%2e%2e/%2e%2e/x", "9//zarr.json", "none"]) {
      const refused = await get(`/zarr/ice/${key}`);
      assert.ok(refused.status === 400 || refused.status === 404, `${key}: ${refused.status}`);
    }
  }));

/** Where the links of a page lead, as programs that list HTTP servers find them. */
async function linksOf(response: Response): Promise<string[]> {
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
  return [...(await response.text()).matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href);
}

Deno.test("folders of a store list what lies in them, every object by a link that leads to it", () =>
  inServer(async ({ url, get }, folder) => {
    const found: string[] = [];
    const folders = [`${url}/zarr/ice/`];
    for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
      for (const link of await linksOf(await fetch(at))) {
        assert.ok(link.startsWith(at), `${link} in ${at}`);
        if (link.endsWith("/")) folders.push(link);
        else found.push(decodeURIComponent(link.slice(`${url}/zarr/ice/`.length)));
      }
    }
    const stored = fs.readdirSync(path.join(folder, "ice.zarr"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(path.join(folder, "ice.zarr"), path.join(entry.parentPath, entry.name)));
    const missing = stored.filter((key) => !found.includes(key));
    assert.deepEqual(missing, []);
    const added = found.filter((key) => !stored.includes(key)).map((key) => key.split("/")[1]);
    assert.deepEqual([...new Set(added)].sort(), ["cell", "crs"]);
    for (const key of found) {
      const answer = await get(`/zarr/ice/${key}`, { method: "HEAD" });
      assert.equal(answer.status, 200, key);
    }
    assert.deepEqual(await linksOf(await get("/zarr/ice")), await linksOf(await get("/zarr/ice/")));
    assert.equal((await get("/zarr/ice/none/")).status, 404);
    assert.equal((await get("/zarr/ice/9//")).status, 400);
    assert.equal((await get("/zarr/ice/..%2f/")).status, 400);
    assert.equal((await get("/zarr/none/")).status, 404);
  }));

Deno.test("what is damaged in a store is the server's fault, told without its place", () =>
  inServer(async ({ get, post, warnings }, folder) => {
    const shards = path.join(folder, "ice.zarr", String(FINE), "h_best", "c");
    for (const shard of fs.readdirSync(shards)) fs.writeFileSync(path.join(shards, shard), "no shard");
    const [lon, lat] = cellCentre(fixtureIds(fixtureSpec("compact"), FINE)[0], FINE, "authalic");
    const polygon = [[lon - 1, lat - 1], [lon + 1, lat - 1], [lon + 1, lat + 1], [lon - 1, lat - 1]];
    const feature = {
      type: "Feature",
      properties: {},
      geometry: { type: "Polygon", coordinates: [polygon] },
    };
    const set = tileMatrixSet("WebMercatorQuad");
    const { forward } = transformer(crsOfCode("EPSG:4326"), crsOfCode("EPSG:3857"));
    const { x, y } = tileAt(set, ...forward(lon, lat), 8);
    for (
      const ask of [
        () => get(`/store/ice/point/${lon},${lat}`),
        () => get(`/store/ice/tiles/WebMercatorQuad/8/${x}/${y}.png?variable=h_best&order=${FINE}`),
        () => post(`/store/ice/statistics?variable=h_best&order=${FINE}`, feature),
      ]
    ) {
      const answer = await ask();
      assert.equal(answer.status, 502);
      assert.deepEqual(await answer.json(), { detail: "the store ice could not be read" });
    }
    assert.ok(warnings.some((line) => line.includes(`${FINE}/h_best`)), warnings.join("\n"));
    assert.equal((await get(`/store/ice/point/${lon},${lat}?variable=h_mean`)).status, 200);
  }));

Deno.test("a tile is of a level that has its variable, where levels differ", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-stores-"));
  const place = path.join(folder, "ice.zarr");
  await writeFixture(fixtureSpec("compact"), new FolderTarget(place));
  const root = path.join(place, "zarr.json");
  const document = JSON.parse(fs.readFileSync(root, "utf8"));
  for (const order of [2, 4, 6]) delete document.consolidated_metadata.metadata[`${order}/h_mean`];
  fs.writeFileSync(root, JSON.stringify(document));
  const { get, stop } = await startServing({ stores: [place] });
  try {
    const world = "/store/ice/tiles/WebMercatorQuad/0/0/0.png?variable=h_mean";
    const tile = await get(world);
    assert.deepEqual([tile.status, tile.headers.get("x-granary-order")], [200, "9"]);
    const refused = await get(`${world}&order=4`);
    assert.equal(refused.status, 400);
    assert.match((await refused.json()).detail, /^no variable "h_mean"; there are count, /);
  } finally {
    await stop();
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("a store that changes is taken up without a restart; stores are listed", () =>
  inServer(async ({ get, notes }, folder) => {
    assert.deepEqual((await (await get("/stores")).json()).stores.map((one: { name: string }) => one.name), [
      "ice",
    ]);
    const before = await (await get("/store/ice")).json();
    assert.deepEqual(before.levels.map((level: { order: number }) => level.order), [9, 6, 4, 2]);
    const spec = { ...fixtureSpec("compact"), levels: [9, 4] };
    fs.rmSync(path.join(folder, "ice.zarr"), { recursive: true });
    await writeFixture(spec, new FolderTarget(path.join(folder, "ice.zarr")));
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const after = await (await get("/store/ice")).json();
    assert.deepEqual(after.levels.map((level: { order: number }) => level.order), [9, 4]);
    assert.ok(notes.some((note) => note.includes("store ice changed")));
  }));

Deno.test("a store of a projected grid answers by its own cells: at points, in polygons, as tiles", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-stores-"));
  const spec = planeSpec();
  await writeFixture(spec, new FolderTarget(path.join(folder, "plane.zarr")));
  const { get, post, stop } = await startServing({ stores: [path.join(folder, "plane.zarr")] });
  try {
    const about = await (await get("/store/plane")).json();
    assert.equal(about.levels[0].grid, "EPSG:3413, 1000 from 500,-250");
    assert.equal(about.levels[0].latitude, null);
    // Its coarsest cells lie around the pole, which is the corner of none.
    const [west, south, east, north] = about.bounds;
    assert.deepEqual([west, east, north], [-180, 180, 90]);
    const lowest = Math.min(
      ...fixtureIds(spec, 16).map((id) => new PlaneCells(16, spec.plane!.grid).centre(id)[1]),
    );
    assert.ok(south < lowest && south > lowest - 6, `${south} for ${lowest}`);
    // Its documents say themselves where it lies, and are given as they are.
    const document = await (await get("/zarr/plane/zarr.json")).json();
    assert.deepEqual(
      document,
      JSON.parse(fs.readFileSync(path.join(folder, "plane.zarr", "zarr.json"), "utf8")),
    );
    const ids = fixtureIds(spec, 16);
    const cells = new PlaneCells(16, spec.plane!.grid);
    for (const id of ids.filter((_, i) => i % 97 === 0)) {
      const [lon, lat] = cells.centre(id);
      const answer = await (await get(`/store/plane/point/${lon},${lat}?variable=h_best`)).json();
      assert.deepEqual([answer.cell_id, answer.values.h_best], [id, id / 3]);
    }
    const ring = [[-60, 87.5], [80, 87.5], [80, 89.9], [-60, 89.9], [-60, 87.5]];
    const geometry = { type: "Polygon" as const, coordinates: [ring] as [number, number][][] };
    const inside = insideTest({ name: "ring", geometry });
    const wanted = ids.filter((id) => inside(...cells.centre(id)));
    const answer = await (await post("/store/plane/statistics?variable=h_best&order=16", {
      type: "Feature",
      properties: {},
      geometry,
    })).json();
    const { count, sum } = answer.properties.statistics.h_best;
    assert.ok(wanted.length > 20);
    assert.equal(count, wanted.length);
    assert.ok(Math.abs(sum / wanted.reduce((total, id) => total + id / 3, 0) - 1) < 1e-12);
    const set = tileMatrixSet("UPSArcticWGS84Quad");
    const { forward } = transformer(crsOfCode("EPSG:4326"), crsOfCode("EPSG:5041"));
    const at = cells.centre(wanted[0]);
    const { x, y } = tileAt(set, ...forward(...at), 8);
    const tile = await get(
      `/store/plane/tiles/UPSArcticWGS84Quad/8/${x}/${y}.npy?variable=h_best&order=16&tilesize=64`,
    );
    const { values, mask } = npy(new Uint8Array(await tile.arrayBuffer()));
    const known = new Set(ids.map((id) => id / 3));
    assert.ok(mask.some((one) => one !== 0));
    values.forEach((value, i) => assert.ok(mask[i] === 0 || known.has(value)));
  } finally {
    await stop();
    fs.rmSync(folder, { recursive: true });
  }
});
