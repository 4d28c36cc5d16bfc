/**
 * The column of a Parquet file that holds footprints, by its GeoParquet metadata (version 1.1,
 * "primary_column", "encoding", "crs"), and how its values become longitudes and latitudes.
 */
import { GranaryError, inputError } from "../../../core/errors.ts";
import { asObject } from "../../../core/json_value.ts";
import { type Geometry, positions } from "../../../core/geometry/geometry.ts";
import { decodeWkb } from "../../../core/geometry/wkb.ts";
import { crsNote, crsOfCode, findCrs } from "../../../core/raster/crs/codes.ts";
import { crsOfProjJson, projJsonName } from "../../../core/raster/crs/projjson.ts";
import { crsOfWkt } from "../../../core/raster/crs/wkt.ts";
import { type CrsTransform, transformer } from "../../../core/raster/crs/transform.ts";
import type { Crs } from "../../../core/raster/grid.ts";
import { sqlName } from "../../../core/tables/duckdb.ts";
import type { Tally } from "../draft/tally.ts";
import { GEOARROW, type GeoArrowName, geometryOfGeoArrow, placedGeometry } from "./placed_geometry.ts";

interface GeometryColumn {
  name: string;
  /** What the column is selected as: WKB, JSON text of GeoArrow's lists, or null. */
  sql: string;
  /** The footprint of a selected value; null where there is none, an empty object where it cannot be read. */
  read(value: unknown): Geometry | Record<string, never> | null;
}

/** Throws an input error for an encoding or a coordinate system that is not read. */
export function geometryColumn(
  metadata: unknown,
  file: string,
  columns: ReadonlyMap<string, string>,
  tally: Tally,
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
  const place = placing(column.crs, `${file}: column "${name}"`, tally);
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
  transform: CrsTransform | null,
): Geometry | Record<string, never> | null {
  // One without a position is no damage: there is no footprint.
  if (geometry === null || [...positions(geometry)].every(([x, y]) => Number.isNaN(x) && Number.isNaN(y))) {
    return null;
  }
  return transform === null ? geometry : placedGeometry(geometry, transform) ?? {};
}

/** How positions of a stated system come to longitude and latitude; null where they are that. */
function placing(stated: unknown, column: string, tally: Tally): CrsTransform | null {
  if (stated === null) {
    tally.add("note", "coordinate system not stated: taken as longitude and latitude", column);
  }
  if (stated === null || stated === undefined) return null;
  const globe = crsOfCode("OGC:CRS84");
  let crs: Crs;
  try {
    // Versions before 0.4 had WKT there; some writers put a code.
    crs = typeof stated === "string" ? findCrs(stated) ?? crsOfWkt(stated) : crsOfProjJson(stated);
    if (crs.proj4 === globe.proj4) return null;
    const note = crsNote(crs);
    if (note !== null) tally.add("note", note, column);
    return transformer(crs, globe);
  } catch (error) {
    if (!(error instanceof GranaryError)) throw error;
    throw inputError(
      `${column} is in ${projJsonName(stated)}, which is not read here: ${error.message}` +
        " (transform it, with geopandas to_crs(4326))",
    );
  }
}
