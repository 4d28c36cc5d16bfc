/**
 * Presets of products of which there is no whole file at hand, on twins that h5py made by the products' layouts, and of
 * ATL03 on a real granule: every variable in every cell as pandas gives it.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate } from "../../aggregate/aggregate.ts";
import { loadPreset } from "../../aggregate/config/load.ts";
import { localGranules } from "../../aggregate/local_granules.ts";
import { buildCatalog } from "../../catalog/write/build.ts";
import { openStore } from "../../core/store/open.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

/** Twins in a folder, and what pandas makes of each by the preset's rules: cells of order 6, and each variable there. */
const TWINS = `
import sys, os, h5py, json, healpy, numpy as np, pandas as pd, pyproj
folder, real = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(7)
e2 = pyproj.Geod(ellps="WGS84").es; e = e2 ** .5
q = lambda s: (1 - e2) * (s / (1 - e2 * s * s) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
def cells(lat, lon):
    beta = np.degrees(np.arcsin(q(np.sin(np.radians(lat))) / q(1.0)))
    return healpy.ang2pix(64, lon, beta, nest=True, lonlat=True)
def usual(frame, column, prefix):
    g = frame.dropna(subset=[column]).groupby("cell")[column]
    return {"count": g.count(), f"{prefix}_min": g.min(), f"{prefix}_max": g.max(), f"{prefix}_mean": g.mean(), f"{prefix}_median": g.median(), f"{prefix}_std": g.std(ddof=0)}
def per(frame, column, how): return frame.dropna(subset=[column]).groupby("cell")[column].agg(how)
def put(f, path, data, fill=None):
    d = f.create_dataset(path, data=data)
    if fill is not None: d.attrs["_FillValue"] = np.array(fill, data.dtype)
def icesat(name, product, time=True):
    f = h5py.File(f"{folder}/{name}", "w")
    d = f.create_group("METADATA/DatasetIdentification"); d.attrs["shortName"] = product; d.attrs["VersionID"] = "006"
    x = f.create_group("METADATA/Extent"); x.attrs["rangeBeginningDateTime"] = "2020-01-01T00:00:00Z"; x.attrs["rangeEndingDateTime"] = "2020-01-02T00:00:00Z"
    f["ancillary_data/atlas_sdp_gps_epoch"] = np.array([1198800018.0])
    return f
def track(n): return np.sort(rng.uniform(60, 64, n)), rng.uniform(-45, -42, n)
out = {}
FILL = np.float32(3.4028235e38)
def floats(n, low, high):
    v = rng.uniform(low, high, n).astype("f4"); v.reshape(-1)[::11] = FILL; return v
nan = lambda v: np.where(v > 1e30, np.nan, v.astype("f8"))
# sea ice, freeboard, inland water
def simple(preset, name, product, base, lat, lon, columns, flag=None):
    with icesat(name, product) as f:
        rows = []
        for beam in ("gt1l", "gt2r"):
            n = 300; la, lo = track(n)
            put(f, f"{beam}/{base}{lat}", la); put(f, f"{beam}/{base}{lon}", lo); put(f, f"{beam}/{base}delta_time", rng.uniform(6e7, 6.1e7, n))
            frame = pd.DataFrame({"cell": cells(la, lo)})
            for column, (dataset, low, high) in columns.items():
                v = floats(n, low, high); put(f, f"{beam}/{base}{dataset}", v, FILL); frame[column] = nan(v)
            if flag:
                quality = rng.integers(0, 2, n).astype("i1"); put(f, f"{beam}/{base}{flag}", quality); frame = frame[quality == 1]
            rows.append(frame)
    return pd.concat(rows)
s = simple("atl07", "ATL07-01_20200101000000_00010101_006_01.h5", "ATL07", "sea_ice_segments/", "latitude", "longitude", {"h": ("heights/height_segment_height", -.5, 2)}, "heights/height_segment_quality")
out["atl07"] = usual(s, "h", "h")
s = simple("atl10", "ATL10-01_20200101000000_00010101_006_01.h5", "ATL10", "freeboard_segment/", "latitude", "longitude", {"f": ("beam_fb_height", 0, 1)})
out["atl10"] = usual(s, "f", "freeboard")
s = simple("atl13", "ATL13_20200101000000_00010101_006_01.h5", "ATL13", "", "segment_lat", "segment_lon", {"h": ("ht_water_surf", 0, 90), "o": ("ht_ortho", 0, 50)})
out["atl13"] = {**usual(s, "h", "h"), "h_ortho_mean": per(s, "o", "mean")}
# ATL08 of 20 m
with icesat("ATL08_20200101000000_00010101_006_01.h5", "ATL08") as f:
    rows = []
    for beam in ("gt1r", "gt3l"):
        n = 120; la, lo = track(n)
        la5 = la[:, None] + np.arange(5) * 2e-4; lo5 = np.repeat(lo[:, None], 5, 1)
        put(f, f"{beam}/land_segments/latitude_20m", la5.astype("f4"), FILL); put(f, f"{beam}/land_segments/longitude_20m", lo5.astype("f4"), FILL)
        put(f, f"{beam}/land_segments/delta_time", rng.uniform(6e7, 6.1e7, n))
        te, ca = floats((n, 5), 0, 900), floats((n, 5), 0, 30)
        put(f, f"{beam}/land_segments/terrain/h_te_best_fit_20m", te, FILL); put(f, f"{beam}/land_segments/canopy/h_canopy_20m", ca, FILL)
        keep = np.ones(n, bool)
        for flag in ("dem_removal_flag", "ph_removal_flag", "layer_flag"):
            v = (rng.random(n) < .2).astype("i1"); put(f, f"{beam}/land_segments/{flag}", v); keep &= v == 0
        rows.append(pd.DataFrame({"cell": cells(la5.astype("f4").astype("f8").ravel(), lo5.astype("f4").astype("f8").ravel()), "te": nan(te).ravel(), "ca": nan(ca).ravel()})[np.repeat(keep, 5)])
s = pd.concat(rows)
out["atl08_20m"] = {**usual(s, "te", "te"), "canopy_count": per(s, "ca", "count"), "canopy_mean": per(s, "ca", "mean"), "canopy_median": per(s, "ca", "median"), "canopy_max": per(s, "ca", "max")}
# ATL11: reference points times cycles
with icesat("ATL11_000110_0306_006_01.h5", "ATL11") as f:
    rows = []
    for pair in ("pt1", "pt3"):
        n, c = 150, 4; la, lo = track(n)
        put(f, f"{pair}/latitude", la); put(f, f"{pair}/longitude", lo)
        t = rng.uniform(6e7, 6.1e7, (n, c)); h, sg = floats((n, c), 0, 3000), floats((n, c), 0, 1); qs = rng.integers(0, 3, (n, c)).astype("i1")
        put(f, f"{pair}/delta_time", t); put(f, f"{pair}/h_corr", h, FILL); put(f, f"{pair}/h_corr_sigma", sg, FILL); put(f, f"{pair}/quality_summary", qs)
        rows.append(pd.DataFrame({"cell": np.repeat(cells(la, lo), c), "h": nan(h).ravel(), "s": nan(sg).ravel(), "t": t.ravel()})[(qs == 0).ravel()])
s = pd.concat(rows); ordered = s.dropna(subset=["h"]).sort_values("t").groupby("cell").h
out["atl11"] = {**usual(s, "h", "h"), "h_first": ordered.first(), "h_last": ordered.last(), "sigma_mean": per(s, "s", "mean")}
# GEDI
def gedi(name, place, columns, flags, sensitivity):
    with h5py.File(f"{folder}/{name}", "w") as f:
        rows = []
        for beam in ("BEAM0000", "BEAM0101"):
            n = 300; la, lo = rng.uniform(-2, 2, n), rng.uniform(10, 13, n)
            put(f, f"{beam}/{place}lat_lowestmode", la); put(f, f"{beam}/{place}lon_lowestmode", lo); put(f, f"{beam}/{place}delta_time", rng.uniform(6e7, 6.1e7, n))
            frame = pd.DataFrame({"cell": cells(la, lo)}); keep = np.ones(n, bool)
            for column, dataset in columns.items():
                v = rng.uniform(0, 5, n).astype("f4"); v[::13] = -9999; put(f, f"{beam}/{dataset}", v, -9999); frame[column] = np.where(v == -9999, np.nan, v.astype("f8"))
            for dataset, wanted in flags.items():
                v = rng.integers(0, 2, n).astype("u1"); put(f, f"{beam}/{dataset}", v); keep &= v == wanted
            if sensitivity:
                v = rng.uniform(.8, 1, n).astype("f4"); put(f, f"{beam}/sensitivity", v); keep &= v >= .9
            rows.append(frame[keep])
    return pd.concat(rows)
s = gedi("GEDI02_B_2020001000000_O06000_01_T00001_02_003_01_V002.h5", "geolocation/", {"c": "cover", "p": "pai", "d": "fhd_normal"}, {"l2b_quality_flag": 1, "geolocation/degrade_flag": 0}, True)
out["gedi_l2b"] = {**usual(s, "c", "cover"), "pai_mean": per(s, "p", "mean"), "pai_median": per(s, "p", "median"), "fhd_mean": per(s, "d", "mean")}
s = gedi("GEDI04_A_2020001000000_O06000_01_T00001_02_002_02_V002.h5", "", {"a": "agbd", "s": "agbd_se"}, {"l4_quality_flag": 1, "degrade_flag": 0}, False)
out["gedi_l4a"] = {**usual(s, "a", "agbd"), "agbd_se_mean": per(s, "s", "mean")}
# SWOT
def swot(name, product, group, time, columns, flag, wanted):
    with h5py.File(f"{folder}/{name}", "w") as f:
        f.attrs["short_name"] = product; f.attrs["product_version"] = "02"; f.attrs["time_coverage_start"] = "2023-08-01T00:00:00Z"; f.attrs["time_coverage_end"] = "2023-08-01T01:00:00Z"
        n = 400; la, lo = rng.uniform(40, 42, n), rng.uniform(-90, -87, n)
        put(f, f"{group}/latitude", la); put(f, f"{group}/longitude", lo); put(f, f"{group}/{time}", rng.uniform(7e8, 7e8 + 3600, n)); f[f"{group}/{time}"].attrs["units"] = "seconds since 2000-01-01 00:00:00.0"
        frame = pd.DataFrame({"cell": cells(la, lo)})
        for column, dataset in columns.items():
            v = rng.uniform(0, 100, n).astype("f4"); v[::9] = 9.96921e36; put(f, f"{group}/{dataset}", v, 9.96921e36); frame[column] = nan(v)
        v = rng.integers(0, 6, n).astype("u1"); put(f, f"{group}/{flag}", v)
    return frame[np.isin(v, wanted)]
s = swot("SWOT_L2_HR_PIXC_001_264_154L_20230801T000000_20230801T000010_PIC0_01.nc", "L2_HR_PIXC", "pixel_cloud", "illumination_time", {"height": "height", "geoid": "geoid", "area": "pixel_area"}, "classification", [3, 4])
s["h"] = s.height - s.geoid
out["swot_pixc"] = {**usual(s, "h", "h"), "water_area": per(s, "area", "sum")}
s = swot("SWOT_GPN_2PfP001_264_20230801_000000_20230801_010000.nc", "L2_NALT_GDR", "data_01", "time", {"a": "ku/ssha", "w": "ku/swh_ocean"}, "surface_classification_flag", [0])
out["swot_nadir"] = {**usual(s, "a", "ssha"), "swh_mean": per(s, "w", "mean"), "swh_max": per(s, "w", "max")}
# ATL03, a real subset of one beam
if os.path.exists(real):
    with h5py.File(real) as f:
        h, g = f["gt1l/heights"], f["gt1l/geolocation"]
        n = g["segment_ph_cnt"][:]; segment = np.repeat(np.arange(len(n)), n)
        start = np.concatenate([[0], np.cumsum(n)[:-1]]) + 1; assert (start == g["ph_index_beg"][:])[n > 0].all()
        s = pd.DataFrame({"cell": cells(h["lat_ph"][:], h["lon_ph"][:]), "h": nan(h["h_ph"][:]), "dem": nan(f["gt1l/geophys_corr/dem_h"][:])[segment]})
        s["d"] = s.h - s.dem
        s = s[(h["signal_conf_ph"][:] >= 3).any(axis=1) & (h["quality_ph"][:] == 0) & (g["podppd_flag"][:] == 0)[segment]]
    out["atl03"] = {**usual(s, "h", "h"), "dem_difference": per(s, "d", "mean")}
print(json.dumps({preset: {name: [[int(c) for c in v.index], v.astype("f8").tolist()] for name, v in variables.items()} for preset, variables in out.items()}))`;

const FILES: Readonly<Record<string, string>> = {
  atl07: "ATL07-01_20200101000000_00010101_006_01.h5",
  atl08_20m: "ATL08_20200101000000_00010101_006_01.h5",
  atl10: "ATL10-01_20200101000000_00010101_006_01.h5",
  atl11: "ATL11_000110_0306_006_01.h5",
  atl13: "ATL13_20200101000000_00010101_006_01.h5",
  gedi_l2b: "GEDI02_B_2020001000000_O06000_01_T00001_02_003_01_V002.h5",
  gedi_l4a: "GEDI04_A_2020001000000_O06000_01_T00001_02_002_02_V002.h5",
  swot_nadir: "SWOT_GPN_2PfP001_264_20230801_000000_20230801_010000.nc",
  swot_pixc: "SWOT_L2_HR_PIXC_001_264_154L_20230801T000000_20230801T000010_PIC0_01.nc",
};

type Expected = Record<string, Record<string, [cells: number[], values: number[]]>>;
let made: { folder: string; expected: Expected } | undefined;

function twins() {
  if (made === undefined) {
    const folder = temporaryFolder("granary-twins-");
    const real = hasSharedData ? sharedData("atl03/ATL03_gt1l.h5") : "";
    made = { folder, expected: askPython(TWINS, folder, real) as Expected };
  }
  return made;
}

for (const preset of [...Object.keys(FILES), "atl03"]) {
  Deno.test({
    name: `the preset ${preset} gives pandas' values in every cell`,
    ignore: !hasPeer("h5py", "healpy", "pyproj", "pandas") || preset === "atl03" && !hasSharedData,
    fn: async () => {
      const { folder, expected } = twins();
      const file = preset === "atl03" ? sharedData("atl03/ATL03_gt1l.h5") : path.join(folder, FILES[preset]);
      const pipeline = loadPreset(preset);
      const catalog = path.join(folder, `${preset}.parquet`), store = path.join(folder, `${preset}.zarr`);
      const found = localGranules([file], { config: pipeline, cellOrder: 8, workers: 0 });
      await buildCatalog({ rows: found.rows, output: catalog, cellOrder: 8, queries: [] });
      await found.close();
      const { report } = await aggregate({
        config: pipeline,
        catalog,
        store,
        parentOrder: 3,
        childOrder: 6,
        workers: 0,
      });
      assert.deepEqual(report!.granules.failed, []);
      const opened = await openStore(store);
      const names = opened.level().variables.map(({ name }) => name);
      assert.deepEqual(names.toSorted(), Object.keys(expected[preset]).toSorted());
      for (const [name, [cells, values]] of Object.entries(expected[preset])) {
        const held = new Map<number, number>();
        for await (const part of opened.cells(name)) {
          part.ids.forEach((id, i) => held.set(id, part.values[i]));
        }
        assert.ok(cells.length > 0);
        cells.forEach((cell, i) => {
          const wanted = Math.fround(values[i]), value = held.get(cell)!;
          const near = Math.abs(value - wanted) <= 2e-6 * Math.max(1, Math.abs(wanted));
          assert.ok(near, `${name} of ${cell}: ${value}, wanted ${wanted}`);
        });
        if (name === "count") {
          assert.equal(
            [...held.values()].reduce((a, b) => a + b, 0),
            values.reduce((a, b) => a + b, 0),
          );
        }
      }
      fs.rmSync(store, { recursive: true });
    },
  });
}
