/** Where bytes lie, as plain data: what a plan holds and what workers send. Never a credential. */

import { isObjectAddress, placeFor, READS_ANYWHERE } from "../files/address.ts";

/** Where Earthdata's buckets lie. */
export const EARTHDATA_REGION = "us-west-2";

export type DriverKind = "local" | "https" | "s3";

export interface SourceLocation {
  kind: DriverKind;
  /** A path, or a URL with its scheme. */
  url: string;
  /** For services of objects only. */
  s3?: S3Settings;
}

export type S3Access = "signed" | "unsigned" | "requester-pays";

export interface S3Settings {
  /** The endpoint that gives keys for this product (a URL), if it is an Earthdata one. */
  credentials?: string | null;
  region?: string | null;
  endpoint?: string | null;
  access?: S3Access | null;
}

/**
 * What a bare address means: s3:, gs: and az: (services of objects, one kind), http: and https: by their scheme, all else a path of this machine. Throws an
 * input error for the URL of a scheme that granary does not read.
 */
export function locationOf(address: string): SourceLocation {
  const url = placeFor(address, READS_ANYWHERE);
  return { kind: isObjectAddress(url) ? "s3" : /^https?:\/\//i.test(url) ? "https" : "local", url };
}

/**
 * Whether an asset's links are whole ones of its own. Then the row's remote bases say nothing of it: what has
 * a link of one kind and lies under the row's base of the other does not lie there.
 */
export function hasOwnLinks(asset: { s3_href: string | null; https_href: string | null }): boolean {
  return asset.s3_href !== null || asset.https_href !== null;
}
