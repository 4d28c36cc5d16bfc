/**
 * A location is base + path. From a granule's S3 and HTTPS links the longest common suffix of whole
 * path segments is the path and what stands before it is the base of each. A base is never derived by
 * looking for the bucket's name: some providers keep the bucket in the HTTPS path and some drop it.
 */
import { isObjectAddress } from "../../../core/files/address.ts";

/** Base + path gives the link back, character by character. A driver without a base has no link. */
interface Bases {
  s3_base: string | null;
  https_base: string | null;
  path: string;
}

/** `Bases`, and the link that they do not hold because its file name differs from the other's. */
interface SplitLinks extends Bases {
  https_href: string | null;
}

/**
 * Splits the links of one file. With one link alone the base is `scheme://host/`. When the two names
 * differ (or one carries a query), the S3 link gives base and path and the HTTPS link stays whole.
 *
 * Precondition: each link given satisfies {@linkcode linkProblem} `=== null`.
 */
export function splitLinks(s3: string | null, https: string | null): SplitLinks {
  if (s3 === null && https === null) throw new RangeError("splitLinks wants at least one link");
  if (s3 === null || https === null) {
    const link = (s3 ?? https)!;
    const start = pathStart(link);
    const base = link.slice(0, start);
    return {
      s3_base: s3 === null ? null : base,
      https_base: https === null ? null : base,
      path: link.slice(start),
      https_href: null,
    };
  }
  const length = commonSuffixLength(s3, https);
  if (length === 0) return { ...splitLinks(s3, null), https_href: https };
  return {
    s3_base: s3.slice(0, s3.length - length),
    https_base: https.slice(0, https.length - length),
    path: s3.slice(s3.length - length),
    https_href: null,
  };
}

/** `link` without `base` at its front, or null where the base does not hold. */
export function pathUnder(base: string | null, link: string): string | null {
  if (base === null || !link.startsWith(base)) return null;
  const path = link.slice(base.length);
  return path === "" || path.startsWith("/") ? null : path;
}

/**
 * Why a link cannot be a location, or null when it can: it must be `s3://`, `gs://`, `az://`, `https://` or `http://`
 * with a host, name a file, and have no segment that climbs (`..`, also percent-encoded), because
 * paths become folders of local mirrors.
 */
export function linkProblem(link: string): string | null {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(link)?.[1]?.toLowerCase();
  if (scheme === undefined) return "link is not a URL";
  if (!isS3(link) && scheme !== "https" && scheme !== "http") return "link is neither s3 nor https";
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f\\]/.test(link)) return "link with control characters or backslashes";
  if (link.length > LONGEST_LINK) return `link longer than ${LONGEST_LINK} characters`;
  const authority = /^[^/]*:\/\/([^/?#]*)/.exec(link)![1];
  if (authority === "") return "link without a host or bucket";
  if (authority.includes("@")) return "link with a user name or password";
  const start = pathStart(link);
  const path = link.slice(start);
  const bare = isS3(link) ? path : path.replace(/[?#].*$/s, "");
  if (bare === "" || bare.endsWith("/")) return "link names no file";
  for (const segment of path.split(/[/?#]/)) {
    if (/^(\.|%2e){1,2}$/i.test(segment)) return "link climbs out of its folder";
  }
  return null;
}

/** The name of the file that a link names, without query and fragment. */
export function fileName(link: string): string {
  const bare = isS3(link) ? link : link.replace(/[?#].*$/s, "");
  return bare.slice(bare.lastIndexOf("/") + 1);
}

/** Whether a link is of a service of objects (`s3`, `gs`, `az`). */
export function isS3(link: string): boolean {
  return isObjectAddress(link);
}

const LONGEST_LINK = 8192;

/** Where the path begins: after `scheme://host` and its slashes. */
function pathStart(link: string): number {
  return /^[^/]*:\/\/[^/?#]*\/*/.exec(link)![0].length;
}

/** Length of the longest common suffix that is whole segments and leaves scheme and host to both. */
export function commonSuffixLength(a: string, b: string): number {
  const longest = Math.min(a.length - pathStart(a), b.length - pathStart(b));
  let length = 0;
  let whole = 0;
  while (length < longest && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)) {
    length += 1;
    const aBefore = a[a.length - 1 - length];
    const bBefore = b[b.length - 1 - length];
    // A suffix is whole when a slash stands before it in both links and it does not begin with one.
    if (aBefore === "/" && bBefore === "/" && a[a.length - length] !== "/") whole = length;
  }
  return whole;
}
