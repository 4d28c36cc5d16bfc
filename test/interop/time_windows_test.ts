/**
 * Stores with windows of time, against h5py, healpy and xarray: which observations fall into which window by
 * their GPS seconds and the leap seconds of UTC, at every level, whatever layout, workers and spilling.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate, type AggregateRequest } from "../../aggregate/aggregate.ts";
import { loadConfig } from "../../aggregate/config/load.ts";
import type { TimeRule } from "../../aggregate/pipeline.ts";
import { localGranules } from "../../aggregate/local_granules.ts";
import { buildCatalog } from "../../catalog/write/build.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { simulate } from "../../products/simulate/simulate.ts";
import { temporaryFolder } from "../support/binary.ts";

/** A window that ends in the middle of a granule, one that ends at its last second, and a gap. */
const WINDOWS: [string, string][] = [
  ["2024-01-20T01:00:00Z", "2024-01-20T02:03:00Z"],
  ["2024-01-20T02:03:00Z", "2024-01-20T03:30:00Z"],
  ["2024-02-01", "2024-02-27"],
];

let made: Promise<{ folder: string; catalog: string }> | undefined;

function world() {
  made ??= (async () => {
    const folder = temporaryFolder("granary-time-");
    const granules = path.join(folder, "granules");
    await simulate(granules, { granules: 3, rows: 1500, seed: 3, sheet: "antarctica", start: "2024-01-20" });
    await simulate(granules, { granules: 2, rows: 1500, seed: 4, sheet: "antarctica", start: "2024-02-26" });
    const catalog = path.join(folder, "catalog.parquet");
    const files = fs.readdirSync(granules).sort().map((name) => path.join(granules, name));
    const found = localGranules(files, { config: loadConfig("atl06").pipeline, cellOrder: 8, workers: 0 });
    await buildCatalog({ rows: found.rows, output: catalog, cellOrder: 8, queries: [] });
    await found.close();
    return { folder, catalog };
  })();
  return made;
}

async function run(name: string, time: TimeRule, request: Partial<AggregateRequest> = {}) {
  const { folder, catalog } = await world();
  const { pipeline } = loadConfig("atl06");
  const store = path.join(folder, name);
  const { report } = await aggregate({
    config: { ...pipeline, output: { ...pipeline.output, time } },
    catalog,
    store,
    childOrder: 8,
    levels: "8,6,5",
    workers: 0,
    ...request,
  });
  return { store, report: report! };
}

const EXPLICIT: TimeRule = { every: null, epoch: null, windows: WINDOWS };

/** Observations as h5py gives them: window, cell, height. */
const OBSERVED = `
import glob, json, sys, h5py, healpy, numpy as np, pyproj, xarray as xr
granules, store, edges = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
e2 = pyproj.Geod(ellps="WGS84").es; e = e2 ** .5
q = lambda s: (1 - e2) * (s / (1 - e2 * s * s) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
rows = []
for name in sorted(glob.glob(f"{granules}/*.h5")):
    with h5py.File(name) as f:
        epoch = f["ancillary_data/atlas_sdp_gps_epoch"][0]
        for beam in [b for b in f if b.startswith("gt")]:
            if "land_ice_segments" not in f[beam]: continue
            s = f[beam]["land_ice_segments"]
            h = s["h_li"][:].astype("f8"); good = (s["atl06_quality_summary"][:] == 0) & (h < 3e38)
            # GPS counts from 1980-01-06 and was 18 s ahead of UTC in 2024.
            utc = s["delta_time"][:] + epoch + 315964800 - 18
            lat = np.degrees(np.arcsin(q(np.sin(np.radians(s["latitude"][:]))) / q(1.0)))
            cell = healpy.ang2pix(256, s["longitude"][:], lat, nest=True, lonlat=True)
            rows.append(np.stack([utc, cell, h])[:, good])
utc, cell, h = np.concatenate(rows, axis=1)
starts, ends = np.array(edges).T
window = np.searchsorted(starts, utc, side="right") - 1
window[(window >= 0) & (utc >= ends[window])] = -1
`;

for (const layout of ["compact", "sphere"] as const) {
  Deno.test({
    name: `windows of a ${layout} store hold h5py's observations, and xarray decodes their times`,
    ignore: !hasPeer("h5py", "healpy", "pyproj", "xarray", "zarr"),
    fn: async () => {
      const { store, report } = await run(`${layout}.zarr`, EXPLICIT, {
        layout,
        shard: layout === "sphere" ? 1024 : 16,
        exactQuantiles: layout === "compact",
      });
      const edges = WINDOWS.map((pair) => pair.map((text) => Date.parse(text) / 1000));
      const found = askPython(
        `${OBSERVED}
import pandas as pd
inside = window >= 0
for order in (8, 6, 5):
    ds = xr.open_zarr(store, group=str(order), consolidated=False).load()
    assert ds["h_mean"].dims == ("time", "cells") and ds["cell_ids"].dims == ("cells",)
    assert [int(t) for t in ds.time.values.astype("datetime64[s]").astype("i8")] == starts.tolist()
    assert ds.time.attrs["bounds"] == "time_bnds"
    for w in range(len(starts)):
        own = window == w
        frame = pd.Series(h[own]).groupby((cell[own] // 4 ** (8 - order)).astype("i8"))
        one = ds.isel(time=w); one = one.isel(cells=np.flatnonzero(one["count"].values > 0))
        ids = one["cell_ids"].values.astype("i8")
        assert ids.tolist() == frame.size().index.tolist(), (order, w)
        assert one["count"].values.tolist() == frame.size().tolist()
        for name, values in (("h_min", frame.min()), ("h_max", frame.max())):
            assert np.array_equal(one[name].values, values.values.astype("f4")), (order, w, name)
        if order >= 6:
            assert np.allclose(one["h_q50"].values, frame.median().values, rtol=1e-6)
        elif sys.argv[4] == "exact":
            assert "exact" in one["h_q25"].attrs["rank_error"]
            for name, q in (("h_q25", 0.25), ("h_q50", 0.5), ("h_q75", 0.75)):
                wanted = frame.apply(lambda own: np.quantile(own.values, q)).values.astype("f4")
                assert np.array_equal(one[name].values, wanted), (order, w, name)
bounds = xr.open_zarr(store, group="8", consolidated=False, decode_times=False)["time_bnds"].values
assert np.array_equal(bounds, np.array(edges))
print(json.dumps([np.bincount(window[inside].astype(int), minlength=len(starts)).tolist(), int((~inside).sum())]))`,
        path.join((await world()).folder, "granules"),
        store,
        JSON.stringify(edges),
        layout === "compact" ? "exact" : "sketched",
      ) as [number[], number];
      assert.ok(found[0].every((count) => count > 0), String(found[0]));
      assert.equal(report.storeObservations, found[0].reduce((sum, count) => sum + count, 0));
      // Counted among the granules that were read, of those in whose windows any granule was.
      assert.ok(report.observations.untimely <= found[1]);
    },
  });
}

/** Every object of a store by key. */
function bytesOf(store: string): Map<string, string> {
  const files = fs.readdirSync(store, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return new Map(
    files.map((file) => {
      const name = path.join(file.parentPath, file.name);
      return [path.relative(store, name), fs.readFileSync(name, "base64")];
    }).sort(([a], [b]) => (a < b ? -1 : 1)) as [string, string][],
  );
}

Deno.test("the bytes of windows depend on no worker, no memory and no resuming", async () => {
  const tenDays: TimeRule = { every: "10d", epoch: "2024-01-11", windows: null };
  const exactQuantiles = true;
  const { store } = await run("one.zarr", tenDays, { exactQuantiles });
  const expected = bytesOf(store);
  assert.ok([...expected.keys()].some((key) => /^8\/h_mean\/c\/4\/\d+$/.test(key)));
  const threads = await run("two.zarr", tenDays, {
    workers: 2,
    exactQuantiles,
    checkpoint: { bytes: 1, seconds: 0 } as never,
  });
  assert.deepEqual(bytesOf(threads.store), expected);
  // A shard that went missing is made again, the others are kept.
  const shard = [...expected.keys()].find((key) => /^8\/h_mean\/c\/4\/\d+$/.test(key))!;
  fs.rmSync(path.join(threads.store, shard));
  const again = await run("two.zarr", tenDays, { exactQuantiles, mode: "resume" });
  assert.deepEqual(bytesOf(again.store), expected);
  assert.equal(again.report.shards.made, 1);
});

Deno.test("a month's window has the values of a run over that month alone", async () => {
  const { folder, catalog } = await world();
  const { store } = await run("months.zarr", { every: "month", epoch: null, windows: null });
  const { pipeline } = loadConfig("atl06");
  await aggregate({
    config: { ...pipeline, bounds: { ...pipeline.bounds, startDate: "2024-02-01", endDate: "2024-02-29" } },
    catalog,
    store: path.join(folder, "february.zarr"),
    childOrder: 8,
    levels: "8,6,5",
    workers: 0,
  });
  const { openStore } = await import("../../core/store/open.ts");
  const months = await openStore(store), february = await openStore(path.join(folder, "february.zarr"));
  assert.deepEqual((await months.windows())?.starts, [
    Date.UTC(2024, 0, 1) / 1000,
    Date.UTC(2024, 1, 1) / 1000,
  ]);
  for (const order of [8, 6, 5]) {
    for (const { name } of february.level(order).variables) {
      const valuesOf = async (opened: typeof months) => {
        const found: [number, number][] = [];
        for await (const { ids, values } of opened.cells(name, order)) {
          ids.forEach((id, i) => found.push([id, values[i]]));
        }
        return found;
      };
      assert.deepEqual(await valuesOf(months.at(1)), await valuesOf(february), `${order}/${name}`);
    }
  }
  await assert.rejects(valuesWithoutWindow(months), /no window was chosen/);
});

async function valuesWithoutWindow(
  store: Awaited<ReturnType<typeof import("../../core/store/open.ts").openStore>>,
) {
  for await (const part of store.cells("h_mean")) return part;
}

Deno.test({
  name: "maps of all windows are of one size and extent: panels, and animations that Pillow plays",
  ignore: !hasPeer("PIL", "numpy"),
  fn: async () => {
    const { folder } = await world();
    const { store } = await run("drawn.zarr", EXPLICIT, { levels: "8" });
    const { openStore } = await import("../../core/store/open.ts");
    const { plotSeries } = await import("../../aggregate/map/series.ts");
    const opened = await openStore(store);
    const { starts, ends } = (await opened.windows())!;
    const windows = [...starts].map((start, step) => ({ store: opened.at(step), start, end: ends[step] }));
    const options = { variable: "h_mean", width: 640, framesPerSecond: 4 };
    const heights: number[] = [];
    for (const kind of ["gif", "apng", "panels"] as const) {
      const { bytes, summary } = await plotSeries(windows, options, kind);
      assert.equal(summary.windows.length, 3);
      assert.ok(summary.windows.every(({ cells }) => cells > 0));
      fs.writeFileSync(path.join(folder, `drawn.${kind === "panels" ? "png" : kind}`), bytes);
      heights.push(summary.height);
    }
    assert.equal(heights[0], heights[1]);
    const found = askPython(
      `import sys, json, numpy as np
from PIL import Image, ImageSequence
frames = {}
for kind in ("gif", "apng"):
    image = Image.open(f"{sys.argv[1]}/drawn.{kind}")
    assert image.info["loop"] == 0 and image.info["duration"] == 250, image.info
    frames[kind] = np.stack([np.asarray(f.convert("RGB"), "f8") for f in ImageSequence.Iterator(image)])
off = np.abs(frames["gif"] - frames["apng"])
still = [bool((frames["apng"][0] == frames["apng"][i]).all()) for i in (1, 2)]
print(json.dumps({"shape": frames["gif"].shape, "mean": off.mean(), "still": still,
    "panels": Image.open(f"{sys.argv[1]}/drawn.png").size}))`,
      folder,
    ) as { shape: number[]; mean: number; still: boolean[]; panels: number[] };
    assert.deepEqual(found.shape, [3, heights[0], 640, 3]);
    // 256 colours of a picture stand for all of it.
    assert.ok(found.mean < 1, `${found.mean}`);
    assert.deepEqual(found.still, [false, false]);
    assert.deepEqual(found.panels, [640, heights[2]]);
  },
});
