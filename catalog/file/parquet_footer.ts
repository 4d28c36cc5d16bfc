/** What a file says of itself before anything is read from it: is it Parquet, GeoParquet, a catalog? */
import { isObject } from "../../core/json_value.ts";
import { inputError } from "../../core/errors.ts";
import { MAX_ORDER } from "../../core/cells/convention.ts";
import { parquetTypes } from "./columns_sql.ts";
import { type Duck, sqlFiles, sqlString } from "../../core/tables/duckdb.ts";
import { parseFigures, type StatedFigures } from "./figures.ts";
import { bytesBeforeMetadata } from "../../core/tables/parquet_row_groups.ts";
import { unionGeo } from "./geo_union.ts";
import {
  type CatalogMetadata,
  CELLS_KEY,
  COLUMNS,
  FIGURES_KEY,
  GEO_KEY,
  GRANARY_KEY,
  ROWS_KEY,
  SCHEMA_VERSION,
} from "../schema.ts";

/** What lies beside catalogs, by its footer key. */
const BESIDE = [{ key: CELLS_KEY, what: "cell index" }, { key: ROWS_KEY, what: "row index" }] as const;
const KEYS = [GEO_KEY, GRANARY_KEY, FIGURES_KEY, ...BESIDE.map(({ key }) => key)];

interface Footer {
  metadata: CatalogMetadata;
  geo: Record<string, unknown>;
  types: ReadonlyMap<string, string>;
  /** What the only file says that it holds; undefined where it says nothing, or was written again by others since. */
  figures: StatedFigures | undefined;
  /** How often each of the footer keys stands in the file. */
  counts: Readonly<Record<string, number>>;
}

/**
 * The footers of a catalog's files as one: the first one's, with the GeoParquet metadata of all. Each file is
 * read at its `path` and called `name` in messages.
 */
export async function readFooters(
  duck: Duck,
  files: readonly { path: string; name: string }[],
): Promise<Footer> {
  const [first] = files;
  const footer = await readFooter(duck, first.path, first.name);
  // Files of a live catalog are alike, and there may be hundreds: they are asked together.
  const others = files.length === 1 ? [] : await geoOf(duck, files.slice(1));
  const figures = files.length === 1 ? footer.figures : undefined;
  return { ...footer, geo: unionGeo([footer.geo, ...others]), figures };
}

/** The GeoParquet metadata of many files. Each has to be a catalog's. */
async function geoOf(
  duck: Duck,
  files: readonly { path: string; name: string }[],
): Promise<Record<string, unknown>[]> {
  let rows: unknown[][];
  try {
    const reader = await duck.connection.runAndReadAll(
      `SELECT file_name, decode(key), decode(value) FROM parquet_kv_metadata(${
        sqlFiles(files.map(({ path }) => path))
      }) WHERE key IN ('${GEO_KEY}'::BLOB, '${GRANARY_KEY}'::BLOB)`,
    );
    rows = reader.getRows();
  } catch {
    // One by one, to say which of them cannot be read.
    rows = [];
    for (const { path, name } of files) {
      rows.push(...(await footerKeys(duck, path, name)).map((entry) => [path, ...entry]));
    }
  }
  const keys = new Map(rows.map(([file, key, value]) => [`${file} ${key}`, String(value)]));
  return files.map(({ path, name }) => {
    checkMetadata(name, keys.get(`${path} ${GRANARY_KEY}`));
    return parseObject(name, GEO_KEY, keys.get(`${path} ${GEO_KEY}`));
  });
}

/** Reads and checks the footer of one file. */
async function readFooter(duck: Duck, path: string, file: string): Promise<Footer> {
  const entries = await footerKeys(duck, path, file);
  const keys = new Map(entries);
  const types = await parquetTypes(duck, path);
  const { metadata, geo } = checkFooter(file, keys, types);
  const counts: Record<string, number> = {};
  for (const [key] of entries) counts[key] = (counts[key] ?? 0) + 1;
  return { metadata, geo, types, counts, figures: figuresIn(path, keys.get(FIGURES_KEY)) };
}

/** What the footer keys of a catalog say. Throws an input error where `file` is none, or lacks a column. */
export function checkFooter(
  file: string,
  keys: ReadonlyMap<string, string>,
  columns: { has(name: string): boolean },
): { metadata: CatalogMetadata; geo: Record<string, unknown> } {
  const beside = BESIDE.find(({ key }) => keys.has(key));
  if (beside !== undefined) {
    throw inputError(
      `${file}: is the ${beside.what} of a catalog and lies beside it (wanted the catalog itself)`,
    );
  }
  const missing = COLUMNS.find((column) => !column.nullable && !columns.has(column.name));
  if (missing !== undefined) {
    throw inputError(
      `${file}: column "${missing.name}" is missing (this file was not written by granary; ` +
        `try granary catalog import)`,
      { file, column: missing.name },
    );
  }
  const metadata = checkMetadata(file, keys.get(GRANARY_KEY));
  return { metadata, geo: parseObject(file, GEO_KEY, keys.get(GEO_KEY)) };
}

function figuresIn(path: string, text: string | undefined): StatedFigures | undefined {
  const figures = parseFigures(text);
  return figures !== undefined && figures.data_bytes === bytesBeforeMetadata(path) ? figures : undefined;
}

async function footerKeys(duck: Duck, path: string, file: string): Promise<[string, string][]> {
  try {
    const reader = await duck.connection.runAndReadAll(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${sqlString(path)})
       WHERE key IN (${KEYS.map((key) => `'${key}'::BLOB`).join(", ")})`,
    );
    return reader.getRows().map(([key, value]) => [String(key), String(value)]);
  } catch (error) {
    const reason = (error as Error).message.replaceAll(path, file).split("\n")[0];
    throw inputError(`${file}: the Parquet footer cannot be read (${reason}); write the catalog again`);
  }
}

function checkMetadata(file: string, text: string | undefined): CatalogMetadata {
  const value = parseObject(file, GRANARY_KEY, text);
  const version = value.schema_version;
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1) {
    throw inputError(`${file}: schema version ${JSON.stringify(version)} is not a version`);
  }
  if (version > SCHEMA_VERSION) {
    throw inputError(
      `${file}: schema version ${version} is newer than this granary reads (${SCHEMA_VERSION}); ` +
        `update granary`,
    );
  }
  const order = value.cell_order;
  if (typeof order !== "number" || !Number.isInteger(order) || order < 0 || order > MAX_ORDER) {
    throw inputError(`${file}: cell_order ${JSON.stringify(order)} is not an order of 0 to ${MAX_ORDER}`);
  }
  const sorted = value.sorted_rows;
  return {
    schema_version: version,
    cell_order: order,
    queries: Array.isArray(value.queries) ? value.queries : [],
    ...(Number.isSafeInteger(sorted) ? { sorted_rows: sorted as number } : {}),
  };
}

function parseObject(file: string, key: string, text: string | undefined): Record<string, unknown> {
  if (text === undefined) {
    const what = key === GEO_KEY
      ? "this is Parquet, but not GeoParquet"
      : "this file was not written by granary";
    throw inputError(`${file}: footer key "${key}" is missing (${what}; try granary catalog import)`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw inputError(`${file}: footer key "${key}" is not JSON (${(error as Error).message})`);
  }
  if (!isObject(value)) throw inputError(`${file}: footer key "${key}" is not a JSON object`);
  return value;
}
