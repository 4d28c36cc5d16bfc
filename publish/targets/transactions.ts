/**
 * A STAC API with the Transaction extension. The collection is made first; items go in bulk by upsert where
 * the server has that (stac-fastapi's bulk extension), else one by one: POST, and PUT where the item is
 * there already. A chunk that the server refuses whole is tried item by item, so that one bad item does not
 * keep the others out.
 */
import { asObject, asText } from "../../core/json_value.ts";
import { olderCollection, olderItem } from "../../core/stac/older.ts";
import type { StacCollection, StacItem, StacVersion } from "../../core/stac/values.ts";
import { mapBounded } from "../../core/concurrency.ts";
import { type ApiClient, type ApiReply, isDone, unexpected } from "./api_client.ts";
import { type GoneItem, type ItemTarget, placedItem, type RefusedItem } from "./target.ts";

/** Single items that are under way together. */
const AT_ONCE = 4;
const encode = encodeURIComponent;

export interface TransactionsOptions {
  readonly collection: string;
  readonly stac: StacVersion;
  /** Hrefs of files for the API's readers. */
  readonly hrefOf: (key: string) => string;
}

export class TransactionsApi implements ItemTarget {
  readonly #api: ApiClient;
  readonly #options: TransactionsOptions;
  /** Whether the server does bulk upserts; undefined until the first try. */
  #bulk: boolean | undefined;

  constructor(api: ApiClient, options: TransactionsOptions) {
    this.#api = api;
    this.#options = options;
  }

  get name(): string {
    return this.#api.name;
  }

  get #path(): string {
    return `/collections/${encode(this.#options.collection)}`;
  }

  async begin(collection: StacCollection): Promise<void> {
    const found = await this.#api.ask("GET", this.#path);
    if (isDone(found.status)) {
      if (asText(asObject(found.body)?.id) === this.#options.collection) return;
      throw unexpected(
        `${this.name}${this.#path}`,
        found,
        "which is not that collection; is this a STAC API?",
      );
    }
    if (found.status !== 404) throw unexpected(`${this.name}${this.#path}`, found, "is this a STAC API?");
    const made = await this.#api.ask("POST", "/collections", this.#collection(collection));
    // Made meanwhile, or by a try whose answer was lost: it is there.
    if (!isDone(made.status) && made.status !== 409) throw this.#noCollection(made);
  }

  async finish(collection: StacCollection): Promise<void> {
    const document = this.#collection(collection);
    const put = await this.#api.ask("PUT", this.#path, document);
    if (isDone(put.status)) return;
    // An older form of the extension has the PUT at the list of collections.
    const older = await this.#api.ask("PUT", "/collections", document);
    if (!isDone(older.status)) throw this.#noCollection(put);
  }

  #noCollection(reply: ApiReply): Error {
    return unexpected(
      `${this.name}${this.#path}`,
      reply,
      "the collection could not be written (does the server have the Transaction extension?)",
    );
  }

  #collection(collection: StacCollection): StacCollection {
    return this.#options.stac === "1.0.0" ? olderCollection(collection) : collection;
  }

  #item(item: StacItem): StacItem {
    const { collection, hrefOf, stac } = this.#options;
    // The server makes its own structural links; the one to the collection is what schemas want.
    const placed = placedItem({ ...item, collection }, hrefOf, [
      { rel: "collection", href: `${this.name}${this.#path}`, type: "application/json" },
    ]);
    return stac === "1.0.0" ? olderItem(placed) : placed;
  }

  async put(items: readonly StacItem[]): Promise<readonly RefusedItem[]> {
    const placed = items.map((item) => this.#item(item));
    if (placed.length > 1 && this.#bulk !== false && await this.#putAll(placed)) return [];
    const refused = await mapBounded(placed, AT_ONCE, (item) => this.#putOne(item));
    return refused.filter((one) => one !== undefined);
  }

  /** False where the server has no bulk upsert, or refuses these items as a whole. */
  async #putAll(items: readonly StacItem[]): Promise<boolean> {
    let reply: ApiReply;
    try {
      reply = await this.#api.ask("POST", `${this.#path}/bulk_items`, {
        items: Object.fromEntries(items.map((item) => [item.id, item])),
        method: "upsert",
      });
    } catch (error) {
      // A server that fails over one item of many fails in passing by its status: one by one tells.
      if ((error as { details?: { kind?: unknown } }).details?.kind !== "status") throw error;
      return false;
    }
    if (isDone(reply.status)) return this.#bulk = true;
    if (reply.status === 404 || reply.status === 405 || reply.status === 501) this.#bulk = false;
    return false;
  }

  async #putOne(item: StacItem): Promise<RefusedItem | undefined> {
    const posted = await this.#api.ask("POST", `${this.#path}/items`, item);
    if (isDone(posted.status)) return undefined;
    if (posted.status !== 409) return refusal(item.id, posted);
    const put = await this.#api.ask("PUT", `${this.#path}/items/${encode(item.id)}`, item);
    return isDone(put.status) ? undefined : refusal(item.id, put);
  }

  async remove(items: readonly GoneItem[]): Promise<void> {
    await mapBounded(items, AT_ONCE, async ({ id }) => {
      const path = `${this.#path}/items/${encode(id)}`;
      const reply = await this.#api.ask("DELETE", path);
      if (isDone(reply.status) || reply.status === 404) return;
      throw unexpected(`DELETE ${this.name}${path}`, reply, "the item of before could not be taken away");
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function refusal(id: string, { status, words }: ApiReply): RefusedItem {
  return { id, reason: `the server answered ${status}${words === "" ? "" : ` (${words})`}` };
}
