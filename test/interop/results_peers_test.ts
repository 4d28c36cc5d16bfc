/**
 * Cells out of a store, read by the programs that this field has: their values are those that xarray and
 * xdggs show, their places those of xdggs, their number that of the cells with values.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FolderTarget } from "../../core/access/folder_target.ts";
import { writeCog } from "../../core/geotiff/write/cog.ts";
import type { StoreSpec } from "../../core/store/contract.ts";
import { openStore } from "../../core/store/open.ts";
import { gridOf } from "../../results/cell_grid.ts";
import { CellTable } from "../../results/cell_table.ts";
import { writeGeoParquet } from "../../results/parquet.ts";
import { flatGeobuf } from "../../results/flatgeobuf.ts";
import { csvText, geoJsonText } from "../../results/text.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { fixtureIds, fixtureSpec, planeSpec, writeFixture } from "./store_fixture.ts";

function withTable(
  latitude: "authalic" | "geodetic",
  order: number,
  body: (table: CellTable, folder: string) => Promise<void>,
): Promise<void> {
  return withTableOf(fixtureSpec("compact", latitude), order, body);
}

async function withTableOf(
  spec: StoreSpec,
  order: number,
  body: (table: CellTable, folder: string) => Promise<void>,
): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-results-"));
  try {
    await writeFixture(spec, new FolderTarget(path.join(folder, "s.zarr")));
    const store = await openStore(path.join(folder, "s.zarr"));
    await body(CellTable.of(store, { order }), folder);
    await store.close();
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function writeText(file: string, chunks: AsyncIterable<string>): Promise<void> {
  for await (const chunk of chunks) fs.appendFileSync(file, chunk);
}

/** The non-empty cells as xarray and xdggs have them: a frame by id, and centres. */
const EXPECTED = `
import json, sys, numpy as np, xarray as xr, xdggs, geopandas as gpd
folder, order = sys.argv[1], sys.argv[2]
ds = xr.open_zarr(f"{folder}/s.zarr", group=order, consolidated=False).load().dggs.decode()
ds = ds.isel(cells=np.flatnonzero(ds["count"].values > 0))
names = ["count", "h_mean", "h_best", "total"]
def same(frame):
    assert frame["cell_id"].astype("u8").tolist() == ds["cell_ids"].values.tolist()
    for name in names:
        mine, theirs = frame[name].to_numpy(dtype="f8"), ds[name].values.astype("f8")
        assert np.array_equal(mine, theirs, equal_nan=True), name
    centres = ds.dggs.cell_centers()
    lon = (frame["lon"].to_numpy() - centres["longitude"].values + 180) % 360 - 180
    assert np.abs(lon * np.cos(np.radians(frame["lat"]))).max() < 1e-9, np.abs(lon).max()
    assert np.abs(frame["lat"].to_numpy() - centres["latitude"].values).max() < 1e-9
`;

for (const latitude of ["authalic", "geodetic"] as const) {
  Deno.test({
    name: `GeoParquet, CSV and GeoJSON of ${latitude} cells have xarray's values and xdggs's places`,
    ignore: !hasPeer("xdggs") || !hasPeer("geopandas") || !hasPeer("duckdb"),
    fn: () =>
      withTable(latitude, 6, async (table, folder) => {
        const at = (name: string) => path.join(folder, name);
        const cells = fixtureIds(fixtureSpec("compact"), 6).length;
        const counted = { rows: 0 };
        assert.equal(await writeGeoParquet(at("p.parquet"), table, "polygon"), cells);
        assert.equal(await writeGeoParquet(at("c.parquet"), table, "centre"), cells);
        await writeText(at("t.csv"), csvText(table, counted));
        await writeText(at("t.geojson"), geoJsonText(table, "polygon", { rows: 0 }));
        assert.equal(counted.rows, cells);
        for (const shape of ["polygon", "centre"] as const) {
          const features = { rows: 0 };
          for await (const piece of flatGeobuf(table, shape, features)) {
            fs.appendFileSync(at(`${shape}.fgb`), piece);
          }
          assert.equal(features.rows, cells);
        }
        const found = askPython(
          `${EXPECTED}
import pandas as pd, pyarrow.parquet as pq, duckdb
polygons, points = gpd.read_parquet(f"{folder}/p.parquet"), gpd.read_parquet(f"{folder}/c.parquet")
same(polygons); same(points)
same(pd.read_csv(f"{folder}/t.csv", dtype={"cell_id": "u8"}))
features = gpd.read_file(f"{folder}/t.geojson"); same(features)
assert polygons.is_valid.all() and features.geometry.geom_equals(polygons.geometry).all()
for name, frame in (("polygon", polygons), ("centre", points)):
    flat = gpd.read_file(f"{folder}/{name}.fgb"); same(flat)
    assert flat.crs.to_epsg() == 4326 and flat.to_crs(frame.crs).geometry.geom_equals(frame.geometry).all(), name
    # GDAL has no unsigned integers of 64 bits.
    types = [str(flat[n].dtype) for n in ["cell_id", *names]]
    assert types == ["int64", "int32", "float32", "float64", "float64"], types
assert points.geometry.x.equals(points["lon"]) and points.geometry.y.equals(points["lat"])
assert polygons.geometry.distance(points.geometry).max() == 0
bounds = polygons.total_bounds
assert bounds[0] >= -180 and bounds[2] <= 180 and bounds[3] <= 90
types = json.loads(pq.read_metadata(f"{folder}/p.parquet").metadata[b"geo"])["columns"]["geometry"]["geometry_types"]
assert sorted(set(polygons.geom_type)) == types, types
schema = pq.read_schema(f"{folder}/p.parquet")
assert [str(schema.field(n).type) for n in ["cell_id", *names]] == ["uint64", "int32", "float", "double", "uint64"]
total = duckdb.sql(f"select count(*), sum(total) from '{folder}/p.parquet'").fetchall()[0]
print(json.dumps([total[0], int(total[1]), float(polygons.to_crs(6933).area.sum())]))`,
          folder,
          "6",
        ) as [number, number, number];
        const ids = fixtureIds(fixtureSpec("compact"), 6);
        // The total of cell 7 is the fill value 7: none.
        assert.deepEqual(found.slice(0, 2), [cells, ids.reduce((sum, id) => sum + id, 0) - 7]);
        // Cells of equal area: on the ellipsoid where latitudes are authalic.
        if (latitude === "authalic") {
          const share = cells / (12 * 4 ** 6) * 510_065_621_724_089;
          assert.ok(Math.abs(found[2] / share - 1) < 2e-3, `${found[2]} of ${share}`);
        }
      }),
  });

  for (const crs of latitude === "authalic" ? ["EPSG:3031", "EPSG:3413", "EPSG:6933"] : ["EPSG:6933"]) {
    Deno.test({
      name: `a COG of ${latitude} cells in ${crs} has at each pixel the value of the cell of its centre`,
      ignore: !hasPeer("rasterio") || !hasPeer("healpy") || !hasPeer("pyproj"),
      fn: () =>
        withTable(latitude, 6, async ({ store }, folder) => {
          const table = CellTable.of(store, { order: 6, variables: ["h_best"] });
          const grid = await gridOf(table, { crs, resolution: 100_000 });
          await writeCog(grid, new FolderTarget(folder), "i.tif", {});
          askPython(
            `
import sys, numpy as np, rasterio, healpy, pyproj
folder, crs, convention = sys.argv[1:]
with rasterio.open(f"{folder}/i.tif") as src:
    values, transform = src.read(1), src.transform
    assert src.crs.to_epsg() == int(crs[5:]) and np.isnan(src.nodata)
    assert transform.a == 100000 and transform.c % 100000 == 0 and transform.f % 100000 == 0
rows, cols = np.indices(values.shape)
x, y = transform.c + (cols + .5) * transform.a, transform.f + (rows + .5) * transform.e
lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
good = np.isfinite(lon) & np.isfinite(lat)
if convention == "authalic":
    # Snyder 3-11 and 3-12.
    e2 = pyproj.Geod(ellps="WGS84").es; e = e2 ** .5
    q = lambda s: (1 - e2) * (s / (1 - e2 * s * s) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
    lat = np.degrees(np.arcsin(np.clip(q(np.sin(np.radians(lat))) / q(1.0), -1, 1)))
ids = np.full(values.shape, -1)
ids[good] = healpy.ang2pix(64, lon[good], lat[good], nest=True, lonlat=True)
import xarray as xr
ds = xr.open_zarr(f"{folder}/s.zarr", group="6", consolidated=False).load()
known = dict(zip(ds.cell_ids.values.tolist(), ds.h_best.values.tolist()))
expected = np.vectorize(lambda i: known.get(i, np.nan))(ids)
wrong = ~((values == expected) | (np.isnan(values) & np.isnan(expected)))
assert np.isfinite(values).sum() > 10, "no pixel has a value"
assert wrong.mean() < 1e-4, wrong.sum()
print("null")`,
            folder,
            crs,
            latitude,
          );
        }),
    });
  }
}

for (
  const [crs, resolution] of [["EPSG:6933", 170_000], ["EPSG:3413", 240_000], ["EPSG:6933", 31_000]] as const
) {
  Deno.test({
    name: `a COG by area in ${crs} at ${resolution} m has the means of shapely's intersections`,
    ignore: !hasPeer("rasterio", "shapely", "geopandas"),
    fn: () =>
      withTable("authalic", 6, async ({ store }, folder) => {
        const table = CellTable.of(store, { order: 6, variables: ["count", "h_best"] });
        const grid = await gridOf(table, { crs, resolution, resampling: "area" });
        assert.equal(grid.dtype, "float64");
        await writeCog(grid, new FolderTarget(folder), "i.tif", {});
        await writeGeoParquet(path.join(folder, "p.parquet"), table, "polygon");
        const compared = askPython(
          `
import sys, json, numpy as np, rasterio, geopandas as gpd, shapely
folder, crs = sys.argv[1:]
with rasterio.open(f"{folder}/i.tif") as src:
    bands, t = src.read(), src.transform
cells = gpd.read_parquet(f"{folder}/p.parquet").to_crs(crs)
cells = cells[np.isfinite(cells.bounds).all(axis=1)].reset_index(drop=True)
rows, cols = np.indices(bands[0].shape)
west, north = t.c + cols.ravel() * t.a, t.f + rows.ravel() * t.e
pixels = shapely.box(west, north + t.e, west + t.a, north)
shapes = cells.geometry.values
pixel, cell = shapely.STRtree(shapes).query(pixels, predicate="intersects")
area = shapely.area(shapely.intersection(pixels[pixel], shapes[cell]))
compared = 0
for band, name in zip(bands, ["count", "h_best"]):
    value = cells[name].to_numpy(dtype="f8")[cell]
    use = np.isfinite(value) & (area > 0)
    total = np.bincount(pixel[use], area[use], pixels.size)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(pixel[use], area[use] * value[use], pixels.size) / total
    # Where a cell touches less of a pixel than rounding makes, one of the two may have none of it.
    clear = (total > 1e-6 * t.a * t.a) | (total == 0)
    clear &= np.isfinite(band.ravel()) | (total > 1e-6 * t.a * t.a)
    assert np.allclose(band.ravel()[clear], mean[clear], rtol=1e-6, equal_nan=True), name
    compared += int((clear & (total > 0)).sum())
print(json.dumps(compared))`,
          folder,
          crs,
        ) as number;
        assert.ok(compared > 20, `${compared}`);
      }),
  });
}

/** On the plane a cell is the square that its id names: bit by bit a column and a row, from half of all to the north-west. */
const SQUARES = `
import json, sys, numpy as np, geopandas as gpd
folder, crs, order, side, x0, y0 = sys.argv[1], sys.argv[2], int(sys.argv[3]), *map(float, sys.argv[4:7])
worst = 0
for name in ("p.parquet", "p.geojson", "p.fgb", "c.parquet", "c.geojson", "c.fgb"):
    f = (gpd.read_parquet if name.endswith("parquet") else gpd.read_file)(f"{folder}/{name}")
    ids = f["cell_id"].to_numpy().astype("u8")
    bits = [np.zeros(len(ids)), np.zeros(len(ids))]
    for bit in range(2 * order):
        bits[bit % 2] += ((ids >> np.uint64(bit)) & np.uint64(1)).astype(float) * 2.0 ** (bit // 2)
    west = x0 + (bits[0] - 2 ** order / 2) * side; north = y0 - (bits[1] - 2 ** order / 2) * side
    assert np.array_equal(f["h_best"].to_numpy(), ids / 3)
    g = f.geometry.to_crs(crs)
    if name[0] == "p":
        assert f.is_valid.all() and (g.area / side ** 2 - 1).abs().max() < 1e-6
        edges = np.stack([west, north - side, west + side, north], 1)
        worst = max(worst, np.abs(g.bounds.to_numpy() - edges).max() / side)
    else:
        worst = max(worst, np.abs(np.stack([g.x - west - side / 2, g.y - north + side / 2])).max() / side)
        assert np.abs(f.geometry.x - f["lon"]).max() == 0 and np.abs(f.geometry.y - f["lat"]).max() == 0
    count = len(f)
print(json.dumps([count, worst]))`;

Deno.test({
  name:
    "GeoParquet, GeoJSON and FlatGeobuf of projected cells, and of cells in degrees, have their squares and centres",
  ignore: !hasPeer("geopandas", "pyproj"),
  fn: async () => {
    const order = 13;
    for (
      const grid of [
        { crs: "EPSG:3413", resolution: 1000, origin: [500, -250] as [number, number] },
        { crs: "EPSG:4326", resolution: 720 / 2 ** 16, origin: [10.25, 60] as [number, number] },
      ]
    ) {
      const spec = planeSpec(grid);
      await withTableOf(spec, order, async (table, folder) => {
        for (const [letter, shape] of [["p", "polygon"], ["c", "centre"]] as const) {
          const at = (end: string) => path.join(folder, `${letter}.${end}`);
          await writeGeoParquet(at("parquet"), table, shape);
          await writeText(at("geojson"), geoJsonText(table, shape, { rows: 0 }));
          for await (const piece of flatGeobuf(table, shape, { rows: 0 })) {
            fs.appendFileSync(at("fgb"), piece);
          }
        }
        const [count, worst] = askPython(
          SQUARES,
          folder,
          grid.crs,
          ...[order, grid.resolution * 8, ...grid.origin].map(String),
        ) as [number, number];
        assert.equal(count, fixtureIds(spec, order).length);
        assert.ok(worst < 1e-6, `${grid.crs}: ${worst}`);
      });
    }
  },
});
