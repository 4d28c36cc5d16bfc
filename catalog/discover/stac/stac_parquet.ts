/**
 * stac-geoparquet files: one item a row, its properties as columns, assets as a struct keyed by asset,
 * the geometry as WKB. Rows are put together as items again and read as those are.
 */
import fs from "node:fs";
import { inputError, systemCode } from "../../../core/errors.ts";
import { type DuckOptions, openDuck, sqlName, sqlString } from "../../../core/tables/duckdb.ts";
import { damageError } from "../../../core/tables/reading.ts";
import { JSON_COLUMNS_KEY } from "../../schema.ts";
import { decodeWkb } from "../../../core/geometry/wkb.ts";
import type { Draft } from "../draft/draft.ts";
import { asArray, asObject, type JsonObject } from "../../../core/json_value.ts";
import { geometryColumn } from "../../../core/vector/geometry_column.ts";
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
    const keys = await footerKeys(duck, file);
    const geo = keys.get("geo");
    if (geo !== undefined && asObject(parsed(geo)) === null) {
      throw inputError(`${file}: its GeoParquet metadata is not a JSON object`);
    }
    const footprints = geometryColumn(
      parsed(geo),
      file,
      columns,
      (what, column) => context.tally.add("note", what, column),
    );
    const jsonColumns = new Set(asArray(parsed(keys.get(JSON_COLUMNS_KEY))));
    const fields = [...columns].filter(([name]) => name !== footprints.name)
      .map(([name, type]) => `${sqlString(name)}: ${valueSql(name, type)}`);
    const sql = `SELECT to_json({${fields.join(", ")}})::VARCHAR, ${footprints.sql} FROM ${source}`;
    const result = await duck.connection.stream(sql);
    for await (const rows of result.yieldRowsJs()) {
      for (const [json, shape] of rows) {
        const item = toItem(JSON.parse(String(json)), footprints.read(shape), jsonColumns);
        const draft = readStacItem(item, { ...context, isLocal: true });
        if (draft !== null) yield draft;
      }
    }
  } catch (error) {
    throw damageError(file, error);
  } finally {
    duck.close();
  }
}

/** The keys and values of the file's footer. */
async function footerKeys(
  duck: Awaited<ReturnType<typeof openDuck>>,
  file: string,
): Promise<Map<string, string>> {
  const reader = await duck.connection.runAndReadAll(
    `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${sqlString(file)})
     WHERE key IN ('geo'::BLOB, '${JSON_COLUMNS_KEY}'::BLOB)`,
  );
  return new Map(reader.getRows().map(([key, value]) => [String(key), String(value)]));
}

/** The value of a JSON text; undefined for what is none. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A column as it goes into JSON: timestamps as RFC 3339, geometries as WKB in hex, the rest as they are. */
function valueSql(name: string, type: string): string {
  if (type.startsWith("GEOMETRY")) return `hex(ST_AsWKB(${sqlName(name)})::BLOB)`;
  if (type === "BLOB") return `hex(${sqlName(name)})`;
  if (!type.startsWith("TIMESTAMP")) return sqlName(name);
  const utc = type === "TIMESTAMP WITH TIME ZONE" ? `${sqlName(name)} AT TIME ZONE 'UTC'` : sqlName(name);
  const text = `strftime(${utc}, '%Y-%m-%dT%H:%M:%S.%f')`;
  return `regexp_replace(regexp_replace(${text}, '000$', ''), '\\.000$', '') || 'Z'`;
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
function toItem(row: unknown, geometry: unknown, jsonColumns: ReadonlySet<unknown>): JsonObject {
  const columns = asObject(row) ?? {};
  const item: Record<string, unknown> = { type: "Feature" };
  const properties: Record<string, unknown> = {};
  for (const [name, stored] of Object.entries(columns)) {
    if (ITEM_COLUMNS.has(name)) {
      item[name] = withoutNulls(stored);
      continue;
    }
    const value = jsonColumns.has(name)
      ? parsed(String(stored))
      : name === "proj:geometry"
      ? geometryOfHex(stored)
      : withoutNulls(stored);
    Object.defineProperty(properties, name, { value, enumerable: true, configurable: true, writable: true });
  }
  const box = asObject(item.bbox);
  if (box !== null) item.bbox = [box.xmin, box.ymin, box.xmax, box.ymax];
  item.properties = properties;
  item.geometry = geometry;
  return item;
}

/** Columns hold every member of every row's object; those that a row has not are null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  const object = asObject(value);
  if (object === null) return value;
  return Object.fromEntries(
    Object.entries(object).filter(([, inner]) => inner !== null).map((
      [name, inner],
    ) => [name, withoutNulls(inner)]),
  );
}

/** A geometry of WKB in hex; other values as they are. */
function geometryOfHex(value: unknown): unknown {
  if (typeof value !== "string" || !/^([0-9A-F]{2})+$/i.test(value)) return withoutNulls(value);
  return decodeWkb(Uint8Array.from(value.match(/../g)!, (digits) => parseInt(digits, 16)));
}
