/**
 * Which links of a granule are its data, by their relation and by the suffix of their names, and
 * how the S3 and HTTPS links of one file find each other. What is no data asset is counted with its
 * reason in a tally.
 */
import type { GranuleAsset } from "../../granule.ts";
import { commonSuffixLength, fileName, isS3, linkProblem, pathUnder, splitLinks } from "./bases.ts";
import type { Tally } from "./tally.ts";

/** What a link of a granule is for, as its source says. */
export type Relation =
  | "data"
  | "metadata"
  | "browse"
  | "documentation"
  | "service"
  | "untyped"
  | "other";

/** One link of a granule, whatever the source's own shape. */
export interface GranuleLink {
  url: string;
  relation: Relation;
  /** The source's own name for the file (a STAC asset key); otherwise the file's name is the key. */
  key?: string | undefined;
  mediaType?: string | undefined;
  sizeBytes?: number | undefined;
  checksum?: string | undefined;
}

/** One data file with the links that lead to it. */
export interface DataFile {
  key: string;
  name: string;
  s3: string | null;
  https: string | null;
  mediaType: string | null;
  sizeBytes: number | null;
  checksum: string | null;
}

/** The columns of a row that say where its bytes lie. */
export interface Locations {
  s3_base: string | null;
  https_base: string | null;
  path: string;
  size_bytes: number | null;
  checksum: string | null;
  assets: GranuleAsset[];
}

/** Files that describe data and never are data. */
const SIDECAR =
  /\.(xml|met|dmrpp|dmrpp\.missing|md5|sha1|sha256|sha512|html?|pdf|idx|iso|rnf|log|cmr\.json|stac\.json)$|[._](stac|cmr)\.json$/i;
/** Pictures: data only where a granule has no other. */
const PICTURE = /\.(jpe?g|png|gif|bmp|kml|kmz)$/i;
/** Formats that hold observations, so that one of them leads where a granule has several files. */
const ARRAYS = /\.(h5|he5|hdf5|hdf|nc|nc4|cdf)$/i;

const RELATION_REASON: Record<Exclude<Relation, "data">, string> = {
  metadata: "metadata",
  browse: "browse image",
  documentation: "documentation",
  service: "service",
  untyped: "link without a type",
  other: "link of another type",
};

/** Whether a link is the endpoint that gives S3 credentials. */
export function isCredentialEndpoint(url: string): boolean {
  return /^https:\/\/[^/?#@]+(\/[^?#]*)?\/s3credentials\/?$/i.test(url) ||
    /^https:\/\/[^/?#@]+\/s3credentials\?[^#]*$/i.test(url);
}

/**
 * The data files among a granule's links, in the order of the links except that formats which hold
 * observations come first. Everything else is counted in `tally` as a link set aside.
 */
export function chooseData(links: readonly GranuleLink[], tally: Tally): DataFile[] {
  const candidates: GranuleLink[] = [];
  const pictures: GranuleLink[] = [];
  for (const link of links) {
    if (link.relation !== "data") {
      tally.add(
        "link",
        isCredentialEndpoint(link.url) ? "credential endpoint" : RELATION_REASON[link.relation],
      );
      continue;
    }
    const problem = linkProblem(link.url);
    if (problem !== null) {
      tally.add("link", problem, link.url.replace(/[?#].*$/s, ""));
      continue;
    }
    const name = fileName(link.url);
    if (isCredentialEndpoint(link.url)) tally.add("link", "credential endpoint");
    else if (SIDECAR.test(name)) tally.add("link", `sidecar ${suffix(name)}`);
    else if (PICTURE.test(name)) pictures.push(link);
    else candidates.push(link);
  }
  if (candidates.length === 0) candidates.push(...pictures);
  else for (const picture of pictures) tally.add("link", `picture ${suffix(fileName(picture.url))}`);

  const files = pairLinks(candidates, tally);
  const arrays = files.filter((file) => ARRAYS.test(file.name));
  return arrays.length === 0 ? files : [...arrays, ...files.filter((file) => !ARRAYS.test(file.name))];
}

/**
 * The row's bases and path, from the first file; the others keep a path where these bases hold and
 * whole links where they do not. A granule of one file has no asset list unless its two names differ.
 *
 * Throws RangeError when `files` is empty.
 */
export function locate(files: readonly DataFile[]): Locations {
  const first = files[0];
  if (first === undefined) throw new RangeError("locate wants at least one file");
  const split = splitLinks(first.s3, first.https);
  const bases = { s3_base: split.s3_base, https_base: split.https_base };
  const listed = files.length > 1 || split.https_href !== null;
  return {
    ...bases,
    path: split.path,
    size_bytes: first.sizeBytes,
    checksum: first.checksum,
    assets: listed ? files.map((file) => toAsset(file, bases)) : [],
  };
}

/** One file as an asset: a path where the row's bases give all its links back, else whole links. */
function toAsset(
  file: DataFile,
  bases: { s3_base: string | null; https_base: string | null },
): GranuleAsset {
  const s3Path = file.s3 === null ? null : pathUnder(bases.s3_base, file.s3);
  const httpsPath = file.https === null ? null : pathUnder(bases.https_base, file.https);
  // The row's bases would invent a link for a driver that this file is not at: with a whole link it takes none of them.
  const invented = (file.s3 === null && bases.s3_base !== null) ||
    (file.https === null && bases.https_base !== null);
  const path = s3Path ?? httpsPath;
  const s3Held = file.s3 === null || (s3Path !== null && s3Path === path);
  const httpsHeld = file.https === null || (httpsPath !== null && httpsPath === path);
  const held = path !== null && s3Held && httpsHeld && !invented;
  return {
    key: file.key,
    // With whole links the path is only the file's place in a mirror.
    path: held ? path : splitLinks(file.s3, file.https).path,
    media_type: file.mediaType,
    size_bytes: file.sizeBytes,
    checksum: file.checksum,
    s3_href: held ? null : file.s3,
    https_href: held ? null : file.https,
    local_href: null,
    s3_credentials: null,
  };
}

/** Joins the S3 and HTTPS links of the same file; further links to it are mirrors, set aside. */
function pairLinks(links: readonly GranuleLink[], tally: Tally): DataFile[] {
  const groups = new Map<string, GranuleLink[]>();
  const seen = new Set<string>();
  for (const link of links) {
    if (seen.has(link.url)) {
      tally.add("link", "the same link twice");
      continue;
    }
    seen.add(link.url);
    const key = link.key ?? fileName(link.url);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [link]);
    else if (group.some((other) => sameObject(other.url, link.url))) {
      tally.add("link", "mirror of a data file");
    } else group.push(link);
  }
  const files: DataFile[] = [];
  for (const [key, group] of groups) files.push(...pairGroup(key, group));
  return distinctKeys(pairLeftovers(files));
}

/** Pairs links of one name: those that share the longest path first, the rest stand alone. */
function pairGroup(key: string, group: readonly GranuleLink[]): DataFile[] {
  const partner = new Map<GranuleLink, GranuleLink>();
  const pairs: { s3: GranuleLink; https: GranuleLink; shared: number }[] = [];
  for (const s3 of group.filter((link) => isS3(link.url))) {
    for (const https of group.filter((link) => !isS3(link.url))) {
      pairs.push({ s3, https, shared: commonSuffixLength(s3.url, https.url) });
    }
  }
  pairs.sort((a, b) => b.shared - a.shared);
  for (const { s3, https } of pairs) {
    if (partner.has(s3) || partner.has(https)) continue;
    partner.set(s3, https);
    partner.set(https, s3);
  }
  const files: DataFile[] = [];
  const done = new Set<GranuleLink>();
  for (const link of group) {
    if (done.has(link)) continue;
    const other = partner.get(link);
    if (other !== undefined) done.add(other);
    const [s3, https] = isS3(link.url) ? [link, other] : [other, link];
    files.push({
      key,
      name: fileName(link.url),
      s3: s3?.url ?? null,
      https: https?.url ?? null,
      mediaType: link.mediaType ?? other?.mediaType ?? null,
      sizeBytes: link.sizeBytes ?? other?.sizeBytes ?? null,
      checksum: link.checksum ?? other?.checksum ?? null,
    });
  }
  return files;
}

/** A granule of one file whose two names differ: one S3 link alone and one HTTPS link alone. */
function pairLeftovers(files: DataFile[]): DataFile[] {
  if (files.length !== 2) return files;
  const s3 = files.find((file) => file.s3 !== null && file.https === null);
  const https = files.find((file) => file.https !== null && file.s3 === null);
  if (s3 === undefined || https === undefined || suffix(s3.name) !== suffix(https.name)) return files;
  return [{
    ...s3,
    https: https.https,
    mediaType: s3.mediaType ?? https.mediaType,
    sizeBytes: s3.sizeBytes ?? https.sizeBytes,
    checksum: s3.checksum ?? https.checksum,
  }];
}

/** Files of one name in two folders are two files: their keys gain a number. */
function distinctKeys(files: DataFile[]): DataFile[] {
  const used = new Set<string>();
  for (const file of files) {
    const key = file.key;
    for (let n = 2; used.has(file.key); n += 1) file.key = `${key}#${n}`;
    used.add(file.key);
  }
  return files;
}

/** Whether two links of one scheme and name lead to copies of one file rather than to two files. */
function sameObject(a: string, b: string): boolean {
  if (isS3(a) !== isS3(b)) return false;
  const folder = (link: string) => link.replace(/[?#].*$/s, "").split("/").slice(-2)[0];
  return folder(a) === folder(b);
}

/** The lower-case suffix of a file's name with its dot, or "without suffix". */
function suffix(name: string): string {
  const match = /\.([a-z0-9]{1,8})$/i.exec(name);
  return match === null ? "without suffix" : match[0].toLowerCase();
}
