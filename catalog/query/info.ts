/** What a catalog holds, in figures. */
import type { Catalog } from "../file/open_catalog.ts";
import { sqlFiles } from "../../core/tables/duckdb.ts";
import { type PlainValue, queryRows } from "../../core/tables/query.ts";
import { sumSetAside } from "../queries.ts";
import type { CatalogQuery, SetAside } from "../schema.ts";

interface CollectionInfo {
  collection: string;
  provider: string;
  granules: number;
  assets: number;
  /** ISO 8601 UTC, null where no granule has a time. */
  start: string | null;
  end: string | null;
  size_bytes: number | null;
}

interface BaseInfo {
  driver: "s3" | "https" | "local";
  base: string;
  granules: number;
}

export interface CatalogInfo {
  file: string;
  file_bytes: number;
  schema_version: number;
  granules: number;
  cell_order: number;
  /** Granules by the order that their cells are stored at. */
  granules_by_cell_order: Record<string, number>;
  cells: number;
  /** Granules without cells: they are selected only when asked. */
  unknown_extent: number;
  start: string | null;
  end: string | null;
  /** west, south, east, north; null when no granule has a footprint. */
  bbox: [number, number, number, number] | null;
  size_bytes: number | null;
  collections: CollectionInfo[];
  bases: BaseInfo[];
  set_aside: SetAside;
  queries: CatalogQuery[];
}

const START = "min(coalesce(start_datetime, datetime, end_datetime))";
const END = "max(coalesce(end_datetime, datetime, start_datetime))";

const iso = (time: string): string => `strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')`;

/** Gathers the figures of a catalog. */
export async function catalogInfo(catalog: Catalog): Promise<CatalogInfo> {
  const { table, duck: { connection } } = catalog;
  const groups = await queryRows(
    connection,
    `SELECT collection, provider, count(*) AS granules, sum(len(assets))::BIGINT AS assets,
       ${iso(START)} AS start, ${iso(END)} AS "end", sum(size_bytes)::BIGINT AS size_bytes,
       count(*) FILTER (bbox.xmin IS NULL) AS without_box,
       min(bbox.xmin) AS xmin, min(bbox.ymin) AS ymin, max(bbox.xmax) AS xmax, max(bbox.ymax) AS ymax
     FROM ${table} GROUP BY ALL ORDER BY collection, provider`,
  ) as unknown as Group[];
  const granules = sumOf(groups, "granules") ?? 0;
  const counts = await cellCounts(catalog, granules, sumOf(groups, "without_box") ?? 0);
  const bases = await queryRows(
    connection,
    ["s3", "https", "local"].map((driver) =>
      `SELECT '${driver}' AS driver, ${driver}_base AS base, count(*) AS granules
       FROM ${table} WHERE ${driver}_base IS NOT NULL GROUP BY ALL`
    ).join(" UNION ALL ") + " ORDER BY driver, granules DESC, base",
  );
  const least = <K extends keyof Group>(key: K) => extreme(groups, key, (a, b) => a < b);
  const greatest = <K extends keyof Group>(key: K) => extreme(groups, key, (a, b) => a > b);
  const bbox = [least("xmin"), least("ymin"), greatest("xmax"), greatest("ymax")];
  return {
    file: catalog.name,
    file_bytes: catalog.sizeBytes,
    schema_version: catalog.metadata.schema_version,
    granules,
    cell_order: catalog.metadata.cell_order,
    granules_by_cell_order: counts.byOrder,
    cells: counts.cells,
    unknown_extent: counts.unknownExtent,
    start: least("start"),
    end: greatest("end"),
    bbox: bbox.includes(null) ? null : bbox as [number, number, number, number],
    size_bytes: sumOf(groups, "size_bytes"),
    collections: groups.map(({ collection, provider, granules, assets, start, end, size_bytes }) => ({
      collection,
      provider,
      granules,
      assets,
      start,
      end,
      size_bytes,
    })),
    bases: bases as unknown as BaseInfo[],
    set_aside: sumSetAside(...catalog.metadata.queries.map((query) => query.set_aside)),
    queries: catalog.metadata.queries,
  };
}

/** Granules of a collection and a provider. */
interface Group extends CollectionInfo {
  without_box: number;
  xmin: number | null;
  ymin: number | null;
  xmax: number | null;
  ymax: number | null;
}

/** Null where no group has one. */
function sumOf(groups: readonly Group[], key: "granules" | "without_box" | "size_bytes"): number | null {
  const known = groups.map((group) => group[key]).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** The one before all others by `isBefore`; times are ISO 8601, whose texts sort as they do. */
function extreme<K extends keyof Group>(
  groups: readonly Group[],
  key: K,
  isBefore: (a: NonNullable<Group[K]>, b: NonNullable<Group[K]>) => boolean,
): Group[K] | null {
  let found: NonNullable<Group[K]> | null = null;
  for (const { [key]: value } of groups) {
    if (value !== null && value !== undefined && (found === null || isBefore(value, found))) found = value;
  }
  return found;
}

/**
 * What is known of the lists of cells without reading them, as far as it is: the footer counts their elements, and
 * a granule with a box has cells (the writer sees to it).
 */
async function cellCounts(
  { table, paths, duck: { connection } }: Catalog,
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
    unknownExtent,
    byOrder: Object.fromEntries(byOrder.filter(([, count]) => count > 0)),
  };
}

/** Rows of the figures for a table of two columns. */
export function infoLines(info: CatalogInfo): [string, PlainValue][] {
  const list: [string, PlainValue][] = [
    ["granules", info.granules],
    ["time", info.start === null ? "unknown" : `${info.start} to ${info.end}`],
    ["box", info.bbox === null ? "unknown" : info.bbox.map((x) => x.toFixed(4)).join(", ")],
    ["cells", info.cells],
    ["cell order", orderText(info)],
    ["schema version", info.schema_version],
  ];
  if (info.unknown_extent > 0) list.push(["without extent", info.unknown_extent]);
  for (const kind of ["granules", "links", "notes"] as const) {
    const label = kind === "notes" ? "noted" : `${kind} set aside`;
    for (const [reason, count] of Object.entries(info.set_aside[kind])) {
      list.push([`${label}: ${reason}`, count]);
    }
  }
  return list;
}

function orderText(info: CatalogInfo): string {
  const others = Object.entries(info.granules_by_cell_order).filter(([order]) =>
    Number(order) !== info.cell_order
  );
  const coarser = others.map(([order, count]) => `${count} granules at ${order}`).join(", ");
  return coarser === "" ? String(info.cell_order) : `${info.cell_order} (${coarser})`;
}
