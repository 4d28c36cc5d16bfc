/** Files of this machine that a document of this machine names, as locations of a row. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { asInteger, asObject, asText, type JsonObject } from "../../../core/json_value.ts";
import { checksumOfMultihash } from "../../checksum.ts";
import type { GranuleAsset, GranuleRow } from "../../granule.ts";
import type { locationColumns } from "./draft.ts";

interface LocalAsset {
  key: string;
  /** An absolute path. */
  file: string;
  mediaType: string | null;
  sizeBytes: number | null;
  checksum: string | null;
}

/** The absolute path that an href names: `file:///…`, or a path from the root; null for every other. */
export function localFileOf(href: unknown): string | null {
  if (typeof href !== "string" || href.includes("\0")) return null;
  if (/^file:\/\//i.test(href)) {
    try {
      return fileURLToPath(href);
    } catch {
      return null;
    }
  }
  return path.isAbsolute(href) && !href.startsWith("//") ? path.normalize(href) : null;
}

/** The files of an item's assets, by their own href or by that of an alternate. */
export function localFiles(assets: JsonObject | null): LocalAsset[] {
  return Object.entries(assets ?? {}).flatMap(([key, value]): LocalAsset[] => {
    const asset = asObject(value);
    const places = asset === null
      ? []
      : [asset, ...Object.values(asObject(asset.alternate) ?? {}).map(asObject)];
    const file = places.map((place) => localFileOf(place?.href)).find((found) => found !== null);
    if (asset === null || file === undefined) return [];
    return [{
      key,
      file,
      mediaType: asText(asset.type),
      sizeBytes: asInteger(asset["file:size"]),
      checksum: checksumOfMultihash(asText(asset["file:checksum"])),
    }];
  });
}

type RowLocations = ReturnType<typeof locationColumns>;

/** The locations of a row with its local files: beside remote ones where the names agree, else alone. */
export function withLocalFiles(remote: RowLocations | null, local: readonly LocalAsset[]): RowLocations {
  if (remote === null) return localLocations(local);
  if (local.length === 0) return remote;
  const [{ file }] = local;
  const local_base = file.endsWith(`/${remote.path}`) ? file.slice(0, -remote.path.length) : null;
  const assets = remote.assets.map((asset) => {
    const own = local.find(({ key }) => key === asset.key);
    if (own === undefined || (local_base !== null && own.file === local_base + asset.path)) return asset;
    return { ...asset, local_href: own.file };
  });
  return { ...remote, local_base, assets };
}

/** Files that lie only on this machine: their common folder is the base. */
function localLocations(local: readonly LocalAsset[]): RowLocations {
  const base = local.map(({ file }) => `${path.dirname(file)}/`.replace("//", "/")).reduce(commonFolder);
  const [first] = local;
  const none: Pick<GranuleAsset, "s3_href" | "https_href" | "local_href" | "s3_credentials"> = {
    s3_href: null,
    https_href: null,
    local_href: null,
    s3_credentials: null,
  };
  const rest: Pick<GranuleRow, "s3_credentials" | "s3_region" | "s3_endpoint" | "s3_access"> = {
    s3_credentials: null,
    s3_region: null,
    s3_endpoint: null,
    s3_access: null,
  };
  return {
    ...rest,
    s3_base: null,
    https_base: null,
    local_base: base,
    path: first.file.slice(base.length),
    size_bytes: first.sizeBytes,
    checksum: first.checksum,
    assets: local.length === 1 ? [] : local.map(({ key, file, mediaType, sizeBytes, checksum }) => ({
      ...none,
      key,
      path: file.slice(base.length),
      media_type: mediaType,
      size_bytes: sizeBytes,
      checksum,
    })),
  };
}

/** The deepest folder, with a final slash, that holds both. */
function commonFolder(a: string, b: string): string {
  let end = 0;
  for (let i = 0; i < Math.min(a.length, b.length) && a[i] === b[i]; i++) if (a[i] === "/") end = i + 1;
  return a.slice(0, end);
}
