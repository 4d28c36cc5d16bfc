/**
 * What a catalog holds, counted: by reading the columns that it takes, or as the footer of a large file states it.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { isObject } from "../../core/json_value.ts";
import { sqlFiles } from "../../core/tables/duckdb.ts";
import { queryRows } from "../../core/tables/query.ts";

/** Granules of a collection and a provider. Times are ISO 8601 UTC; null is what no granule has. */
export interface CollectionFigures {
  collection: string;
  provider: string;
  granules: number;
  assets: number;
  start: string | null;
  end: string | null;
  size_bytes: number | null;
  without_box: number;
  xmin: number | null;
  ymin: number | null;
  xmax: number | null;
  ymax: number | null;
}

/** Granules whose addresses of a kind begin alike. */
export interface BaseFigures {
  driver: "s3" | "https" | "local";
  base: string;
  granules: number;
}

export interface Figures {
  /** By collection and provider. */
  collections: CollectionFigures[];
  /** By driver, the most granules first. */
  bases: BaseFigures[];
  cells: number;
  /** Granules without cells. */
  unknown_extent: number;
  /** Granules with cells by the order that these are stored at. */
  granules_by_cell_order: Record<string, number>;
}

/** Rows to count, and the files that they are in, of which some rows may not count. */
interface Counted {
  connection: DuckDBConnection;
  table: string;
  paths: readonly string[];
}

const START = "min(coalesce(start_datetime, datetime, end_datetime))";
const END = "max(coalesce(end_datetime, datetime, start_datetime))";

const iso = (time: string): string => `strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')`;

/** Counts what a table of a catalog's columns holds. */
export async function countFigures(counted: Counted): Promise<Figures> {
  const { connection, table } = counted;
  const collections = await queryRows(
    connection,
    `SELECT collection, provider, count(*) AS granules, sum(len(assets))::BIGINT AS assets,
       ${iso(START)} AS start, ${iso(END)} AS "end", sum(size_bytes)::BIGINT AS size_bytes,
       count(*) FILTER (bbox.xmin IS NULL) AS without_box,
       min(bbox.xmin) AS xmin, min(bbox.ymin) AS ymin, max(bbox.xmax) AS xmax, max(bbox.ymax) AS ymax
     FROM ${table} GROUP BY ALL ORDER BY collection, provider`,
  ) as unknown as CollectionFigures[];
  const bases = await queryRows(
    connection,
    ["s3", "https", "local"].map((driver) =>
      `SELECT '${driver}' AS driver, ${driver}_base AS base, count(*) AS granules
       FROM ${table} WHERE ${driver}_base IS NOT NULL GROUP BY ALL`
    ).join(" UNION ALL ") + " ORDER BY driver, granules DESC, base",
  ) as unknown as BaseFigures[];
  const sum = (key: "granules" | "without_box") => collections.reduce((all, group) => all + group[key], 0);
  return { collections, bases, ...await cellCounts(counted, sum("granules"), sum("without_box")) };
}

/**
 * What is known of the lists of cells without reading them, as far as it is: the footer counts their elements, and
 * a granule with a box has cells (the writer sees to it).
 */
async function cellCounts(
  { table, paths, connection }: Counted,
  granules: number,
  withoutBox: number,
) {
  const withoutCells = withoutBox === 0 ? [] : await queryRows(
    connection,
    `SELECT cell_order, count(*) AS granules FROM ${table}
     WHERE bbox.xmin IS NULL AND len(cells) = 0 GROUP BY cell_order`,
  );
  const empty = new Map(withoutCells.map((row) => [row.cell_order, row.granules as number]));
  const orders = await queryRows(
    connection,
    `SELECT cell_order, count(*) AS granules FROM ${table} GROUP BY cell_order ORDER BY cell_order`,
  );
  const byOrder = orders.map((row) =>
    [String(row.cell_order), (row.granules as number) - (empty.get(row.cell_order) ?? 0)] as const
  );
  const unknownExtent = [...empty.values()].reduce((sum, count) => sum + count, 0);
  const [listed] = await queryRows(
    connection,
    `SELECT sum(row_group_num_rows)::BIGINT AS granules, sum(num_values)::BIGINT AS elements
     FROM parquet_metadata(${sqlFiles(paths)}) WHERE path_in_schema LIKE 'cells, %'`,
  );
  // An empty list counts as one; rows that do not count are in the footer, too.
  const isAll = listed.granules === granules;
  const [counted] = isAll
    ? [{ cells: (listed.elements as number) - unknownExtent }]
    : await queryRows(connection, `SELECT coalesce(sum(len(cells)), 0)::BIGINT AS cells FROM ${table}`);
  return {
    cells: counted.cells as number,
    unknown_extent: unknownExtent,
    granules_by_cell_order: Object.fromEntries(byOrder.filter(([, count]) => count > 0)),
  };
}

/** A file whose footer states its figures: they hold as long as the pages before the footer are what they were. */
export interface StatedFigures extends Figures {
  /** Bytes before the footer. */
  data_bytes: number;
}

/** What a footer states; undefined for what states no figures. */
export function parseFigures(text: string | undefined): StatedFigures | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Whoever asks counts then.
    return undefined;
  }
  return isStated(value) ? value : undefined;
}

function isStated(value: unknown): value is StatedFigures {
  if (!isObject(value)) return false;
  const { collections, bases, granules_by_cell_order: byOrder } = value;
  return [value.data_bytes, value.cells, value.unknown_extent].every(isCount) &&
    Array.isArray(collections) && collections.every(isCollection) &&
    Array.isArray(bases) && bases.every(isBase) &&
    isObject(byOrder) && Object.values(byOrder).every(isCount);
}

function isCollection(value: unknown): boolean {
  if (!isObject(value)) return false;
  return [value.collection, value.provider].every(isText) &&
    [value.granules, value.assets, value.without_box].every(isCount) &&
    [value.start, value.end].every((time) => time === null || isText(time)) &&
    [value.size_bytes, value.xmin, value.ymin, value.xmax, value.ymax].every((number) =>
      number === null || typeof number === "number"
    );
}

function isBase(value: unknown): boolean {
  return isObject(value) && ["s3", "https", "local"].includes(value.driver as string) && isText(value.base) &&
    isCount(value.granules);
}

const isText = (value: unknown) => typeof value === "string";
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
