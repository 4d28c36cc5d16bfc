/** The draft of a granule of which only a file's name, place and size are known. */
import type { S3Settings } from "../../../core/access/location.ts";
import { granuleFromName } from "../../../products/file_names.ts";
import type { DataFile } from "./assets.ts";
import { type Draft, locationColumns, namesAreSound } from "./draft.ts";
import type { Tally } from "./tally.ts";

interface NamedDraftOptions {
  /** Of granules whose names do not say it. */
  readonly collection?: string | undefined;
  readonly provider: string;
  readonly s3?: S3Settings | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly tally: Tally;
}

/** The collection of granules of which neither name nor user says it. */
const UNKNOWN_COLLECTION = "unknown";

/** Null for a name that no catalog may hold, which is counted. */
export function namedDraft(
  name: string,
  place: DataFile | { base: string; path: string; sizeBytes: number },
  { collection: given, provider, s3, properties, tally }: NamedDraftOptions,
): Draft | null {
  const named = granuleFromName(name);
  const collection = named.collection ?? given ?? UNKNOWN_COLLECTION;
  if (!namesAreSound({ id: name, collection, provider }, tally)) return null;
  if (named.start === null) tally.add("note", "name that tells no time", name);
  const columns = "base" in place
    ? {
      s3_base: null,
      https_base: null,
      local_base: place.base,
      path: place.path,
      s3_credentials: null,
      s3_region: null,
      s3_endpoint: null,
      s3_access: null,
      size_bytes: place.sizeBytes,
      checksum: null,
      assets: [],
    }
    : locationColumns([place], s3?.credentials ?? null, null);
  return {
    extent: null,
    row: {
      id: name,
      collection,
      provider,
      concept_id: null,
      revision: null,
      start_datetime: named.start,
      end_datetime: named.end ?? named.start,
      datetime: null,
      ...columns,
      s3_region: s3?.region ?? columns.s3_region,
      s3_endpoint: s3?.endpoint ?? null,
      s3_access: s3?.access ?? columns.s3_access,
      properties: { ...properties },
    },
  };
}
