/** What of a catalog's row STAC has no place for: written into items by granary's own names, and read back. */
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

/** Properties without granary's own. */
export function withoutItemExtras(properties: JsonObject): Record<string, unknown> {
  const own = new Set<string>([ASSET_ORDER, ...ITEM_EXTRAS.map(({ name }) => name)]);
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !own.has(name)));
}
