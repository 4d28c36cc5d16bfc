/**
 * Stores straight from the writer, both layouts and both latitude conventions, read by the programs that
 * this field has. The fixture's values follow from the cells' ids, so each reader can check every one.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FolderTarget } from "../../core/access/folder_target.ts";
import { cellCentre } from "../../core/cells/place.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "./store_fixture.ts";

type Layout = "compact" | "sphere";
type Latitude = "authalic" | "geodetic";

async function withStore(
  layout: Layout,
  latitude: Latitude,
  body: (store: string) => void | Promise<void>,
): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-peers-"));
  try {
    const store = path.join(folder, "store.zarr");
    await writeFixture(fixtureSpec(layout, latitude), new FolderTarget(store));
    await body(store);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The fixture's rule in numpy, over the arrays of one level: the ids that have values, all checked. */
const CHECK = `
import json, sys, numpy as np
def check(order, a):
    ids, keep = a["cell_ids"], a["count"] > 0
    own = ids[keep]
    assert np.array_equal(a["count"][keep], own % 50 + 1)
    assert np.array_equal(a["h_mean"][keep], (own / 8).astype("f4")) and np.isnan(a["h_mean"][~keep]).all()
    assert np.array_equal(a["h_best"][keep], own / 3) and (a["h_best"][~keep] == -9999).all()
    assert np.array_equal(a["total"][keep], own) and (a["total"][~keep] == 7).all()
    known = ids < 12 * 4**order
    if len(ids) == 12 * 4**order: assert np.array_equal(ids[known], np.flatnonzero(known))
    else: assert known.all() and (np.diff(ids.astype("i8")) > 0).all()
    for i, m in zip(own[:50], a["morton"][keep][:50]):
        base = int(i) >> 2 * order
        text = str(base + 1 if base < 6 else base - 5) + "".join(
            str(1 + (int(i) >> 2 * k & 3)) for k in reversed(range(order)))
        assert int(m) == (1 if base < 6 else -1) * int(text), (i, m)
    return own.tolist()
NAMES = ["cell_ids", "morton", "count", "h_mean", "h_best", "total"]
ORDERS = [9, 6, 4, 2]
`;

function expectedIds(layout: Layout): Record<string, number[]> {
  const spec = fixtureSpec(layout);
  return Object.fromEntries(spec.levels.map((order) => [String(order), fixtureIds(spec, order)]));
}

for (const layout of ["compact", "sphere"] as const) {
  Deno.test({
    name: `zarr-python reads every cell and value of a ${layout} store at every level`,
    ignore: !hasPeer("zarr"),
    fn: () =>
      withStore(layout, "authalic", (store) => {
        const found = askPython(
          `${CHECK}
import zarr
for g in (zarr.open_group(sys.argv[1], mode="r"), zarr.open_consolidated(sys.argv[1], mode="r")):
    found = {str(o): check(o, {n: g[str(o)][n][:] for n in NAMES}) for o in ORDERS}
assert g.attrs["granary"]["layout"] == "${layout}"
print(json.dumps(found))`,
          store,
        );
        assert.deepEqual(found, expectedIds(layout));
      }),
  });

  Deno.test({
    name: `tensorstore reads every cell and value of a ${layout} store at every level`,
    ignore: !hasPeer("tensorstore"),
    fn: () =>
      withStore(layout, "authalic", (store) => {
        const found = askPython(
          `${CHECK}
import tensorstore as ts
def read(order, name):
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{sys.argv[1]}/{order}/{name}"}}
    return ts.open(spec).result().read().result()
print(json.dumps({str(o): check(o, {n: read(o, n) for n in NAMES}) for o in ORDERS}))`,
          store,
        );
        assert.deepEqual(found, expectedIds(layout));
      }),
  });

  Deno.test({
    name: `xarray opens a level of a ${layout} store by its consolidated metadata, masked where nothing is`,
    ignore: !hasPeer("xarray", "zarr"),
    fn: () =>
      withStore(layout, "authalic", (store) => {
        const found = askPython(
          `import json, sys, warnings, numpy as np, xarray as xr
warnings.simplefilter("error")
ds = xr.open_zarr(sys.argv[1], group="9", consolidated=True)
keep = ds["count"].values > 0
assert "cell_ids" in ds.coords and "cell_ids" not in ds.data_vars, ds
assert ds.where(ds["count"] > 0, drop=True)["cell_ids"].dtype == "uint64"
assert set(ds.dims) == {"cells"} and ds["h_mean"].attrs == {"units": "m"}, (ds.dims, ds["h_mean"].attrs)
for name in ("h_mean", "h_best"):
    assert np.array_equal(np.isnan(ds[name].values), ~keep), name
# The fixture's cell 7 has the total 7, its fill value.
assert np.array_equal(np.isnan(ds["total"].values), ~keep | (ds["cell_ids"].values == 7))
assert ds["count"].dtype == "int32" and ds["cell_ids"].dtype == "uint64"
assert np.array_equal(ds["h_best"].values[keep], ds["cell_ids"].values[keep] / 3)
print(json.dumps(ds["cell_ids"].values[keep].tolist()))`,
          store,
        );
        assert.deepEqual(found, expectedIds(layout)["9"]);
      }),
  });
}

for (const latitude of ["authalic", "geodetic"] as const) {
  Deno.test({
    name: `xdggs puts the cells of the ${latitude} convention where they are, by either of its conventions`,
    ignore: !hasPeer("xarray", "zarr", "xdggs"),
    fn: () =>
      withStore("compact", latitude, (store) => {
        const found = askPython(
          `import json, sys, xarray as xr, xdggs
ds = xr.open_zarr(sys.argv[1], group="9", consolidated=True).isel(cells=slice(None, None, 97)).load()
places = []
for options in (dict(convention="zarr", name="cell_ids"), dict()):
    centres = xdggs.decode(ds, **options).dggs.cell_centers()
    places.append(dict(longitude=centres["longitude"].values.tolist(), latitude=centres["latitude"].values.tolist()))
print(json.dumps(dict(ids=ds["cell_ids"].values.tolist(), places=places)))`,
          store,
        ) as { ids: number[]; places: { longitude: number[]; latitude: number[] }[] };
        assert.ok(found.ids.length > 50);
        for (const { longitude, latitude: latitudes } of found.places) {
          found.ids.forEach((id, i) => {
            const [wantedLongitude, wantedLatitude] = cellCentre(id, 9, latitude);
            assert.ok(Math.abs(latitudes[i] - wantedLatitude) < 1e-9, `${id}: ${latitudes[i]}`);
            const apart = Math.abs(longitude[i] - wantedLongitude) % 360;
            assert.ok(Math.min(apart, 360 - apart) < 1e-9, `${id}: ${longitude[i]}`);
          });
        }
      }),
  });
}
