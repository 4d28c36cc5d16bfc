/** What of a catalog's row STAC has no place for: written into items by granary's own names, and read back. */
import { createHash } from "node:crypto";
import { MAX_NUMBER_ORDER } from "../core/cells/convention.ts";
import { asArray, asText, type JsonObject } from "../core/json_value.ts";
import { asRevision, type GranuleRow } from "./granule.ts";

/** Columns of a catalog that STAC has no place for, and the names that items have them by. */
export const ITEM_EXTRAS = [
  { name: "granary:provider", column: "provider" },
  { name: "granary:concept_id", column: "concept_id" },
  { name: "granary:revision", column: "revision" },
  { name: "granary:s3_credentials", column: "s3_credentials" },
  { name: "granary:s3_region", column: "s3_region" },
  { name: "granary:s3_endpoint", column: "s3_endpoint" },
  { name: "granary:s3_access", column: "s3_access" },
] as const;

export type ExtraColumn = (typeof ITEM_EXTRAS)[number]["column"];

const S3_ACCESS = ["signed", "unsigned", "requester-pays"] as const;

/** The columns that an item's properties hold; what is none of their values is left out. */
export function readItemExtras(properties: JsonObject): Partial<Pick<GranuleRow, ExtraColumn>> {
  const text = (name: string, wanted: RegExp) => {
    const value = asText(properties[name]);
    return value !== null && wanted.test(value) ? value : null;
  };
  const extras = {
    provider: asText(properties["granary:provider"]),
    concept_id: asText(properties["granary:concept_id"]),
    revision: asRevision(properties["granary:revision"]),
    s3_credentials: text("granary:s3_credentials", /^https:\/\/[^/?#@]+\//i),
    s3_region: text("granary:s3_region", /^[a-z0-9-]{1,32}$/),
    s3_endpoint: text("granary:s3_endpoint", /^https?:\/\/[^/?#@]+\/?$/i),
    s3_access: S3_ACCESS.find((access) => access === properties["granary:s3_access"]) ?? null,
  };
  return Object.fromEntries(Object.entries(extras).filter(([, value]) => value !== null));
}

/** The keys of an item's assets in their order, where that of the struct is another: the first asset leads. */
export const ASSET_ORDER = "granary:asset_order";

/** An item's assets in the order that its properties state. */
export function inStatedOrder(assets: JsonObject | null, properties: JsonObject): JsonObject | null {
  const order = asArray(properties[ASSET_ORDER]);
  if (assets === null || order.length === 0) return assets;
  const place = (key: string) => order.includes(key) ? order.indexOf(key) : Infinity;
  return Object.fromEntries(Object.entries(assets).toSorted(([a], [b]) => place(a) < place(b) ? -1 : 1));
}

/**
 * Cells are no function of a geometry: those of observations are exact, and those of great circles are covered
 * before these become straight lines. So they go along, with the digest of the geometry that they are of.
 */
export const ITEM_CELLS = {
  order: "granary:cell_order",
  cells: "granary:cells",
  geometry: "granary:cells_of",
} as const;

/** What names a geometry, as WKB, beside its cells. */
export function geometryDigest(wkb: Uint8Array): string {
  return createHash("sha256").update(wkb).digest("hex").slice(0, 16);
}

/**
 * The cells that an item's properties state, where they are of this geometry; undefined where they are none,
 * or where the geometry is another than they were of.
 */
export function readItemCells(
  properties: JsonObject,
  wkb: Uint8Array,
): Pick<GranuleRow, "cell_order" | "cells"> | undefined {
  if (properties[ITEM_CELLS.geometry] !== geometryDigest(wkb)) return undefined;
  const { [ITEM_CELLS.order]: order, [ITEM_CELLS.cells]: cells } = properties;
  const isOrder = Number.isInteger(order) && (order as number) >= 0 && (order as number) <= MAX_NUMBER_ORDER;
  if (!isOrder || !Array.isArray(cells) || cells.length === 0) return undefined;
  if (!cells.every((cell) => Number.isSafeInteger(cell) && cell >= 0)) return undefined;
  return { cell_order: order as number, cells: BigUint64Array.from(cells, BigInt) };
}

/** Properties without granary's own. */
export function withoutItemExtras(properties: JsonObject): Record<string, unknown> {
  const own = new Set<string>([
    ASSET_ORDER,
    ...Object.values(ITEM_CELLS),
    ...ITEM_EXTRAS.map(({ name }) => name),
  ]);
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !own.has(name)));
}
