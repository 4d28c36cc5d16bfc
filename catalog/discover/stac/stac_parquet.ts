/**
 * stac-geoparquet files: one item a row, its properties as columns, assets as a struct keyed by asset,
 * the geometry as WKB. Rows are put together as items again and read as those are.
 */
import fs from "node:fs";
import { inputError, systemCode } from "../../../core/errors.ts";
import { type DuckOptions, openDuck, sqlName, sqlString } from "../../../core/tables/duckdb.ts";
import { decodeWkb } from "../../../core/geometry/wkb.ts";
import type { Draft } from "../draft/draft.ts";
import { asObject, type JsonObject } from "../../../core/json_value.ts";
import { readStacItem, type StacContext } from "./stac_item.ts";

/** Columns that are the item's own; every other is a property. */
const ITEM_COLUMNS = new Set([
  "type",
  "stac_version",
  "stac_extensions",
  "id",
  "bbox",
  "links",
  "assets",
  "collection",
]);

/** Yields the drafts of a stac-geoparquet file, in its order. Throws an input error when it is none. */
export async function* readStacParquet(
  file: string,
  context: StacContext,
  duckOptions: DuckOptions = {},
): AsyncGenerator<Draft> {
  if (!fs.existsSync(file)) throw inputError(`${file}: no such file`);
  const duck = await openDuck(duckOptions);
  try {
    const source = `read_parquet(${sqlString(file)})`;
    const columns = await describe(duck, source, file);
    for (const needed of ["id", "assets"]) {
      if (!columns.has(needed)) {
        throw inputError(`${file}: column "${needed}" is missing, so this is no stac-geoparquet file`);
      }
    }
    const primary = await geometryColumn(duck, file, columns, context);
    const fields = [...columns].filter(([name]) => name !== primary)
      .map(([name, type]) => `${sqlString(name)}: ${valueSql(name, type)}`);
    const type = columns.get(primary) ?? "";
    const shape = type.startsWith("GEOMETRY")
      ? `ST_AsWKB(${sqlName(primary)})::BLOB`
      : type === "BLOB"
      ? sqlName(primary)
      : "NULL::BLOB";
    const sql = `SELECT to_json({${fields.join(", ")}})::VARCHAR, ${shape} FROM ${source}`;
    const result = await duck.connection.stream(sql);
    for await (const rows of result.yieldRowsJs()) {
      for (const [json, shape] of rows) {
        const item = toItem(JSON.parse(String(json)), shape);
        const draft = readStacItem(item, context);
        if (draft !== null) yield draft;
      }
    }
  } finally {
    duck.close();
  }
}

/** Coordinate systems whose numbers are longitudes and latitudes in degrees, as catalogs have them. */
const LONGITUDE_LATITUDE = new Set(["OGC:CRS84", "OGC:CRS84H", "EPSG:4326", "EPSG:4979"]);

/**
 * The column that holds footprints, by the file's GeoParquet metadata (version 1.1, "primary_column",
 * "encoding", "crs"). Throws an input error for an encoding or a coordinate system that is not read.
 */
async function geometryColumn(
  duck: Awaited<ReturnType<typeof openDuck>>,
  file: string,
  columns: ReadonlyMap<string, string>,
  context: StacContext,
): Promise<string> {
  const reader = await duck.connection.runAndReadAll(
    `SELECT decode(value) FROM parquet_kv_metadata(${sqlString(file)}) WHERE decode(key) = 'geo'`,
  );
  const text = reader.getRows()[0]?.[0];
  let metadata: JsonObject | null;
  try {
    metadata = text === undefined ? null : asObject(JSON.parse(String(text)));
  } catch (error) {
    throw inputError(`${file}: its GeoParquet metadata is not JSON (${(error as Error).message})`);
  }
  const primary = typeof metadata?.primary_column === "string" ? metadata.primary_column : "geometry";
  const column = asObject(asObject(metadata?.columns)?.[primary]);
  if (!columns.has(primary) || column === null) return primary;
  const { encoding, crs } = column;
  if (typeof encoding === "string" && encoding.toUpperCase() !== "WKB") {
    throw inputError(
      `${file}: column "${primary}" is encoded as ${encoding} (wanted WKB; write it again, with geopandas` +
        ' to_parquet(geometry_encoding="WKB"))',
    );
  }
  if (crs === null) {
    context.tally.add("note", "coordinate system not stated: taken as longitude and latitude", file);
  } else if (crs !== undefined) {
    const name = crsName(crs);
    if (!LONGITUDE_LATITUDE.has(name)) {
      throw inputError(
        `${file}: column "${primary}" is in ${name} (wanted longitudes and latitudes, OGC:CRS84; transform it,` +
          " with geopandas to_crs(4326))",
      );
    }
  }
  return primary;
}

/** `EPSG:3413` of a PROJJSON object, else its name. */
function crsName(crs: unknown): string {
  const object = asObject(crs);
  const id = asObject(object?.id);
  if (typeof id?.authority === "string" && (typeof id.code === "string" || typeof id.code === "number")) {
    return `${id.authority}:${id.code}`;
  }
  if (typeof object?.name === "string") {
    const flat = object.name.replace(/[^a-z0-9]/gi, "").toUpperCase();
    return flat === "WGS84CRS84" || flat === "WGS84" ? "OGC:CRS84" : object.name;
  }
  return typeof crs === "string" ? crs.slice(0, 80) : "a coordinate system without a name";
}

/** A column as it goes into JSON: timestamps as RFC 3339, the rest as they are. */
function valueSql(name: string, type: string): string {
  if (!type.startsWith("TIMESTAMP")) return sqlName(name);
  const utc = type === "TIMESTAMP WITH TIME ZONE" ? `${sqlName(name)} AT TIME ZONE 'UTC'` : sqlName(name);
  return `strftime(${utc}, '%Y-%m-%dT%H:%M:%S.%fZ')`;
}

async function describe(
  duck: Awaited<ReturnType<typeof openDuck>>,
  source: string,
  file: string,
): Promise<Map<string, string>> {
  try {
    const reader = await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
    return new Map(reader.getRowsJS().map((row) => [String(row[0]), String(row[1])]));
  } catch (error) {
    if (systemCode(error) !== undefined) throw error;
    throw inputError(`${file}: cannot be read as Parquet (${(error as Error).message.split("\n")[0]})`);
  }
}

/** One row as an item: its own columns at the top, the rest under properties. */
function toItem(row: unknown, wkb: unknown): JsonObject {
  const columns = asObject(row) ?? {};
  const item: Record<string, unknown> = { type: "Feature" };
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(columns)) {
    if (ITEM_COLUMNS.has(name)) item[name] = value;
    else {Object.defineProperty(properties, name, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });}
  }
  const box = asObject(item.bbox);
  if (box !== null) item.bbox = [box.xmin, box.ymin, box.xmax, box.ymax];
  item.properties = properties;
  item.geometry = wkb instanceof Uint8Array ? decodeWkb(wkb) : null;
  return item;
}
