/** TIFFs of GDAL's that stay as they are: cloud-optimized ones byte for byte, tiled ones with their parts in order. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { SourceOpener } from "../../core/access/open.ts";
import { locationOf } from "../../core/access/location.ts";
import { openTarget } from "../../core/access/targets.ts";
import { planCogs, writePlannedCog, type WrittenCog } from "../../core/grids/write_cogs.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askGdal, hasGdal } from "../support/gdal.ts";
import { askPython, hasPeer } from "../support/python.ts";

/** Writes the files, named by what becomes of them. */
const MAKE = `
import json, os, sys, warnings, numpy as np, rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.shutil import copy
warnings.simplefilter("ignore")
folder = sys.argv[1]
rng = np.random.default_rng(7)
y, x = np.mgrid[0:700, 0:1100]
hills = (np.sin(x / 60) * np.cos(y / 45) * 4000 + 9000 + rng.integers(0, 40, x.shape))
def make(name, planes, overviews=(2, 4), mask=False, palette=False, pages=0, transform=None, env={}, **options):
    planes = planes if planes.ndim == 3 else planes[None]
    profile = dict(driver="GTiff", count=len(planes), width=1100, height=700, dtype=planes.dtype, crs="EPSG:32633",
                   transform=transform or from_origin(400000, 6000000, 30, 30), tiled=True, blockxsize=256, blockysize=256,
                   compress="deflate") | options
    path = os.path.join(folder, name + ".tif")
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, **env):
        with rasterio.open(path, "w", **profile) as out:
            out.write(planes)
            out.update_tags(made="by GDAL")
            if palette: out.write_colormap(1, {i: (i, 255 - i, 7, 255) for i in range(256)})
            if mask: out.write_mask(np.where(x < 300, 0, 255).astype("u1"))
        if overviews:
            with rasterio.open(path, "r+") as out: out.build_overviews(overviews, Resampling.nearest)
    return path
u1 = (hills / 64).astype("u1")
rgb = np.stack([u1, u1 // 2, 255 - u1])
make("reordered-u2", hills.astype("u2"), predictor=2)
make("reordered-f4", hills.astype("f4"), predictor=3, nodata=float("nan"), compress="zstd")
make("reordered-lzw-i2", hills.astype("i2"), compress="lzw", nodata=-9999)
make("reordered-none-f8", hills, compress="none")
make("reordered-mask", hills.astype("u2"), mask=True)
make("reordered-palette", u1, palette=True)
make("reordered-jpeg", rgb, photometric="ycbcr", compress="jpeg", interleave="pixel", env={"COMPRESS_OVERVIEW": "JPEG", "PHOTOMETRIC_OVERVIEW": "YCBCR", "INTERLEAVE_OVERVIEW": "PIXEL"})
make("reordered-big", hills.astype("u2"), BIGTIFF="YES")
make("reordered-sparse", np.where(x < 600, 0, hills).astype("u2"), nodata=0, SPARSE_OK=True)
make("encoded-no-overviews", hills.astype("u2"), overviews=())
make("encoded-strips", hills.astype("u2"), tiled=False, blockysize=16)
make("encoded-big-endian", hills.astype("u2"), ENDIANNESS="BIG")
make("encoded-south-up", hills.astype("u2"), transform=rasterio.Affine(30, 0, 400000, 0, 30, 5979000))
source = make("reordered-again", hills.astype("u2"))
copy(source, os.path.join(folder, "copied-gdal.tif"), driver="COG", compress="deflate")
copy(os.path.join(folder, "reordered-mask.tif"), os.path.join(folder, "copied-mask.tif"), driver="COG", compress="lzw")
# A COG that was changed after it was made.
edited = os.path.join(folder, "reordered-edited.tif")
copy(source, edited, driver="COG", compress="deflate")
with rasterio.Env(GTIFF_REPORT_COMPD_CS=False):
    with rasterio.open(edited, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as out:
        block = out.read(1, window=((0, 512), (0, 512)))
        out.write(rng.integers(0, 60000, block.shape).astype("u2"), 1, window=((0, 512), (0, 512)))
print(json.dumps(sorted(f for f in os.listdir(folder) if f.endswith(".tif"))))
`;

/** Compares a file with what was made of it: valid, every plane, block, mask, fill, colour and tag. */
const COMPARE = `
import json, os, sys, warnings, numpy as np, rasterio, tifffile
from rio_cogeo.cogeo import cog_validate
warnings.simplefilter("ignore")
before, after = sys.argv[1], sys.argv[2]
def blocks(path):
    found = []
    with tifffile.TiffFile(path) as tiff, open(path, "rb") as file:
        for page in sorted(tiff.pages, key=lambda p: (-p.imagewidth, int(p.subfiletype) & 4)):
            own = []
            for offset, count in zip(page.dataoffsets, page.databytecounts):
                file.seek(offset); own.append(file.read(count) if offset else b"")
            found.append(own)
    return found
count = 0
for name in sorted(os.listdir(after)):
    a, b = os.path.join(before, name), os.path.join(after, name)
    valid, errors, warns = cog_validate(b, strict=True)
    assert valid and not errors and not warns, (name, errors, warns)
    with rasterio.open(a) as x, rasterio.open(b) as y:
        assert x.profile["dtype"] == y.profile["dtype"] and x.crs == y.crs, name
        if not name.startswith("encoded"):
            assert x.transform == y.transform and x.tags() == y.tags() and x.colorinterp == y.colorinterp, name
            assert x.nodatavals == y.nodatavals or np.isnan(x.nodata) and np.isnan(y.nodata), name
            assert x.overviews(1) == y.overviews(1) and x.mask_flag_enums == y.mask_flag_enums, name
            if x.count == 1 and "palette" in name: assert x.colormap(1) == y.colormap(1), name
            assert np.array_equal(x.dataset_mask(), y.dataset_mask()), name
        flip = (lambda v: v[:, ::-1]) if name == "encoded-south-up.tif" else (lambda v: v)
        assert np.array_equal(flip(x.read()), y.read(), equal_nan=y.dtypes[0][0] == "f"), name
        if name.startswith("reordered"):
            for level in range(len(x.overviews(1))):
                with rasterio.open(a, overview_level=level) as p, rasterio.open(b, overview_level=level) as q:
                    assert np.array_equal(p.read(), q.read(), equal_nan=q.dtypes[0][0] == "f"), name
    if name.startswith("reordered"): assert blocks(a) == blocks(b), name
    count += 1
print(json.dumps(count))
`;

const VALIDATE = `
import glob, json, os, sys
from osgeo_utils.samples import validate_cloud_optimized_geotiff as v
faults = []
for f in sorted(glob.glob(os.path.join(sys.argv[1], "*.tif"))):
    warnings, errors, details = v.validate(f, full_check=True)
    if warnings or errors: faults.append([f, warnings, errors])
print(json.dumps(faults))`;

Deno.test({
  name:
    "COGs of GDAL's are copied byte for byte, tiled files reordered with every block as it was, others encoded",
  ignore: !hasPeer("rasterio", "rio_cogeo", "tifffile", "imagecodecs"),
  fn: async () => {
    const folder = temporaryFolder("granary-keep-");
    const [before, after] = [path.join(folder, "before"), path.join(folder, "after")];
    fs.mkdirSync(before);
    const names = askPython(MAKE, before) as string[];
    const opener = new SourceOpener({ env: {} });
    const target = openTarget(after, opener);
    const wrong: string[] = [];
    for (const name of names) {
      const source = await opener.open(locationOf(path.join(before, name)));
      const plan = await planCogs(source, name, {});
      let written: WrittenCog;
      try {
        assert.equal(plan.outputs.length, 1, `${name}: ${JSON.stringify(plan.refused)}`);
        written = await writePlannedCog(plan, plan.outputs[0], target, { keep: true });
      } finally {
        await plan.file.close();
      }
      const bytes = fs.readFileSync(path.join(after, name));
      assert.equal(written.sizeBytes, bytes.length);
      assert.equal(written.sha256, crypto.createHash("sha256").update(bytes).digest("hex"));
      if (written.made !== name.split("-")[0]) wrong.push(`${name}: ${written.made} ${written.notes}`);
      if (written.made === "copied") assert.ok(bytes.equals(fs.readFileSync(path.join(before, name))), name);
    }
    assert.deepEqual(wrong, []);
    assert.equal(askPython(COMPARE, before, after), names.length);
    if (hasGdal) assert.deepEqual(askGdal(VALIDATE, after), []);
  },
});
