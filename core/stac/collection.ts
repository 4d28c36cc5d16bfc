/**
 * A collection whose extents and summaries are those of its items: the union of their boxes, the span of
 * their times, the values that they share.
 */
import {
  EXTENSIONS,
  STAC_VERSION,
  type StacCollection,
  type StacItem,
  type StacLink,
  type StacProvider,
} from "./values.ts";

/** What people say of a collection; the rest is computed. */
export interface CollectionText {
  readonly id: string;
  readonly title: string | null;
  readonly description: string;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly providers: readonly StacProvider[];
  /** Ways to draw the assets (render extension). */
  readonly renders: Readonly<Record<string, unknown>> | null;
  /** Further fields, such as those of one publisher; they do not replace computed ones. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Values of one property beyond which a summary would be a list of everything. */
const MOST_VALUES = 20;

/** Properties that a collection sums up as lists of values. */
const SUMMED = ["proj:code", "platform", "instruments", "constellation", "gsd"];

/** Adds up items, in any order; the same items give the same collection. */
export class CollectionSum {
  #items = 0;
  #south = Infinity;
  #north = -Infinity;
  readonly #spans: [west: number, east: number][] = [];
  #start: string | null = null;
  #end: string | null = null;
  readonly #values = new Map<string, Map<string, unknown>>();
  readonly #assets = new Map<string, Record<string, unknown>>();

  get items(): number {
    return this.#items;
  }

  add(item: StacItem): void {
    this.#items += 1;
    this.#addBox(item.bbox);
    const { datetime, start_datetime, end_datetime } = item.properties as Record<string, string | null>;
    this.#addTimes(start_datetime ?? datetime, end_datetime ?? datetime);
    for (const name of SUMMED) {
      const value = item.properties[name];
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined && one !== null) this.#addValue(name, one);
      }
    }
    for (const [key, asset] of Object.entries(item.assets)) {
      this.#assets.set(key, commonFields(this.#assets.get(key), asset));
      const code = asset["proj:code"];
      if (code !== undefined && code !== null) this.#addValue("proj:code", code);
    }
  }

  #addBox(bbox: readonly number[] | undefined): void {
    if (bbox === undefined) return;
    const [west, south, east, north] = bbox.length === 6 ? [bbox[0], bbox[1], bbox[3], bbox[4]] : bbox;
    this.#south = Math.min(this.#south, south);
    this.#north = Math.max(this.#north, north);
    if (west <= east) this.#addSpan(west, east);
    else {
      this.#addSpan(west, 180);
      this.#addSpan(-180, east);
    }
  }

  /** Spans are kept merged, so that a million items of one place cost one. */
  #addSpan(west: number, east: number): void {
    let [from, to] = [west, east];
    for (let i = this.#spans.length - 1; i >= 0; i--) {
      const [w, e] = this.#spans[i];
      if (w > to || e < from) continue;
      from = Math.min(from, w);
      to = Math.max(to, e);
      this.#spans.splice(i, 1);
    }
    this.#spans.push([from, to]);
  }

  #addTimes(start: string | null | undefined, end: string | null | undefined): void {
    if (start && (this.#start === null || Date.parse(start) < Date.parse(this.#start))) this.#start = start;
    if (end && (this.#end === null || Date.parse(end) > Date.parse(this.#end))) this.#end = end;
  }

  #addValue(name: string, value: unknown): void {
    const values = this.#values.get(name) ?? new Map<string, unknown>();
    this.#values.set(name, values);
    if (values.size <= MOST_VALUES) values.set(JSON.stringify(value), value);
  }

  /** The collection of the items so far; one without items covers the globe, for as yet unknown times. */
  result(text: CollectionText, links: readonly StacLink[]): StacCollection {
    const summaries: Record<string, unknown> = {};
    for (const [name, values] of [...this.#values].sort(([a], [b]) => a < b ? -1 : 1)) {
      if (values.size > MOST_VALUES) continue;
      summaries[name] = [...values].sort(([a], [b]) => a < b ? -1 : 1).map(([, value]) => value);
    }
    const itemAssets = Object.fromEntries(
      [...this.#assets].sort(([a], [b]) => a < b ? -1 : 1).filter(([, fields]) =>
        Object.keys(fields).length >= 2
      ),
    );
    const collection: StacCollection = {
      ...text.fields,
      type: "Collection",
      stac_version: STAC_VERSION,
      stac_extensions: [],
      id: text.id,
      ...(text.title === null ? {} : { title: text.title }),
      description: text.description,
      ...(text.keywords.length === 0 ? {} : { keywords: [...text.keywords] }),
      license: text.license,
      ...(text.providers.length === 0 ? {} : { providers: [...text.providers] }),
      extent: {
        spatial: { bbox: [this.#bbox()] },
        temporal: { interval: [[this.#start, this.#end]] },
      },
      ...(Object.keys(summaries).length === 0 ? {} : { summaries }),
      ...(Object.keys(itemAssets).length === 0 ? {} : { item_assets: itemAssets }),
      ...(text.renders === null ? {} : { renders: text.renders }),
      links: [...links],
    };
    const fields = [collection.summaries ?? {}, ...Object.values(collection.item_assets ?? {})];
    const has = (prefix: string) =>
      fields.some((record) => Object.keys(record).some((key) => key.startsWith(prefix)));
    collection.stac_extensions = [
      ...has("proj:") ? [EXTENSIONS.projection] : [],
      ...has("raster:") ? [EXTENSIONS.raster] : [],
      ...text.renders === null ? [] : [EXTENSIONS.render],
    ];
    return collection;
  }

  #bbox(): number[] {
    if (this.#spans.length === 0) return [-180, -90, 180, 90];
    const spans = [...this.#spans].sort((a, b) => a[0] - b[0]);
    let [west, east] = [spans[0][0], spans[spans.length - 1][1]];
    let widest = west + 360 - east;
    for (let i = 1; i < spans.length; i++) {
      const gap = spans[i][0] - spans[i - 1][1];
      if (gap <= widest) continue;
      widest = gap;
      [west, east] = [spans[i][0], spans[i - 1][1]];
    }
    return [west, this.#south, east, this.#north];
  }
}

/** Fields that belong to one file and not to a kind of file. */
const OWN_FIELDS = new Set([
  "href",
  "file:size",
  "file:checksum",
  "statistics",
  "raster:histogram",
  "proj:shape",
  "proj:transform",
  "proj:bbox",
  "proj:geometry",
  "created",
  "updated",
]);

/** What an asset has in common with those before of its key. */
function commonFields(
  before: Record<string, unknown> | undefined,
  asset: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const own = Object.fromEntries(
    Object.entries(asset).filter(([key]) => !OWN_FIELDS.has(key)).map(([key, value]) => [
      key,
      key === "bands" && Array.isArray(value) ? value.map((band) => without(band)) : value,
    ]),
  );
  if (before === undefined) return own;
  return Object.fromEntries(
    Object.entries(before).filter(([key, value]) => JSON.stringify(own[key]) === JSON.stringify(value)),
  );
}

function without(band: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(band).filter(([key]) => !OWN_FIELDS.has(key)));
}
