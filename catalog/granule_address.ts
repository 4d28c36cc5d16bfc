/**
 * Where a granule row's bytes lie, by each of its bases. A row carries its own bases, so a catalog may mix
 * providers and clouds; what the catalog says is not trusted to stay below them.
 */
import path from "node:path";
import { type DriverKind, hasOwnLinks, type SourceLocation } from "../core/access/location.ts";
import { safeName } from "../core/access/redact.ts";
import { inputError } from "../core/errors.ts";
import { localPath } from "../core/files/address.ts";
import type { GranuleAsset, GranuleRow } from "./granule.ts";

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
