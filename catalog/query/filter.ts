/** Conditions on a catalog's columns, and the rows that keep them. */
import type { DuckDBValue } from "@duckdb/node-api";
import { checkExpression, shorten, sqlError } from "../../core/tables/expression.ts";
import { compileGlob } from "../../core/glob.ts";
import { collectionGlobs } from "../../products/collection_names.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { type PlainCatalog, readPlainCatalog } from "../file/plain_catalog.ts";
import { readRows, type RowChunk } from "../file/rows.ts";

/** Conditions on columns. All must hold; an absent one holds. */
export interface GranuleFilter {
  /** Milliseconds since 1970: granules that end at or after `start` and start at or before `end`. */
  start?: number | undefined;
  end?: number | undefined;
  /** Globs (`ATL06.*`) of collections; one must match. */
  collections?: readonly string[] | undefined;
  providers?: readonly string[] | undefined;
  /** SQL over the catalog's columns, written by the user. */
  where?: string | undefined;
}

/** The conditions on columns as SQL with bound values; the user's own expression is checked first. */
export async function filterSql(
  catalog: Catalog,
  filter: GranuleFilter,
): Promise<{ sql: string; values: DuckDBValue[] }> {
  const conditions: string[] = [];
  const values: DuckDBValue[] = [];
  const bind = (value: DuckDBValue): string => `$${values.push(value)}`;
  if (filter.start !== undefined) {
    conditions.push(
      `epoch_us(coalesce(end_datetime, datetime, start_datetime)) >= ${bind(micros(filter.start))}`,
    );
  }
  if (filter.end !== undefined) {
    conditions.push(
      `epoch_us(coalesce(start_datetime, datetime, end_datetime)) <= ${bind(micros(filter.end))}`,
    );
  }
  if (filter.collections !== undefined) {
    conditions.push(
      anyOf(filter.collections.flatMap(collectionGlobs).map((glob) => `collection GLOB ${bind(glob)}`)),
    );
  }
  if (filter.providers !== undefined) {
    conditions.push(anyOf(filter.providers.map((name) => `provider = ${bind(name)}`)));
  }
  if (filter.where !== undefined) {
    await checkExpression(catalog.duck.connection, filter.where);
    // Two pairs of parentheses: `a) OR (b` is one expression within one pair, and must stay grouped.
    conditions.push(`((${filter.where}\n))`);
  }
  return { sql: conditions.length === 0 ? "true" : conditions.join(" AND "), values };
}

/** The same of a row of a catalog that is at hand; see {@linkcode plainCatalogFor}. */
export function rowTest({ columns }: PlainCatalog, filter: GranuleFilter): (row: number) => boolean {
  const { collection, provider, start_datetime, end_datetime, datetime } = columns;
  const tests: ((row: number) => boolean)[] = [];
  if (filter.start !== undefined) {
    const start = micros(filter.start);
    tests.push((row) => {
      const end = end_datetime[row] ?? datetime[row] ?? start_datetime[row];
      return end !== null && end >= start;
    });
  }
  if (filter.end !== undefined) {
    const end = micros(filter.end);
    tests.push((row) => {
      const start = start_datetime[row] ?? datetime[row] ?? end_datetime[row];
      return start !== null && start <= end;
    });
  }
  if (filter.collections !== undefined) {
    const globs = filter.collections.flatMap(collectionGlobs).map(compileGlob);
    tests.push((row) => globs.some((fits) => fits(collection[row])));
  }
  const { providers } = filter;
  if (providers !== undefined) tests.push((row) => providers.includes(provider[row]));
  return (row) => tests.every((holds) => holds(row));
}

/** Signs of globs, and letters, of which it is certain that DuckDB and a loop read them alike. */
const PLAIN_GLOB = /^[\w.:/ *-]*$/;

/**
 * The catalog with its rows at hand, where it is one of which this can be and the filter needs no SQL; undefined where
 * DuckDB is to be asked.
 */
export function plainCatalogFor(
  named: string,
  { where, collections = [] }: GranuleFilter,
): PlainCatalog | undefined {
  const arePlain = (names: readonly string[]) => names.every((name) => PLAIN_GLOB.test(name));
  if (where !== undefined || !arePlain(collections)) return undefined;
  const catalog = readPlainCatalog(named);
  // Names of collections that a run takes are its filter.
  return catalog !== undefined && arePlain(catalog.columns.collection) ? catalog : undefined;
}

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? "false" : `(${conditions.join(" OR ")})`;
}

function micros(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000));
}

/** The rows that a filter keeps, in canonical order, a chunk at a time. */
export async function* filteredRows(catalog: Catalog, filter: GranuleFilter): AsyncGenerator<RowChunk> {
  const { sql, values } = await filterSql(catalog, filter);
  try {
    yield* readRows(catalog.duck.connection, {
      table: catalog.table,
      tail: `SEMI JOIN (SELECT file_row_number FROM ${catalog.conditionTable} AS granules WHERE ${sql})
        USING (file_row_number) ORDER BY collection, id`,
      values,
    });
  } catch (error) {
    throw whereError(filter, error);
  }
}

/** An error of a query with the filter's conditions: the user's own expression is named where there is one. */
export function whereError({ where }: GranuleFilter, error: unknown): unknown {
  return where === undefined ? error : sqlError(`--where "${shorten(where)}"`, error);
}
