/** Granules of a catalog in memory. */
import { shapeFromGeometry } from "../../core/cells/geojson_shape.ts";
import { shapesIntersect } from "../../core/cells/intersect.ts";
import type { Shape } from "../../core/cells/shape.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import { unionBox } from "../../core/geometry/geometry.ts";
import { decodeWkb } from "../../core/geometry/wkb.ts";
import { asText, type JsonObject } from "../../core/json_value.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { areaOfBox } from "../area/lonlat_area.ts";
import { badParameter, badRequest } from "../http/problem.ts";
import type { GranuleFilter } from "../parameters/search.ts";
import type { CatalogIndex } from "./catalog_index.ts";
import { catalogTimes } from "./catalog_times.ts";
import { type GranuleQuery, type GranuleSource, meantFirst, type ServedGranule } from "./granules.ts";

/** Rows that are fetched and tested exactly at a time. */
const BATCH = 256;

/** Footprints as shapes, as long as their rows are kept. */
const shapes = new WeakMap<GranuleRow, Shape | null>();

export class CatalogSource implements GranuleSource {
  constructor(
    readonly name: string,
    readonly index: CatalogIndex,
    readonly collectionConceptId: string | null,
  ) {}

  async find({ filter, area, most }: GranuleQuery, signal: AbortSignal): Promise<ServedGranule[]> {
    const ranks = await this.#ranks(filter, area?.boxes ?? null);
    const exact = area === null ? null : area.shape;
    const box = filter.box === null ? null : areaOfBox(...filter.box).shape;
    const found: ServedGranule[] = [];
    for (let at = 0; at < ranks.length && found.length < most; at += BATCH) {
      signal.throwIfAborted();
      for (const row of await this.index.rows(ranks.slice(at, at + BATCH))) {
        if (!inside(row, exact) || !inside(row, box)) continue;
        found.push(served(row));
        if (found.length >= most) break;
      }
    }
    return meantFirst(found, filter);
  }

  async extent(filter: GranuleFilter): Promise<BoundingBox | null> {
    if (filter.granuleUr === null && filter.cloudCover === null && filter.orbit === null) {
      const taken = this.#collections(filter);
      let box: BoundingBox | undefined;
      for (const [number, summary] of this.index.collections.entries()) {
        if (summary.bbox !== null && (taken === null || taken.has(number))) box = unionBox(box, summary.bbox);
      }
      return box ?? null;
    }
    const rows = await this.index.rows((await this.#ranks(filter, null)).slice(0, BATCH));
    let box: BoundingBox | undefined;
    for (const row of rows) if (row.bbox !== null) box = unionBox(box, row.bbox);
    return box ?? null;
  }

  times(collectionId: string): Promise<readonly JsonObject[]> {
    const [found] = this.index.collections.filter(({ collection, conceptId }) =>
      collection === collectionId || conceptId === collectionId
    );
    if (found === undefined || found.start === null) return Promise.resolve([]);
    const iso = (time: number) => new Date(time).toISOString();
    const range = {
      BeginningDateTime: iso(found.start),
      ...(found.end === null ? {} : { EndingDateTime: iso(found.end) }),
    };
    return Promise.resolve([{ RangeDateTimes: [range] }]);
  }

  /** Times at which granules start, ascending, or their days where these are more than `most`; none for more days. */
  async starts(filter: GranuleFilter, most: number): Promise<readonly string[]> {
    const { start } = this.index.arrays;
    const ranks = await this.#ranks({ ...filter, sortKeys: [] }, null);
    const { times, each } = catalogTimes(ranks.map((rank) => start[rank]), most);
    return each === "month" ? [] : times;
  }

  async #ranks(filter: GranuleFilter, boxes: readonly BoundingBox[] | null): Promise<number[]> {
    const { temporal } = filter;
    const ranks = this.index.find({
      start: temporal?.start ?? null,
      end: temporal?.end ?? null,
      boxes: boxes ?? (filter.box === null ? null : areaOfBox(...filter.box).boxes),
      collections: this.#collections(filter),
    });
    const kept = await this.#kept(filter);
    const left = kept === null ? ranks : ranks.filter((rank) => kept.has(rank));
    return filter.sortKeys.length === 0 ? left : await this.#sorted(left, filter.sortKeys);
  }

  /** Numbers of the collections that are meant; null is all. Throws a 404 for one that the catalog has not. */
  #collections({ collections }: GranuleFilter): Set<number> | null {
    const conceptId = this.collectionConceptId;
    if (collections.length === 0 && conceptId === null) return null;
    const numbers = new Set<number>();
    for (const [number, summary] of this.index.collections.entries()) {
      if (conceptId !== null && summary.conceptId !== conceptId && summary.collection !== conceptId) continue;
      if (collections.length > 0 && !collections.includes(summary.collection)) continue;
      numbers.add(number);
    }
    if (numbers.size > 0) return numbers;
    const names = [...new Set(this.index.collections.map(({ collection }) => `'${collection}'`))].slice(
      0,
      20,
    );
    throw badRequest(
      `catalog '${this.name}' has no collection ${
        [...collections, conceptId ?? []].flat().map((one) => `'${one}'`).join(", ")
      }, ` +
        `should be one of [${names.join(", ")}]`,
    );
  }

  /** Ranks that fulfil the conditions on other columns; null where there are none. */
  #kept(filter: GranuleFilter): Promise<ReadonlySet<number>> | null {
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    const bind = (value: string | number) => `$${values.push(value)}`;
    const number = (path: string) => `TRY_CAST(json_extract_string(properties, '${path}') AS DOUBLE)`;
    if (filter.granuleUr !== null) {
      const ur = bind(filter.granuleUr);
      conditions.push(`(id = ${ur} OR concept_id = ${ur})`);
    }
    if (filter.cloudCover !== null) {
      const [low, high] = filter.cloudCover;
      const cover = `coalesce(${number("$.cloud_cover")}, ${number('$."eo:cloud_cover"')})`;
      conditions.push(`${cover} BETWEEN ${bind(low)} AND ${bind(high)}`);
    }
    if (filter.orbit !== null) {
      const [low, high] = filter.orbit;
      const orbit = (key: string) => number(`$.orbit[0].${key}`);
      conditions.push(
        `coalesce(${orbit("orbit_number")}, ${orbit("start_orbit_number")}) <= ${bind(high)} AND ` +
          `coalesce(${orbit("orbit_number")}, ${orbit("stop_orbit_number")}, ${
            orbit("start_orbit_number")
          }) >= ${bind(low)}`,
      );
    }
    for (const attribute of filter.attributes) {
      const [, name, value] = /^\w+,([\w .:-]+),([^,]*)$/.exec(attribute) ?? [];
      if (name === undefined) {
        throw badParameter(
          "attribute",
          "Value error, wanted type,name,value, of which a catalog compares the value as text",
          attribute,
        );
      }
      const path = bind(`$.additional_attributes."${name}"`);
      const found = `json_extract(properties, ${path})`;
      conditions.push(
        `(json_extract_string(properties, ${path}) = ${
          bind(value)
        } OR list_contains(TRY_CAST(${found} AS VARCHAR[]), ${bind(value)}))`,
      );
    }
    return conditions.length === 0 ? null : this.index.ranksWhere(conditions.join(" AND "), values);
  }

  async #sorted(ranks: readonly number[], keys: readonly string[]): Promise<number[]> {
    const { start, end } = this.index.arrays;
    const named = keys.some((key) => /granule_ur|cloud_cover/.test(key));
    if (named && ranks.length > MOST_SORTED) {
      throw badParameter(
        "sort_key",
        `Value error, more than ${MOST_SORTED} granules would be sorted by name or cloud cover`,
        [...keys],
      );
    }
    const rows = new Map(named ? (await this.index.rows(ranks)).map((row, i) => [ranks[i], row]) : []);
    const cover = (rank: number) => Number(rows.get(rank)?.properties.cloud_cover ?? NaN);
    const compare = (key: string, a: number, b: number) => {
      const name = key.replace(/^[-+]/, "");
      const order = name === "start_date"
        ? start[a] - start[b]
        : name === "end_date"
        ? end[a] - end[b]
        : name === "cloud_cover"
        ? cover(a) - cover(b)
        : compareText(rows.get(a)?.id ?? "", rows.get(b)?.id ?? "");
      return (Number.isNaN(order) ? 0 : order) * (key.startsWith("-") ? -1 : 1);
    };
    return ranks.toSorted((a, b) => {
      for (const key of keys) {
        const order = compare(key, a, b);
        if (order !== 0) return order;
      }
      return a - b;
    });
  }
}

const MOST_SORTED = 20_000;

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function served(row: GranuleRow): ServedGranule {
  return {
    row,
    conceptId: row.concept_id ?? `${row.collection}/${row.id}`,
    collectionId: asText(row.properties.collection_concept_id) ?? row.collection,
    umm: null,
  };
}

/** Whether a footprint touches a shape; one that cannot be compared counts as its box, which was asked before. */
function inside(row: GranuleRow, shape: (() => Shape) | null): boolean {
  if (shape === null) return true;
  let footprint = shapes.get(row);
  if (footprint === undefined) {
    footprint = row.geometry === null
      ? null
      : shapeFromGeometry(decodeWkb(row.geometry), { edges: "planar" });
    shapes.set(row, footprint);
  }
  return footprint === null || shapesIntersect(footprint, shape());
}
