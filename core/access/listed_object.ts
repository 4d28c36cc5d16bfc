/** What a list of objects is asked for, and what it says of each, whatever the service. */
import type { S3Settings } from "./location.ts";
import type { ObjectScheme } from "./s3_address.ts";

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** S3's and Google's ETag without its quotes; the MD5 of objects that were put whole and not encrypted, else anything. */
  readonly etag: string | null;
  /** Milliseconds since 1970 UTC. */
  readonly modified: number | null;
}

/** What is listed: the keys of a bucket (of Azure's a container) that begin with `prefix`. */
export interface ObjectPrefix {
  readonly scheme: ObjectScheme;
  readonly bucket: string;
  readonly prefix: string;
}

export interface ListOptions {
  readonly s3?: S3Settings;
  /** For messages. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}
