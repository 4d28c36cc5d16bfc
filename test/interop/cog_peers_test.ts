/** COGs as the field's own programs see them: GDAL's, rio-cogeo's, tifffile's, geotiff.js's. */
import assert from "node:assert/strict";
import { temporaryFolder } from "../support/binary.ts";
import { askGdal, hasGdal } from "../support/gdal.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { readCasesByGeotiffJs } from "./cog_by_geotiff_js.ts";
import { writeCases } from "./cog_cases.ts";

let made: Promise<{ folder: string; count: number }> | undefined;

function world(): Promise<{ folder: string; count: number }> {
  made ??= (async () => {
    const folder = temporaryFolder("granary-cog-peers-");
    return { folder, count: await writeCases(folder) };
  })();
  return made;
}

/** Calls `check(case, path, planes)` for every case, and says how many there were. */
const EACH = `
import json, math, os, sys, warnings, numpy as np
warnings.simplefilter("ignore")
folder = sys.argv[1]
def number(text): return None if text is None else float(text)
def each(check):
    cases = json.load(open(os.path.join(folder, "cases.json")))
    for c in cases:
        planes = np.fromfile(os.path.join(folder, c["name"] + ".bin"), c["dtype"])
        planes = planes.reshape(c["count"], c["height"], c["width"])
        c["nodata"] = number(c["nodata"])
        if c["nodata"] is not None and not math.isnan(c["nodata"]) and planes.dtype.kind == "f":
            planes = np.where(np.isnan(planes), np.array(c["nodata"], planes.dtype), planes)
        try: check(c, os.path.join(folder, c["name"] + ".tif"), planes)
        except Exception as error: raise Exception(c["name"]) from error
    print(json.dumps(len(cases)))
`;

function checkEach(name: string, peers: string[], check: string): void {
  Deno.test({
    name,
    ignore: !hasPeer(...peers),
    fn: async () => {
      const { folder, count } = await world();
      assert.equal(askPython(EACH + check, folder), count);
    },
  });
}

checkEach(
  "rio-cogeo calls every COG valid, strictly",
  ["rio_cogeo", "numpy"],
  `from rio_cogeo.cogeo import cog_validate
def check(c, path, planes):
    valid, errors, warns = cog_validate(path, strict=True)
    assert valid and not errors and not warns, (errors, warns)
each(check)`,
);

checkEach(
  "rasterio reads every cell, place, fill, scale, unit and tag as it was given",
  ["rasterio", "numpy"],
  `import rasterio
from rasterio.crs import CRS
def check(c, path, planes):
    with rasterio.open(path) as d:
        assert d.dtypes == (c["dtype"],) * c["count"], d.dtypes
        assert np.array_equal(d.read(), planes, equal_nan=planes.dtype.kind == "f")
        assert (d.nodata is None) == (c["nodata"] is None), d.nodata
        if c["nodata"] is not None:
            assert d.nodata == c["nodata"] or (math.isnan(d.nodata) and math.isnan(c["nodata"])), d.nodata
        assert tuple(d.transform)[:6] == tuple(c["affine"]), d.transform
        structure = d.tags(ns="IMAGE_STRUCTURE")
        assert structure["LAYOUT"] == "COG", structure
        assert structure.get("COMPRESSION", "NONE").lower() == c["compression"], structure
        tags = d.tags()
        for name, value in c["tags"].items(): assert tags[name] == value, tags
        for i, b in enumerate(c["bands"]):
            assert d.scales[i] == b.get("scale", 1) and d.offsets[i] == b.get("offset", 0)
            assert (d.units[i] or None) == b.get("unit") and (d.descriptions[i] or None) == b.get("description"), (d.units, d.descriptions)
        if c["name"] == "reported": assert tags["TIFFTAG_DATETIME"] == "2023:11:14 22:13:20", tags
        if c["name"] == "colours": assert [i.name for i in d.colorinterp] == ["red", "green", "blue"], d.colorinterp
        for i in range(c["count"]):
            values = planes[i].astype("f8")
            valid = ~np.isnan(values) if c["nodata"] is None or math.isnan(c["nodata"]) else planes[i] != np.array(c["nodata"], c["dtype"])
            values = values[valid]
            reported, own = d.tags(i + 1), c["summary"]["bands"][i]
            assert own["statistics"]["count"] == values.size
            if values.size == 0:
                assert "STATISTICS_MEAN" not in reported and own["histogram"] is None
                continue
            assert float(reported["STATISTICS_MINIMUM"]) == values.min() and float(reported["STATISTICS_MAXIMUM"]) == values.max()
            for name, value in (("MEAN", values.mean()), ("STDDEV", values.std()), ("VALID_PERCENT", 100 * values.size / planes[i].size)):
                assert math.isclose(float(reported["STATISTICS_" + name]), value, rel_tol=1e-12, abs_tol=1e-12), (name, reported, value)
            assert np.histogram(values, 10)[0].sum() == sum(own["histogram"]["buckets"])
        with open(path, "rb") as f: assert f.read(4) == (b"II\\x2b\\x00" if c["big"] else b"II\\x2a\\x00")
each(check)`,
);

checkEach(
  "GDAL places every system where its parameters do",
  ["rasterio", "numpy"],
  `import rasterio
from rasterio.crs import CRS
from rasterio.warp import transform
def check(c, path, planes):
    wanted = CRS.from_string(c["proj4"])
    with rasterio.open(path) as d:
        if c["epsg"]: assert d.crs == CRS.from_string(c["epsg"]), d.crs
        # Degrees on the system's own ellipsoid, so that no shift of datums has a part in it.
        shape = " ".join(p for p in c["proj4"].split() if p.split("=")[0] in ("+a", "+b", "+R", "+ellps", "+datum"))
        degrees = CRS.from_string("+proj=longlat +no_defs " + shape)
        lon0 = {"albers": -97, "albers_on_nad83": -96, "lcc_2sp": -96, "in_feet": -96, "utm_by_parameters": -63, "polar_b": -45}.get(c["name"], 5)
        south = c["name"] in ("polar_south", "utm_by_parameters")
        lons, lats = [lon0 - 4, lon0 + 1, lon0 + 6], [-40, -60, -80] if south else [40, 60, 80]
        a, b = transform(degrees, wanted, lons, lats), transform(degrees, d.crs, lons, lats)
        assert np.abs(np.array(a) - np.array(b)).max() < 1e-3, (d.crs.to_wkt(), a, b)
        assert d.crs.is_geographic == ("longlat" in c["proj4"])
each(check)`,
);

checkEach(
  "overviews are those of GDAL where sizes are even, and 2 x 2 cells of the level above everywhere",
  ["rasterio", "numpy"],
  `import rasterio
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
def empty(a, nodata): return np.isnan(a) if nodata is None or math.isnan(nodata) else (a == np.array(nodata, a.dtype)) | np.isnan(a)
def average(a, nodata):
    h, w = a.shape
    a = np.pad(a, ((0, h % 2), (0, w % 2)), "edge")
    four = np.stack([a[0::2, 0::2], a[0::2, 1::2], a[1::2, 0::2], a[1::2, 1::2]]).astype("f8")
    valid = ~empty(np.stack([a[0::2, 0::2], a[0::2, 1::2], a[1::2, 0::2], a[1::2, 1::2]]), nodata)
    mean = np.where(valid, four, 0).sum(0) / np.maximum(valid.sum(0), 1)
    if a.dtype.kind != "f": mean = np.where(mean < 0, np.ceil(mean - .5), np.floor(mean + .5))
    mean = mean.astype(a.dtype)
    some = valid.any(0)
    return np.where(some, mean, a.dtype.type(0 if nodata is None and a.dtype.kind != "f" else math.nan if nodata is None else nodata)), some
checked = 0
def check(c, path, planes):
    global checked
    count = 0
    with rasterio.open(path) as d: count = len(d.overviews(1))
    levels = [planes]
    for i in range(count):
        with rasterio.open(path, overview_level=i) as d: levels.append(d.read())
    for above, below in zip(levels, levels[1:]):
        assert below.shape[1:] == tuple((n + 1) // 2 for n in above.shape[1:])
        for a, b in zip(above, below):
            if c["overviews"] == "nearest": assert np.array_equal(b, a[::2, ::2])
            if c["overviews"] != "average": continue
            mean, some = average(a, c["nodata"])
            # Where a mean is the nodata value by chance, its neighbour stands.
            chance = some & empty(mean, c["nodata"])
            assert np.array_equal(np.where(chance, 0, b), np.where(chance, 0, mean), equal_nan=a.dtype.kind == "f")
            assert not empty(b[some], c["nodata"]).any()
    even = count > 0 and all(n % 2 ** count == 0 for n in planes.shape[1:])
    if not even: return
    checked += 1
    with MemoryFile() as memory:
        profile = dict(driver="GTiff", width=c["width"], height=c["height"], count=c["count"], dtype=c["dtype"], tiled=True, nodata=c["nodata"])
        with memory.open(**profile) as d: d.write(planes)
        with rasterio.open(memory.name, "r+") as d: d.build_overviews([2 ** (i + 1) for i in range(count)], Resampling[c["overviews"]])
        for i in range(count):
            with rasterio.open(memory.name, overview_level=i) as d:
                theirs = d.read()
                mine = levels[i + 1]
                if c["overviews"] == "average" and (c["dtype"] == "float64" or c["dtype"] == "float32" and c["nodata"] is None):
                    # GDAL adds doubles in another order, and floats without nodata in single precision.
                    np.testing.assert_allclose(mine, theirs, rtol=1e-14 if c["dtype"] == "float64" else 2e-6, atol=1e-6)
                    continue
                assert np.array_equal(theirs, mine, equal_nan=planes.dtype.kind == "f"), (i, np.argwhere(theirs != mine)[:5], theirs[theirs != mine][:5], mine[theirs != mine][:5])
each(check)
assert checked >= 6, checked`,
);

checkEach(
  "tifffile reads every level as GDAL does",
  ["tifffile", "imagecodecs", "rasterio", "numpy"],
  `import rasterio, tifffile
def check(c, path, planes):
    with tifffile.TiffFile(path) as t:
        series = t.series[0]
        for i, level in enumerate(series.levels):
            with rasterio.open(path, **({} if i == 0 else {"overview_level": i - 1})) as d: theirs = d.read()
            mine = level.asarray()
            mine = mine[None] if mine.ndim == 2 else np.moveaxis(mine, -1, 0)
            # Tiles that are not stored are zeros to tifffile.
            if (np.array(level.pages[0].dataoffsets) == 0).any(): mine = np.where(mine == 0, theirs.reshape(mine.shape), mine)
            assert np.array_equal(mine.reshape(theirs.shape), theirs, equal_nan=planes.dtype.kind == "f"), i
each(check)`,
);

Deno.test({
  name: "GDAL's own validator finds nothing, down to the length before every tile",
  ignore: !hasGdal,
  fn: async () => {
    const { folder, count } = await world();
    const program = `
import glob, json, os, sys
from osgeo_utils.samples import validate_cloud_optimized_geotiff as v
files = sorted(glob.glob(os.path.join(sys.argv[1], "*.tif")))
faults = []
for f in files:
    warnings, errors, details = v.validate(f, full_check=True)
    if warnings or errors: faults.append([f, warnings, errors])
print(json.dumps([len(files), faults]))`;
    assert.deepEqual(askGdal(program, folder), [count, []]);
  },
});

Deno.test("geotiff.js reads every cell, place, fill and smaller image as it was given", async () => {
  const { folder, count } = await world();
  assert.equal(await readCasesByGeotiffJs(folder), count);
});
