/**
 * Columns of other rates, columns that no dataset has, and beams by their strength, against pandas: photons of ATL03 with
 * their segments' values joined by first photon and count, in files of the product's layout that h5py made.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate, type AggregateRequest } from "../../aggregate/aggregate.ts";
import { parseConfig } from "../../aggregate/config/parse.ts";
import { formatConfig } from "../../aggregate/config/format.ts";
import { localGranules } from "../../aggregate/local_granules.ts";
import { buildCatalog } from "../../catalog/write/build.ts";
import { openStore } from "../../core/store/open.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

const CONFIG = `
data_source:
  reader: h5coro
  groups: [gt1l, gt1r, gt2l]
  coordinates: {latitude: "/{group}/heights/lat_ph", longitude: "/{group}/heights/lon_ph"}
  variables: {h_ph: "/{group}/heights/h_ph"}
  filters:
    - {dataset: "/{group}/heights/signal_conf_ph", column: 0, op: ne, value: -2}
    - {level: segments, dataset: "/{group}/geolocation/podppd_flag", op: eq, value: 0}
  base_level: photons
  levels:
    photons:
      path: "/{group}/heights"
      coordinates: {latitude: lat_ph, longitude: lon_ph}
      link: null
    segments:
      path: "/{group}/geolocation"
      coordinates: {latitude: reference_photon_lat, longitude: reference_photon_lon}
      variables: {dem_h: "/{group}/geophys_corr/dem_h"}
      link:
        to: photons
        index_beg: "/{group}/geolocation/ph_index_beg"
        count: "/{group}/geolocation/segment_ph_cnt"
        index_base: 1
    granule:
      variables: {rate: "/ancillary_data/rate"}
      link: {to: photons, broadcast: true}
  read_plan: {spatial_index: segments, pad: 1}
aggregation:
  variables:
    count: {function: len, source: h_ph}
    above: {function: mean, source: "h_ph - dem_h", dtype: float64}
    rated: {function: sum, source: rate, dtype: float64}
    granules: {function: nunique, source: granule}
    beams: {function: nunique, source: beam}
    cycle_max: {function: max, source: cycle, dtype: int32, fill_value: -1}
    rgt: {expression: "np.min(rgt)", dtype: float64}
    h_first: {function: first, source: h_ph, dtype: float64}
    h_last: {function: last, source: h_ph, dtype: float64}
    heights: {function: nunique, source: "np.floor(h_ph)"}
    latest: {function: max, source: time, dtype: float64}
output:
  grid: {type: healpix, indexing_scheme: nested, parent_order: 6, child_order: 12}
`;

/** Two granules of ATL03's layout, the second turned round; segments without photons, photons without a segment. */
const MAKE = `
import sys, h5py, json, numpy as np
folder = sys.argv[1]
rng = np.random.default_rng(1)
for number, (name, cycle, orient) in enumerate([("ATL03_20190416093911_02770303_006_01", 3, 0), ("ATL03_20190716051911_02770403_006_01", 4, 1)]):
    with h5py.File(f"{folder}/{name}.h5", "w") as f:
        f["ancillary_data/atlas_sdp_gps_epoch"] = np.array([1198800018.0])
        f["ancillary_data/rate"] = np.array([2.5 + number])
        for key, value in dict(sc_orient=orient, cycle_number=cycle, rgt=277, orbit_number=3000 + number).items():
            f[f"orbit_info/{key}"] = np.array([value], "i2")
        for beam in ("gt1l", "gt1r", "gt2l"):
            segments = 40
            cnt = rng.integers(0, 30, segments); cnt[[3, 4, 17]] = 0
            n = int(cnt.sum()) + 9
            beg = np.where(cnt > 0, np.concatenate([[0], np.cumsum(cnt)[:-1]]) + 1, 0)
            g = f.create_group(beam); h = g.create_group("heights"); s = g.create_group("geolocation")
            h["lat_ph"] = -70 + 0.03 * np.sort(rng.random(n)); h["lon_ph"] = 20 + 0.02 * rng.random(n)
            h["h_ph"] = (100 * rng.random(n)).astype("f4")
            h["delta_time"] = 4.0e7 + 8e6 * number + rng.permutation(n) * 1e-3
            h["signal_conf_ph"] = rng.integers(-2, 5, (n, 5)).astype("i1")
            s["ph_index_beg"] = beg.astype("i8"); s["segment_ph_cnt"] = cnt.astype("i4")
            s["podppd_flag"] = rng.integers(0, 2, segments).astype("i1")
            d = (50 * rng.random(segments)).astype("f4"); d[5] = 3.4028235e38
            dem = g.create_dataset("geophys_corr/dem_h", data=d); dem.attrs["_FillValue"] = np.float32(3.4028235e38)
print(json.dumps(1))`;

const EXPECTED = `
import glob, sys, os, h5py, json, healpy, numpy as np, pandas as pd, pyproj
folder, beams = sys.argv[1], sys.argv[2]
e2 = pyproj.Geod(ellps="WGS84").es; e = e2 ** .5
q = lambda s: (1 - e2) * (s / (1 - e2 * s * s) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
frames = []
for name in sorted(glob.glob(f"{folder}/*.h5")):
    with h5py.File(name) as f:
        orient = f["orbit_info/sc_orient"][0]
        for number, beam in [(1, "gt1l"), (2, "gt1r"), (3, "gt2l")]:
            strong = (beam[-1] == "l") == (orient == 0)
            if beams != "all" and strong != (beams == "strong"): continue
            h, s = f[beam]["heights"], f[beam]["geolocation"]
            photons = pd.DataFrame({k: h[k][:].astype("f8") for k in ("lat_ph", "lon_ph", "h_ph", "delta_time")})
            photons["conf"] = h["signal_conf_ph"][:, 0]; photons["photon"] = np.arange(len(photons))
            segment = pd.DataFrame({"begin": s["ph_index_beg"][:] - 1, "n": s["segment_ph_cnt"][:], "flag": s["podppd_flag"][:], "dem": f[beam]["geophys_corr/dem_h"][:].astype("f8")})
            segment = segment[segment.n > 0]
            rows = segment.loc[segment.index.repeat(segment.n)]
            rows = rows.assign(photon=rows.begin + rows.groupby(level=0).cumcount())
            joined = photons.merge(rows, on="photon", how="left")
            joined = joined[(joined.conf != -2) & (joined.flag == 0)]
            frames.append(joined.assign(granule=name, beam=number, cycle=f["orbit_info/cycle_number"][0], rate=f["ancillary_data/rate"][0]))
all = pd.concat(frames)
lat = np.degrees(np.arcsin(q(np.sin(np.radians(all.lat_ph))) / q(1.0)))
all["cell"] = healpy.ang2pix(4096, all.lon_ph.values, lat.values, nest=True, lonlat=True)
all["above"] = np.where(all.dem < 1e30, all.h_ph - all.dem, np.nan)
all["utc"] = all.delta_time + 1198800018 + 315964800 - 18
g = all.groupby("cell")
out = pd.DataFrame({"count": g.size(), "above": g.above.mean(), "rated": g.rate.sum(), "granules": g.granule.nunique(),
  "beams": g.beam.nunique(), "cycle_max": g.cycle.max(), "rgt": 277 + 0 * g.size(),
  "h_first": all.sort_values("utc").groupby("cell").h_ph.first(), "h_last": all.sort_values("utc").groupby("cell").h_ph.last(),
  "heights": np.floor(all.h_ph).groupby(all.cell).nunique(), "latest": g.utc.max()})
print(json.dumps({"cells": out.index.tolist(), **{k: [None if x != x else x for x in out[k].astype("f8").tolist()] for k in out}}))`;

const peers = hasPeer("h5py", "healpy", "pyproj", "pandas");
let made: Promise<{ folder: string; catalog: string }> | undefined;

function world() {
  made ??= (async () => {
    const folder = temporaryFolder("granary-rates-");
    const granules = path.join(folder, "granules");
    fs.mkdirSync(granules);
    askPython(MAKE, granules);
    const catalog = path.join(folder, "catalog.parquet");
    const files = fs.readdirSync(granules).sort().map((name) => path.join(granules, name));
    const { pipeline } = parseConfig(CONFIG, "rates.yaml");
    const found = localGranules(files, { config: pipeline, cellOrder: 8, workers: 0 });
    await buildCatalog({ rows: found.rows, output: catalog, cellOrder: 8, queries: [] });
    await found.close();
    return { folder, catalog };
  })();
  return made;
}

async function run(name: string, text: string, request: Partial<AggregateRequest> = {}) {
  const { folder, catalog } = await world();
  const { pipeline } = parseConfig(text, "rates.yaml");
  const store = path.join(folder, name);
  const { report } = await aggregate({ config: pipeline, catalog, store, workers: 0, ...request });
  assert.deepEqual(report!.granules.failed, []);
  return await openStore(store);
}

async function compare(store: Awaited<ReturnType<typeof openStore>>, beams: string) {
  const expected = askPython(EXPECTED, path.join((await world()).folder, "granules"), beams) as Record<
    string,
    (number | null)[]
  >;
  const { cells, ...columns } = expected;
  for (const [name, values] of Object.entries(columns)) {
    const found = new Map<number, number>();
    for await (const part of store.cells(name)) part.ids.forEach((id, i) => found.set(id, part.values[i]));
    cells.forEach((cell, i) => {
      const [value, wanted] = [found.get(cell!) ?? NaN, values[i] ?? NaN];
      const near = Math.abs(value - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted));
      assert.ok(
        near || Number.isNaN(value) && Number.isNaN(wanted),
        `${name} of ${cell}: ${value}, wanted ${wanted}`,
      );
    });
    if (name === "count") {
      assert.equal(
        [...found.values()].reduce((a, b) => a + b, 0),
        values.reduce((a, b) => a! + b!, 0),
      );
    }
  }
}

Deno.test({
  name: "photons have their segments' values, and what no dataset has, as a join in pandas gives them",
  ignore: !peers,
  fn: async () => {
    await compare(await run("all.zarr", CONFIG), "all");
    // The config that a store says it was made by is the same one.
    const again = formatConfig(parseConfig(CONFIG, "rates.yaml").pipeline);
    await compare(await run("again.zarr", again), "all");
  },
});

Deno.test({
  name: "strong and weak beams follow the spacecraft's orientation, and are all together",
  ignore: !peers,
  fn: async () => {
    await compare(await run("strong.zarr", CONFIG, { beams: "strong" }), "strong");
    await compare(await run("weak.zarr", CONFIG.replace("  groups:", "  beams: weak\n  groups:")), "weak");
  },
});
