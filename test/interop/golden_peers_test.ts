/**
 * The store of the real granules, as the field's own programs see it: each reads every golden cell with
 * its golden values. A peer that is not installed is a visible skip.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { temporaryFolder } from "../support/binary.ts";
import { buildCatalogOf, greenlandGranules, succeed } from "../support/real_granules.ts";
import { askPython, hasPeer } from "../support/python.ts";

let made: Promise<string> | undefined;

function world(): Promise<string> {
  made ??= (async () => {
    const folder = temporaryFolder("granary-golden-peers-");
    await buildCatalogOf(folder, "catalog.parquet", "atl06", greenlandGranules());
    await succeed(folder, "aggregate", "-c", "atl06", "--catalog", "catalog.parquet", "-o", "store.zarr");
    return folder;
  })();
  return made;
}

/** Compares columns (numpy arrays by name, with cell_ids) with the golden, and says how many cells agreed. */
const COMPARE = `
import json, sys, numpy as np
GOLDEN = json.load(open(sys.argv[2]))["cells"]
NAMES = [n for n in GOLDEN[0] if n != "cell"]
def compare(columns):
    keep = columns["count"] > 0
    order = np.argsort(columns["cell_ids"][keep])
    got = {n: a[keep][order] for n, a in columns.items()}
    want = sorted(GOLDEN, key=lambda c: c["cell"])
    assert got["cell_ids"].tolist() == [c["cell"] for c in want]
    for n in NAMES:
        expected = np.array([c[n] for c in want])
        if n in ("count", "h_min", "h_max"): assert np.array_equal(got[n], expected), n
        else: np.testing.assert_allclose(got[n], expected, rtol=2**-22, err_msg=n)
    print(json.dumps(len(want)))
`;

const READERS: readonly { name: string; peers: string[]; read: string }[] = [
  {
    name: "zarr-python",
    peers: ["zarr"],
    read: `import zarr
g = zarr.open_group(sys.argv[1], mode="r")["12"]
compare({n: g[n][:] for n in ["cell_ids", *NAMES]})`,
  },
  {
    name: "tensorstore",
    peers: ["tensorstore"],
    read: `import tensorstore as ts
def read(n):
    return ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{sys.argv[1]}/12/{n}"}}).result().read().result()
compare({n: read(n) for n in ["cell_ids", *NAMES]})`,
  },
  {
    name: "xarray",
    peers: ["xarray", "zarr"],
    read: `import xarray as xr
ds = xr.open_zarr(sys.argv[1], group="12", consolidated=False, mask_and_scale=False)
assert all(ds[n].dims == ("cells",) for n in NAMES)
compare({n: ds[n].values for n in ["cell_ids", *NAMES]})`,
  },
  {
    name: "xdggs",
    peers: ["xdggs", "xarray", "zarr", "numpy"],
    read: `import xarray as xr, xdggs
ds = xr.open_zarr(sys.argv[1], group="12", consolidated=False, mask_and_scale=False)
ds = ds.isel(cells=np.flatnonzero(ds["count"].values > 0))
cells = xdggs.decode(ds, convention="zarr", name="cell_ids")
assert cells.dggs.grid_info.level == 12
centres = cells.dggs.cell_centers()
# The granules' own box, with a cell's width around.
assert 69.97 < float(centres["latitude"].min()) and float(centres["latitude"].max()) < 72.08
lon = (centres["longitude"].values + 180) % 360 - 180
assert -50.92 < lon.min() and lon.max() < -49.15
compare({n: cells[n].values for n in ["cell_ids", *NAMES]})`,
  },
];

for (const { name, peers, read } of READERS) {
  Deno.test({
    name: `${name} reads the golden cells and values from the store of the real granules`,
    ignore: !hasSharedData || !hasPeer(...peers),
    fn: async () => {
      const folder = await world();
      const golden = sharedData("golden/atl06_greenland_o12_authalic.json");
      assert.equal(askPython(COMPARE + read, path.join(folder, "store.zarr"), golden), 254);
    },
  });
}

Deno.test({
  name: "geopandas and DuckDB find the real granules' footprints where h5py finds their tracks",
  ignore: !hasSharedData || !hasPeer("geopandas", "pyarrow", "duckdb", "h5py"),
  fn: async () => {
    const folder = await world();
    const seen = askPython(
      `import json, sys, geopandas, duckdb, h5py, numpy as np, os, shapely
g = geopandas.read_parquet(sys.argv[1])
near = []
for _, row in g.iterrows():
    with h5py.File(os.path.join(sys.argv[2], row["id"])) as f:
        for beam in ("gt1l", "gt2l", "gt3l"):
            if beam in f and "land_ice_segments" in f[beam]:
                s = f[beam]["land_ice_segments"]
                # Simplified to within a fraction of a degree of the tracks.
                points = shapely.points(s["longitude"][:], s["latitude"][:])
                near.append(float(shapely.distance(points, row.geometry).max()))
rows = duckdb.sql(f"select count(*), sum(size_bytes)::bigint from '{sys.argv[1]}'").fetchall()
print(json.dumps(dict(rows=len(g), near=max(near), duck=rows[0])))`,
      path.join(folder, "catalog.parquet"),
      sharedData("atl06"),
    ) as { rows: number; near: number; duck: number[] };
    assert.equal(seen.rows, 8);
    assert.ok(seen.near < 0.05, String(seen.near));
    assert.deepEqual(seen.duck, [8, 18_207_390]);
  },
});
