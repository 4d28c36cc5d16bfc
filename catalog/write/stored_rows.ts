/**
 * Few rows as the catalog that is written of them gives them back, so that who wrote them need not read it: one of each
 * granule, in the file's order. What `sort_sql.ts` says to DuckDB.
 */
import { byBytes } from "../../core/access/object_target.ts";
import { MAX_ORDER } from "../../core/cells/convention.ts";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { ASSET_FIELDS, COLUMNS } from "../schema.ts";

export function storedRows(rows: readonly GranuleRow[]): GranuleRow[] {
  const newest = new Map<string, GranuleRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.collection, row.id]);
    const other = newest.get(key);
    if (other === undefined || revisionOf(row) >= revisionOf(other)) newest.set(key, row);
  }
  return [...newest.values()].sort(inOrder).map(asRead);
}

/** One without a number is the oldest. */
function revisionOf({ revision }: GranuleRow): number {
  return revision ?? -Infinity;
}

function inOrder(a: GranuleRow, b: GranuleRow): number {
  const [place, other] = [placeOf(a), placeOf(b)];
  if (place !== other) return place === null ? 1 : other === null || place < other ? -1 : 1;
  return byBytes(a.collection, b.collection) || byBytes(a.id, b.id);
}

function placeOf({ cells, cell_order: order }: GranuleRow): bigint | null {
  return cells.length === 0 ? null : cells[0] << BigInt(2 * (MAX_ORDER - order));
}

function asRead(row: GranuleRow): GranuleRow {
  const read = COLUMNS.map(({ name, type }) => {
    const value = row[name as keyof GranuleRow] ?? null;
    if (type === "timestamp" && value !== null) return [name, Math.round(value as number * 1000) / 1000];
    if (type === "assets") return [name, row.assets.map(assetAsRead)];
    if (type === "json") return [name, JSON.parse(JSON.stringify(value))];
    return [name, value];
  });
  return Object.fromEntries(read) as GranuleRow;
}

function assetAsRead(asset: GranuleAsset): GranuleAsset {
  const fields = ASSET_FIELDS.map(({ name }) => [name, asset[name as keyof GranuleAsset] ?? null]);
  return Object.fromEntries(fields) as GranuleAsset;
}
