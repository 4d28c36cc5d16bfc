/**
 * The column of a Parquet file that holds footprints, by its GeoParquet metadata (version 1.1,
 * "primary_column", "encoding", "crs"), and how its values become longitudes and latitudes.
 */
import { GranaryError, inputError } from "../errors.ts";
import { asObject } from "../json_value.ts";
import { type Geometry, positions } from "../geometry/geometry.ts";
import { decodeWkb } from "../geometry/wkb.ts";
import { crsNote, crsOfCode, findCrs } from "../raster/crs/codes.ts";
import { crsOfProjJson, projJsonName } from "../raster/crs/projjson.ts";
import { crsOfWkt } from "../raster/crs/wkt.ts";
import { type CrsTransform, transformer } from "../raster/crs/transform.ts";
import type { Crs } from "../raster/grid.ts";
import { sqlName } from "../tables/duckdb.ts";
import { GEOARROW, type GeoArrowName, geometryOfGeoArrow, placedGeometry } from "./placed_geometry.ts";

interface GeometryColumn {
  name: string;
  /** What the column is selected as: WKB, JSON text of GeoArrow's lists, or null. */
  sql: string;
  /** The footprint of a selected value; null where there is none, an empty object where it cannot be read. */
  read(value: unknown): Geometry | Record<string, never> | null;
}

/** Takes what people are to hear of a column. */
type ColumnNote = (what: string, column: string) => void;

/**
 * Edges that are straight in the column's own system are followed to `toleranceDegrees` (see {@linkcode placedGeometry}).
 * Throws an input error for an encoding or a coordinate system that is not read. */
export function geometryColumn(
  metadata: unknown,
  file: string,
  columns: ReadonlyMap<string, string>,
  note: ColumnNote,
  toleranceDegrees?: number,
): GeometryColumn {
  const geo = asObject(metadata);
  const name = typeof geo?.primary_column === "string" ? geo.primary_column : "geometry";
  const type = columns.get(name);
  if (type === undefined && geo?.primary_column !== undefined) {
    throw inputError(
      `${file}: its GeoParquet metadata names the column "${name}" as the primary one, and there is none of that` +
        ` name (it has ${[...columns.keys()].slice(0, 20).join(", ")})`,
    );
  }
  if (type === undefined) return { name, sql: "NULL::BLOB", read: () => null };
  const column = asObject(asObject(geo?.columns)?.[name]) ?? {};
  const encoding = typeof column.encoding === "string" ? column.encoding.toLowerCase() : "wkb";
  const transform = placing(column.crs, `${file}: column "${name}"`, note);
  const place = transform === null
    ? null
    : (geometry: Geometry) => placedGeometry(geometry, transform, toleranceDegrees);
  if (Object.hasOwn(GEOARROW, encoding)) {
    const read = (value: unknown) =>
      typeof value === "string" ? geometryOfGeoArrow(JSON.parse(value), encoding as GeoArrowName) : null;
    return { name, sql: `to_json(${sqlName(name)})::VARCHAR`, read: (value) => placed(read(value), place) };
  }
  if (encoding !== "wkb") {
    throw inputError(
      `${file}: column "${name}" is encoded as ${column.encoding} (wanted WKB or GeoArrow's; write it again, with` +
        " geopandas to_parquet)",
    );
  }
  const isGeometry = type.startsWith("GEOMETRY");
  if (!isGeometry && type !== "BLOB") {
    throw inputError(`${file}: column "${name}" is ${type} (wanted a geometry as WKB)`);
  }
  return {
    name,
    sql: isGeometry ? `ST_AsWKB(${sqlName(name)})::BLOB` : sqlName(name),
    read: (value) => {
      if (!(value instanceof Uint8Array)) return null;
      try {
        return placed(decodeWkb(value), place);
      } catch (error) {
        if (error instanceof GranaryError) return {};
        throw error;
      }
    },
  };
}

function placed(
  geometry: Geometry | null,
  place: ((geometry: Geometry) => Geometry | null) | null,
): Geometry | Record<string, never> | null {
  // One without a position is no damage: there is no footprint.
  if (geometry === null || [...positions(geometry)].every(([x, y]) => Number.isNaN(x) && Number.isNaN(y))) {
    return null;
  }
  return place === null ? geometry : place(geometry) ?? {};
}

/** How positions of a stated system come to longitude and latitude; null where they are that. */
function placing(stated: unknown, column: string, note: ColumnNote): CrsTransform | null {
  if (stated === null) {
    note("coordinate system not stated: taken as longitude and latitude", column);
  }
  if (stated === null || stated === undefined) return null;
  const globe = crsOfCode("OGC:CRS84");
  let crs: Crs;
  try {
    // Versions before 0.4 had WKT there; some writers put a code.
    crs = typeof stated === "string" ? findCrs(stated) ?? crsOfWkt(stated) : crsOfProjJson(stated);
    if (crs.proj4 === globe.proj4) return null;
    const shift = crsNote(crs);
    if (shift !== null) note(shift, column);
    return transformer(crs, globe);
  } catch (error) {
    if (!(error instanceof GranaryError)) throw error;
    throw inputError(
      `${column} is in ${projJsonName(stated)}, which is not read here: ${error.message}` +
        " (transform it, with geopandas to_crs(4326))",
    );
  }
}
