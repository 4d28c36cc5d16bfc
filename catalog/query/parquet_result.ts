/**
 * A result of SQL as Parquet: a catalog where it has a catalog's columns and a row a granule, GeoParquet where
 * it has a geometry, plain Parquet otherwise.
 */
import fs from "node:fs";
import path from "node:path";
import { queryRows } from "../../core/tables/query.ts";
import { sqlName, sqlString } from "../../core/tables/duckdb.ts";
import { wkbTypeName } from "../../core/geometry/wkb.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import { contractColumns } from "../file/columns_sql.ts";
import { catalogMetadata, footer, geoMetadata, type GeometrySummary } from "../file/footer_keys.ts";
import type { Queried } from "./queried.ts";
import { BBOX_FIELDS, COLUMNS, GEO_KEY, ROW_GROUP_ROWS, SQL_TYPES } from "../schema.ts";

const RESULT = "sql_result";

/** The bytes of the file. `sql` is one statement that reads. */
export async function* parquetResult(catalog: Queried, sql: string): AsyncGenerator<Uint8Array> {
  const { connection, folder } = catalog.duck;
  const file = path.join(folder, "result.parquet");
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${RESULT} AS (${sql}\n)`);
  try {
    const types = await typesOf(catalog);
    await giveTypes(catalog, types);
    const { columns, keys } = await isCatalog(catalog, types)
      ? await asCatalog(catalog, types, sql)
      : await asPlain(catalog, types);
    const metadata = [...keys].map(([key, text]) => `${sqlName(key)}: ${sqlString(text)}`).join(", ");
    await connection.run(
      `COPY (SELECT ${columns} FROM ${RESULT}) TO ${sqlString(file)}
       (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}${
        keys.size === 0 ? "" : `, KV_METADATA {${metadata}}`
      })`,
    );
    yield* bytesOf(file);
  } finally {
    await connection.run(`DROP TABLE ${RESULT}`);
    fs.rmSync(file, { force: true });
  }
}

async function typesOf({ duck }: Queried): Promise<Map<string, string>> {
  const described = await duck.connection.runAndReadAll(`DESCRIBE ${RESULT}`);
  return new Map(described.getRows().map(([name, type]) => [String(name), String(type)]));
}

/** What SQL calls `null` without saying of what type. */
const UNTYPED = "INTEGER";

/** A catalog's columns that hold nothing, `null as local_base`, are given the types that they have in catalogs. */
async function giveTypes({ duck }: Queried, types: Map<string, string>): Promise<void> {
  for (const { name, type, nullable } of COLUMNS) {
    const wanted = SQL_TYPES[type];
    if (!nullable || types.get(name) !== UNTYPED || wanted === UNTYPED) continue;
    const [found] = await queryRows(duck.connection, `SELECT count(${sqlName(name)}) AS n FROM ${RESULT}`);
    if (found?.n !== 0) continue;
    await duck.connection.run(`ALTER TABLE ${RESULT} ALTER ${sqlName(name)} TYPE ${wanted} USING NULL`);
    types.set(name, wanted);
  }
}

/** Whether the result keeps the contract of a catalog: its columns and types, no granule twice, none without a name. */
async function isCatalog({ duck }: Queried, types: ReadonlyMap<string, string>): Promise<boolean> {
  const plain = (type: string) => type.replaceAll('"', "");
  const hasColumns = COLUMNS.every(({ name, type, nullable }) => {
    const found = types.get(name);
    if (found === undefined) return nullable;
    return type === "wkb" && found.startsWith("GEOMETRY") || plain(found) === plain(SQL_TYPES[type]);
  });
  if (!hasColumns) return false;
  const required = COLUMNS.filter(({ nullable }) => !nullable).map(({ name }) => `${sqlName(name)} IS NULL`);
  const [counts] = await queryRows(
    duck.connection,
    `SELECT count(*) - count(DISTINCT (collection, id)) AS repeated,
       count(*) FILTER (${required.join(" OR ")}) AS nameless FROM ${RESULT}`,
  );
  return counts?.repeated === 0 && counts.nameless === 0;
}

interface Output {
  /** A select list. */
  columns: string;
  /** Footer keys. */
  keys: ReadonlyMap<string, string>;
}

async function asCatalog(catalog: Queried, types: ReadonlyMap<string, string>, sql: string): Promise<Output> {
  const contract = new Set(COLUMNS.map(({ name }) => name));
  const others = [...types].filter(([name]) => !contract.has(name));
  const { cell_order: cellOrder, queries } = catalog.metadata;
  const query = { source: "sql", parameters: { file: path.basename(catalog.name), sql } };
  const summary = await summaryOf(catalog, "geometry", types);
  return {
    columns: [contractColumns(types), ...others.map(selected)].join(", "),
    keys: footer(summary, catalogMetadata(cellOrder, [...queries, query])),
  };
}

async function asPlain(catalog: Queried, types: ReadonlyMap<string, string>): Promise<Output> {
  const columns = [...types].map(selected).join(", ");
  const shapes = [...types].filter(([, type]) => type.startsWith("GEOMETRY")).map(([name]) => name);
  const primary = shapes.includes("geometry") ? "geometry" : shapes[0];
  if (primary === undefined) return { columns, keys: new Map() };
  const geo = geoMetadata(await summaryOf(catalog, primary, types), primary, hasBox(types));
  const rest: [string, unknown][] = [];
  for (const name of shapes.filter((shape) => shape !== primary)) {
    const summary = await summaryOf(catalog, name, new Map());
    rest.push(...Object.entries(geoMetadata(summary, name, false).columns));
  }
  const all = { ...geo, columns: { ...geo.columns, ...Object.fromEntries(rest) } };
  return { columns, keys: new Map([[GEO_KEY, JSON.stringify(all)]]) };
}

/** A column as a Parquet file has it: geometries as WKB. */
function selected([name, type]: readonly [string, string]): string {
  return type.startsWith("GEOMETRY") ? `ST_AsWKB(${sqlName(name)}) AS ${sqlName(name)}` : sqlName(name);
}

function hasBox(types: ReadonlyMap<string, string>): boolean {
  return types.get("bbox")?.replaceAll('"', "") === SQL_TYPES.bbox;
}

/** The types of geometries, and the box of them where the result has the rows' boxes. */
async function summaryOf(
  { duck }: Queried,
  column: string,
  types: ReadonlyMap<string, string>,
): Promise<GeometrySummary> {
  const name = sqlName(column);
  const bytes = types.get(column) === "BLOB" ? name : `ST_AsWKB(${name})::BLOB`;
  const heads = column === "geometry" && !types.has(column) ? [] : await queryRows(
    duck.connection,
    `SELECT DISTINCT substr(hex(${bytes}), 1, 10) AS head FROM ${RESULT} WHERE ${name} IS NOT NULL`,
  );
  const names = heads.map(({ head }) =>
    wkbTypeName(Uint8Array.from(String(head).match(/../g) ?? [], (digits) => parseInt(digits, 16)))
  );
  const [box] = !hasBox(types) ? [] : await queryRows(
    duck.connection,
    `SELECT ${
      BBOX_FIELDS.map((field) => `${field.endsWith("min") ? "min" : "max"}(bbox.${field}) AS ${field}`).join(
        ", ",
      )
    } FROM ${RESULT}`,
  );
  const known = box !== undefined && box.xmin !== null;
  return { types: new Set(names), box: known ? box as unknown as BoundingBox : undefined };
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  const handle = await fs.promises.open(file, "r");
  try {
    for (;;) {
      const block = new Uint8Array(1 << 20);
      const { bytesRead } = await handle.read(block, 0, block.length, null);
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
