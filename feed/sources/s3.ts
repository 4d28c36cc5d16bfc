/**
 * Follows the objects below a prefix of a bucket, by the time at which each was last written. A prefix with
 * a day in it (`{yyyy}/{mm}/{dd}`) is listed for the days that can hold what is asked for, and no others.
 */
import { objectReader, type S3Listing } from "../../catalog/discover/s3/s3_listing.ts";
import type { Draft } from "../../catalog/discover/draft/draft.ts";
import { Tally } from "../../catalog/discover/draft/tally.ts";
import { mapBounded } from "../../core/concurrency.ts";
import { compileGlob } from "../../core/glob.ts";
import { inputError } from "../../core/errors.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import type { ListedObject } from "../../core/access/listed_object.ts";
import { listObjects } from "../../core/access/object_list.ts";
import { parseObjectUrl } from "../../core/access/s3_address.ts";
import type { S3Definition } from "../definition/parse.ts";
import type { FollowSource } from "../follow/source.ts";
import { DAY_MS } from "../ledger/days.ts";
import type { Offer } from "../ledger/register.ts";
import type { ObjectEvent } from "./envelope.ts";
import { type Listed, listedSource } from "./listed.ts";
import { makeOffer, type OfferMaker, unreadableOffer } from "./offer.ts";
import type { NoticeContent } from "./notice.ts";
import { FolderCollector, folderDraft, folderOf, manifestFiles, type ObjectFolder } from "./s3_granules.ts";

interface S3SourceOptions {
  definition: S3Definition;
  opener: SourceOpener;
  maker: OfferMaker;
  signal?: AbortSignal | undefined;
}

interface Found extends Listed {
  object: ListedObject;
}

const PAGE_SIZE = 1000;
/** A folder may have hundreds of objects. */
const FOLDERS_A_PAGE = 50;
const MANIFESTS_AT_ONCE = 8;
const MOST_MANIFEST_BYTES = 16 * 1024 * 1024;

interface S3Source extends FollowSource {
  /** What events of the bucket say; those of other objects say nothing. */
  read(events: readonly ObjectEvent[]): Promise<NoticeContent>;
}

export function s3Source(options: S3SourceOptions): S3Source {
  const { folders } = options.definition;
  return folders === undefined ? objectSource(options) : folderSource(options, folders);
}

/** Where the bucket is listed, and what lies below it that way. */
function placeOf({ definition: { prefix, s3, reachMs }, opener, signal }: S3SourceOptions) {
  const root = prefix.replace(/\{.*$/, "");
  const { scheme, bucket, key: rootKey } = parseObjectUrl(root);
  return {
    root,
    scheme,
    bucket,
    rootKey,
    async *objects(from: number): AsyncGenerator<ListedObject> {
      for (const url of prefixesFor(prefix, from - reachMs, Date.now() + DAY_MS)) {
        const { key } = parseObjectUrl(url);
        for await (
          const object of listObjects({ scheme, bucket, prefix: key }, opener, { name: url, s3, signal })
        ) {
          if (!object.key.endsWith("/") && object.modified !== null) yield object;
        }
      }
    },
  };
}

/** Each object is a granule. */
function objectSource(options: S3SourceOptions): S3Source {
  const { definition, maker } = options;
  const { root, scheme, bucket, rootKey, objects } = placeOf(options);
  const listing: S3Listing = { ...definition, prefixes: [definition.prefix] };
  const read = objectReader(listing);
  const offerOf = ({ object, path, changed }: Found): Offer => {
    const tally = new Tally();
    return offered(read({ scheme, bucket }, object, path, tally), path, changed, maker, tally);
  };
  const found = (object: ListedObject, changed: number): Found => ({
    object,
    path: object.key.slice(rootKey.length),
    changed,
    sizeBytes: object.sizeBytes,
  });
  const source = listedSource<Found>({
    name: definition.prefix,
    pageSize: PAGE_SIZE,
    async list(from) {
      const files: Found[] = [];
      for await (const object of objects(from)) files.push(found(object, object.modified ?? 0));
      return files;
    },
    offers: (files) => Promise.resolve(files.map(offerOf)),
  });
  return {
    ...source,
    read(events) {
      const content: NoticeContent = { offers: [], deletions: [] };
      for (const { key, sizeBytes, etag, at, gone } of eventsBelow(events, bucket, rootKey, root)) {
        if (gone) {
          const path = key.slice(rootKey.length);
          content.deletions.push({ sourceId: path, at, collection: "", id: path.split("/").at(-1) ?? path });
        } else {
          if (sizeBytes === null) throw inputError(`an event of ${key.slice(0, 200)} without a size`);
          content.offers.push(offerOf(found({ key, sizeBytes, etag, modified: at }, at)));
        }
      }
      return Promise.resolve(content);
    },
  };
}

/** Each folder of a name is a granule, when all of its objects are there. */
function folderSource(options: S3SourceOptions, folders: NonNullable<S3Definition["folders"]>): S3Source {
  const { definition, maker, opener, signal } = options;
  const { granules, complete, manifest, quietMs } = folders;
  const { root, scheme, bucket, rootKey, objects } = placeOf(options);
  const { s3 } = definition;
  const offerOf = async (folder: ObjectFolder): Promise<Offer> => {
    const tally = new Tally();
    const lacking = manifest === undefined ? null : await lackingOf(folder, manifest);
    if (lacking !== null) {
      return unreadableOffer(folder.path, { changed: folder.changed }, `${lacking} is not there yet`);
    }
    return offered(
      folderDraft({ scheme, bucket }, folder, definition, tally),
      folder.path,
      folder.changed,
      maker,
      tally,
    );
  };
  /** A file that the folder's manifest names and that is not there, or null. */
  const lackingOf = async (
    { parent, name, objects }: ObjectFolder,
    manifest: string,
  ): Promise<string | null> => {
    const url = `${scheme}://${bucket}/${parent}${name}/${manifest}`;
    const file = await opener.open({ kind: "s3", url, s3 });
    try {
      if (file.sizeBytes > MOST_MANIFEST_BYTES) {
        throw inputError(`${url}: ${file.sizeBytes} bytes are no manifest`);
      }
      const text = new TextDecoder().decode(await file.read(0, file.sizeBytes, signal));
      const there = new Set(objects.map(({ key }) => key.slice(parent.length + name.length + 1)));
      return manifestFiles(text).find((one) => !there.has(one)) ?? null;
    } finally {
      await file.close();
    }
  };
  const offersOf = (folders: readonly ObjectFolder[]) => mapBounded([...folders], MANIFESTS_AT_ONCE, offerOf);
  const source = listedSource<ObjectFolder>({
    name: definition.prefix,
    pageSize: FOLDERS_A_PAGE,
    async list(from) {
      const collector = new FolderCollector(rootKey, granules);
      for await (const object of objects(from)) collector.add(object);
      return collector.complete(complete, Date.now() - quietMs);
    },
    offers: offersOf,
  });
  const isGranule = compileGlob(granules);
  const tells = complete.map(compileGlob);
  return {
    ...source,
    /** Only an object that makes a folder complete says something, for others come in dozens. */
    async read(events) {
      const content: NoticeContent = { offers: [], deletions: [] };
      for (const { key, at, gone } of eventsBelow(events, bucket, rootKey, root)) {
        const folder = folderOf(key, rootKey, isGranule);
        if (folder === null || !tells.some((test) => test(key.slice(folder.length)))) continue;
        const sourceId = folder.slice(rootKey.length);
        if (gone) {
          content.deletions.push({
            sourceId,
            at,
            collection: "",
            id: sourceId.split("/").at(-2) ?? sourceId,
          });
          continue;
        }
        const collector = new FolderCollector(rootKey, granules);
        for await (
          const object of listObjects({ scheme, bucket, prefix: folder }, opener, { name: root, s3, signal })
        ) {
          collector.add(object);
        }
        // Without a manifest only time tells that nothing more comes: the next poll takes it.
        const before = manifest === undefined ? Date.now() - quietMs : Infinity;
        content.offers.push(...await offersOf(collector.complete(complete, before)));
      }
      return content;
    },
  };
}

function offered(
  draft: Draft | null,
  path: string,
  changed: number,
  maker: OfferMaker,
  tally: Tally,
): Offer {
  if (draft !== null) return makeOffer(draft, path, { changed }, maker);
  return unreadableOffer(path, { changed }, tally.lines(["granule", "link"])[0] ?? "unreadable");
}

/** Throws an input error where none is of an object that is followed. */
function eventsBelow(
  events: readonly ObjectEvent[],
  bucket: string,
  rootKey: string,
  root: string,
): ObjectEvent[] {
  const below = events.filter((one) =>
    one.bucket === bucket && one.key.startsWith(rootKey) && !one.key.endsWith("/")
  );
  if (below.length === 0) throw inputError(`no event of an object below ${root}`);
  return below;
}

/** The prefixes of the UTC days from `from` to `to`; the prefix itself where no day is in it. */
function prefixesFor(template: string, from: number, to: number): string[] {
  if (!template.includes("{")) return [template];
  const prefixes = new Set<string>();
  for (let day = Math.floor(from / DAY_MS); day * DAY_MS <= to; day += 1) {
    const date = new Date(day * DAY_MS);
    const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1);
    const parts: Record<string, string> = {
      yyyy: String(date.getUTCFullYear()),
      mm: String(date.getUTCMonth() + 1).padStart(2, "0"),
      dd: String(date.getUTCDate()).padStart(2, "0"),
      doy: String(Math.round((day * DAY_MS - yearStart) / DAY_MS) + 1).padStart(3, "0"),
    };
    prefixes.add(template.replace(/\{(\w+)\}/g, (whole, name) => parts[name] ?? whole));
  }
  return [...prefixes];
}
