/**
 * The zarr.json documents of a store over y and x: CF's coordinates and grid mapping, and the conventions `proj`,
 * `spatial` and `multiscales`, so that whoever knows one of them knows where the cells lie.
 */
import { ZSTD_LEVEL } from "../zarr/chunk.ts";
import type { ArrayDtype } from "../zarr/element.ts";
import { coordinateAttributes, mappingAttributes } from "../projected/mapping.ts";
import { crsOfGrid } from "../projected/grid.ts";
import type { StoreSpec } from "./contract.ts";
import { type PlacedPlane, type PlaneLevel, planeLevel } from "./plane.ts";

type PlaneSpec = StoreSpec & PlacedPlane;
type Attributes = Record<string, unknown>;

export const X = "x";
export const Y = "y";
/** The variable of the grid mapping, by the name that GDAL and rioxarray give it. */
const MAPPING = "spatial_ref";

/** Coordinates are written in chunks of so many. */
export const COORDINATE_CHUNK = 2 ** 14;

const convention = (name: string, uuid: string, description: string) => ({
  schema_url: `https://raw.githubusercontent.com/zarr-conventions/${name}/refs/tags/v0.1/schema.json`,
  spec_url: `https://github.com/zarr-conventions/${name}/blob/v0.1/README.md`,
  uuid,
  name,
  description,
});

const PROJ = convention(
  "proj",
  "f17cb550-5864-4468-aeb7-f3180cfb622f",
  "Coordinate reference system information for geospatial data",
);
const SPATIAL = convention(
  "spatial",
  "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4",
  "Spatial coordinate information",
);
const MULTISCALES = convention(
  "multiscales",
  "d35379db-88df-4056-af3a-620245f8e347",
  "Multiscale layout of zarr datasets",
);

/** Attributes of the root, besides how the store was made. */
export function planeRootAttributes(spec: PlaneSpec): Attributes {
  const finest = planeLevel(spec, spec.levels[0]);
  return {
    zarr_conventions: [MULTISCALES, PROJ, SPATIAL],
    multiscales: {
      layout: spec.levels.map((order) => {
        const level = planeLevel(spec, order);
        const scale = level.side / finest.side;
        return {
          asset: String(order),
          transform: { scale: [scale, scale], translation: [0, 0] },
          "spatial:shape": [level.height, level.width],
          "spatial:transform": affineOf(level),
        };
      }),
      resampling_method: "aggregation",
    },
    ...projAttributes(spec),
    "spatial:dimensions": [Y, X],
    "spatial:bbox": boxOf(finest),
  };
}

/** Attributes of the group of a level. */
export function planeLevelAttributes(spec: PlaneSpec, order: number): Attributes {
  const level = planeLevel(spec, order);
  return {
    zarr_conventions: [PROJ, SPATIAL],
    // What xarray takes for a coordinate besides those with a dimension's name: rioxarray looks for it there.
    coordinates: MAPPING,
    Conventions: "CF-1.11",
    ...projAttributes(spec),
    "spatial:dimensions": [Y, X],
    "spatial:shape": [level.height, level.width],
    "spatial:transform": affineOf(level),
    "spatial:bbox": boxOf(level),
    "spatial:registration": "pixel",
  };
}

function projAttributes({ plane: { grid } }: PlaneSpec): Attributes {
  const { code } = crsOfGrid(grid);
  return { "proj:code": code, "proj:wkt2": mappingAttributes(grid).crs_wkt };
}

/** Rasterio's order: x from column and row, then y. */
function affineOf({ corner: [x, y], side }: PlaneLevel): number[] {
  return [side, 0, x, 0, -side, y];
}

function boxOf({ corner: [x, y], side, width, height }: PlaneLevel): number[] {
  return [x, y - height * side, x + width * side, y];
}

/** The coordinates and the grid mapping of a level, as arrays. */
export function planeCoordinateArrays(spec: PlaneSpec, order: number): Record<string, Attributes> {
  const level = planeLevel(spec, order);
  const { corner: [x, y], side } = level;
  const coordinate = (name: "x" | "y", length: number) =>
    plainArray(
      "float64",
      "NaN",
      [length],
      [Math.min(length, COORDINATE_CHUNK)],
      [name],
      coordinateAttributes(spec.plane.grid, name),
    );
  return {
    [Y]: coordinate(Y, level.height),
    [X]: coordinate(X, level.width),
    [MAPPING]: plainArray("int64", 0, [], [], [], {
      ...mappingAttributes(spec.plane.grid),
      GeoTransform: [x, side, 0, y, 0, -side].join(" "),
    }),
  };
}

function plainArray(
  dtype: ArrayDtype,
  fill: number | string,
  shape: number[],
  chunk: number[],
  names: string[],
  attributes: Attributes,
): Attributes {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunk } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: fill,
    codecs: [
      { name: "bytes", configuration: { endian: "little" } },
      { name: "zstd", configuration: { level: ZSTD_LEVEL, checksum: false } },
    ],
    attributes,
    dimension_names: names,
  };
}

/** What a variable's array has of the plane, for `arrayMetadata`: its shape and chunks, names and attributes. */
export function planeShape(spec: PlaneSpec, order: number) {
  const { height, width, shardSide, chunkSide } = planeLevel(spec, order);
  return {
    shape: [height, width],
    shard: [shardSide, shardSide],
    chunk: [chunkSide, chunkSide],
    names: [Y, X],
    attributes: { grid_mapping: MAPPING },
  };
}
