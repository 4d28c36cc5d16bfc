/** Granules whose files are cut or changed at random: every request is answered, soon, and none by a fault of ours. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { encodeWkb } from "../../../core/geometry/wkb.ts";
import { writeCatalog } from "../../../catalog/write/write.ts";
import type { GranuleRow } from "../../../catalog/granule.ts";
import { openServer } from "../../../serve/server.ts";
import { sampleRow, withFolder } from "../catalog/sample.ts";
import { gridFile } from "../../support/grid_file.ts";
import { seeded } from "../../support/run_world.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";

/** Longer than any of the requests takes, on a busy machine. */
const PATIENCE_MS = 20_000;
/** What may be held beyond what the server held before: its caches, and garbage not yet collected. */
const MOST_GROWTH_BYTES = 600e6;
const ANSWERS = [200, 204, 400, 404, 502];

/** One damage of a file, by chance; the first bytes, where its structure lies, are met as often as the rest. */
function damaged(bytes: Uint8Array, random: () => number): Uint8Array {
  const within = Math.floor(random() < 0.5 ? Math.min(4096, bytes.length) : bytes.length);
  const at = Math.floor(random() * within);
  if (random() < 0.25) return bytes.slice(0, at);
  const changed = bytes.slice();
  switch (Math.floor(random() * 4)) {
    case 0:
      for (let n = 0; n < 8; n++) changed[Math.floor(random() * within)] = Math.floor(random() * 256);
      break;
    case 1:
      changed.fill(0xff, at, at + 4);
      break;
    case 2:
      changed.fill(0, at, at + 64);
      break;
    default:
      changed.set(bytes.subarray(0, 32), at < bytes.length - 32 ? at : 0);
  }
  return changed;
}

function rowOf(folder: string, name: string): GranuleRow {
  const ring = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]];
  return sampleRow({
    id: name,
    path: name,
    local_base: `${folder}/`,
    s3_base: null,
    https_base: null,
    geometry: encodeWkb({ type: "Polygon", coordinates: [ring] }),
    bbox: { xmin: -180, ymin: -90, xmax: 180, ymax: 90 },
  });
}

interface Kind {
  name: string;
  bytes: () => Promise<Uint8Array> | Uint8Array;
  files: number;
  /** Paths that are asked for, without the granule's name. */
  paths: readonly string[];
}

const KINDS: readonly Kind[] = [
  {
    name: "cloud-optimized GeoTIFF",
    bytes: () => fs.readFileSync(sharedData("cog/cog_dateline.tif")),
    files: 100,
    paths: [
      "/rasterio/tiles/WebMercatorQuad/6/63/21.png?rescale=0,1000&",
      "/rasterio/point/178.5,51.6?",
      "/rasterio/info?",
    ],
  },
  {
    name: "netCDF file of libhdf5",
    bytes: gridFile,
    files: 100,
    paths: [
      "/xarray/tiles/WebMercatorQuad/1/0/0.png?variables=t&sel=level=850&rescale=200,300&",
      "/xarray/point/10,10?variables=rain&sel=time=2024-01-01T00:00:00Z&",
    ],
  },
  {
    name: "netCDF file of a data center",
    bytes: () =>
      fs.readFileSync(
        sharedData("netcdf/20241011120000-ABOM-L4_GHRSST-SSTfnd-GAMSSA_28km-GLOB-v02.0-fv01.0.nc"),
      ),
    files: 24,
    paths: ["/xarray/tiles/WebMercatorQuad/2/1/1.png?variables=analysed_sst&rescale=270,310&"],
  },
];

Deno.test("a collection is told of by its first granule that can be read, which the damaged ones before it are named with", () =>
  withFolder(async (folder) => {
    const whole = await gridFile();
    const names = ["cut-0.nc", "cut-1.nc", "whole.nc"];
    for (const name of names) {
      fs.writeFileSync(path.join(folder, name), name === "whole.nc" ? whole : whole.slice(0, 2000));
    }
    const catalog = path.join(folder, "some.parquet");
    const answerOf = async (present: readonly string[]) => {
      await writeCatalog(catalog, present.map((name) => rowOf(folder, name)));
      const warnings: string[] = [];
      const server = await openServer({
        catalogs: [catalog],
        allowOrigin: null,
        baseUrl: "http://127.0.0.1",
        signal: new AbortController().signal,
        log: { info: () => {}, warn: (message) => void warnings.push(message) },
      });
      try {
        const answer = await server.fetch(new Request("http://127.0.0.1/compatibility?catalog=some"));
        return { status: answer.status, told: await answer.json(), warnings };
      } finally {
        await server.close();
        fs.rmSync(catalog);
      }
    };
    const { status, told, warnings } = await answerOf(names);
    assert.equal(status, 200);
    assert.deepEqual([told.granule_ur, told.left_out], ["whole.nc", ["cut-0.nc", "cut-1.nc"]]);
    assert.ok("t" in told.variables);
    assert.equal(warnings.length, 2);
    assert.equal((await answerOf(names.slice(0, 2))).status, 502);
  }));

for (const kind of KINDS) {
  Deno.test({
    name:
      `${kind.files} damaged copies of a ${kind.name} are served or refused, and the whole one after them`,
    ignore: !hasSharedData,
    fn: () =>
      withFolder(async (folder) => {
        const random = seeded(20261126);
        const whole = Uint8Array.from(await kind.bytes());
        const suffix = kind.name.includes("TIFF") ? ".tif" : ".nc";
        const names = Array.from({ length: kind.files }, (_, i) => `damaged-${i}${suffix}`);
        for (const name of names) fs.writeFileSync(path.join(folder, name), damaged(whole, random));
        fs.writeFileSync(path.join(folder, `whole${suffix}`), whole);
        const catalog = path.join(folder, "damaged.parquet");
        await writeCatalog(catalog, [...names, `whole${suffix}`].map((name) => rowOf(folder, name)));
        const stop = new AbortController();
        const warnings: string[] = [];
        const server = await openServer({
          catalogs: [catalog],
          allowOrigin: "*",
          baseUrl: null,
          memoryBytes: 32e6,
          signal: stop.signal,
          log: { info: () => {}, warn: (message) => void warnings.push(message) },
        });
        const ask = async (place: string, name: string): Promise<[number, string]> => {
          const url = `http://127.0.0.1${place}granule_ur=${encodeURIComponent(name)}`;
          let timer: ReturnType<typeof setTimeout> | undefined;
          const late = new Promise<never>((_, reject) => {
            timer = setTimeout(() => reject(new Error(`${url} of ${name} is not answered`)), PATIENCE_MS);
          });
          try {
            const answer = await Promise.race([
              server.fetch(new Request(url, { headers: { host: "127.0.0.1" } })),
              late,
            ]);
            const text = await Promise.race([answer.text(), late]);
            return [answer.status, text];
          } finally {
            clearTimeout(timer);
          }
        };
        try {
          const wholeIsServed = async () => {
            for (const place of kind.paths) {
              const [status, text] = await ask(place, `whole${suffix}`);
              assert.equal(status, 200, `${place}: ${text}`);
            }
          };
          await wholeIsServed();
          const before = process.memoryUsage().rss;
          const seen = new Map<number, number>();
          for (const name of names) {
            for (const place of kind.paths) {
              const [status, text] = await ask(place, name);
              const fault = warnings.filter((line) => line.includes(name) || status === 500).at(-1);
              assert.ok(
                ANSWERS.includes(status),
                `${name} ${place}: ${status} ${text.slice(0, 300)} ${fault}`,
              );
              if (status >= 400) assert.ok(JSON.parse(text).detail.length > 0, `${name} ${place}: ${text}`);
              // Nothing of the machine is shown.
              if (status >= 400) assert.ok(!text.includes(folder), text);
              seen.set(status, (seen.get(status) ?? 0) + 1);
            }
          }
          const grown = process.memoryUsage().rss - before;
          assert.ok(grown < MOST_GROWTH_BYTES, `${grown} bytes more than before`);
          assert.ok((seen.get(200) ?? 0) > 0 && (seen.get(502) ?? 0) > 0, JSON.stringify([...seen]));
          await wholeIsServed();
        } finally {
          stop.abort();
          await server.close();
        }
      }),
  });
}
