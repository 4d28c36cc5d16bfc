/**
 * A self-contained catalog of files, in a folder or below an S3 prefix: `collection.json` and
 * `items/{year}/{id}.json`, linked by relative hrefs. The collection is written last, with a link to every
 * item that is there.
 */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { inputError } from "../../core/errors.ts";
import { olderCollection, olderItem } from "../../core/stac/older.ts";
import type { StacCollection, StacItem, StacLink, StacVersion } from "../../core/stac/values.ts";
import { fileNameOf, relativeHref } from "./hrefs.ts";
import { type GoneItem, type ItemTarget, placedItem, type RefusedItem, yearOf } from "./target.ts";

export const COLLECTION_KEY = "collection.json";
const ITEMS_PREFIX = "items/";
/** Folders between an item and the collection. */
const ITEM_DEPTH = 2;
const ITEM_TYPE = "application/geo+json";

export class StaticCatalog implements ItemTarget {
  readonly #target: ObjectTarget;
  readonly #stac: StacVersion;

  constructor(target: ObjectTarget, stac: StacVersion) {
    this.#target = target;
    this.#stac = stac;
  }

  get name(): string {
    return this.#target.name;
  }

  begin(): Promise<void> {
    return Promise.resolve(); // the collection comes last
  }

  async put(items: readonly StacItem[]): Promise<readonly RefusedItem[]> {
    const link = (rel: string): StacLink => ({
      rel,
      href: relativeHref(ITEM_DEPTH)(COLLECTION_KEY),
      type: "application/json",
    });
    const links = ["root", "parent", "collection"].map(link);
    await this.#target.putAll(
      new Map(items.map((item) => {
        const placed = placedItem(item, relativeHref(ITEM_DEPTH), links);
        return [itemKey(item.id, yearOf(item)), encode(this.#stac === "1.0.0" ? olderItem(placed) : placed)];
      })),
    );
    return [];
  }

  async remove(items: readonly GoneItem[]): Promise<void> {
    for (const { id, year } of items) await this.#target.delete(itemKey(id, year));
  }

  async present(): Promise<(item: GoneItem) => boolean> {
    const keys = new Set(await this.#itemKeys());
    return ({ id, year }) => keys.has(itemKey(id, year));
  }

  async occupied(items: readonly StacItem[]): Promise<readonly RefusedItem[]> {
    const taken: RefusedItem[] = [];
    for (const item of items) {
      const key = itemKey(item.id, yearOf(item));
      const bytes = await this.#target.get(key);
      if (bytes === undefined || isItemOf(item.collection, bytes)) continue;
      const reason =
        `${key} is there already, and is no item of this collection; nothing was changed (move it ` +
        "away, then granary publish retry)";
      taken.push({ id: item.id, reason });
    }
    return taken;
  }

  /** The items that are there. */
  async *items(): AsyncGenerator<StacItem> {
    for (const key of await this.#itemKeys()) {
      const bytes = await this.#target.get(key);
      if (bytes === undefined) continue;
      try {
        yield JSON.parse(new TextDecoder().decode(bytes)) as StacItem;
      } catch (error) {
        throw inputError(`${this.name}/${key}: is not JSON: ${(error as Error).message}`);
      }
    }
  }

  async #itemKeys(): Promise<string[]> {
    return (await this.#target.list(ITEMS_PREFIX)).filter((key) => key.endsWith(".json"));
  }

  async finish(collection: StacCollection): Promise<void> {
    const keys = await this.#itemKeys();
    const href = relativeHref(0);
    const links: StacLink[] = [
      { rel: "root", href: href(COLLECTION_KEY), type: "application/json" },
      ...collection.links.filter(({ rel }) => !["self", "root", "parent", "item"].includes(rel)),
      ...keys.map((key) => ({ rel: "item", href: href(key), type: ITEM_TYPE })),
    ];
    const whole = { ...collection, links };
    await this.#target.put(COLLECTION_KEY, encode(this.#stac === "1.0.0" ? olderCollection(whole) : whole));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function isItemOf(collection: unknown, bytes: Uint8Array): boolean {
  try {
    const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof found === "object" && found !== null && "collection" in found &&
      found.collection === collection;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function itemKey(id: string, year: string): string {
  return `${ITEMS_PREFIX}${year}/${fileNameOf(id)}.json`;
}

function encode(document: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
}
