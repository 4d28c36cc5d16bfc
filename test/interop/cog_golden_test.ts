/**
 * The real granules of the seed as COGs, read by GDAL: the place, the elements, the statistics and the first
 * overview that h5py and the files' own coordinates give.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

const COMPARE = `
import hashlib, json, math, sys, warnings, numpy as np, rasterio
from rasterio.crs import CRS
from rasterio.warp import transform
warnings.simplefilter("ignore")
golden, reported = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
seen = 0
for g in golden["grids"]:
    files = [t for t in reported if t["variable"].strip("/") == g["variable"].strip("/")]
    assert files, (g["variable"], [t["variable"] for t in reported])
    bands = [(t, i) for t in files for i in range(len(t["bands"]))]
    assert len(bands) == g["count"], (g["variable"], len(bands))
    for (t, i), want in zip(bands, g["bands"]):
        with rasterio.open(t["path"]) as d:
            assert (d.width, d.height) == (g["width"], g["height"])
            assert d.dtypes[i] == g["dtype"], (d.dtypes, g["dtype"])
            cell = abs(d.transform.a)
            assert np.allclose(tuple(d.transform)[:6], g["transform"], rtol=0, atol=2e-4 * cell), (tuple(d.transform), g["transform"])
            assert str(d.nodata).lower() == str(g["nodata"]).lower() or d.nodata == g["nodata"], (d.nodata, g["nodata"])
            lon, lat = transform(d.crs, "EPSG:4326", *[[c] for c in d.xy(g["height"] // 2, g["width"] // 2)])
            same = transform(CRS.from_string(g["crs"]), "EPSG:4326", *[[c] for c in d.xy(g["height"] // 2, g["width"] // 2)])
            assert np.allclose([lon, lat], same, atol=1e-9), (d.crs, g["crs"])
            assert (d.scales[i], d.offsets[i]) == (g.get("scale", 1), g.get("offset", 0))
            assert (d.units[i] or None) == g.get("unit"), (d.units, g.get("unit"))
            a = d.read(i + 1)
            assert hashlib.sha256(a.astype(a.dtype.newbyteorder("<")).tobytes()).hexdigest() == want["sha256_le"], g["variable"]
            for p in want["pixels"]:
                found = a[d.index(p["x"], p["y"])]
                if p["value"] is not None: assert found == np.array(p["value"], a.dtype), (p, found)
            tags, s = d.tags(i + 1), want["stored_statistics"]
            for key in ("minimum", "maximum", "mean", "stddev"):
                if s.get(key) is not None: assert math.isclose(float(tags["STATISTICS_" + key.upper()]), s[key], rel_tol=1e-9, abs_tol=1e-12), (key, tags, s)
            assert t["bands"][i]["statistics"]["count"] == s["count"]
            over = want.get("overview1_average")
        if over and t["overviews"] == "average":
            with rasterio.open(t["path"], overview_level=0) as d:
                assert (d.width, d.height) == (over["width"], over["height"])
                m = d.read(i + 1, masked=True)
                assert m.count() == over["valid"], (m.count(), over)
                # Cells of integers were rounded one by one.
                assert math.isclose(m.mean(dtype="f8"), over["mean_of_valid"], rel_tol=1e-6, abs_tol=.1 if a.dtype.kind in "iu" else 0), (m.mean(dtype="f8"), over)
        seen += 1
print(json.dumps(seen))
`;

const goldens = hasSharedData
  ? fs.readdirSync(sharedData("golden/grids")).filter((name) =>
    name.endsWith(".json") && !name.startsWith("stac")
  )
  : [];

function fileOf(golden: string): string | undefined {
  const stem = golden.replace(/\.json$/, "");
  for (const folder of ["omi", "netcdf", "grids"]) {
    const name = fs.readdirSync(sharedData(folder)).find((file) => file.startsWith(stem));
    if (name !== undefined) return sharedData(path.join(folder, name));
  }
  return undefined;
}

for (const golden of goldens) {
  const file = fileOf(golden);
  Deno.test({
    name: `${golden.replace(/\.json$/, "")}: COGs lie where the file's own coordinates do, with its elements`,
    ignore: !hasPeer("rasterio", "numpy") || file === undefined,
    fn: async () => {
      const cwd = temporaryFolder("granary-cog-golden-");
      const { code, stdout, stderr } = await granary(["cog", file!, "-o", cwd, "--json", "--quiet"], { cwd });
      const document = JSON.parse(fs.readFileSync(sharedData(`golden/grids/${golden}`), "utf8"));
      if (document.refuse !== undefined) {
        assert.equal(code, 2);
        assert.match(stderr, /two dimensions/);
        return;
      }
      assert.equal(code, 0, stderr);
      const reported = stdout.trim().split("\n").map((line) => JSON.parse(line));
      fs.writeFileSync(path.join(cwd, "reported.json"), JSON.stringify(reported));
      assert.ok(
        Number(askPython(COMPARE, sharedData(`golden/grids/${golden}`), path.join(cwd, "reported.json"))) > 0,
      );
    },
  });
}
