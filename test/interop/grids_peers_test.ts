/**
 * Grids of files that h5py writes as products and other people's tools do: every way of naming dimensions,
 * grid mappings, fills and types. Expected places and values are numpy's, from before the file was written.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import path from "node:path";
import { openFileSource } from "../../core/access/file_source.ts";
import { NAMED_GRIDS } from "../../core/grids/ease_grids.ts";
import { openGrids } from "../../core/grids/open_grids.ts";
import type { GridFile } from "../../core/raster/grid.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

interface Expected {
  file: string;
  variable: string;
  /** Of what is refused. */
  rule?: string;
  affine?: number[];
  crs?: string;
  dtype?: string;
  nodata?: number | string | null;
  unit?: string;
  scale?: number;
  bands?: string[];
  times?: (string | null)[];
  /** Rows of each band, north-up. */
  values?: number[][][];
  /** Of the bytes of the only band, north-up, for what is too long for values. */
  sha256?: string;
  /** A word that its notes hold. */
  note?: string;
}

const WRITE = String.raw`
import h5py, json, os, sys
import numpy as np
folder = sys.argv[1]
expected = []
rng = np.random.default_rng(7)

def scale(f, name, values, **attrs):
    d = f.create_dataset(name, data=values)
    d.make_scale(name.split("/")[-1])
    for k, v in attrs.items():
        d.attrs[k] = v
    return d

def phony(f, name, size):
    d = f.create_dataset(name, shape=(size,), dtype=">f4")
    d.make_scale("This is a netCDF dimension but not a netCDF variable.%10d" % size)
    return d

def variable(f, name, data, scales, **attrs):
    options = attrs.pop("options", {})
    d = f.create_dataset(name, data=data, **options)
    for i, s in enumerate(scales):
        if s is not None:
            d.dims[i].attach_scale(s)
    for k, v in attrs.items():
        d.attrs[k] = v
    return d

def lat(f, values, name="lat", **attrs):
    return scale(f, name, values, units="degrees_north", **attrs)

def lon(f, values, name="lon", **attrs):
    return scale(f, name, values, units="degrees_east", **attrs)

def expect(file, variable, values=None, **facts):
    if values is not None:
        values = np.asarray(values)
        facts["values"] = (values if values.ndim == 3 else values[None]).astype("f8").tolist()
    expected.append({"file": file, "variable": variable, **facts})

def case(file):
    return h5py.File(os.path.join(folder, file), "w")

LAT = np.array([12.0, 11.0, 10.0])
LON = np.array([-3.0, -1.0, 1.0, 3.0])
AFFINE = [2, 0, -4, 0, -1, 12.5]
MAP = np.arange(12, dtype="f4").reshape(3, 4) + 1

with case("scalar_strings.nc") as f:
    f.attrs["Conventions"] = "CF-1.8"
    y, x = lat(f, LAT), lon(f, LON)
    variable(f, "v", MAP, [y, x], units="K", grid_mapping="crs", long_name="a name")
    c = f.create_dataset("crs", data=np.int32(0))
    c.attrs["grid_mapping_name"] = "latitude_longitude"
    c.attrs["semi_major_axis"] = "6378137.0"
    c.attrs["inverse_flattening"] = "298.257223563"
expect("scalar_strings.nc", "/v", MAP, affine=AFFINE, crs="EPSG:4326", dtype="float32", unit="K", nodata=None)

with case("absolute_mapping.nc") as f:
    y = scale(f, "g/y", np.array([-100.0, -300.0, -500.0]), units="m", standard_name="projection_y_coordinate")
    x = scale(f, "g/x", np.array([100.0, 300.0, 500.0, 700.0]), units="m", standard_name="projection_x_coordinate")
    variable(f, "g/v", MAP, [y, x], grid_mapping="/systems/polar")
    c = f.create_dataset("systems/polar", data=np.zeros(1, "S1"))
    c.attrs["grid_mapping_name"] = "polar_stereographic"
    c.attrs["straight_vertical_longitude_from_pole"] = -45.0
    c.attrs["latitude_of_projection_origin"] = 90.0
    c.attrs["standard_parallel"] = 70.0
    c.attrs["semi_major_axis"] = 6378137.0
    c.attrs["inverse_flattening"] = 298.257223563
expect("absolute_mapping.nc", "/g/v", MAP, affine=[200, 0, 0, 0, -200, 0], crs="EPSG:3413")

with case("extended_mapping.nc") as f:
    y = scale(f, "y", np.array([5.0, 3.0, 1.0]), units="km", axis="Y")
    x = scale(f, "x", np.array([1.0, 3.0, 5.0, 7.0]), units="km", axis="X")
    variable(f, "v", MAP, [y, x], grid_mapping="wgs84: lat lon laea: x y")
    variable(f, "w", MAP, [y, x], grid_mapping="laea: x y")
    f.create_dataset("wgs84", data=np.int32(0)).attrs["grid_mapping_name"] = "latitude_longitude"
    c = f.create_dataset("laea", data=np.int32(0))
    c.attrs["grid_mapping_name"] = "lambert_azimuthal_equal_area"
    c.attrs["latitude_of_projection_origin"] = 90.0
    c.attrs["longitude_of_projection_origin"] = 0.0
    c.attrs["semi_major_axis"] = 6378137.0
    c.attrs["inverse_flattening"] = 298.257223563
for name in "/v", "/w":
    expect("extended_mapping.nc", name, MAP, affine=[2000, 0, 0, 0, -2000, 6000], crs="EPSG:6931")

with case("missing_mapping.nc") as f:
    y, x = lat(f, LAT), lon(f, LON)
    variable(f, "v", MAP, [y, x], grid_mapping="nowhere")
expect("missing_mapping.nc", "/v", MAP, affine=AFFINE, crs="EPSG:4326", note="grid_mapping nowhere")

with case("unsigned.nc") as f:
    y, x = lat(f, LAT), lon(f, LON)
    stored = np.array([[0, 100, 127, -128], [-1, -2, 5, 6], [7, 8, 9, 10]], "i1")
    variable(f, "v", stored, [y, x], _Unsigned="true", _FillValue=np.array([-1], "i1"))
expect("unsigned.nc", "/v", stored.view("u1"), affine=AFFINE, dtype="uint8", nodata=255)

with case("float32_axes.nc") as f:
    y = lat(f, np.float32(10 - 0.02 * (np.arange(500) + 0.5)))
    x = lon(f, np.float32(-180 + 0.02 * (np.arange(600) + 0.5)))
    variable(f, "v", np.zeros((500, 600), "u1"), [y, x])
expect("float32_axes.nc", "/v", affine=[0.02, 0, -180, 0, -0.02, 10])

with case("rising.nc") as f:
    y, x = lat(f, LAT[::-1]), lon(f, LON[::-1])
    variable(f, "v", MAP[::-1, ::-1], [y, x])
    variable(f, "t", MAP[::-1, ::-1].T, [x, y])
for name in "/v", "/t":
    expect("rising.nc", name, MAP, affine=AFFINE)

with case("one_cell.nc") as f:
    y, x = lat(f, np.array([10.0]), bounds="lat_bnds"), lon(f, np.array([20.0]), bounds="lon_bnds")
    f["lat_bnds"] = np.array([[9.5, 10.5]])
    f["lon_bnds"] = np.array([[19.0, 21.0]])
    variable(f, "v", np.ones((1, 1), "f4"), [y, x])
expect("one_cell.nc", "/v", [[1.0]], affine=[2, 0, 19, 0, -1, 10.5])

with case("one_row.nc") as f:
    y, x = lat(f, np.array([10.0])), lon(f, LON)
    variable(f, "v", MAP[:1], [y, x])
expect("one_row.nc", "/v", MAP[:1], affine=[2, 0, -4, 0, -2, 11], note="holds one cell")

with case("one_cell_without_bounds.nc") as f:
    y, x = lat(f, np.array([10.0])), lon(f, np.array([20.0]))
    variable(f, "v", np.ones((1, 1), "f4"), [y, x])
expect("one_cell_without_bounds.nc", "/v", rule="uneven")

with case("no_coordinates.nc") as f:
    y, x = phony(f, "y", 3), phony(f, "x", 4)
    variable(f, "v", MAP, [y, x], grid_mapping="spatial_ref")
    c = f.create_dataset("spatial_ref", data=np.int64(0))
    c.attrs["spatial_ref"] = 'PROJCS["WGS 84 / UTM zone 15N",AUTHORITY["EPSG","32615"]]'
    c.attrs["GeoTransform"] = "500000 30 0 4000000 0 -30"
    variable(f, "w", MAP, [phony(f, "a", 3), phony(f, "b", 4)])
expect("no_coordinates.nc", "/v", MAP, affine=[30, 0, 500000, 0, -30, 4000000], crs="EPSG:32615", note="GeoTransform")
expect("no_coordinates.nc", "/w", rule="no-axes")

with case("bounds_win.nc") as f:
    y, x = lat(f, LAT, bounds="yb"), lon(f, LON - 1, bounds="xb")
    f["yb"] = np.stack([LAT + 0.5, LAT - 0.5], 1)
    f["xb"] = np.stack([LON - 1, LON + 1], 1)
    variable(f, "v", MAP, [y, x])
expect("bounds_win.nc", "/v", MAP, affine=AFFINE)

with case("parent_dimensions.nc") as f:
    y, x = lat(f, LAT), lon(f, LON)
    t = scale(f, "time", np.array([0, 6], "i4"), units="hours since 2024-02-28 18:00")
    variable(f, "a/b/v", np.stack([MAP, MAP + 50]), [t, y, x], grid_mapping="crs")
    f.create_dataset("crs", data=np.int32(0)).attrs["grid_mapping_name"] = "latitude_longitude"
expect("parent_dimensions.nc", "/a/b/v", np.stack([MAP, MAP + 50]), affine=AFFINE, crs="EPSG:4326",
       bands=["time=2024-02-28T18:00:00Z", "time=2024-02-29T00:00:00Z"],
       times=["2024-02-28T18:00:00Z", "2024-02-29T00:00:00Z"])

with case("square.h5") as f:
    y, x = lat(f, np.arange(4.0)), lon(f, np.arange(4.0))
    square = np.arange(16, dtype="i2").reshape(4, 4)
    variable(f, "v", square, [x, y])
    f["w"] = square
expect("square.h5", "/v", square.T[::-1], affine=[1, 0, -0.5, 0, -1, 3.5])
expect("square.h5", "/w", rule="no-axes")

with case("gaussian.nc") as f:
    y = lat(f, np.degrees(np.arcsin(np.polynomial.legendre.leggauss(32)[0])))
    x = lon(f, np.arange(64) * 5.625)
    variable(f, "v", np.zeros((32, 64), "f4"), [y, x])
expect("gaussian.nc", "/v", rule="uneven")

with case("rotated.nc") as f:
    y = scale(f, "rlat", LAT, units="degrees", standard_name="grid_latitude")
    x = scale(f, "rlon", LON, units="degrees", standard_name="grid_longitude")
    variable(f, "v", MAP, [y, x], grid_mapping="rotated_pole")
    f.create_dataset("rotated_pole", data=np.int32(0)).attrs["grid_mapping_name"] = "rotated_latitude_longitude"
expect("rotated.nc", "/v", rule="rotated")

with case("geostationary.nc") as f:
    y = scale(f, "y", np.array([0.1, 0.0, -0.1], "f4"), units="rad", axis="Y", standard_name="projection_y_coordinate")
    x = scale(f, "x", np.array([-0.1, 0.0, 0.1, 0.2], "f4"), units="rad", axis="X", standard_name="projection_x_coordinate")
    variable(f, "v", MAP, [y, x], grid_mapping="goes")
    f.create_dataset("goes", data=np.int32(0)).attrs["grid_mapping_name"] = "geostationary"
expect("geostationary.nc", "/v", rule="geostationary")

with case("curvilinear.nc") as f:
    j, i = phony(f, "j", 3), phony(f, "i", 4)
    la = np.add.outer(LAT, 0.1 * np.arange(4))
    lo = np.add.outer(0.2 * np.arange(3), LON)
    variable(f, "lat", la, [j, i], units="degrees_north")
    variable(f, "lon", lo, [j, i], units="degrees_east")
    variable(f, "v", MAP, [j, i], coordinates="lat lon")
expect("curvilinear.nc", "/v", rule="curvilinear")

with case("regular_in_two_dimensions.nc") as f:
    j, i = phony(f, "j", 3), phony(f, "i", 4)
    variable(f, "lat", np.repeat(LAT[:, None], 4, 1), [j, i], units="degrees_north")
    variable(f, "lon", np.repeat(LON[None], 3, 0), [j, i], units="degrees_east")
    variable(f, "v", MAP, [j, i], coordinates="lat lon")
expect("regular_in_two_dimensions.nc", "/v", MAP, affine=AFFINE, crs="EPSG:4326")

with case("swath.nc") as f:
    j, i = phony(f, "scan_line", 3), phony(f, "pixel", 4)
    variable(f, "latitude", la, [j, i], units="degrees_north")
    variable(f, "longitude", lo, [j, i], units="degrees_east")
    variable(f, "v", MAP, [j, i], coordinates="latitude longitude")
expect("swath.nc", "/v", rule="swath")

with case("no_crs.nc") as f:
    y = scale(f, "y", LAT * 1000, units="m", axis="Y")
    x = scale(f, "x", LON * 1000, units="m", axis="X")
    variable(f, "v", MAP, [y, x])
expect("no_crs.nc", "/v", rule="no-crs")

with case("long_integers.nc") as f:
    y, x = lat(f, LAT), lon(f, LON)
    whole = MAP.astype("i8")
    variable(f, "small", whole, [y, x], _FillValue=np.array([12], "i8"))
    variable(f, "filled", np.where(whole == 12, -9223372036854775806, whole), [y, x],
             _FillValue=np.array([-9223372036854775806], "i8"))
    variable(f, "large", whole * 2**40, [y, x])
    variable(f, "huge", whole * (2**55 + 1), [y, x])
expect("long_integers.nc", "/small", whole, dtype="int32", nodata=12)
expect("long_integers.nc", "/filled", np.where(whole == 12, -2147483648, whole), dtype="int32", nodata=-2147483648)
expect("long_integers.nc", "/large", whole * 2**40, dtype="float64", nodata=None)
expect("long_integers.nc", "/huge", rule="dtype")

with case("filters.h5") as f:
    y, x = lat(f, LAT), lon(f, LON)
    small = MAP.astype("i2")
    variable(f, "scaleoffset", small, [y, x], options=dict(chunks=(2, 3), scaleoffset=0))
    variable(f, "shuffled", small, [y, x], options=dict(chunks=(2, 3), shuffle=True, fletcher32=True, compression=9))
    variable(f, "big_endian", small.astype(">i2"), [y, x])
    variable(f, "half", MAP.astype("f2"), [y, x])
    variable(f, "complex", MAP.astype("c8"), [y, x])
for name, dtype in [("scaleoffset", "int16"), ("shuffled", "int16"), ("big_endian", "int16"), ("half", "float32")]:
    expect("filters.h5", "/" + name, small, dtype=dtype, affine=AFFINE)
expect("filters.h5", "/complex", rule="dtype")

with case("fills.h5") as f:
    y, x = lat(f, LAT), lon(f, LON)
    variable(f, "created", MAP, [y, x], options=dict(fillvalue=-5.0))
    variable(f, "missing", MAP, [y, x], missing_value=np.float32(3))
    variable(f, "both", MAP, [y, x], _FillValue=np.float32(3), missing_value=np.float32(4))
    variable(f, "none", MAP, [y, x])
    variable(f, "packed", MAP.astype("i2"), [y, x], scale_factor=0.1, add_offset=5.0, _FillValue=np.int16(-9))
expect("fills.h5", "/created", MAP, nodata=-5)
expect("fills.h5", "/missing", MAP, nodata=3)
expect("fills.h5", "/both", np.where(MAP == 4, 3, MAP), nodata=3, note="read as 3")
expect("fills.h5", "/none", MAP, nodata=None)
expect("fills.h5", "/packed", MAP, nodata=-9, scale=0.1)

with case("axes_around.nc") as f:
    y, x = lat(f, LAT), lon(f, LON)
    level = scale(f, "level", np.array([1000.0, 500.0], "f4"), units="hPa")
    colour = f.create_dataset("colour", data=np.array(["red", "green"], dtype=h5py.string_dtype()))
    colour.make_scale("colour")
    t = scale(f, "time", np.array([0.0, 31.0]), units="days since 2023-01-01", calendar="360_day")
    cube = np.stack([MAP, MAP + 20])
    variable(f, "interleaved", np.moveaxis(cube, 0, 2), [y, x, colour])
    variable(f, "deep", np.stack([cube, cube + 100]), [t, level, y, x], options=dict(chunks=(2, 2, 2, 2)))
expect("axes_around.nc", "/interleaved", cube, bands=["colour=red", "colour=green"], affine=AFFINE)
expect("axes_around.nc", "/deep", np.concatenate([cube, cube + 100]),
       bands=["time=2023-01-01T00:00:00Z,level=1000", "time=2023-01-01T00:00:00Z,level=500",
              "time=2023-02-02T00:00:00Z,level=1000", "time=2023-02-02T00:00:00Z,level=500"])

with case("one_dimensional_auxiliary.nc") as f:
    y, x = phony(f, "row", 3), phony(f, "column", 4)
    variable(f, "latitude", LAT, [y], units="degrees_north")
    variable(f, "longitude", LON, [x], units="degrees_east")
    variable(f, "v", MAP, [y, x], coordinates="latitude longitude")
    s = f.create_dataset("when", data=np.float64(3600))
    s.attrs["units"] = "seconds since 1970-01-01"
    f["v"].attrs["coordinates"] = "latitude longitude when"
expect("one_dimensional_auxiliary.nc", "/v", MAP, affine=AFFINE, times=["1970-01-01T01:00:00Z"])

with case("contradicted.nc") as f:
    y, x = lat(f, LAT), lon(f, LON)
    variable(f, "v", MAP, [y, x], grid_mapping="crs")
    c = f.create_dataset("crs", data=np.int32(0))
    c.attrs["grid_mapping_name"] = "latitude_longitude"
    c.attrs["GeoTransform"] = "-3 2 0 12 0 -1"
expect("contradicted.nc", "/v", MAP, affine=AFFINE, note="the coordinates are followed")

with case("metres_as_degrees.nc") as f:
    y = scale(f, "y", LAT * 1e5, units="m", axis="Y")
    x = scale(f, "x", LON * 1e5, units="m", axis="X")
    variable(f, "v", MAP, [y, x], grid_mapping="crs")
    f.create_dataset("crs", data=np.int32(0)).attrs["grid_mapping_name"] = "latitude_longitude"
expect("metres_as_degrees.nc", "/v", rule="no-crs")

with case("other_scaling.h5") as f:
    y, x = lat(f, LAT), lon(f, LON)
    variable(f, "v", MAP, [y, x], ScaleFactor=0.5, Offset=0.0)
expect("other_scaling.h5", "/v", MAP, scale=1, note="ScaleFactor (0.5) is not followed")

with case("flags.nc") as f:
    y, x = lat(f, LAT), lon(f, LON)
    variable(f, "v", MAP.astype("u1"), [y, x], valid_range=np.array([0, 10], "u1"))
expect("flags.nc", "/v", MAP, dtype="uint8", nodata=None, note="valid range (0 to 10)")

with case("rolled.nc") as f:
    y, x = lat(f, np.arange(4.0)[::-1]), lon(f, np.arange(36) * 10.0)
    wide = np.arange(144, dtype="i4").reshape(4, 36)
    variable(f, "v", wide, [y, x], options=dict(chunks=(2, 7), compression=1))
expect("rolled.nc", "/v", np.roll(wide, 18, 1), affine=[10, 0, -185, 0, -1, 3.5])

with case("imerg.h5") as f:
    t = scale(f, "Grid/time", np.array([1577880000], "i4"), units="seconds since 1970-01-01 00:00:00 UTC", calendar="julian")
    x = lon(f, np.float32(-179.95 + 0.1 * np.arange(3600)), "Grid/lon", bounds="lon_bnds")
    y = lat(f, np.float32(-89.95 + 0.1 * np.arange(1800)), "Grid/lat", bounds="lat_bnds")
    f["Grid/lon_bnds"] = np.float32(np.stack([-180 + 0.1 * np.arange(3600), -179.9 + 0.1 * np.arange(3600)], 1))
    f["Grid/lat_bnds"] = np.float32(np.stack([-90 + 0.1 * np.arange(1800), -89.9 + 0.1 * np.arange(1800)], 1))
    rain = np.float32(np.round(np.maximum(rng.normal(-1, 1, (3600, 1800)), 0), 1))
    variable(f, "Grid/precipitation", rain[None], [t, x, y], Units="mm/hr", _FillValue=np.float32(-9999.9),
             DimensionNames="time,lon,lat", options=dict(chunks=(1, 145, 1800), shuffle=True, compression=1))
import hashlib
expect("imerg.h5", "/Grid/precipitation", affine=[0.1, 0, -180, 0, -0.1, 90], crs="EPSG:4326",
       nodata=-9999.900390625, times=["2020-01-01T12:00:00Z"], unit="mm/hr",
       sha256=hashlib.sha256(np.ascontiguousarray(rain.T[::-1]).tobytes()).hexdigest())

json.dump(expected, sys.stdout)
`;

const folder = temporaryFolder("granary-grids-");
const there = hasPeer("h5py", "numpy");
const cases = there ? askPython(WRITE, folder) as Expected[] : [];

Deno.test({
  name: "files that h5py writes in the manners of products give the grids that numpy put in",
  ignore: !there,
  fn: async (t) => {
    const files = new Map<string, GridFile>();
    for (const { file } of cases) {
      if (!files.has(file)) {
        const at = path.join(folder, file);
        files.set(file, await openGrids(await openFileSource(at), file));
      }
    }
    for (const wanted of cases) {
      await t.step(`${wanted.file} ${wanted.variable}`, async () => {
        const file = files.get(wanted.file);
        assert.ok(file !== undefined);
        await assertCase(file, wanted);
      });
    }
    for (const file of files.values()) await file.close();
  },
});

async function assertCase(file: GridFile, wanted: Expected): Promise<void> {
  const refusal = file.refused.find(({ name }) => name === wanted.variable);
  const grid = file.grids.find(({ name }) => name === wanted.variable);
  if (wanted.rule !== undefined) return assert.equal(refusal?.rule, wanted.rule);
  assert.ok(grid !== undefined, `no grid: ${refusal?.reason}`);
  const { affine, crs, dtype, nodata, bands } = grid;
  if (wanted.affine !== undefined) {
    affine.forEach((value, i) =>
      assert.ok(Math.abs(value - (wanted.affine?.[i] ?? NaN)) < 1e-9, `${affine}`)
    );
  }
  if (wanted.crs !== undefined) assert.equal(crs.code, wanted.crs);
  if (wanted.dtype !== undefined) assert.equal(dtype, wanted.dtype);
  if (wanted.nodata !== undefined) assert.equal(nodata, wanted.nodata);
  if (wanted.unit !== undefined) assert.equal(bands[0].unit, wanted.unit);
  if (wanted.scale !== undefined) assert.equal(bands[0].scale, wanted.scale);
  if (wanted.bands !== undefined) assert.deepEqual(bands.map(({ name }) => name), wanted.bands);
  if (wanted.times !== undefined) {
    assert.deepEqual(bands.map(({ time }) => time), wanted.times.map((time) => time && Date.parse(time)));
  }
  if (wanted.note !== undefined) {
    assert.ok(grid.notes.some((note) => note.includes(wanted.note ?? "")), grid.notes.join("\n"));
  }
  if (wanted.values === undefined && wanted.sha256 === undefined) return;
  const window = await grid.readWindow({ level: 0, x: 0, y: 0, width: grid.width, height: grid.height });
  if (wanted.sha256 !== undefined) {
    const [{ buffer, byteOffset, byteLength }] = window.bands;
    const digest = createHash("sha256").update(new Uint8Array(buffer, byteOffset, byteLength)).digest("hex");
    return assert.equal(digest, wanted.sha256);
  }
  const found = window.bands.map((band) =>
    Array.from({ length: grid.height }, (_, row) => [...band.slice(row * grid.width, (row + 1) * grid.width)])
  );
  assert.deepEqual(found, wanted.values);
}

const WRITE_EASE = String.raw`
import h5py, json, os, sys
import numpy as np
from pyproj import Transformer
folder = sys.argv[1]
out = []
for name, code, west, north, cell, columns, rows in json.loads(sys.argv[2]):
    back = Transformer.from_crs(code, "EPSG:4326", always_xy=True)
    column, row = columns // 3, rows // 4
    x = west + (column + np.arange(15) + 0.5) * cell
    y = north - (row + np.arange(12) + 0.5) * cell
    lon, lat = back.transform(*np.meshgrid(x, y))
    lat[0, 0] = lon[0, 0] = -9999
    file = os.path.join(folder, name + ".h5")
    with h5py.File(file, "w") as f:
        for key, values, units in ("latitude", lat, "degrees_north"), ("longitude", lon, "degrees_east"):
            d = f.create_dataset(key, data=np.float32(values))
            d.attrs["units"] = units
            d.attrs["_FillValue"] = np.float32(-9999)
        f["v"] = np.arange(180, dtype="i2").reshape(12, 15)
    out.append([file, [cell, 0, west + column * cell, 0, -cell, north - row * cell]])
json.dump(out, sys.stdout)
`;

Deno.test({
  name:
    "latitudes and longitudes that pyproj gives for EASE-Grid 2.0 are identified by the grid's name, and placed on it",
  ignore: !hasPeer("h5py", "numpy", "pyproj"),
  fn: async () => {
    const asked = NAMED_GRIDS.map(({ name, code, west, north, cell, columns, rows }) =>
      [name, code, west, north, cell, columns, rows] as const
    );
    const files = askPython(WRITE_EASE, folder, JSON.stringify(asked)) as [string, number[]][];
    for (const [i, [at, affine]] of files.entries()) {
      const [name, code] = asked[i];
      const silent = await openGrids(await openFileSource(at), at);
      for (const { rule, reason } of silent.refused) {
        assert.equal(rule, "curvilinear");
        assert.match(reason, new RegExp(`they are those of ${name}: say so`));
      }
      assert.equal(silent.refused.length, 3);
      const placed = await openGrids(await openFileSource(at), at, { grid: name });
      const grid = placed.grids.find((one) => one.name === "/v");
      assert.ok(grid !== undefined, JSON.stringify(placed.refused));
      assert.equal(grid.crs.code, code);
      grid.affine.forEach((value, k) =>
        assert.ok(Math.abs(value - affine[k]) < 1e-6, `${name}: ${grid.affine}`)
      );
      await silent.close();
      await placed.close();
    }
  },
});
