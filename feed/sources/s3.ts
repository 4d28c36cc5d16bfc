/**
 * Follows the objects below a prefix of a bucket, by the time at which each was last written. A prefix with
 * a day in it (`{yyyy}/{mm}/{dd}`) is listed for the days that can hold what is asked for, and no others.
 */
import { objectReader, type S3Listing } from "../../catalog/discover/s3/s3_listing.ts";
import { Tally } from "../../catalog/discover/draft/tally.ts";
import { inputError } from "../../core/errors.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { listS3, type S3Object } from "../../core/access/s3_list.ts";
import { parseS3Url } from "../../core/access/s3_address.ts";
import type { S3Definition } from "../definition/parse.ts";
import type { FollowSource } from "../follow/source.ts";
import { DAY_MS } from "../ledger/days.ts";
import type { Offer } from "../ledger/register.ts";
import type { ObjectEvent } from "./envelope.ts";
import { type Listed, listedSource } from "./listed.ts";
import { makeOffer, type OfferMaker, unreadableOffer } from "./offer.ts";
import type { NoticeContent } from "./notice.ts";

interface S3SourceOptions {
  definition: S3Definition;
  opener: SourceOpener;
  maker: OfferMaker;
  signal?: AbortSignal | undefined;
}

interface Found extends Listed {
  object: S3Object;
}

const PAGE_SIZE = 1000;

interface S3Source extends FollowSource {
  /** What events of the bucket say; those of other objects say nothing. */
  read(events: readonly ObjectEvent[]): NoticeContent;
}

export function s3Source({ definition, opener, maker, signal }: S3SourceOptions): S3Source {
  const { prefix, s3 } = definition;
  const root = prefix.replace(/\{.*$/, "");
  const { bucket, key: rootKey } = parseS3Url(root);
  const listing: S3Listing = { ...definition, prefixes: [prefix] };
  const read = objectReader(listing);
  const offerOf = ({ object, path, changed }: Found): Offer => {
    const tally = new Tally();
    const draft = read(bucket, object, path, tally);
    if (draft !== null) return makeOffer(draft, path, { changed }, maker);
    const reason = tally.lines(["granule", "link"])[0] ?? "unreadable";
    return unreadableOffer(path, { changed }, reason);
  };
  const found = (object: S3Object, changed: number): Found => ({
    object,
    path: object.key.slice(rootKey.length),
    changed,
    sizeBytes: object.sizeBytes,
  });
  const source = listedSource<Found>({
    name: prefix,
    pageSize: PAGE_SIZE,
    async list(from) {
      const files: Found[] = [];
      for (const url of prefixesFor(prefix, from - definition.reachMs, Date.now() + DAY_MS)) {
        const { key } = parseS3Url(url);
        for await (const object of listS3({ bucket, prefix: key }, opener, { name: url, s3, signal })) {
          if (object.key.endsWith("/") || object.modified === null) continue;
          files.push(found(object, object.modified));
        }
      }
      return files;
    },
    offers: (files) => Promise.resolve(files.map(offerOf)),
  });
  return {
    ...source,
    read(events) {
      const content: NoticeContent = { offers: [], deletions: [] };
      for (const { bucket: of, key, sizeBytes, etag, at, gone } of events) {
        if (of !== bucket || !key.startsWith(rootKey) || key.endsWith("/")) continue;
        if (gone) {
          const path = key.slice(rootKey.length);
          content.deletions.push({ sourceId: path, at, collection: "", id: path.split("/").at(-1) ?? path });
        } else {
          if (sizeBytes === null) throw inputError(`an event of ${key.slice(0, 200)} without a size`);
          content.offers.push(offerOf(found({ key, sizeBytes, etag, modified: at }, at)));
        }
      }
      if (content.offers.length + content.deletions.length === 0) {
        throw inputError(`no event of an object below ${root}`);
      }
      return content;
    },
  };
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
