/** What a catalog holds, in figures. */
import type { Catalog } from "../file/open_catalog.ts";
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
  const [total] = await queryRows(
    connection,
    `SELECT count(*) AS granules, coalesce(sum(len(cells)), 0)::BIGINT AS cells,
       count(*) FILTER (len(cells) = 0) AS unknown_extent, ${iso(START)} AS start, ${iso(END)} AS "end",
       min(bbox.xmin) AS xmin, min(bbox.ymin) AS ymin, max(bbox.xmax) AS xmax, max(bbox.ymax) AS ymax,
       sum(size_bytes)::BIGINT AS size_bytes
     FROM ${table}`,
  );
  const collections = await queryRows(
    connection,
    `SELECT collection, provider, count(*) AS granules, sum(len(assets))::BIGINT AS assets,
       ${iso(START)} AS start, ${iso(END)} AS "end", sum(size_bytes)::BIGINT AS size_bytes
     FROM ${table} GROUP BY ALL ORDER BY collection, provider`,
  );
  const orders = await queryRows(
    connection,
    `SELECT cell_order, count(*) AS granules FROM ${table} WHERE len(cells) > 0 GROUP BY ALL ORDER BY ALL`,
  );
  const bases = await queryRows(
    connection,
    ["s3", "https", "local"].map((driver) =>
      `SELECT '${driver}' AS driver, ${driver}_base AS base, count(*) AS granules
       FROM ${table} WHERE ${driver}_base IS NOT NULL GROUP BY ALL`
    ).join(" UNION ALL ") + " ORDER BY driver, granules DESC, base",
  );
  const { xmin, ymin, xmax, ymax } = total;
  return {
    file: catalog.name,
    file_bytes: catalog.sizeBytes,
    schema_version: catalog.metadata.schema_version,
    granules: total.granules as number,
    cell_order: catalog.metadata.cell_order,
    granules_by_cell_order: Object.fromEntries(
      orders.map((row) => [String(row.cell_order), row.granules as number]),
    ),
    cells: total.cells as number,
    unknown_extent: total.unknown_extent as number,
    start: total.start as string | null,
    end: total.end as string | null,
    bbox: xmin === null ? null : [xmin, ymin, xmax, ymax] as [number, number, number, number],
    size_bytes: total.size_bytes as number | null,
    collections: collections as unknown as CollectionInfo[],
    bases: bases as unknown as BaseInfo[],
    set_aside: sumSetAside(...catalog.metadata.queries.map((query) => query.set_aside)),
    queries: catalog.metadata.queries,
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
