/**
 * An ingestion API of the kind that VEDA runs: items are queued by POST /ingestions and asked after until the
 * service says what became of them; collections by POST /collections.
 */
import { mapBounded, sleep } from "../../core/concurrency.ts";
import { GranaryError } from "../../core/errors.ts";
import { asObject, asText } from "../../core/json_value.ts";
import { olderCollection, olderItem } from "../../core/stac/older.ts";
import type { StacCollection, StacItem } from "../../core/stac/values.ts";
import { type ApiClient, isDone, unexpected } from "./api_client.ts";
import type { TransactionsOptions } from "./transactions.ts";
import { type ItemTarget, placedItem, type RefusedItem } from "./target.ts";

const AT_ONCE = 8;

export interface PollPolicy {
  readonly firstMs: number;
  readonly mostMs: number;
  /** After this an item that is still queued is left for the next run. */
  readonly limitMs: number;
}

export const DEFAULT_POLL: PollPolicy = { firstMs: 500, mostMs: 15_000, limitMs: 600_000 };

export class IngestionApi implements ItemTarget {
  readonly #api: ApiClient;
  readonly #options: TransactionsOptions;
  readonly #poll: PollPolicy;
  readonly #signal: AbortSignal | undefined;

  constructor(api: ApiClient, options: TransactionsOptions, poll: PollPolicy, signal?: AbortSignal) {
    this.#api = api;
    this.#options = options;
    this.#poll = poll;
    this.#signal = signal;
  }

  get name(): string {
    return this.#api.name;
  }

  begin(collection: StacCollection): Promise<void> {
    return this.finish(collection);
  }

  async finish(collection: StacCollection): Promise<void> {
    const document = this.#options.stac === "1.0.0" ? olderCollection(collection) : collection;
    const reply = await this.#api.ask("POST", "/collections", document);
    if (!isDone(reply.status) && reply.status !== 409) {
      throw unexpected(`${this.name}/collections`, reply, "the collection was not taken");
    }
  }

  async put(items: readonly StacItem[]): Promise<readonly RefusedItem[]> {
    const { collection, hrefOf, stac } = this.#options;
    const refused = await mapBounded(items, AT_ONCE, async (item) => {
      const placed = placedItem({ ...item, collection }, hrefOf, [
        { rel: "collection", href: `${this.name}/collections/${encodeURIComponent(collection)}` },
      ]);
      return await this.#putOne(stac === "1.0.0" ? olderItem(placed) : placed);
    });
    return refused.filter((one) => one !== undefined);
  }

  async #putOne(item: StacItem): Promise<RefusedItem | undefined> {
    const posted = await this.#api.ask("POST", "/ingestions", item);
    if (!isDone(posted.status)) {
      return { id: item.id, reason: `the server answered ${posted.status} (${posted.words})` };
    }
    const id = asText(asObject(posted.body)?.id) ?? item.id;
    let wait = this.#poll.firstMs;
    const deadline = performance.now() + this.#poll.limitMs;
    for (;;) {
      const path = `/ingestions/${encodeURIComponent(id)}`;
      const found = await this.#api.ask("GET", path);
      if (!isDone(found.status)) {
        throw unexpected(`${this.name}${path}`, found, "the ingestion is missing");
      }
      const answer = asObject(found.body);
      const status = asText(answer?.status)?.toLowerCase();
      if (status === undefined) {
        throw unexpected(`${this.name}${path}`, found, "which states no status; is this an ingestion API?");
      }
      if (status === "succeeded") return undefined;
      if (status === "failed" || status === "cancelled") {
        return {
          id: item.id,
          reason: `the ingestion ${status}: ${asText(answer?.message) ?? "no reason given"}`,
        };
      }
      if (performance.now() + wait > deadline) {
        throw new GranaryError(
          "io",
          `${this.name}${path}: still ${status} after ${this.#poll.limitMs / 1000} s` +
            " (the service works on it: run again later)",
        );
      }
      await sleep(wait, this.#signal);
      wait = Math.min(wait * 2, this.#poll.mostMs);
    }
  }

  /** The service has no way to take items away. */
  remove(items: readonly { id: string }[]): Promise<void> {
    if (items.length === 0) return Promise.resolve();
    return Promise.reject(
      new GranaryError(
        "io",
        `${this.name}: items of before cannot be taken away by an ingestion API (${
          items.slice(0, 5).map(({ id }) => id).join(", ")
        }: delete them in its catalog)`,
      ),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
