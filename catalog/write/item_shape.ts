/**
 * What the items of a catalog need of columns: the keys of their assets and the types of their properties,
 * as stac-geoparquet (specification 1.0.0) wants them.
 */
import { asTime } from "../../core/json_value.ts";
import { wkbOfGeoJson } from "../../core/geometry/geojson.ts";
import { inputError } from "../../core/errors.ts";
import { commonType, isMixed, type JsonType, typeOf } from "../../core/tables/arrow_json.ts";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { type ExtraColumn, ITEM_EXTRAS } from "../item_extras.ts";

/** The asset of a granule that has one file. */
const DATA_ASSET = "data";

/** More asset keys or properties than this make no sensible table. */
const MAX_ASSET_KEYS = 200;
const MAX_PROPERTIES = 1000;

/** Columns that properties of the same name must not cover. */
const RESERVED = new Set([
  "type",
  "stac_version",
  "stac_extensions",
  "id",
  "collection",
  "geometry",
  "bbox",
  "links",
  "assets",
  "datetime",
  "start_datetime",
  "end_datetime",
]);

/** Properties that are instants: of common metadata, and of the timestamps extension. */
const INSTANTS: ReadonlySet<string> = new Set([
  "created",
  "updated",
  "expires",
  "published",
  "unpublished",
]);

/** The property that is a geometry of its own. */
export const PROJECTED_GEOMETRY = "proj:geometry";

export type PropertyType = JsonType | { kind: "instant" } | { kind: "geometry" };

/** What all items share: the struct of assets and the columns of properties. */
export interface ItemShape {
  assetKeys: readonly string[];
  /** Whether a granule may have its assets in another order than that of the keys. */
  ordersDiffer: boolean;
  properties: readonly (readonly [name: string, type: PropertyType])[];
  /** Of the columns that STAC has no place for, those that have a value. */
  extras: ReadonlySet<ExtraColumn>;
  /** Values that no column takes, by reason. */
  leftOut: Readonly<Record<string, number>>;
}

/** Gathers the shape row by row. */
export class ItemShaper {
  /** In an order that agrees with every granule's own as far as these agree: the first leads. */
  readonly #assetKeys: string[] = [];
  readonly #orders = new Set<string>();
  readonly #knownKeys = new Set<string>();
  readonly #properties = new Map<string, JsonType>();
  readonly #extras = new Set<ExtraColumn>();
  readonly #leftOut: Record<string, number> = {};

  constructor(readonly catalogName: string) {}

  add(row: GranuleRow): void {
    this.#addKeys(assetsOf(row).map(({ key }) => key));
    for (const { column } of ITEM_EXTRAS) if (row[column] !== null) this.#extras.add(column);
    for (const [name, value] of Object.entries(row.properties)) this.#addProperty(name, value);
    if (this.#assetKeys.length <= MAX_ASSET_KEYS && this.#properties.size <= MAX_PROPERTIES) return;
    throw inputError(
      `${this.catalogName}: ${this.#assetKeys.length} asset keys and ${this.#properties.size} properties are too ` +
        `many for columns (at most ${MAX_ASSET_KEYS} and ${MAX_PROPERTIES}); export a part of the catalog`,
    );
  }

  /** Takes keys in, each after the one before it. */
  #addKeys(keys: readonly string[]): void {
    const order = keys.join("\0");
    if (this.#orders.has(order)) return;
    this.#orders.add(order);
    for (const [i, key] of keys.entries()) {
      if (this.#knownKeys.has(key)) continue;
      this.#knownKeys.add(key);
      const after = i === 0
        ? this.#assetKeys.indexOf(keys.find((one) => one !== key && this.#knownKeys.has(one)) ?? "")
        : this.#assetKeys.indexOf(keys[i - 1]) + 1;
      this.#assetKeys.splice(Math.max(0, after), 0, key);
    }
  }

  #addProperty(name: string, value: unknown): void {
    if (value === null || value === undefined) return;
    if (RESERVED.has(name)) {
      if (name !== "stac_version") this.#leave(`property "${name}", which is a column of items`);
    } else if (INSTANTS.has(name) && asTime(value) === null) this.#leave(`"${name}" that is no time`);
    else if (name === PROJECTED_GEOMETRY && wkbOfGeoJson(value) === null) {
      this.#leave(`"${name}" that is no geometry`);
    } else {
      const type = typeOf(value);
      this.#properties.set(name, commonType(this.#properties.get(name) ?? type, type));
    }
  }

  #leave(reason: string): void {
    this.#leftOut[reason] = (this.#leftOut[reason] ?? 0) + 1;
  }

  shape(): ItemShape {
    const properties = [...this.#properties].toSorted(([a], [b]) => a < b ? -1 : 1)
      .filter(([, type]) => type.kind !== "none")
      .map(([name, type]): [string, PropertyType] => {
        if (INSTANTS.has(name)) return [name, { kind: "instant" }];
        if (name === PROJECTED_GEOMETRY) return [name, { kind: "geometry" }];
        return [name, isMixed(type) ? { kind: "mixed" } : type];
      });
    return {
      // A struct has a member at least, also where no item is written.
      assetKeys: this.#assetKeys.length === 0 ? [DATA_ASSET] : this.#assetKeys,
      ordersDiffer: this.#orders.size > 1,
      properties,
      extras: this.#extras,
      leftOut: this.#leftOut,
    };
  }
}

/** A granule's assets; the one file of a granule without any is the asset `data`. */
export function assetsOf(row: GranuleRow): { key: string; asset: GranuleAsset | undefined }[] {
  if (row.assets.length === 0) return [{ key: DATA_ASSET, asset: undefined }];
  return row.assets.map((asset) => ({ key: asset.key, asset }));
}
