/** Grids of every kind that a COG can hold, written to a folder with what other programs are to find there. */
import fs from "node:fs";
import path from "node:path";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { writeCog } from "../../core/geotiff/write/cog.ts";
import type { CogOptions } from "../../core/geotiff/write/plan.ts";
import type { Affine, Crs, GridBand, GridDtype, GridValues } from "../../core/raster/grid.ts";
import { memoryGrid, WGS84 } from "../support/memory_grid.ts";

interface Case {
  name: string;
  width: number;
  height: number;
  dtype: GridDtype;
  /** Of a cell by its column, row and band. */
  value: (x: number, y: number, band: number) => number;
  nodata?: number | null;
  bandCount?: number;
  bands?: Partial<GridBand>[];
  affine?: Affine;
  crs?: Crs;
  options?: CogOptions;
}

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Not smooth and not noise; the same everywhere. */
function mixed(x: number, y: number, band = 0): number {
  const bits = Math.imul(x * 73856093 ^ y * 19349663 ^ band * 83492791, 2654435761) >>> 20;
  return ((x * y) >> 6) + x * 3 - y * 2 + (bits & 15);
}

const fraction = (x: number, y: number, band = 0) => mixed(x, y, band) / 7;

function projected(name: string, proj4: string, code: string | null = null): Crs {
  return { code, proj4, geographic: false, name, wkt: null };
}

const NORTH: Affine = [25000, 0, -9000000, 0, -25000, 9000000];

function* cases(): Iterable<Case> {
  const f4 = { dtype: "float32" as const, value: fraction };
  yield { name: "one_cell", width: 1, height: 1, ...f4, nodata: -1 };
  yield { name: "one_tile", width: 512, height: 512, ...f4 };
  yield { name: "odd", width: 513, height: 511, ...f4, nodata: 0 };
  yield { name: "a_row", width: 1025, height: 1, dtype: "int16", value: mixed };
  const types = {
    uint8: 255,
    int8: -128,
    uint16: 0,
    int16: 32767,
    uint32: 4294967295,
    int32: -2147483648,
  } as const;
  for (const [name, nodata] of Object.entries(types)) {
    // Nodata at the end of a type's range: no mean of others falls on it.
    yield { name, width: 1300, height: 1100, dtype: name as keyof typeof types, value: mixed, nodata };
  }
  yield { name: "uint16_none", width: 2048, height: 1024, dtype: "uint16", value: mixed };
  yield {
    name: "negative",
    width: 2048,
    height: 1024,
    dtype: "int16",
    value: (x, y) => -Math.abs(mixed(x, y)) % 300,
    nodata: -32768,
  };
  yield {
    name: "float64",
    width: 1300,
    height: 700,
    dtype: "float64",
    value: (x, y) => mixed(x, y) / 7,
    nodata: NaN,
  };
  yield {
    name: "minus_two_to_the_100",
    width: 1440,
    height: 720,
    dtype: "float32",
    value: (x, y) => (x * y) % 11 < 3 ? -(2 ** 100) : fraction(x, y),
    nodata: -(2 ** 100),
  };
  yield {
    name: "inexact_nodata_beside_nan",
    width: 1024,
    height: 1024,
    dtype: "float32",
    value: (x, y) => x < 100 ? Math.fround(-9999.9) : (x + y) % 97 === 0 ? NaN : fraction(x, y),
    nodata: -9999.9,
  };
  yield {
    name: "nan",
    width: 1024,
    height: 1024,
    dtype: "float32",
    value: (x, y) => x < 520 && y < 520 ? NaN : fraction(x, y),
    nodata: NaN,
  };
  yield { name: "all_nodata", width: 1100, height: 600, dtype: "uint16", value: () => 65535, nodata: 65535 };
  yield { name: "all_nan", width: 600, height: 600, dtype: "float32", value: () => NaN, nodata: NaN };
  yield {
    name: "one_valid",
    width: 1100,
    height: 600,
    dtype: "float32",
    value: (x, y) => x === 1099 && y === 599 ? 3.25 : -1,
    nodata: -1,
  };
  yield {
    name: "three_bands",
    width: 700,
    height: 600,
    dtype: "uint8",
    value: mixed,
    bandCount: 3,
    nodata: 0,
  };
  yield { name: "sixteen_bands", width: 600, height: 530, ...f4, bandCount: 16, nodata: -9999 };
  yield {
    name: "colours",
    width: 600,
    height: 600,
    dtype: "uint8",
    value: mixed,
    bandCount: 3,
    bands: [{ name: "red" }, { name: "green" }, { name: "blue" }],
  };
  for (const name of ["deflate", "zstd", "none"] as const) {
    const compression = { name, level: name === "zstd" ? 3 : 6 };
    yield { name: `packed_by_${name}`, width: 1100, height: 900, ...f4, options: { compression } };
    yield {
      name: `bands_packed_by_${name}`,
      width: 600,
      height: 520,
      dtype: "uint16",
      value: mixed,
      bandCount: 2,
      options: { compression },
    };
  }
  yield { name: "big", width: 1300, height: 1100, dtype: "int32", value: mixed, options: { bigTiff: true } };
  yield {
    name: "reported",
    width: 600,
    height: 300,
    dtype: "int16",
    value: mixed,
    nodata: -32768,
    bands: [{
      scale: 0.01,
      offset: -273.15,
      unit: 'K <&"',
      description: 'sea <surface> & "skin"',
      time: 1.7e12,
    }],
    options: { tags: { source: 'a <b> & "c"', VARIABLE: "/Grid/temperature" } },
  };
  yield {
    name: "modes",
    width: 1024,
    height: 1024,
    dtype: "uint8",
    // Three equal cells, pairs of equals, and ties of all four.
    value: (x, y) => [1 + (x >> 1) % 3, (x * 7 + y * 3) % 5, x % 2 === y % 2 ? 4 : 9][(x >> 4) % 3],
    nodata: 0,
    options: { overviews: "mode" },
  };
  yield { name: "nearest", width: 1024, height: 1024, ...f4, options: { overviews: "nearest" } };
  const utm = projected(
    "WGS 84 / UTM zone 33N",
    "+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs",
    "EPSG:32633",
  );
  yield { name: "utm", width: 100, height: 80, ...f4, crs: utm, affine: [10, 0, 300000, 0, -10, 5000040] };
  const turned: Affine = [8, 6, 300000, 6, -8, 5000000];
  yield { name: "turned", width: 100, height: 80, ...f4, crs: utm, affine: turned };
  const sphere = "+R=6371007.181 +units=m +no_defs";
  for (
    const [name, proj4] of [
      ["sinusoidal", `+proj=sinu +lon_0=0 +x_0=0 +y_0=0 ${sphere}`],
      [
        "polar_b",
        "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +x_0=0 +y_0=0 +a=6378273 +b=6356889.449 +units=m",
      ],
      ["polar_south", "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=10 +x_0=5 +y_0=7 +ellps=GRS80 +units=m"],
      ["polar_a", "+proj=stere +lat_0=90 +k=0.994 +lon_0=20 +x_0=2000000 +y_0=2000000 +ellps=WGS84 +units=m"],
      [
        "albers",
        "+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-97 +x_0=0 +y_0=0 +ellps=GRS80 +units=m",
      ],
      [
        "albers_on_nad83",
        "+proj=aea +lat_1=50 +lat_2=70 +lat_0=40 +lon_0=-96 +x_0=10 +y_0=0 +datum=NAD83 +units=m",
      ],
      ["laea", "+proj=laea +lat_0=90 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m"],
      ["cea", "+proj=cea +lat_ts=30 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m"],
      [
        "lcc_2sp",
        "+proj=lcc +lat_1=33 +lat_2=45 +lat_0=39 +lon_0=-96 +x_0=100 +y_0=200 +ellps=GRS80 +units=m",
      ],
      [
        "lcc_1sp",
        "+proj=lcc +lat_1=47 +lat_0=47 +lon_0=2 +k_0=0.9998 +x_0=600000 +y_0=200000 +ellps=intl +units=m",
      ],
      ["tmerc", "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996 +x_0=400000 +y_0=-100000 +ellps=airy +units=m"],
      ["utm_by_parameters", "+proj=utm +zone=20 +south +ellps=intl +units=m"],
      ["mercator", "+proj=merc +lon_0=10 +k=0.9 +x_0=0 +y_0=0 +ellps=bessel +units=m"],
      ["mercator_by_latitude", "+proj=merc +lat_ts=30 +lon_0=10 +x_0=0 +y_0=0 +ellps=bessel +units=m"],
      ["azimuthal", "+proj=aeqd +lat_0=50 +lon_0=10 +x_0=5 +y_0=7 +ellps=GRS80 +units=m"],
      ["oblique", "+proj=stere +lat_0=52 +lon_0=5 +k=0.9999 +x_0=155000 +y_0=463000 +ellps=bessel +units=m"],
      [
        "double_oblique",
        "+proj=sterea +lat_0=52 +lon_0=5 +k=0.9999 +x_0=155000 +y_0=0 +ellps=bessel +units=m",
      ],
      [
        "equidistant",
        "+proj=eqdc +lat_1=40 +lat_2=60 +lat_0=50 +lon_0=10 +x_0=0 +y_0=0 +ellps=GRS80 +units=m",
      ],
      ["cassini", "+proj=cass +lat_0=50 +lon_0=10 +x_0=0 +y_0=0 +ellps=clrk66 +units=m"],
      ["polyconic", "+proj=poly +lat_0=50 +lon_0=10 +x_0=500 +y_0=20 +ellps=GRS80 +units=m"],
      ["robinson", "+proj=robin +lon_0=10 +x_0=7 +y_0=0 +R=6371000 +units=m"],
      ["miller", "+proj=mill +lon_0=10 +x_0=0 +y_0=0 +R=6371000 +units=m"],
      ["van_der_grinten", "+proj=vandg +lon_0=10 +x_0=0 +y_0=0 +R=6371000 +units=m"],
      [
        "in_feet",
        "+proj=lcc +lat_1=33 +lat_2=45 +lat_0=39 +lon_0=-96 +x_0=609600 +y_0=0 +ellps=GRS80 +units=us-ft",
      ],
    ] as const
  ) {
    yield { name, width: 30, height: 20, ...f4, crs: projected(name, proj4), affine: NORTH };
  }
  yield {
    name: "longlat_on_a_sphere",
    width: 30,
    height: 20,
    ...f4,
    crs: {
      code: null,
      proj4: "+proj=longlat +R=6371229 +no_defs",
      geographic: true,
      name: "on a sphere",
      wkt: null,
    },
  };
}

/** Writes every case as `{name}.tif`, its planes as `{name}.bin`, and what is to be found as `cases.json`. */
export async function writeCases(folder: string): Promise<number> {
  const target = openTarget(folder, new SourceOpener({ env: {} }));
  const reported: unknown[] = [];
  for (const one of cases()) {
    const { name, width, height, dtype, value, options = {} } = one;
    const count = one.bandCount ?? 1;
    const nodata = one.nodata ?? null;
    const planes = Array.from({ length: count }, (_, band): GridValues => {
      const plane = new ARRAYS[dtype](width * height);
      for (let i = 0; i < plane.length; i++) plane[i] = value(i % width, Math.floor(i / width), band);
      return plane;
    });
    const grid = memoryGrid({ ...one, planes });
    const summary = await writeCog(grid, target, `${name}.tif`, { workers: 2, ...options });
    for (const plane of planes) {
      fs.appendFileSync(path.join(folder, `${name}.bin`), new Uint8Array(plane.buffer));
    }
    reported.push({
      name,
      width,
      height,
      dtype,
      count,
      nodata: nodata === null ? null : String(dtype === "float32" ? Math.fround(nodata) : nodata),
      affine: grid.affine,
      proj4: (one.crs ?? WGS84).proj4,
      epsg: (one.crs ?? WGS84).code,
      bands: one.bands ?? [],
      tags: options.tags ?? {},
      big: options.bigTiff ?? false,
      compression: options.compression?.name ?? "deflate",
      overviews: options.overviews ?? "average",
      summary,
    });
  }
  // NaN is no JSON: statistics of empty bands hold null.
  fs.writeFileSync(path.join(folder, "cases.json"), JSON.stringify(reported));
  return reported.length;
}
