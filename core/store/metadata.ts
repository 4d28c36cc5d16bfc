/**
 * The zarr.json documents of a store: root, one group a level, one array a coordinate and variable.
 * Zarr v3 core with sharding_indexed; consolidated metadata inline, as zarr-python writes it; of HEALPix cells the
 * conventions `dggs` (each level's group) and `multiscales` (root), of a projected grid those of plane_metadata.ts.
 */
import type { ArrayDtype } from "../zarr/element.ts";
import { checkMortonOrder } from "./cell_ids.ts";
import { ZSTD_LEVEL } from "../zarr/chunk.ts";
import type { StoreSpec, StoreTime, StoreVariable } from "./contract.ts";
import { fillElement, fillValueJson } from "../zarr/element.ts";
import { stringifyJson } from "../zarr/json.ts";
import { cellIdFill, isPlane, levelLayout } from "./layout.ts";
import {
  planeCoordinateArrays,
  planeLevelAttributes,
  planeRootAttributes,
  planeShape,
} from "./plane_metadata.ts";

/** The attribute of the root that holds how the store was made. */
export const PROVENANCE_KEY = "granary";
export const CELL_IDS = "cell_ids";
export const MORTON = "morton";
export const TIME = "time";
export const TIME_BOUNDS = "time_bnds";
const DIMENSION = "cells";
const BOUNDS_DIMENSION = "bnds";

const DGGS_CONVENTION = {
  schema_url: "https://raw.githubusercontent.com/zarr-conventions/dggs/refs/tags/v1/schema.json",
  spec_url: "https://github.com/zarr-conventions/dggs/blob/v1/README.md",
  uuid: "7b255807-140c-42ca-97f6-7a1cfecdbc38",
  name: "dggs",
  description: "Discrete Global Grid Systems convention for zarr",
};

const MULTISCALES_CONVENTION = {
  schema_url: "https://raw.githubusercontent.com/zarr-conventions/multiscales/refs/tags/v1/schema.json",
  spec_url: "https://github.com/zarr-conventions/multiscales/blob/v1/README.md",
  uuid: "d35379db-88df-4056-af3a-620245f8e347",
  name: "multiscales",
  description: "Multiscale layout of zarr datasets",
};

/**
 * What latitudes mean. Authalic: cells lie on the WGS84 ellipsoid. Geodetic: the geodetic latitude is
 * used as if it were a sphere's, and a grid without an ellipsoid is one on a sphere (a sphere that is
 * spelled out, with one axis, satisfies the convention's schema but not xdggs 0.6).
 */
const ELLIPSOIDS = {
  authalic: { ellipsoid: { name: "WGS84", semimajor_axis: 6378137.0, inverse_flattening: 298.257223563 } },
  geodetic: {},
} as const;

/** Every zarr.json of the store by key, the root (with consolidated metadata) last. */
export function storeMetadata(spec: StoreSpec): Map<string, string> {
  const documents = new Map<string, string>();
  const consolidated: Record<string, unknown> = {};
  for (const order of spec.levels) {
    const arrays = levelArrays(spec, order);
    const group = { zarr_format: 3, node_type: "group", attributes: levelAttributes(spec, order) };
    consolidated[String(order)] = group;
    for (const [name, array] of Object.entries(arrays)) {
      consolidated[`${order}/${name}`] = array;
      documents.set(`${order}/${name}/zarr.json`, stringifyJson(array));
    }
    documents.set(`${order}/zarr.json`, stringifyJson({ ...group, consolidated_metadata: inline(arrays) }));
  }
  const root = {
    zarr_format: 3,
    node_type: "group",
    attributes: rootAttributes(spec),
    consolidated_metadata: inline(consolidated),
  };
  documents.set("zarr.json", stringifyJson(root));
  return documents;
}

function inline(metadata: Record<string, unknown>): Record<string, unknown> {
  return { kind: "inline", must_understand: false, metadata };
}

function rootAttributes(spec: StoreSpec): Record<string, unknown> {
  return {
    ...isPlane(spec) ? planeRootAttributes(spec) : multiscales(spec),
    [PROVENANCE_KEY]: {
      ...spec.provenance,
      layout: spec.layout,
      ...isPlane(spec) ? { plane: spec.plane } : { latitude: spec.latitude },
      parent_order: spec.parentOrder,
      parents: spec.parents.length,
      parents_per_shard: spec.parentsPerShard,
      levels: spec.levels,
      ...spec.time === undefined ? {} : { windows: spec.time.starts.length },
    },
  };
}

/** Levels are all computed from observations, so none is `derived_from` another. */
function multiscales(spec: StoreSpec): Record<string, unknown> {
  const finest = spec.levels[0];
  return {
    zarr_conventions: [MULTISCALES_CONVENTION],
    multiscales: {
      layout: spec.levels.map((order) => ({
        asset: String(order),
        refinement_level: order,
        transform: { scale: [4 ** (finest - order)] },
      })),
      resampling_method: "aggregation",
    },
  };
}

function levelAttributes(spec: StoreSpec, order: number): Record<string, unknown> {
  if (isPlane(spec)) return planeLevelAttributes(spec, order);
  return {
    zarr_conventions: [DGGS_CONVENTION],
    // What xarray takes for coordinates: as data variables 64-bit ids would become float64 in where().
    coordinates: spec.morton === null ? CELL_IDS : `${CELL_IDS} ${MORTON}`,
    dggs: {
      name: "healpix",
      refinement_level: order,
      indexing_scheme: "nested",
      spatial_dimension: DIMENSION,
      coordinate: CELL_IDS,
      compression: "none",
      ...ELLIPSOIDS[spec.latitude],
    },
  };
}

function levelArrays(spec: StoreSpec, order: number): Record<string, unknown> {
  const shape = isPlane(spec) ? planeShape(spec, order) : cellsShape(spec, order);
  const arrays: Record<string, unknown> = isPlane(spec)
    ? planeCoordinateArrays(spec, order)
    : cellCoordinateArrays(spec, order, shape);
  if (spec.time !== undefined) Object.assign(arrays, timeArrays(spec.time));
  for (const variable of spec.variables) {
    const fill = fillElement(variable.name, variable.dtype, variable.fillValue);
    arrays[variable.name] = arrayMetadata(shape, variable.dtype, fill, {
      ...variable.attributes,
      ...order < spec.parentOrder ? variable.coarseAttributes : {},
      ...missingAttribute(variable, fill),
      ...shape.attributes,
    }, spec.time?.starts.length);
  }
  return arrays;
}

/** What arrays over the cells of a level have in common. */
interface ArrayShape {
  shape: number[];
  shard: number[];
  chunk: number[];
  names: string[];
  attributes: Record<string, unknown>;
}

function cellsShape(spec: StoreSpec, order: number): ArrayShape {
  const { length, shardCells, chunkCells } = levelLayout(spec, order);
  return { shape: [length], shard: [shardCells], chunk: [chunkCells], names: [DIMENSION], attributes: {} };
}

function cellCoordinateArrays(spec: StoreSpec, order: number, shape: ArrayShape): Record<string, unknown> {
  const arrays: Record<string, unknown> = {
    [CELL_IDS]: arrayMetadata(shape, "uint64", cellIdFill(order), {
      // xdggs reads the grid from here too, and takes no other attribute beside these.
      grid_name: "healpix",
      level: order,
      indexing_scheme: "nested",
      ...ELLIPSOIDS[spec.latitude],
    }),
  };
  if (spec.morton !== null) {
    const { dtype, fillValue } = spec.morton;
    checkMortonOrder(dtype, order);
    arrays[MORTON] = arrayMetadata(shape, dtype, fillElement(MORTON, dtype, fillValue), {
      long_name: `${dtype === "int64" ? "signed decimal" : "packed"} morton id at order ${order}`,
    });
  }
  return arrays;
}

/** CF's coordinate: the beginning of each window, with both ends as its bounds. */
function timeArrays({ starts }: StoreTime): Record<string, unknown> {
  const plain = (shape: number[], names: string[], attributes: Record<string, unknown>) => ({
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: "float64",
    chunk_grid: { name: "regular", configuration: { chunk_shape: shape } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: "NaN",
    codecs: [
      { name: "bytes", configuration: { endian: "little" } },
      { name: "zstd", configuration: { level: ZSTD_LEVEL, checksum: false } },
    ],
    attributes,
    dimension_names: names,
  });
  return {
    [TIME]: plain([starts.length], [TIME], {
      standard_name: "time",
      long_name: "beginning of the window of time",
      units: "seconds since 1970-01-01 00:00:00",
      calendar: "standard",
      axis: "T",
      bounds: TIME_BOUNDS,
    }),
    [TIME_BOUNDS]: plain([starts.length, 2], [TIME, BOUNDS_DIMENSION], {}),
  };
}

/**
 * xarray masks by the attribute `_FillValue`, for floats in base64 of a little-endian double, not by
 * the array's fill value. NaN needs no mask, and 0 (of a count) is a value.
 */
function missingAttribute(variable: StoreVariable, fill: number | bigint): Record<string, unknown> {
  if (fill !== fill || fill === 0 || fill === 0n) return {};
  if (!variable.dtype.startsWith("float")) return { _FillValue: fill };
  const bytes = new Uint8Array(new Float64Array([Number(fill)]).buffer);
  return { _FillValue: btoa(String.fromCharCode(...bytes)) };
}

function arrayMetadata(
  { shape, shard, chunk, names }: ArrayShape,
  dtype: ArrayDtype,
  fill: number | bigint,
  attributes: Record<string, unknown>,
  windows?: number,
): Record<string, unknown> {
  // A chunk holds one window: the next month adds objects.
  const lead = windows === undefined ? [] : [1];
  const bytes = { name: "bytes", configuration: { endian: "little" } };
  return {
    zarr_format: 3,
    node_type: "array",
    shape: [...windows === undefined ? [] : [windows], ...shape],
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: [...lead, ...shard] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: fillValueJson(fill),
    codecs: [{
      name: "sharding_indexed",
      configuration: {
        chunk_shape: [...lead, ...chunk],
        codecs: [bytes, { name: "zstd", configuration: { level: ZSTD_LEVEL, checksum: false } }],
        index_codecs: [bytes, { name: "crc32c" }],
        index_location: "end",
      },
    }],
    attributes,
    dimension_names: [...windows === undefined ? [] : [TIME], ...names],
  };
}
