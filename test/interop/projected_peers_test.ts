/**
 * Stores on projected grids, against h5py, pyproj and numpy, which aggregate the same real granules by themselves, and
 * opened by rioxarray and rasterio: where cells lie, and what they hold.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate } from "../../aggregate/aggregate.ts";
import { parseConfig } from "../../aggregate/config/parse.ts";
import { localGranules } from "../../aggregate/local_granules.ts";
import { buildCatalog } from "../../catalog/write/build.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import { writeCog } from "../../core/geotiff/write/cog.ts";
import { openStore } from "../../core/store/open.ts";
import { gridOf } from "../../results/cell_grid.ts";
import { CellTable } from "../../results/cell_table.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

interface Product {
  name: string;
  files: string[];
  group: string;
  value: string;
}

const filesIn = (folder: string, end: string) =>
  fs.readdirSync(sharedData(folder)).filter((name) => name.startsWith("processed_") && name.endsWith(end))
    .map((name) => path.join(sharedData(folder), name));

const products = (): Product[] => [
  { name: "ATL06", files: filesIn("atl06", "_002_01.h5"), group: "land_ice_segments", value: "h_li" },
  { name: "ATL06S", files: filesIn("atl06", "_003_01.h5"), group: "land_ice_segments", value: "h_li" },
  { name: "ATL08", files: filesIn("atl08", ".h5"), group: "land_segments", value: "terrain/h_te_best_fit" },
];

const GRIDS: [product: string, crs: string, resolution: number, origin: [number, number]][] = [
  ["ATL06", "EPSG:3413", 1000, [0, 0]],
  ["ATL06", "EPSG:6931", 500, [250, -125]],
  ["ATL06", "EPSG:32622", 250, [500_012.5, 3]],
  ["ATL06S", "EPSG:3031", 400, [0, 0]],
  ["ATL06S", "EPSG:6932", 3000, [1000, 1000]],
  ["ATL08", "EPSG:6933", 800, [0, 0]],
  ["ATL06", "EPSG:4326", 0.01, [-180, 90]],
  ["ATL08", "EPSG:4326", 1 / 128, [0, 0]],
];

const config = ({ name, group, value }: Product) =>
  parseConfig(
    `
data_source:
  groups: ["gt*"]
  coordinates: {latitude: "/{group}/${group}/latitude", longitude: "/{group}/${group}/longitude"}
  variables: {h: "/{group}/${group}/${value}"}
aggregation:
  variables:
    n: {function: count, source: h}
    h_mean: {function: mean, source: h, dtype: float64}
    h_std: {function: std, source: h, dtype: float64}
    h_q50: {function: median, source: h, dtype: float64}
output:
  grid: {child_order: 12}`,
    `${name}.yaml`,
  ).pipeline;

/** Cells by numpy: row and column from pyproj's x and y, and the statistics of what lies in each. */
const COMPARED = `
import json, sys, h5py, numpy as np, pyproj, rasterio, rioxarray, xarray as xr
found = []
for case in json.loads(sys.argv[1]):
    lon, lat, h = [], [], []
    for name in case["files"]:
        with h5py.File(name) as f:
            for beam in sorted(b for b in f if b.startswith("gt")):
                if case["group"] not in f[beam]:
                    continue
                g = f[beam][case["group"]]
                values = g[case["value"]]
                v = values[:].astype(float)
                v[v == np.ravel(values.attrs["_FillValue"])[0]] = np.nan
                lon.append(g["longitude"][:].astype(float)); lat.append(g["latitude"][:].astype(float)); h.append(v)
    lon, lat, h = map(np.concatenate, (lon, lat, h))
    lon, lat, h = lon[np.isfinite(h)], lat[np.isfinite(h)], h[np.isfinite(h)]
    x, y = pyproj.Transformer.from_crs("EPSG:4326", case["crs"], always_xy=True).transform(lon, lat)
    worst = 0.0
    levels = []
    for order, side in case["levels"]:
        ds = xr.open_zarr(case["store"], group=str(order))
        assert ds.rio.crs == rasterio.crs.CRS.from_string(case["crs"]), (ds.rio.crs.to_wkt(), case["crs"])
        a = ds.rio.transform()
        assert (a.a, a.e, a.b, a.d) == (side, -side, 0, 0)
        whole = lambda cells: abs(cells - round(cells)) < 1e-6
        assert whole((a.c - case["origin"][0]) / side) and whole((a.f - case["origin"][1]) / side)
        assert np.array_equal(ds.x.values, a.c + side * (np.arange(ds.x.size) + .5))
        assert np.array_equal(ds.y.values, a.f - side * (np.arange(ds.y.size) + .5))
        column = np.floor((x - a.c) / side).astype(int)
        row = np.floor((a.f - y) / side).astype(int)
        cell = row * ds.x.size + column
        order_of = np.argsort(cell, kind="stable")
        ids, starts = np.unique(cell[order_of], return_index=True)
        groups = np.split(h[order_of], starts[1:])
        count = np.zeros(ds.n.shape, int); count.ravel()[ids] = [len(g) for g in groups]
        assert np.array_equal(ds.n.values, count)
        for name, of in (("h_mean", np.mean), ("h_std", np.std), ("h_q50", np.median)):
            if name not in ds or (name == "h_q50" and order < case["tile_order"]):
                continue
            got = ds[name].values.ravel()[ids]
            want = np.array([of(g) for g in groups])
            worst = max(worst, float(np.max(np.abs(got - want) / np.maximum(1, np.abs(want)))))
            assert np.isnan(ds[name].values.ravel()[np.setdiff1d(np.arange(ds.n.size), ids)]).all()
        at = ds.h_mean.sel(x=x[0], y=y[0], method="nearest")
        assert float(at) == float(ds.h_mean.values[row[0], column[0]])
        levels.append(int(count.sum()))
    with rasterio.open(case["image"]) as image:
        ds = xr.open_zarr(case["store"], group=str(case["levels"][0][0]))
        assert image.crs == ds.rio.crs
        t = ds.rio.transform()
        j, i = round((image.transform.c - t.c) / t.a), round((t.f - image.transform.f) / t.a)
        part = ds.h_mean.values[i:i + image.height, j:j + image.width]
        assert np.array_equal(image.read(1), part, equal_nan=True)
        assert np.isfinite(part).sum() == np.isfinite(ds.h_mean.values).sum()
    found.append({"rows": len(h), "levels": levels, "worst": worst})
print(json.dumps(found))
`;

Deno.test({
  name:
    "cells on projected planes hold what numpy and pyproj put there, where rioxarray and rasterio see them",
  ignore: !hasSharedData || !hasPeer("xarray", "zarr", "rioxarray", "rasterio", "pyproj", "h5py"),
  fn: async () => {
    const folder = temporaryFolder("granary-plane-");
    const cases = [];
    for (const [product, crs, resolution, origin] of GRIDS) {
      const of = products().find(({ name }) => name === product)!;
      const pipeline = config(of);
      const catalog = path.join(folder, `${product}.parquet`);
      if (!fs.existsSync(catalog)) {
        const granules = localGranules(of.files, { config: pipeline, cellOrder: 8, workers: 0 });
        await buildCatalog({ rows: granules.rows, output: catalog, cellOrder: 8, queries: [] });
        await granules.close();
      }
      const name = `${product}-${crs.replace(":", "")}`;
      const store = path.join(folder, `${name}.zarr`);
      const { plan } = await aggregate({
        config: pipeline,
        catalog,
        store,
        crs,
        resolution,
        origin,
        tile: 64,
        levels: [0, 1, 6, 8].map((coarser) => finest(crs, resolution) - coarser).join(","),
        workers: 0,
      });
      const opened = await openStore(store);
      const image = await gridOf(CellTable.of(opened, { variables: ["h_mean"] }), {});
      await writeCog(image, new FolderTarget(folder), `${name}.tif`, {});
      await opened.close();
      cases.push({
        ...of,
        crs,
        origin,
        store,
        image: path.join(folder, `${name}.tif`),
        tile_order: plan.store.parentOrder,
        levels: plan.store.levels.map((order) => [order, resolution * 2 ** (plan.store.levels[0] - order)]),
      });
    }
    const found = askPython(COMPARED, JSON.stringify(cases)) as {
      rows: number;
      levels: number[];
      worst: number;
    }[];
    for (const [i, { rows, levels, worst }] of found.entries()) {
      assert.ok(rows > 20, `${GRIDS[i]}: ${rows}`);
      assert.deepEqual(levels, levels.map(() => rows));
      assert.ok(worst < 1e-9, `${GRIDS[i]}: ${worst}`);
    }
  },
});

/** The least order of which the cells span 40,960 km, or 720 degrees. */
function finest(crs: string, resolution: number): number {
  return Math.ceil(Math.log2((crs === "EPSG:4326" ? 720 : 40_960_000) / resolution));
}
