/** GeoPackages (OGC 12-128r19): the features of one table of an SQLite file. */
import type { DatabaseSync } from "node:sqlite";
import { inputError } from "../errors.ts";
import { decodeWkb } from "../geometry/wkb.ts";
import { findCrs } from "../raster/crs/codes.ts";
import { crsOfWkt } from "../raster/crs/wkt.ts";
import type { Crs } from "../raster/grid.ts";
import { propertyOf, type StoredFeature } from "./feature.ts";

/** The envelope's bytes by the code in a geometry's flags. */
const ENVELOPE_BYTES = [0, 32, 48, 48, 64];
const HEADER_BYTES = 8;
const EMPTY_FLAG = 0x10;

/**
 * The features of a table, and their reference system; null stands for longitudes and latitudes of which no more is
 * said. Without `layer` the file must have one table of features.
 */
export async function readGeoPackage(
  file: string,
  layer: string | undefined,
): Promise<{ features: StoredFeature[]; crs: Crs | null }> {
  const { DatabaseSync } = await import("node:sqlite");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    return readTable(database, file, layer);
  } catch (error) {
    if (error instanceof Error && "tag" in error) throw error;
    throw inputError(`${file}: cannot be read as a GeoPackage (${(error as Error).message})`);
  } finally {
    database?.close();
  }
}

function readTable(
  database: DatabaseSync,
  file: string,
  layer: string | undefined,
): { features: StoredFeature[]; crs: Crs | null } {
  const tables = database.prepare(
    "SELECT g.table_name AS name, g.column_name AS shape, g.srs_id AS srs FROM gpkg_geometry_columns g" +
      " JOIN gpkg_contents c ON c.table_name = g.table_name WHERE c.data_type = 'features' ORDER BY 1",
  ).all() as { name: string; shape: string; srs: number }[];
  const names = tables.map(({ name }) => name);
  const chosen = layer === undefined ? tables : tables.filter(({ name }) => name === layer);
  if (chosen.length !== 1) {
    const there = names.length === 0 ? "it has none" : `it has ${names.slice(0, 20).join(", ")}`;
    throw inputError(
      layer === undefined
        ? `${file}: ${tables.length} tables of features (${there}); say which, as ${file}:${
          names[0] ?? "TABLE"
        }`
        : `${file}: no table of features is called "${layer}" (${there})`,
    );
  }
  const [{ name, shape, srs }] = chosen;
  const features: StoredFeature[] = [];
  for (const row of database.prepare(`SELECT * FROM ${quoted(name)}`).iterate()) {
    const { [shape]: stored, ...others } = row as Record<string, unknown>;
    if (!(stored instanceof Uint8Array)) continue;
    const geometry = geometryOf(stored, `${file}: table ${name}`);
    if (geometry === null) continue;
    const properties = Object.entries(others).map(([key, value]) => [key, propertyOf(value)]);
    features.push({ geometry, properties: Object.fromEntries(properties) });
  }
  return { features, crs: systemOf(database, srs, `${file}: table ${name}`) };
}

function geometryOf(bytes: Uint8Array, name: string) {
  const envelope = ENVELOPE_BYTES[(bytes[3] >> 1) & 7];
  if (bytes[0] !== 0x47 || bytes[1] !== 0x50 || envelope === undefined) {
    throw inputError(`${name}: a geometry is not a GeoPackage's`);
  }
  return (bytes[3] & EMPTY_FLAG) !== 0 ? null : decodeWkb(bytes.subarray(HEADER_BYTES + envelope));
}

function systemOf(database: DatabaseSync, id: number, name: string): Crs | null {
  // 0 is "undefined geographic".
  if (id === 0) return null;
  const row = database.prepare(
    "SELECT organization AS authority, organization_coordsys_id AS code, definition FROM gpkg_spatial_ref_sys" +
      " WHERE srs_id = ?",
  ).get(id) as { authority: string; code: number; definition: string } | undefined;
  if (row === undefined || id === -1) {
    throw inputError(`${name}: its reference system is not stated (srs_id ${id}; transform it to EPSG:4326)`);
  }
  return findCrs(`${row.authority}:${row.code}`) ?? crsOfWkt(row.definition);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
