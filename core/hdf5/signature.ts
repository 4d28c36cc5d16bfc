/**
 * What a file is before a reader touches it: HDF5, cut short, or something else saved under its name.
 * A login page in place of a granule is the classic failure, so the message says what was found.
 */
import { GranaryError } from "../errors.ts";
import type { SyncSource } from "../access/source.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Files of other kinds, which are whole in their way. */
const FORMATS: readonly { readonly called: string; readonly magic: readonly number[] }[] = [
  { called: "a gzip file (decompress it first)", magic: [0x1f, 0x8b] },
  { called: "a zip file (unpack it first)", magic: [0x50, 0x4b, 3, 4] },
  { called: "a classic netCDF-3 file (convert it with nccopy -k nc4)", magic: [0x43, 0x44, 0x46] },
  { called: "an HDF4 file (convert it with h4toh5)", magic: [0x0e, 0x03, 0x13, 0x01] },
  { called: "a GRIB file (convert it with cdo -f nc4 copy)", magic: [0x47, 0x52, 0x49, 0x42] },
  {
    called: "a JPEG 2000 file (convert it with gdal_translate -of COG)",
    magic: [0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20],
  },
  { called: "a PNG picture", magic: [0x89, 0x50, 0x4e, 0x47] },
];

/** Enough of a file's head to tell what it is. */
const HEAD_BYTES = 512;

/** A superblock of any version with 8-byte addresses fits in it. */
const SUPERBLOCK_BYTES = 96;

/**
 * The offset of the HDF5 superblock: 0, or 512, 1024, 2048 … behind a user block (HDF5 file format,
 * section II.A). Throws a granule error that says what the file is where it is not HDF5 (with `format` among its
 * details where it is a whole file of another kind), and how many bytes are missing where it is cut short.
 */
export function findSuperblock(source: SyncSource): number {
  const { name, sizeBytes } = source;
  if (sizeBytes === 0) {
    throw damaged(name, "is empty (0 bytes; wanted an HDF5 file; fetch it again)", { sizeBytes });
  }
  const head = source.read(0, Math.min(HEAD_BYTES, sizeBytes));
  for (let at = 0; at + SIGNATURE.length <= sizeBytes; at = at === 0 ? 512 : at * 2) {
    const bytes = at === 0 ? head : source.read(at, SIGNATURE.length);
    if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) continue;
    checkComplete(source, at);
    return at;
  }
  const format = FORMATS.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
  if (format !== undefined) {
    throw damaged(name, `is ${format.called}, not HDF5`, { sizeBytes, format: format.called });
  }
  throw damaged(name, whatItIs(head, sizeBytes), { sizeBytes });
}

/** Compares the size that the superblock states with the file's own. */
function checkComplete(source: SyncSource, at: number): void {
  const { name, sizeBytes } = source;
  const bytes = source.read(at, Math.min(SUPERBLOCK_BYTES, sizeBytes - at));
  const version = bytes[8] ?? 0;
  const width = version < 2 ? bytes[13] : bytes[9];
  const first = version === 0 ? 24 : version === 1 ? 28 : 12;
  const endsAt = first + 2 * (width ?? 0);
  if ((width !== 4 && width !== 8) || endsAt + width > bytes.length) {
    if (bytes.length >= SUPERBLOCK_BYTES) return;
    throw damaged(name, `is cut short inside its first block (${sizeBytes} bytes; fetch it again)`, {
      sizeBytes,
    });
  }
  let stated = 0;
  for (let i = width - 1; i >= 0; i -= 1) stated = stated * 256 + bytes[endsAt + i];
  if (stated <= sizeBytes) return;
  throw damaged(
    name,
    stated > 2 ** 53
      ? `is damaged: its first block states an impossible size (the file has ${sizeBytes} bytes; fetch it again)`
      : `is cut short: ${sizeBytes} of ${stated} bytes (the download or copy stopped early; fetch it again)`,
    { sizeBytes, stated },
  );
}

function whatItIs(head: Uint8Array, sizeBytes: number): string {
  const text = new TextDecoder("utf-8", { fatal: false }).decode(head);
  const start = text.replace(/^\uFEFF/, "").trimStart().slice(0, 300).toLowerCase();
  if (/^<!doctype html|^<html|^<head|^<\?xml[^>]*>\s*<!doctype html/.test(start)) {
    const title = /<title[^>]*>([^<]*)</i.exec(text)?.[1]?.trim();
    return `is an HTML page${title ? ` titled "${title}"` : ""}, not HDF5 ` +
      `(a login or error page saved as data: check the credentials, then fetch it again)`;
  }
  if (start.startsWith("<?xml") || start.startsWith("<error")) {
    const code = /<code>([^<]*)</i.exec(text)?.[1];
    return `is an XML document${
      code ? ` with the code ${code}` : ""
    }, not HDF5 (an error answer saved as data: fetch it again)`;
  }
  if (start.startsWith("{") || start.startsWith("[")) {
    return "is JSON text, not HDF5 (an error answer saved as data: fetch it again)";
  }
  if (head.every((byte) => byte === 0)) {
    return `begins with zeros, not with the HDF5 signature (${sizeBytes} bytes; a copy that never got its data: fetch it again)`;
  }
  const hex = [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `is not HDF5: it begins with ${hex} (wanted 89 48 44 46 0d 0a 1a 0a; check the path, or fetch it again)`;
}

function damaged(name: string, what: string, details: Record<string, unknown>): GranaryError {
  return new GranaryError("granule", `${name}: ${what}`, { details: { name, ...details } });
}
