/** Items of the outbox to one target, in chunks; each chunk is remembered when the target has it. */
import { setTimeout as wait } from "node:timers/promises";
import { GranaryError } from "../../core/errors.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { backoffMs, type RetryPolicy } from "../../core/access/retry.ts";
import { CollectionSum } from "../../core/stac/collection.ts";
import type { StacCollection, StacItem } from "../../core/stac/values.ts";
import { collectionForTarget, collectionText } from "../collection_text.ts";
import type { Dataset } from "../dataset.ts";
import { targetKey } from "../plan/identity.ts";
import type { PublishPlan } from "../plan/plan.ts";
import type { PollPolicy } from "../targets/ingestions.ts";
import { openPublishTarget } from "../targets/open.ts";
import { type GoneItem, type ItemTarget, yearOf } from "../targets/target.ts";
import type { PublishDirectory } from "./directory.ts";
import type { ConvertRecord, Done, RegisterRecord } from "../records.ts";

/** Items in one call to a target. */
const CHUNK_ITEMS = 500;

/** Waits between the tries of one chunk, beyond those of single requests. */
const TRIES: RetryPolicy = { attempts: 2, baseMs: 1000, capMs: 60_000, longestRetryAfterMs: 60_000 };

interface RegisterOptions {
  readonly opener: SourceOpener;
  readonly signal?: AbortSignal | undefined;
  /** Nothing new is begun once it aborts. */
  readonly enough?: AbortSignal | undefined;
  /** Refused items are offered again. */
  readonly retryRefused?: boolean;
  /** What stands in the places of new items is replaced. */
  readonly overwrite?: boolean;
  readonly poll?: PollPolicy;
  readonly onProgress?: (items: number) => void;
}

interface Registered {
  readonly items: number;
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** Granules that were not come to. */
  readonly left: number;
}

/** Indices of the targets that take items as they come; the others are written at the end. */
export function itemTargets({ targets }: Dataset): number[] {
  return targets.flatMap(({ kind }, index) =>
    kind === "ndjson" || kind === "geoparquet" || kind === "catalog" ? [] : [index]
  );
}

/** Names of granules that a target has yet to receive: those that are done, and new to it. */
export function unregistered(
  records: ReadonlyMap<string, ConvertRecord>,
  registered: ReadonlyMap<string, RegisterRecord["granules"][number]>,
  retryRefused = false,
): string[] {
  return [...records].flatMap(([name, { done }]) => {
    if (done === null) return [];
    const last = registered.get(name);
    const again = retryRefused && (last?.refused.length ?? 0) > 0;
    return last?.itemsHash === done.itemsHash && !again ? [] : [name];
  });
}

/** Registers with target number `index` of everything that is done and that it does not know, or has lost. */
export async function registerTarget(
  directory: PublishDirectory,
  plan: PublishPlan,
  index: number,
  options: RegisterOptions,
): Promise<Registered> {
  const { dataset } = plan;
  const key = targetKey(dataset, index);
  const records = await directory.convertRecords();
  const registered = await directory.registered(key);
  const opened = openPublishTarget(dataset.targets[index], {
    collection: dataset.name,
    output: dataset.output,
    href: dataset.href,
    opener: options.opener,
    attempts: dataset.retry.attempts,
    ...(options.poll === undefined ? {} : { poll: options.poll }),
  });
  if (opened.kind !== "items") throw new Error(`target ${index} takes no items one by one`);
  const { target } = opened;
  let count = 0;
  let left = 0;
  const refused: { id: string; reason: string }[] = [];
  try {
    const present = await target.present?.() ?? (() => true);
    const due = new Set(unregistered(records, registered, options.retryRefused));
    const names = [...records].flatMap(([name, { done }]) =>
      due.has(name) || isLost(done, registered.get(name), present) ? [name] : []
    );
    left = names.length;
    let begun = false;
    for await (const chunk of chunksOf(directory, records, names)) {
      options.signal?.throwIfAborted();
      if (options.enough?.aborted) break;
      if (!begun) await target.begin(collectionForTarget(dataset, index, firstCollection(dataset, chunk)));
      begun = true;
      const fresh = chunk.filter(({ name }) => !registered.has(name) || options.retryRefused === true);
      const placed = fresh.flatMap(({ items }) => items).filter((item) =>
        present({ id: item.id, year: yearOf(item) })
      );
      const occupied = options.overwrite ? [] : await target.occupied?.(placed) ?? [];
      const bad = [...occupied, ...await putChunk(target, without(chunk, occupied), options.signal)];
      const reasons = new Map(bad.map(({ id, reason }) => [id, reason]));
      await directory.putRegistered(key, {
        kind: "register",
        granules: chunk.map(({ name, itemsHash, items }) => ({
          name,
          itemsHash,
          refused: items.flatMap(({ id }) => {
            const reason = reasons.get(id);
            return reason === undefined ? [] : [{ id, reason }];
          }),
        })),
        at: new Date().toISOString(),
      });
      refused.push(...bad);
      count += chunk.reduce((sum, { items }) => sum + items.length, 0) - bad.length;
      left -= chunk.length;
      options.onProgress?.(count);
    }
  } finally {
    await target.close();
  }
  return { items: count, refused, left };
}

/** Whether items that a target took are there no longer. */
function isLost(
  done: Done | null,
  known: RegisterRecord["granules"][number] | undefined,
  present: (item: GoneItem) => boolean,
): boolean {
  if (done === null || known === undefined) return false;
  const refused = new Set(known.refused.map(({ id }) => id));
  return done.items.some((item) => !refused.has(item.id) && !present(item));
}

function without(
  chunk: readonly RegisterGranule[],
  refused: readonly { readonly id: string }[],
): readonly RegisterGranule[] {
  const ids = new Set(refused.map(({ id }) => id));
  return chunk.map((granule) => ({ ...granule, items: granule.items.filter(({ id }) => !ids.has(id)) }));
}

interface RegisterGranule {
  readonly name: string;
  readonly itemsHash: string;
  readonly items: readonly StacItem[];
  readonly gone: readonly GoneItem[];
}

async function* chunksOf(
  directory: PublishDirectory,
  records: ReadonlyMap<string, ConvertRecord>,
  names: readonly string[],
): AsyncGenerator<RegisterGranule[]> {
  let chunk: RegisterGranule[] = [];
  let items = 0;
  for (const name of names) {
    const done = records.get(name)?.done;
    if (done === null || done === undefined) continue;
    const outbox = await directory.outbox(name, done.itemsHash);
    if (items > 0 && items + outbox.items.length > CHUNK_ITEMS) {
      yield chunk;
      [chunk, items] = [[], 0];
    }
    chunk.push({ name, itemsHash: done.itemsHash, items: outbox.items, gone: done.gone.items });
    items += outbox.items.length;
  }
  if (chunk.length > 0) yield chunk;
}

async function putChunk(
  target: ItemTarget,
  chunk: readonly RegisterGranule[],
  signal: AbortSignal | undefined,
) {
  for (let tries = 1;; tries++) {
    try {
      const refused = await target.put(chunk.flatMap(({ items }) => items));
      await target.remove(chunk.flatMap(({ gone }) => gone));
      return refused;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof GranaryError) || error.tag !== "io" || tries >= TRIES.attempts) throw error;
      await wait(backoffMs(TRIES, tries + 1, undefined), undefined, signal ? { signal } : {});
    }
  }
}

/** A collection to begin with: of the first items, until the end tells of all. */
function firstCollection(dataset: Dataset, chunk: readonly RegisterGranule[]): StacCollection {
  const sum = new CollectionSum();
  for (const { items } of chunk) for (const item of items) sum.add(item);
  return sum.result(collectionText(dataset), []);
}
