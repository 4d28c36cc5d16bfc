/** Items that exist already, brought to a target: what `granary stac push` does. */
import type { SourceOpener } from "../core/access/open.ts";
import { inputError } from "../core/errors.ts";
import { CollectionSum } from "../core/stac/collection.ts";
import type { StacCollection, StacItem } from "../core/stac/values.ts";
import { collectionAt } from "./collection_text.ts";
import type { PublishTarget } from "./dataset.ts";
import { openPublishTarget } from "./targets/open.ts";
import { StaticCatalog } from "./targets/static_catalog.ts";
import type { ItemTarget, RefusedItem } from "./targets/target.ts";

/** Items that go to a target in one call. */
const CHUNK_ITEMS = 500;

interface PushRequest {
  readonly items: () => AsyncIterable<StacItem>;
  readonly target: PublishTarget;
  /** The collection's document, or null to make one of the items' own words. */
  readonly collection: StacCollection | null;
  readonly opener: SourceOpener;
  readonly attempts: number;
  readonly onProgress?: (items: number) => void;
}

interface Pushed {
  readonly target: string;
  readonly collection: string;
  readonly items: number;
  readonly refused: readonly RefusedItem[];
}

/** Throws where the target takes nothing; items that it refuses are in the result. */
export async function pushItems(request: PushRequest): Promise<Pushed> {
  const { target, opener, attempts } = request;
  const id = request.collection?.id ?? await collectionOf(request.items());
  const options = { collection: id, output: ".", href: null, opener, attempts };
  const items = () => ofCollection(request.items(), id);
  const opened = openPublishTarget(target, options);
  if (opened.kind === "whole") {
    const whole = opened.target;
    let count = 0;
    const counted = async function* () {
      for await (const item of items()) {
        count += 1;
        request.onProgress?.(count);
        yield item;
      }
    };
    await whole.write(request.collection ?? collectionAround(id, []), counted);
    return { target: whole.name, collection: id, items: count, refused: [] };
  }
  try {
    const done = await putAll(opened.target, request, id, items());
    return { target: opened.target.name, collection: id, ...done };
  } finally {
    await opened.target.close();
  }
}

async function putAll(
  opened: ItemTarget,
  request: PushRequest,
  id: string,
  items: AsyncIterable<StacItem>,
): Promise<{ items: number; refused: RefusedItem[] }> {
  let begun = false;
  let count = 0;
  const refused: RefusedItem[] = [];
  const flush = async (chunk: StacItem[]) => {
    if (!begun) {
      await opened.begin(
        request.collection ?? collectionAt(collectionAround(id, chunk), request.target.kind),
      );
    }
    begun = true;
    refused.push(...await opened.put(chunk));
    count += chunk.length;
    request.onProgress?.(count);
  };
  let chunk: StacItem[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < CHUNK_ITEMS) continue;
    await flush(chunk);
    chunk = [];
  }
  if (chunk.length > 0) await flush(chunk);
  if (opened instanceof StaticCatalog) {
    // The catalog may hold items of before: its collection is that of all.
    const sum = new CollectionSum();
    for await (const item of opened.items()) sum.add(item);
    const { extent, summaries, item_assets } = sum.result(textOf(id), []);
    const said = request.collection ?? sum.result(textOf(id), []);
    await opened.finish({
      ...said,
      extent,
      ...(summaries && { summaries }),
      ...(item_assets && { item_assets }),
    });
  } else if (request.collection !== null) await opened.finish(request.collection);
  return { items: count - refused.length, refused };
}

async function collectionOf(items: AsyncIterable<StacItem>): Promise<string> {
  for await (const { collection, id } of items) {
    if (collection !== undefined) return collection;
    throw inputError(`item "${id}" names no collection (say --collection FILE)`);
  }
  throw inputError("no items were given");
}

async function* ofCollection(items: AsyncIterable<StacItem>, id: string): AsyncGenerator<StacItem> {
  for await (const item of items) {
    if (item.collection !== undefined && item.collection !== id) {
      throw inputError(
        `item "${item.id}" is of collection "${item.collection}" and others are of "${id}" (push one at a time)`,
      );
    }
    yield { ...item, collection: id };
  }
}

const textOf = (id: string) => ({
  id,
  title: null,
  description: id,
  license: "other",
  keywords: [],
  providers: [],
  renders: null,
  fields: {},
});

function collectionAround(id: string, items: readonly StacItem[]): StacCollection {
  const sum = new CollectionSum();
  for (const item of items) sum.add(item);
  return sum.result(textOf(id), []);
}
