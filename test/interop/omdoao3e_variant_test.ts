/**
 * OMDOAO3e as h5py writes it: 720 x 1440 cells stored from the south, said in either of the ways that OMI's
 * grids have. Both become one COG, and rasterio reads the map that numpy had.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { locationOf } from "../../core/access/location.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { planCogs, writePlannedCog } from "../../core/grids/write_cogs.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

const MAKE = `
import h5py, json, numpy as np, os, sys
folder = sys.argv[1]
rng = np.random.default_rng(3)
north = np.linspace(89.875, -89.875, 720)[:, None]
east = np.linspace(-179.875, 179.875, 1440)[None, :]
ozone = (300 + 60 * np.sin(np.radians(north)) + 10 * np.cos(np.radians(east)) + rng.normal(0, 1, (720, 1440))).astype("f4")
ozone[700:, :] = np.float32(-2.0 ** 100)
np.save(os.path.join(folder, "map.npy"), ozone)
def make(name, corners, origin):
    text = f'''GROUP=SwathStructure
END_GROUP=SwathStructure
GROUP=GridStructure
\\tGROUP=GRID_1
\\t\\tGridName="ColumnAmountO3"
\\t\\tXDim=1440
\\t\\tYDim=720
\\t\\tUpperLeftPointMtrs=(-180000000.000000,{corners[0]}000000.000000)
\\t\\tLowerRightMtrs=(180000000.000000,{corners[1]}000000.000000)
\\t\\tProjection=HE5_GCTP_GEO
{origin}\\t\\tGROUP=DataField
\\t\\t\\tOBJECT=DataField_1
\\t\\t\\t\\tDataFieldName="ColumnAmountO3"
\\t\\t\\t\\tDataType=H5T_NATIVE_FLOAT
\\t\\t\\t\\tDimList=("YDim","XDim")
\\t\\t\\tEND_OBJECT=DataField_1
\\t\\tEND_GROUP=DataField
\\tEND_GROUP=GRID_1
END_GROUP=GridStructure
END
'''
    os.makedirs(os.path.join(folder, name))
    with h5py.File(os.path.join(folder, name, "OMDOAO3e.he5"), "w") as f:
        info = f.create_group("HDFEOS INFORMATION")
        info.create_dataset("StructMetadata.0", data=np.bytes_(text.ljust(32000, chr(0)).encode()))
        field = f.create_dataset("HDFEOS/GRIDS/ColumnAmountO3/Data Fields/ColumnAmountO3", data=ozone[::-1],
                                 chunks=(90, 180), compression="gzip", shuffle=True)
        field.attrs["_FillValue"] = np.array([-2.0 ** 100], "f4")
        field.attrs["Units"] = np.bytes_("DU")
        f["HDFEOS/GRIDS/ColumnAmountO3"].attrs["GridOrigin"] = np.bytes_("Center")
make("by-corners", ("-90", "90"), "")
make("by-origin", ("90", "-90"), "\\t\\tGridOrigin=HE5_HDFE_GD_LL\\n")
print(json.dumps(True))
`;

const COMPARE = `
import json, numpy as np, os, rasterio, sys
ozone = np.load(os.path.join(sys.argv[1], "map.npy"))
with rasterio.open(os.path.join(sys.argv[1], "by-origin.tif")) as cog:
    assert cog.shape == (720, 1440) and cog.crs.to_epsg() == 4326, cog.profile
    assert tuple(cog.transform)[:6] == (0.25, 0, -180, 0, -0.25, 90), cog.transform
    assert cog.nodata == -2.0 ** 100 and cog.units == ("DU",), cog.profile
    assert cog.read(1).tobytes() == ozone.tobytes()
print(json.dumps(True))
`;

Deno.test({
  name:
    "OMDOAO3e stored from the south, said by its corners or by its origin, becomes one COG of the right map",
  ignore: !hasPeer("h5py", "rasterio"),
  fn: async () => {
    const folder = temporaryFolder("granary-omdoao3e-");
    askPython(MAKE, folder);
    const opener = new SourceOpener({ env: {} });
    const target = openTarget(folder, opener);
    const files: Uint8Array[] = [];
    for (const name of ["by-corners", "by-origin"]) {
      const source = await opener.open(locationOf(path.join(folder, name, "OMDOAO3e.he5")));
      const plan = await planCogs(source, "OMDOAO3e.he5", {});
      try {
        assert.equal(plan.outputs.length, 1);
        await writePlannedCog(plan, { ...plan.outputs[0], key: `${name}.tif` }, target, {});
      } finally {
        await plan.file.close();
      }
      files.push(fs.readFileSync(path.join(folder, `${name}.tif`)));
    }
    assert.deepEqual(files[0], files[1]);
    assert.equal(askPython(COMPARE, folder), true);
  },
});
