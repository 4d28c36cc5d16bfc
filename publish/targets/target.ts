/**
 * Where items are announced. An item on its way has the keys of its files below the dataset's output as
 * hrefs; each target gives them the form that its readers need.
 */
import type { StacCollection, StacItem, StacLink } from "../../core/stac/values.ts";

/** An item that a target will not take, and why: it stays so until the item or the target changes. */
export interface RefusedItem {
  readonly id: string;
  readonly reason: string;
}

/** An item of before that is to go. */
export interface GoneItem {
  readonly id: string;
  /** The year of its time, which is a part of its place in a static catalog. */
  readonly year: string;
}

/** Takes items as they come. Whatever is done twice does no harm. */
export interface ItemTarget {
  /** For messages; holds nothing secret. */
  readonly name: string;
  /** Makes the place that items of the collection go to. Before the first item of a run. */
  begin(collection: StacCollection): Promise<void>;
  /**
   * Puts items, new or in place of those of their ids. Returns those that it refuses for good; throws where
   * the target cannot be reached or takes nothing.
   */
  put(items: readonly StacItem[]): Promise<readonly RefusedItem[]>;
  /** Tells which items are in their places, of a target that can list them. */
  present?(): Promise<(item: GoneItem) => boolean>;
  /** Those of new items whose places hold what is no item of their collection. */
  occupied?(items: readonly StacItem[]): Promise<readonly RefusedItem[]>;
  /** Takes items away; those that are not there are no error. */
  remove(items: readonly GoneItem[]): Promise<void>;
  /** After the last item: the collection with its extents. */
  finish(collection: StacCollection): Promise<void>;
  close(): Promise<void>;
}

/** Files that hold all items at once are written again at the end of a run. */
export interface WholeTarget {
  readonly name: string;
  write(collection: StacCollection, items: () => AsyncIterable<StacItem>): Promise<void>;
}

/** The year of an item's time, for its place in a static catalog. */
export function yearOf(item: StacItem): string {
  const { datetime, start_datetime } = item.properties as { datetime?: string; start_datetime?: string };
  return /^\d{4}/.exec(datetime ?? start_datetime ?? "")?.[0] ?? "undated";
}

/** The item with its assets' hrefs and its structural links as a target has them. */
export function placedItem(
  item: StacItem,
  hrefOf: (key: string) => string,
  links: readonly StacLink[],
): StacItem {
  const structural = new Set(["self", "root", "parent", "collection"]);
  return {
    ...item,
    links: [...links, ...item.links.filter(({ rel }) => !structural.has(rel))],
    assets: Object.fromEntries(
      Object.entries(item.assets).map(([key, asset]) => [key, { ...asset, href: hrefOf(asset.href) }]),
    ),
  };
}
