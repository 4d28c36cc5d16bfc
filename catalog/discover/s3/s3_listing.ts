/**
 * Granules among the objects of buckets. A list tells names, sizes and ETags; product and time are what
 * the names say by the conventions of their products, and nothing where they say nothing.
 */
import type { S3Settings } from "../../../core/access/location.ts";
import type { SourceOpener } from "../../../core/access/open.ts";
import type { ListedObject } from "../../../core/access/listed_object.ts";
import { listObjects } from "../../../core/access/object_list.ts";
import { type ObjectName, parseObjectUrl } from "../../../core/access/s3_address.ts";
import { inputError } from "../../../core/errors.ts";
import { chooseData } from "../draft/assets.ts";
import { linkProblem } from "../draft/bases.ts";
import type { Draft } from "../draft/draft.ts";
import { nameChoice } from "../draft/name_choice.ts";
import { namedDraft } from "../draft/named_draft.ts";
import { printable, type Tally } from "../draft/tally.ts";

export interface S3Listing {
  /** `s3://bucket/prefix/`; of Google `gs://…`, of Azure `az://container/prefix/`. */
  readonly prefixes: readonly string[];
  /** A glob, or a regular expression between slashes, over the key below the prefix. */
  readonly match?: string | undefined;
  /** A regular expression over files' names that gives the id of a granule of several files. */
  readonly id?: string | undefined;
  /** Of granules whose names do not say it. */
  readonly collection?: string | undefined;
  readonly provider?: string | undefined;
  /** How the buckets are asked, and their objects will be. */
  readonly s3?: S3Settings | undefined;
}

/** Where objects lie. */
type Bucket = Pick<ObjectName, "scheme" | "bucket">;

const PROVIDER = "s3";

/** Files taken where no pattern says which: those that hold arrays and rasters. */
const GRANULE_NAME = /\.(h5|hdf5|he5|hdf|nc|nc4|cdf|tiff?|jp2)$/i;

/** What a catalog's metadata says of the question; no credential is part of it. */
export function describeListing({ prefixes, match, id, s3 }: S3Listing): Record<string, unknown> {
  return {
    prefixes,
    ...(match === undefined ? {} : { match }),
    ...(id === undefined ? {} : { id }),
    ...(s3?.endpoint ? { endpoint: s3.endpoint } : {}),
    ...(s3?.access ? { access: s3.access } : {}),
  };
}

/** Throws input errors for what is no prefix or no pattern, before anything is asked. */
export async function* s3Drafts(
  listing: S3Listing,
  opener: SourceOpener,
  options: {
    tally: Tally;
    signal?: AbortSignal | undefined;
    onProgress?: ((keys: number) => void) | undefined;
  },
): AsyncGenerator<Draft> {
  const { tally } = options;
  if (listing.prefixes.length === 0) throw inputError("no prefix was named (wanted s3://bucket/prefix/)");
  const places = listing.prefixes.map((prefix) => ({ prefix, ...parseObjectUrl(prefix) }));
  const read = objectReader(listing);
  let keys = 0;
  for (const { prefix, scheme, bucket, key: root } of places) {
    const listed = listObjects({ scheme, bucket, prefix: root }, opener, {
      name: prefix,
      s3: listing.s3 ?? {},
      signal: options.signal,
    });
    for await (const object of listed) {
      options.signal?.throwIfAborted();
      options.onProgress?.(++keys);
      if (object.key.endsWith("/")) {
        tally.add("link", "mark of a folder");
        continue;
      }
      const below = object.key.startsWith(root) ? object.key.slice(root.length) : object.key;
      const draft = read({ scheme, bucket }, object, below, tally);
      if (draft !== null) yield draft;
    }
  }
}

/** Makes drafts of objects; `below` is the key below the prefix. Null for one that is in the tally. */
export function objectReader(
  listing: S3Listing,
): (bucket: Bucket, object: ListedObject, below: string, tally: Tally) => Draft | null {
  const matches = listing.match === undefined ? null : nameChoice(listing.match, "match");
  return (bucket, object, below, tally) => draftOf(bucket, object, below, listing, matches, tally);
}

function draftOf(
  { scheme, bucket }: Bucket,
  object: ListedObject,
  below: string,
  listing: S3Listing,
  matches: ((name: string) => boolean) | null,
  tally: Tally,
): Draft | null {
  const url = `${scheme}://${bucket}/${object.key}`;
  const fits = matches === null ? GRANULE_NAME.test(object.key) : matches(below);
  if (!fits) {
    tally.add("link", matches === null ? "no name of a granule's file" : "name that does not match");
    return null;
  }
  const problem = linkProblem(url);
  if (problem !== null) {
    tally.add("granule", problem, printable(object.key));
    return null;
  }
  const sizeBytes = Number.isSafeInteger(object.sizeBytes) ? object.sizeBytes : undefined;
  const [file] = chooseData([{ url, relation: "data", sizeBytes }], tally);
  if (file === undefined) return null; // counted as what it is
  return namedDraft(file.name, file, {
    collection: listing.collection,
    provider: listing.provider ?? PROVIDER,
    s3: listing.s3,
    properties: {
      ...(object.etag === null ? {} : { etag: object.etag }),
      ...(object.modified === null ? {} : { last_modified: new Date(object.modified).toISOString() }),
    },
    tally,
  });
}
