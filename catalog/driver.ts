/**
 * Which base of a granule row its bytes are read by. A row carries its own bases, so a catalog may mix
 * providers and clouds; what the catalog says is not trusted to stay below them.
 */
import fs from "node:fs";
import path from "node:path";
import { once } from "../core/once.ts";
import { type DriverChoice, type GranuleDrivers, KINDS } from "./driver_choice.ts";
import { GranaryError, inputError } from "../core/errors.ts";
import type { GranuleAsset, GranuleRow } from "./granule.ts";

import { localPath } from "../core/files/address.ts";
import {
  type DriverKind,
  EARTHDATA_REGION,
  hasOwnLinks,
  type SourceLocation,
} from "../core/access/location.ts";
import { safeName } from "../core/access/redact.ts";

interface LocateContext {
  /** The AWS region that this machine is in, if it is in one. */
  localRegion?: string | undefined;
  /** Whether a file is there; the file system's answer by default. */
  exists?: (file: string) => boolean;
  /** The file to read, for granules of several. */
  asset?: GranuleAsset | null | undefined;
  /** Hears of fallbacks, in words that are the same for all granules of a collection. */
  warn?: (message: string) => void;
}

/**
 * Where each of many rows is read from, looked for once a row. Throws an input error where none of them has an
 * address for the drivers.
 * @param asset which file, of granules of several: a key, or a glob
 * @param warn hears each fallback once
 * @param region asks where this machine is, when that decides
 */
export async function locateAll(
  rows: readonly GranuleRow[],
  asset: string | null,
  { choice, saidBy }: GranuleDrivers,
  region: () => Promise<string | undefined>,
  warn: (message: string) => void,
): Promise<(row: number) => SourceLocation> {
  const kinds: readonly DriverKind[] = choice === "auto" ? KINDS : choice;
  const isReachable = (row: GranuleRow) =>
    kinds.some((kind) => locationBy(row, kind, chooseAsset(row, asset)) !== undefined);
  if (!rows.some(isReachable)) {
    throw inputError(
      `${saidBy}: no granule of the selection has an address for ${kinds.join(" or ")}` +
        ` (granary catalog urls shows where they lie${
          saidBy === "--driver" ? "" : "; --driver overrules the config"
        })`,
    );
  }
  const needsRegion = choice === "auto" && rows.some((row) => row.s3_base !== null);
  const localRegion = needsRegion ? await region() : undefined;
  const found = new Map<number, SourceLocation>();
  const warnOnce = once(warn);
  return (number) => {
    let location = found.get(number);
    if (location === undefined) {
      const row = rows[number];
      location = locate(row, choice, { localRegion, asset: chooseAsset(row, asset), warn: warnOnce });
      found.set(number, location);
    }
    return location;
  };
}

/**
 * Where to read a row's bytes. `auto` prefers a local file that is there, S3 within the bucket's region,
 * HTTPS, then S3 from elsewhere. A list is gone through in its order, and what is passed over is reported.
 * Throws a granule error where no driver of the choice has an address, and an input error for an address
 * that leaves its base.
 */
export function locate(row: GranuleRow, choice: DriverChoice, context: LocateContext = {}): SourceLocation {
  const exists = context.exists ?? fs.existsSync;
  const at = (kind: DriverKind) => locationBy(row, kind, context.asset ?? null);
  if (choice === "auto") {
    const local = at("local");
    if (local !== undefined && exists(local.url)) return local;
    const s3 = at("s3");
    if (s3 !== undefined && s3.s3?.endpoint == null && bucketRegion(row, s3) === context.localRegion) {
      return s3;
    }
    const found = at("https") ?? s3 ?? local;
    if (found !== undefined) return found;
    throw nowhere(row, KINDS);
  }
  let passedOver: DriverKind | undefined;
  for (const kind of choice) {
    const found = at(kind);
    const missing = found === undefined || (kind === "local" && choice.length > 1 && !exists(found.url));
    if (missing) {
      passedOver ??= kind;
      continue;
    }
    if (passedOver !== undefined) {
      context.warn?.(
        `${row.collection}: some granules have no ${passedOver} ${
          passedOver === "local" ? "file" : "address"
        } and are read by ${kind}`,
      );
    }
    return found;
  }
  throw nowhere(row, choice);
}

function bucketRegion(row: GranuleRow, location: SourceLocation): string | undefined {
  return row.s3_region ?? (location.s3?.credentials ? EARTHDATA_REGION : undefined);
}

/** The row's location by one driver; undefined where it has no address for it. */
export function locationBy(
  row: GranuleRow,
  kind: DriverKind,
  asset: GranuleAsset | null = null,
): SourceLocation | undefined {
  const inner = asset === null ? row.path : asset.path ?? null;
  const credentials = asset?.s3_credentials ?? row.s3_credentials;
  const own = asset !== null && hasOwnLinks(asset);
  switch (kind) {
    case "local": {
      if (asset?.local_href) return { kind, url: localPath(asset.local_href) };
      if (row.local_base === null || inner === null) return undefined;
      checkPath(row, inner);
      return { kind, url: path.join(localPath(row.local_base), inner) };
    }
    case "https": {
      const url = own ? asset.https_href ?? undefined : joined(row, row.https_base, inner);
      return url === undefined ? undefined : { kind, url };
    }
    case "s3": {
      const url = own ? asset.s3_href ?? undefined : joined(row, row.s3_base, inner);
      if (url === undefined) return undefined;
      return {
        kind,
        url,
        s3: { credentials, region: row.s3_region, endpoint: row.s3_endpoint, access: row.s3_access },
      };
    }
  }
}

function joined(row: GranuleRow, base: string | null, inner: string | null): string | undefined {
  if (base === null || inner === null) return undefined;
  checkPath(row, inner);
  const url = base + inner;
  const sameHost = URL.canParse(base) && URL.canParse(url) && new URL(base).host === new URL(url).host &&
    new URL(base).protocol === new URL(url).protocol;
  if (!sameHost) {
    throw inputError(
      `${row.collection} ${row.id}: the path "${safeName(inner)}" leads away from its base ${
        safeName(base)
      } ` +
        `(wanted an address below it; build the catalog again)`,
    );
  }
  return url;
}

/**
 * Throws an input error for a path of a catalog that could leave its base: absolute, with `..`, or with
 * either of these escaped, once or more often.
 */
export function checkPath(row: Pick<GranuleRow, "collection" | "id">, inner: string): void {
  const bad = (why: string) =>
    inputError(
      `${row.collection} ${row.id}: the path "${safeName(inner)}" ${why} (wanted one below the row's base; ` +
        `the catalog is damaged or not to be trusted)`,
    );
  if (inner === "") throw bad("is empty");
  let text = inner;
  for (let round = 0; round < 4; round++) {
    if (/^[/\\]/.test(text) || /^[a-z]:[/\\]/i.test(text)) throw bad("is absolute");
    if (text.includes("\0")) throw bad("holds a zero byte");
    const parts = text.replace(/[?#].*$/s, "").split(/[/\\]/);
    if (parts.some((part) => part === ".." || part === ".")) throw bad('holds a "." or ".." part');
    const decoded = text.replace(/(?:%[0-9a-f]{2})+/gi, decodeEscapes);
    if (decoded === text) return;
    text = decoded;
  }
  throw bad("is escaped again and again");
}

function decodeEscapes(escaped: string): string {
  const bytes = Uint8Array.from(escaped.slice(1).split("%"), (hex) => parseInt(hex, 16));
  return new TextDecoder().decode(bytes);
}

function nowhere(row: GranuleRow, choice: readonly DriverKind[]): GranaryError {
  const has = KINDS.filter((kind) => row[`${kind}_base`] !== null);
  return new GranaryError(
    "granule",
    `${row.collection} ${row.id}: has no address for --driver ${choice.join(",")} ` +
      `(the catalog has ${has.length === 0 ? "none" : has.join(", ")}; try --driver ${
        has.length === 0
          ? "with another catalog"
          : [...choice, ...has.filter((kind) => !choice.includes(kind))].join(",")
      })`,
    { details: { collection: row.collection, id: row.id } },
  );
}

/**
 * The file of a granule that a config's `asset` (a key, or a glob over keys and file names) names; null
 * for the row's own. Throws an input error where it fits none, or more than one.
 */
export function chooseAsset(row: GranuleRow, pattern: string | null): GranuleAsset | null {
  if (pattern === null) return null;
  const byKey = row.assets.filter((asset) => asset.key === pattern);
  if (byKey.length === 1) return byKey[0];
  const fits = globTest(pattern);
  const name = (text: string | null) =>
    text === null ? "" : path.posix.basename(text.replace(/[?#].*$/s, ""));
  const found = row.assets.filter((asset) =>
    fits(asset.key) || fits(name(asset.path ?? asset.https_href ?? asset.s3_href ?? asset.local_href))
  );
  if (found.length === 1) return found[0];
  if (found.length === 0 && fits(name(row.path))) return null;
  const keys = row.assets.map((asset) => asset.key).join(", ") || "none";
  throw inputError(
    `${row.collection} ${row.id}: asset "${pattern}" fits ${found.length} of its files (it has ${keys}); ` +
      `name one by its key`,
  );
}

/** `*` and `?` as shells have them. */
function globTest(pattern: string): (text: string) => boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
  const expression = new RegExp(`^${source}$`, "s");
  return (text) => expression.test(text);
}
