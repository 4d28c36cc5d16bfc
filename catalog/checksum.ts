/** Checksums of the sources in the catalog's own form: `md5:…` or `sha256:…`, lower-case hex. */

const HEX_LENGTH: Readonly<Record<string, number>> = { md5: 32, sha256: 64 };

/** `("SHA-256", "AB…")` as `sha256:ab…`; null for other algorithms and for values that are not one. */
export function checksumOf(algorithm: string | null, value: string | null): string | null {
  if (algorithm === null || value === null) return null;
  const name = algorithm.toLowerCase().replace(/[^a-z0-9]/g, "");
  const hex = value.trim().toLowerCase();
  return HEX_LENGTH[name] === hex.length && /^[0-9a-f]+$/.test(hex) ? `${name}:${hex}` : null;
}

/** Multihash codes (multiformats table): the code of the function and the length of its digest. */
const MULTIHASH: Readonly<Record<string, string>> = { "1220": "sha256", "d50110": "md5" };

/** A multihash in hex, as STAC's file extension writes it (`1220…` is sha2-256), or null. */
export function checksumOfMultihash(value: string | null): string | null {
  if (value === null) return null;
  const hex = value.trim().toLowerCase();
  for (const [prefix, algorithm] of Object.entries(MULTIHASH)) {
    if (hex.startsWith(prefix)) return checksumOf(algorithm, hex.slice(prefix.length));
  }
  return null;
}

/** A checksum of the catalog as a multihash in hex; null for other algorithms than those of multihashes read here. */
export function multihashOf(checksum: string | null): string | null {
  const [algorithm, hex] = checksum?.split(":") ?? [];
  const prefix = Object.entries(MULTIHASH).find(([, name]) => name === algorithm)?.[0];
  return prefix === undefined || checksumOf(algorithm, hex) === null ? null : prefix + hex;
}
