/** What a catalog holds, in figures. */
import type { Catalog } from "../file/open_catalog.ts";
import { type BaseFigures, type CollectionFigures, countFigures } from "../file/figures.ts";
import type { PlainValue } from "../../core/tables/query.ts";
import { sumSetAside } from "../queries.ts";
import type { CatalogQuery, SetAside } from "../schema.ts";

type CollectionInfo = Pick<
  CollectionFigures,
  "collection" | "provider" | "granules" | "assets" | "start" | "end" | "size_bytes"
>;

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
  bases: BaseFigures[];
  set_aside: SetAside;
  queries: CatalogQuery[];
}

/** Gathers the figures of a catalog. */
export async function catalogInfo(catalog: Catalog): Promise<CatalogInfo> {
  const { connection } = catalog.duck;
  const figures = catalog.figures ??
    await countFigures({ connection, table: catalog.table, paths: catalog.paths });
  const { collections: groups, bases, cells, unknown_extent, granules_by_cell_order } = figures;
  const least = <K extends keyof CollectionFigures>(key: K) => extreme(groups, key, (a, b) => a < b);
  const greatest = <K extends keyof CollectionFigures>(key: K) => extreme(groups, key, (a, b) => a > b);
  const bbox = [least("xmin"), least("ymin"), greatest("xmax"), greatest("ymax")];
  return {
    file: catalog.name,
    file_bytes: catalog.sizeBytes,
    schema_version: catalog.metadata.schema_version,
    granules: sumOf(groups, "granules") ?? 0,
    cell_order: catalog.metadata.cell_order,
    granules_by_cell_order,
    cells,
    unknown_extent,
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
    bases,
    set_aside: sumSetAside(...catalog.metadata.queries.map((query) => query.set_aside)),
    queries: catalog.metadata.queries,
  };
}

/** Null where no group has one. */
function sumOf(groups: readonly CollectionFigures[], key: "granules" | "size_bytes"): number | null {
  const known = groups.map((group) => group[key]).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** The one before all others by `isBefore`; times are ISO 8601, whose texts sort as they do. */
function extreme<K extends keyof CollectionFigures>(
  groups: readonly CollectionFigures[],
  key: K,
  isBefore: (a: NonNullable<CollectionFigures[K]>, b: NonNullable<CollectionFigures[K]>) => boolean,
): CollectionFigures[K] | null {
  let found: NonNullable<CollectionFigures[K]> | null = null;
  for (const { [key]: value } of groups) {
    if (value !== null && value !== undefined && (found === null || isBefore(value, found))) found = value;
  }
  return found;
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
