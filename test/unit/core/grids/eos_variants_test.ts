/**
 * Variants of one HDF-EOS5 grid: however its origin and corners are written, and whichever way its fields are
 * stored for that, the same cells come out at the same places.
 */
import assert from "node:assert/strict";
import type { Grid } from "../../../../core/raster/grid.ts";
import { axis, madeGrid, madeGrids, wholeBands } from "./grid_files.ts";
import type { Hdf5Writer } from "../hdf5/write_hdf5.ts";

/** A grid as it is on a map: row 0 north, column 0 west. */
interface OnMap {
  name: string;
  width: number;
  height: number;
  values: Float32Array;
}

function onMap(name: string, width: number, height: number): OnMap {
  return { name, width, height, values: Float32Array.from({ length: width * height }, (_, i) => i + 1) };
}

const MADE = onMap("Made", 6, 4);

interface Variant {
  origin: "UL" | "UR" | "LL" | "LR" | undefined;
  /** Corners as they are written: x and y of UpperLeftPointMtrs, then of LowerRightMtrs. */
  upperLeft: [number, number];
  lowerRight: [number, number];
  order: "YX" | "XY";
  projection: string;
}

/** Where the first stored row and column lie, by the rule of HDF-EOS5: at the corner that the origin names. */
function stored(
  { width, height, values: map }: OnMap,
  { origin = "UL", upperLeft, lowerRight, order }: Variant,
): Float32Array {
  const firstY = origin.startsWith("L") ? lowerRight[1] : upperLeft[1];
  const firstX = origin.endsWith("R") ? lowerRight[0] : upperLeft[0];
  const southUp = firstY === Math.min(upperLeft[1], lowerRight[1]);
  const eastFirst = firstX === Math.max(upperLeft[0], lowerRight[0]);
  const values = new Float32Array(map.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const y = southUp ? height - 1 - row : row;
      const x = eastFirst ? width - 1 - column : column;
      values[order === "YX" ? y * width + x : x * height + y] = map[row * width + column];
    }
  }
  return values;
}

function write(file: Hdf5Writer, variant: Variant, map: OnMap = MADE, latitudes?: Float32Array): void {
  const { name, width, height } = map;
  const text = [
    "GROUP=GridStructure",
    "\tGROUP=GRID_1",
    `\t\tGridName="${name}"`,
    `\t\tXDim=${width}`,
    `\t\tYDim=${height}`,
    `\t\tUpperLeftPointMtrs=(${variant.upperLeft.map((value) => value.toFixed(6)).join(",")})`,
    `\t\tLowerRightMtrs=(${variant.lowerRight.map((value) => value.toFixed(6)).join(",")})`,
    "\t\tPixelRegistration=HE5_HDFE_CENTER",
    ...(variant.origin === undefined ? [] : [`\t\tGridOrigin=HE5_HDFE_GD_${variant.origin}`]),
    ...variant.projection.split("\n").map((line) => `\t\t${line}`),
    "\t\tGROUP=DataField",
    "\t\t\tOBJECT=DataField_1",
    '\t\t\t\tDataFieldName="Field"',
    `\t\t\t\tDimList=(${variant.order === "YX" ? '"YDim","XDim"' : '"XDim","YDim"'})`,
    "\t\t\tEND_OBJECT=DataField_1",
    "\t\tEND_GROUP=DataField",
    "\tEND_GROUP=GRID_1",
    "END_GROUP=GridStructure",
    "END",
  ].join("\n");
  file.create_group("HDFEOS INFORMATION").create_dataset({
    name: "StructMetadata.0",
    data: [text.padEnd(2000, "\0")],
    dtype: "S2000",
  });
  const grid = file.create_group("HDFEOS").create_group("GRIDS").create_group(name);
  const shape = variant.order === "YX" ? [height, width] : [width, height];
  const fields = grid.create_group("Data Fields");
  fields.create_dataset({ name: "Field", data: stored(map, variant), shape });
  if (latitudes === undefined) return;
  const written = latitudes.length === height ? [height] : shape;
  fields.create_dataset({ name: "Latitude", data: latitudes, shape: written });
}

const GEO = "Projection=HE5_GCTP_GEO\nSphereCode=12";
/** NSIDC's north polar stereographic: Hughes 1980, true at 70 N, 45 W down. */
const PS = "Projection=HE5_GCTP_PS\n" +
  "ProjParams=(6378273,-0.006694,0,0,-45000000,70000000,0,0,0,0,0,0,0)\nSphereCode=-1";

const PLACES = [
  { name: "degrees", projection: GEO, west: -30, south: 10, east: -27, north: 12, packed: 1e6 },
  {
    name: "metres",
    projection: PS,
    west: -3850000,
    south: -5350000,
    east: 3750000,
    north: 5850000,
    packed: 1,
  },
];

for (const { name, projection, west, south, east, north, packed } of PLACES) {
  Deno.test(`origins, corners and orders of dimensions all give one grid in ${name}`, async () => {
    const found: Grid[] = [];
    for (const origin of [undefined, "UL", "UR", "LL", "LR"] as const) {
      for (const [top, bottom] of [[north, south], [south, north]]) {
        for (const order of ["YX", "XY"] as const) {
          const variant: Variant = {
            origin,
            upperLeft: [west * packed, top * packed],
            lowerRight: [east * packed, bottom * packed],
            order,
            projection,
          };
          const grid = await madeGrid((file) => write(file, variant));
          assert.deepEqual((await wholeBands(grid))[0], MADE.values, JSON.stringify(variant));
          found.push(grid);
        }
      }
    }
    for (const grid of found) {
      assert.deepEqual(grid.affine, [
        (east - west) / MADE.width,
        0,
        west,
        0,
        -(north - south) / MADE.height,
        north,
      ]);
      assert.equal(grid.crs.proj4, found[0].crs.proj4);
    }
    if (projection === GEO) assert.equal(found[0].crs.code, "EPSG:4326");
    else {
      // The second parameter is the eccentricity squared, whatever its sign: 1 / (1 - sqrt(1 - e2)).
      const flattening = Number(/\+rf=([\d.]+)/.exec(found[0].crs.proj4)?.[1]);
      assert.ok(Math.abs(flattening - 298.274182845749) < 1e-9, found[0].crs.proj4);
      for (const part of ["+proj=stere", "+lat_0=90", "+lat_ts=70", "+lon_0=-45", "+a=6378273"]) {
        assert.ok(found[0].crs.proj4.includes(part), `${part} in ${found[0].crs.proj4}`);
      }
    }
  });
}

Deno.test("an edge at 22.5 degrees is packed as 22030000", async () => {
  const grid = await madeGrid((file) =>
    write(file, {
      origin: "UL",
      upperLeft: [22030000, 10000000],
      lowerRight: [25030000, 8000000],
      order: "YX",
      projection: GEO,
    })
  );
  assert.deepEqual(grid.affine, [0.5, 0, 22.5, 0, -0.5, 10]);
});

Deno.test("a grid of 720 by 1440 stored from the south is one and the same in both encodings of that", async () => {
  const map = onMap("ColumnAmountO3", 1440, 720);
  const west = -180e6, east = 180e6;
  const common = { order: "YX", projection: GEO } as const;
  const variants: Variant[] = [
    { ...common, origin: undefined, upperLeft: [west, -90e6], lowerRight: [east, 90e6] },
    { ...common, origin: "LL", upperLeft: [west, 90e6], lowerRight: [east, -90e6] },
  ];
  for (const variant of variants) {
    assert.equal(stored(map, variant)[0], 719 * 1440 + 1, "the first stored row is the southernmost");
    const grid = await madeGrid((file) => write(file, variant, map));
    assert.equal(grid.name, "/HDFEOS/GRIDS/ColumnAmountO3/Data Fields/Field");
    assert.deepEqual(grid.affine, [0.25, 0, -180, 0, -0.25, 90]);
    assert.deepEqual((await wholeBands(grid))[0], map.values);
  }
});

Deno.test("latitudes in the grid go before StructMetadata, and a contradiction is reported with both numbers", async () => {
  const { width, height, values } = MADE;
  const stated: Variant = {
    origin: "UL",
    upperLeft: [-30e6, 12e6],
    lowerRight: [-27e6, 10e6],
    order: "YX",
    projection: GEO,
  };
  const falling = [11.75, 11.25, 10.75, 10.25];
  const plane = (rows: number[]) =>
    Float32Array.from({ length: width * height }, (_, i) => rows[Math.floor(i / width)]);
  const turned = Float32Array.from(
    values,
    (_, i) => values[(height - 1 - Math.floor(i / width)) * width + i % width],
  );
  const shifted = falling.map((latitude) => latitude - 5);
  const holes = plane(falling);
  holes.fill(NaN, 0, width);
  const cases: [Float32Array, number, Float32Array, RegExp | null][] = [
    [Float32Array.from(falling), 12, values, null],
    [plane(falling), 12, values, null],
    [holes, 12, values, null],
    [
      plane([10.25, 10.75, 11.25, 11.75]),
      12,
      turned,
      /first row at 11.75, .*Latitude at 10.25: the latter is followed/,
    ],
    [Float32Array.from(shifted), 7, values, /first row at 11.75, .*Latitude at 6.75: the latter is followed/],
    [plane([1, 7, 3, 9]), 12, values, null],
  ];
  for (const [latitudes, north, wanted, note] of cases) {
    const { grids } = await madeGrids((file) => write(file, stated, MADE, latitudes));
    const grid = grids.find(({ name }) => name.endsWith("/Field"));
    assert.ok(grid !== undefined);
    assert.deepEqual(grid.affine, [0.5, 0, -30, 0, -0.5, north]);
    assert.deepEqual((await wholeBands(grid))[0], wanted);
    if (note === null) assert.deepEqual(grid.notes, []);
    else assert.match(grid.notes.join("\n"), note);
  }
});

Deno.test("a damaged StructMetadata refuses the fields of grids, and nothing else of the file", async () => {
  const { grids, refused } = await madeGrids((file) => {
    file.create_group("HDFEOS INFORMATION").create_dataset({
      name: "StructMetadata.0",
      data: ["GROUP=GridStructure\nEND_GROUP=SwathStructure\n"],
      dtype: "S100",
    });
    const fields = file.create_group("HDFEOS").create_group("GRIDS").create_group("G").create_group(
      "Data Fields",
    );
    fields.create_dataset({ name: "F", data: new Float32Array(6), shape: [2, 3] });
    axis(file, "lat", [1, 0], { units: "degrees_north" });
    axis(file, "lon", [5, 6, 7], { units: "degrees_east" });
    file.create_dataset({ name: "v", data: new Float32Array(6), shape: [2, 3] });
  });
  assert.deepEqual(grids.map(({ name }) => name), ["/v"]);
  assert.deepEqual(refused.map(({ name, rule }) => [name, rule]), [[
    "/HDFEOS/GRIDS/G/Data Fields/F",
    "damaged",
  ]]);
  assert.match(refused[0].reason, /END_GROUP=SwathStructure closes GridStructure/);
});
