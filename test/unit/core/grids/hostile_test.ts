/** Damaged copies of files with grids: an error that names the file, a refusal, or an answer; never a hang. */
import assert from "node:assert/strict";
import { memorySource } from "../../../../core/access/memory_source.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { openGrids } from "../../../../core/grids/open_grids.ts";
import type { Hdf5Writer } from "../hdf5/write_hdf5.ts";
import { writeHdf5 } from "../hdf5/write_hdf5.ts";
import { axis, steps } from "./grid_files.ts";

const CASES = 250;

/** Marsaglia's xorshift32: the same cases on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) / 2 ** 32 * below);
  };
}

/** A damaged copy: cut, or with bits flipped, bytes overwritten, words filled, and digits of its texts changed. */
function damage(whole: Uint8Array, seed: number): Uint8Array {
  const below = randomFrom(seed);
  if (below(10) === 0) return whole.slice(0, below(whole.length));
  const bytes = whole.slice();
  for (let faults = 1 + below(5); faults > 0; faults--) {
    const at = below(bytes.length);
    const kind = below(5);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes.fill([0, 1, 127, 255][below(4)], at, at + 1 + below(8));
    else if (kind === 2) {
      const digits = [...bytes.keys()].filter((i) => bytes[i] >= 48 && bytes[i] <= 57);
      if (digits.length > 0) bytes[digits[below(digits.length)]] = 48 + below(10);
    } else bytes[at] ^= 1 << below(8);
  }
  return bytes;
}

const STRUCTURE = `GROUP=GridStructure
GROUP=GRID_1
GridName="G"
XDim=12
YDim=8
UpperLeftPointMtrs=(-180000000.0,90000000.0)
LowerRightMtrs=(180000000.0,-90000000.0)
Projection=HE5_GCTP_GEO
GROUP=DataField
OBJECT=DataField_1
DataFieldName="F"
DimList=("YDim","XDim")
END_OBJECT=DataField_1
END_GROUP=DataField
END_GROUP=GRID_1
END_GROUP=GridStructure
END
`;

function hdfEos(file: Hdf5Writer): void {
  file.create_group("HDFEOS INFORMATION").create_dataset({
    name: "StructMetadata.0",
    data: [STRUCTURE.padEnd(600, "\0")],
    dtype: "S600",
  });
  const fields = file.create_group("HDFEOS").create_group("GRIDS").create_group("G").create_group(
    "Data Fields",
  );
  fields.create_dataset({
    name: "F",
    data: new Float32Array(96).map((_, i) => i),
    shape: [8, 12],
    chunks: [4, 5],
    compression: 4,
  });
  fields.create_dataset({ name: "Latitude", data: new Float32Array(96).fill(3), shape: [8, 12] });
}

function netcdf(file: Hdf5Writer): void {
  axis(file, "lat", steps(-80, 20, 9), { units: "degrees_north", bounds: "lat_bnds" }, Float32Array);
  axis(file, "lon", steps(0, 30, 12), { units: "degrees_east" });
  axis(file, "time", [0, 1], { units: "days since 2000-01-01", calendar: "noleap" });
  file.create_dataset({
    name: "lat_bnds",
    data: Float32Array.from(steps(-90, 20, 9).flatMap((edge) => [edge, edge + 20])),
    shape: [9, 2],
  });
  const made = file.create_dataset({
    name: "v",
    data: new Int16Array(216).map((_, i) => i),
    shape: [2, 9, 12],
    chunks: [1, 4, 12],
    compression: 4,
  });
  made.create_attribute("DimensionNames", "time,lat,lon");
  made.create_attribute("_FillValue", -9, null, "<h");
  made.create_attribute("scale_factor", 0.5);
  made.create_attribute("grid_mapping", "crs");
  const crs = file.create_dataset({ name: "crs", data: Int32Array.from([0]) });
  crs.create_attribute("grid_mapping_name", "latitude_longitude");
  crs.create_attribute("semi_major_axis", 6378137);
  crs.create_attribute("inverse_flattening", 298.257223563);
  const long = file.create_dataset({ name: "n", data: new BigInt64Array(108).fill(7n), shape: [9, 12] });
  long.create_attribute("DimensionNames", "lat,lon");
}

/** What became of a damaged file: `error`, or the number of its grids. */
async function attempt(bytes: Uint8Array): Promise<"error" | number> {
  try {
    const file = await openGrids(memorySource("damaged.nc", bytes), "damaged.nc");
    for (const grid of file.grids) {
      assert.ok(grid.affine.every(Number.isFinite));
      assert.ok(grid.bands.length >= 1);
      const window = {
        level: 0,
        x: 0,
        y: 0,
        width: Math.min(grid.width, 64),
        height: Math.min(grid.height, 64),
      };
      try {
        const { bands } = await grid.readWindow({ ...window, bands: [0] });
        assert.equal(bands[0].length, window.width * window.height);
      } catch (error) {
        assertReported(error);
      }
    }
    for (const { reason, rule } of file.refused) assert.ok(reason !== "" && rule !== "");
    await file.close();
    return file.grids.length;
  } catch (error) {
    assertReported(error);
    return "error";
  }
}

function assertReported(error: unknown): void {
  if (!(error instanceof GranaryError) || error.tag !== "granule") throw error;
  assert.match(error.message, /damaged\.nc/);
}

for (const [name, build] of [["HDF-EOS5", hdfEos], ["netCDF", netcdf]] as const) {
  Deno.test(`damaged copies of a ${name} file give an error, a refusal or grids`, async () => {
    const whole = await writeHdf5(build);
    const sound = await attempt(whole);
    assert.ok(sound !== "error" && sound >= 2, `${sound} grids of the sound file`);
    const found = { error: 0, fewer: 0, same: 0 };
    for (let seed = 1; seed <= CASES; seed++) {
      const outcome = await attempt(damage(whole, seed)).catch((error) => {
        throw new Error(`case ${seed}: ${error}`, { cause: error });
      });
      found[outcome === "error" ? "error" : outcome === sound ? "same" : "fewer"] += 1;
    }
    assert.ok(found.error > 10 && found.same > 10, JSON.stringify(found));
  });
}
