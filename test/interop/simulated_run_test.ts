/**
 * Other programs read what the binary made: a catalog and a store of simulated granules. A peer that is
 * not installed is a visible skip.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

interface Made {
  granules: string;
  catalog: string;
  store: string;
  kept: number;
  cells: number;
}

let made: Promise<Made> | undefined;

/** Six granules, their catalog and their store, made once. */
function run(): Promise<Made> {
  made ??= make();
  return made;
}

async function make(): Promise<Made> {
  const folder = temporaryFolder("granary-interop-");
  const at = (name: string) => path.join(folder, name);
  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await granary([...args, "--json", "--quiet"], { cwd: folder });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  await done("simulate", "granules", "--granules", "6", "--rows", "4000");
  await done("catalog", "build", "--from", "local", "granules", "-c", "atl06", "-o", "catalog.parquet");
  const report = await done(
    "aggregate",
    ...["-c", "atl06", "--catalog", "catalog.parquet", "-o", "store.zarr", "--levels", "6-12"],
  );
  return {
    granules: at("granules"),
    catalog: at("catalog.parquet"),
    store: at("store.zarr"),
    kept: report.observations.kept,
    cells: report.cells["12"],
  };
}

const STATISTICS = `
import json, sys, numpy as np
def summary(ids, count, low, high, mean):
    keep = count > 0
    order = np.argsort(ids[keep])
    ids, count, low, high, mean = (a[keep][order] for a in (ids, count, low, high, mean))
    return dict(cells=int(len(ids)), count=int(count.sum()), first=str(ids[0]), last=str(ids[-1]),
        low=float(low.min()), high=float(high.max()), mean=float((mean.astype("f8") * count).sum() / count.sum()))
`;

Deno.test({
  name: "zarr-python and tensorstore read the same cells and values",
  ignore: !hasPeer("zarr", "tensorstore"),
  fn: async () => {
    const { store, kept, cells } = await run();
    const names = '["cell_ids", "count", "h_min", "h_max", "h_mean"]';
    const byZarr = askPython(
      `${STATISTICS}
import zarr
g = zarr.open_group(sys.argv[1], mode="r")["12"]
print(json.dumps(summary(*(g[n][:] for n in ${names}))))`,
      store,
    ) as Record<string, number>;
    const byTensorstore = askPython(
      `${STATISTICS}
import tensorstore as ts
def read(name):
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{sys.argv[1]}/12/{name}"}}
    return ts.open(spec).result().read().result()
print(json.dumps(summary(*(read(n) for n in ${names}))))`,
      store,
    );
    assert.deepEqual(byTensorstore, byZarr);
    assert.equal(byZarr.cells, cells);
    assert.equal(byZarr.count, kept);
  },
});

Deno.test({
  name: "every level of the store sums to the same count",
  ignore: !hasPeer("zarr"),
  fn: async () => {
    const { store, kept } = await run();
    const counts = askPython(
      `import json, sys, zarr
g = zarr.open_group(sys.argv[1], mode="r")
print(json.dumps({o: int(g[o]["count"][:].astype("i8").sum()) for o in map(str, range(6, 13))}))`,
      store,
    );
    assert.deepEqual(counts, Object.fromEntries(Array.from({ length: 7 }, (_, i) => [String(6 + i), kept])));
  },
});

Deno.test({
  name: "xarray opens the store and xdggs knows its cells",
  ignore: !hasPeer("xarray", "zarr", "xdggs"),
  fn: async () => {
    const { store, kept } = await run();
    const seen = askPython(
      `import json, sys, numpy as np, xarray as xr, xdggs
ds = xr.open_zarr(sys.argv[1], group="12", consolidated=False)
assert ds["h_mean"].dims == ("cells",), ds["h_mean"].dims
ds = ds.isel(cells=np.flatnonzero(ds["count"].values > 0))
# xdggs reads the store's own convention; the coordinate's name it wants reported (0.6).
cells = xdggs.decode(ds, convention="zarr", name="cell_ids")
centres = cells.dggs.cell_centers()
print(json.dumps(dict(count=int(ds["count"].sum()), units=ds["h_mean"].attrs.get("units"),
    north=float(centres["latitude"].max()), finite=bool(np.isfinite(ds["h_mean"].values).all()))))`,
      store,
    ) as Record<string, unknown>;
    assert.equal(seen.count, kept);
    assert.equal(seen.units, "m");
    assert.equal(seen.finite, true);
    assert.ok((seen.north as number) < -60);
  },
});

Deno.test({
  name: "h5py, healpy and numpy find the same cells, counts and extremes in the granules themselves",
  ignore: !hasPeer("h5py", "healpy", "zarr"),
  fn: async () => {
    const { granules, store } = await run();
    const found = askPython(
      `import glob, json, sys, h5py, healpy, numpy as np, zarr
e2 = (2 - 1 / 298.257223563) / 298.257223563
e = np.sqrt(e2)
def q(s): return (1 - e2) * (s / (1 - e2 * s * s) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
lat, lon, h, w = [], [], [], []
for name in sorted(glob.glob(sys.argv[1] + "/*.h5")):
    with h5py.File(name) as f:
        for beam in ("gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"):
            if beam not in f or "land_ice_segments" not in f[beam]: continue
            s = f[beam]["land_ice_segments"]
            good = (s["atl06_quality_summary"][:] == 0) & (s["h_li"][:] < 1e30)
            lat.append(s["latitude"][:][good]); lon.append(s["longitude"][:][good]); h.append(s["h_li"][:][good])
            w.append(1 / s["h_li_sigma"][:][good].astype("f8") ** 2)
lat, lon, h, w = map(np.concatenate, (lat, lon, h, w))
authalic = np.arcsin(q(np.sin(np.radians(lat))) / q(1.0))
ids = healpy.ang2pix(1 << 12, np.pi / 2 - authalic, np.radians(lon), nest=True)
cells, where, counts = np.unique(ids, return_inverse=True, return_counts=True)
low = np.full(len(cells), np.inf, "f4"); np.minimum.at(low, where, h)
high = np.full(len(cells), -np.inf, "f4"); np.maximum.at(high, where, h)
mean = np.bincount(where, h.astype("f8") * w) / np.bincount(where, w)
g = zarr.open_group(sys.argv[2], mode="r")["12"]
keep = g["count"][:] > 0
mine = {n: g[n][:][keep] for n in ("cell_ids", "count", "h_min", "h_max", "h_mean")}
order = np.argsort(mine["cell_ids"])
mine = {n: a[order] for n, a in mine.items()}
same = np.array_equal(mine["cell_ids"], cells)
print(json.dumps(dict(cells=int(len(cells)), sameCells=bool(same),
    counts=bool(same and np.array_equal(mine["count"], counts)),
    low=bool(same and np.array_equal(mine["h_min"], low)), high=bool(same and np.array_equal(mine["h_max"], high)),
    mean=float(np.abs(mine["h_mean"] - mean).max()) if same else None)))`,
      granules,
      store,
    ) as Record<string, unknown>;
    assert.ok((found.cells as number) > 1000);
    assert.equal(found.sameCells, true);
    assert.equal(found.counts, true);
    assert.equal(found.low, true);
    assert.equal(found.high, true);
    // Half a unit in the last place of a float32 near 4,000.
    assert.ok((found.mean as number) < 2.5e-4, String(found.mean));
  },
});

Deno.test({
  name: "geopandas opens the catalog with its footprints",
  ignore: !hasPeer("geopandas", "pyarrow"),
  fn: async () => {
    const { catalog } = await run();
    const seen = askPython(
      `import json, sys, geopandas
g = geopandas.read_parquet(sys.argv[1])
print(json.dumps(dict(rows=len(g), crs=str(g.crs), valid=bool(g.geometry.is_valid.all()),
    south=float(g.total_bounds[1]), north=float(g.total_bounds[3]), collection=sorted(set(g["collection"])))))`,
      catalog,
    ) as Record<string, unknown>;
    assert.equal(seen.rows, 6);
    assert.equal(seen.valid, true);
    assert.deepEqual(seen.collection, ["ATL06.006"]);
    assert.match(String(seen.crs), /CRS84|4326/);
    assert.ok((seen.south as number) >= -90 && (seen.north as number) < -60);
  },
});

Deno.test({
  name: "the catalog's geo metadata fits the published schema of GeoParquet 1.1",
  ignore: !hasPeer("pyarrow", "jsonschema") || !hasSharedData,
  fn: async () => {
    const { catalog } = await run();
    const faults = askPython(
      `import json, sys, jsonschema, pyarrow.parquet as pq
geo = json.loads(pq.read_schema(sys.argv[1]).metadata[b"geo"])
schema = json.load(open(sys.argv[2]))
print(json.dumps([e.message for e in jsonschema.Draft7Validator(schema).iter_errors(geo)]))`,
      catalog,
      sharedData("geoparquet/v1.1.0/schema.json"),
    );
    assert.deepEqual(faults, []);
  },
});

Deno.test({
  name: "DuckDB's own Python reads the catalog, list columns and all",
  ignore: !hasPeer("duckdb"),
  fn: async () => {
    const { catalog } = await run();
    const seen = askPython(
      `import json, sys, duckdb
rows = duckdb.sql(f"""select count(*), count(distinct id), min(len(cells)) > 0,
    min(start_datetime) < max(end_datetime) from read_parquet('{sys.argv[1]}')""").fetchall()
print(json.dumps(rows))`,
      catalog,
    );
    assert.deepEqual(seen, [[6, 6, true, true]]);
  },
});
