/** The server as Python's clients see it: httpx asks, rasterio, rio-tiler and morecantile judge; and a crowd at once. */
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { startServer } from "../support/binary_server.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const FILE = "HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif";
/** Files are granules by their names. */
const GRANULE = FILE;

const ASK = `
import json, sys, warnings
import httpx, numpy as np
from morecantile import Tile, TileMatrixSet, tms
from rasterio.io import MemoryFile
from rasterio.warp import transform_bounds
from rio_tiler.io import Reader
warnings.simplefilter("ignore")
url, file, granule = sys.argv[1:]
out = {"sets": [], "tiles": []}
with httpx.Client(base_url=url, timeout=60) as client:
    def get(path, **params):
        answer = client.get(path, params=params)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer
    for entry in get("/tileMatrixSets").json()["tileMatrixSets"]:
        served = TileMatrixSet.model_validate(get(f"/tileMatrixSets/{entry['id']}").json())
        if entry["id"] not in tms.list():
            continue
        own = tms.get(entry["id"])
        z = min(own.maxzoom, own.minzoom + 4)
        tile = own._tile(*[(a + b) / 2 for a, b in zip(own.xy_bbox[:2], own.xy_bbox[2:])], z)
        out["sets"].append([entry["id"], list(served.xy_bounds(tile)) == list(own.xy_bounds(tile))])
    with Reader(file) as reader:
        lon, lat = [sum(pair) / 2 for pair in zip(*np.reshape(reader.get_geographic_bounds("EPSG:4326"), (2, 2)))]
        for tile in (Tile(62, 88, 8), Tile(502, 709, 11), Tile(4019, 5674, 14)):
            z = tile.z
            wanted = reader.tile(tile.x, tile.y, z)
            answer = get(f"/rasterio/tiles/WebMercatorQuad/{z}/{tile.x}/{tile.y}.tif", granule_ur=granule)
            with MemoryFile(answer.content) as memory, memory.open() as opened:
                band, mask = opened.read(1), opened.dataset_mask() > 0
                both = mask & (wanted.mask > 0)
                place = np.abs(np.subtract(opened.bounds, reader.tms.xy_bounds(tile))).max()
                out["tiles"].append({
                    "crs": opened.crs.to_epsg(), "size": [opened.width, opened.height], "place": float(place),
                    "mask": float((mask == (wanted.mask > 0)).mean()),
                    "valid": int(both.sum()), "equal": float(((band == wanted.data[0]) | ~both).mean()),
                })
    box = [lon - 0.2, lat - 0.1, lon + 0.2, lat + 0.1]
    part = get(f"/rasterio/bbox/{','.join(map(str, box))}/80x40.tif", granule_ur=granule, dst_crs="EPSG:32615")
    with MemoryFile(part.content) as memory, memory.open() as opened:
        wanted = transform_bounds("EPSG:4326", "EPSG:32615", *box)
        out["part"] = [opened.crs.to_epsg(), opened.width, opened.height,
                       float(np.abs(np.subtract(opened.bounds, wanted)).max())]
    ring = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]], [box[0], box[1]]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    answer = client.post("/rasterio/feature/32x32.npy", params={"granule_ur": granule}, json=feature)
    assert answer.status_code == 200, answer.text
    import io
    out["feature"] = list(np.load(io.BytesIO(answer.content)).shape)
    tilejson = get("/rasterio/WebMercatorQuad/tilejson.json", granule_ur=granule, tile_format="png").json()
    tile = tms.get("WebMercatorQuad").tile(lon, lat, 10)
    png = client.get(tilejson["tiles"][0].format(z=10, x=tile.x, y=tile.y))
    out["tilejson"] = [png.status_code, png.headers["content-type"]]
print(json.dumps(out))
`;

interface Found {
  sets: [string, boolean][];
  tiles: { crs: number; size: number[]; place: number; mask: number; valid: number; equal: number }[];
  part: [number, number, number, number];
  feature: number[];
  tilejson: [number, string];
}

/** Requests of the crowd. */
const CROWD = 1000;
/** What the process may hold beyond what it held: answers wait within a budget, pixels are made few at a time. */
const MOST_GROWTH_KIB = 700 * 1024;

function statusOf(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, timeout: 60_000 }, (answer) => {
      answer.on("end", () => resolve(answer.statusCode ?? 0)).on("error", reject).resume();
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer in a minute"))).on("error", reject).end();
  });
}

/** Asks, and goes away at once, or never reads what comes. */
function rude(url: string, agent: Agent, leaves: boolean): Promise<() => void> {
  return new Promise((resolve) => {
    const asked = request(url, { agent }, (answer) => void answer.pause());
    asked.on("error", () => {});
    asked.end(() => {
      if (leaves) asked.destroy();
      resolve(() => asked.destroy());
    });
  });
}

Deno.test({
  name:
    "tiles, parts and sets are what Python's clients and judges expect, and a thousand at once are answered",
  ignore: !hasSharedData || !hasPeer("httpx", "rio_tiler", "morecantile", "rasterio"),
  async fn(t) {
    const folder = temporaryFolder("granary-serve-peers-");
    const catalog = path.join(folder, "fmask.parquet");
    const file = sharedData(`cog/${FILE}`);
    const built = await granary(["catalog", "build", "--from", "local", "-c", "grids", file, "-o", catalog]);
    assert.equal(built.code, 0, built.stderr);
    const server = await startServer(["--catalog", catalog]);
    try {
      await t.step("httpx, rasterio, rio-tiler and morecantile", () => {
        const found = askPython(ASK, server.url, file, GRANULE) as Found;
        assert.ok(found.sets.length >= 13, String(found.sets.length));
        assert.deepEqual(found.sets.filter(([, same]) => !same), []);
        for (const tile of found.tiles) {
          const { crs, size, place, mask, valid, equal } = tile;
          assert.deepEqual([crs, size], [3857, [256, 256]]);
          assert.ok(valid > 1000, JSON.stringify(found.tiles));
          assert.ok(place < 1e-6 && mask >= 0.999 && equal >= 0.99, JSON.stringify(found.tiles));
        }
        const [crs, width, height, off] = found.part;
        assert.deepEqual([crs, width, height], [32615, 80, 40]);
        assert.ok(off < 1, `${off} m`);
        assert.deepEqual(found.feature, [2, 32, 32]);
        assert.deepEqual(found.tilejson, [200, "image/png"]);
      });
      await t.step(
        `${CROWD} requests at once, among clients that leave and clients that do not read`,
        async () => {
          const agent = new Agent({ keepAlive: true, maxSockets: CROWD + 200 });
          const tile = (i: number) =>
            `${server.url}/rasterio/tiles/WebMercatorQuad/12/${1000 + i % 8}/${
              1416 + i % 5
            }.png?granule_ur=${GRANULE}` +
            `&rescale=0,255&colormap_name=viridis&n=${i}`;
          assert.equal(await statusOf(tile(0), agent), 200);
          const heldBefore = residentKiB(server.pid);
          const ends = await Promise.all(
            Array.from({ length: 100 }, (_, i) => rude(tile(i).replace("12/", "8/"), agent, i % 2 === 0)),
          );
          let most = 0;
          const looks = setInterval(() => most = Math.max(most, residentKiB(server.pid)), 50);
          try {
            const health: number[] = [];
            const crowd = Promise.all(Array.from({ length: CROWD }, (_, i) => statusOf(tile(i), agent)));
            for (let i = 0; i < 5; i++) health.push(await statusOf(`${server.url}/healthz`, agent));
            const statuses = await crowd;
            assert.deepEqual(health, [200, 200, 200, 200, 200]);
            const others = statuses.filter((status) => ![200, 204, 503].includes(status));
            assert.deepEqual(others, []);
            assert.ok(
              statuses.filter((status) => status < 300).length >= CROWD / 2,
              "at least half are served",
            );
          } finally {
            clearInterval(looks);
            for (const end of ends) end();
          }
          assert.ok(most - heldBefore < MOST_GROWTH_KIB, `${most - heldBefore} KiB more`);
          assert.ok([200, 204].includes(await statusOf(tile(1), agent)));
          agent.destroy();
        },
      );
    } finally {
      await server.stop();
    }
  },
});

function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
