/** Byte ranges, checked before anything is allocated or asked for. */
import { GranaryError } from "../errors.ts";

/**
 * Throws a granule error unless `[offset, offset + length)` lies within a source of `sizeBytes`. A reader
 * that follows an address in a damaged or cut file asks for bytes that are not there.
 */
export function checkRange(name: string, sizeBytes: number, offset: number, length: number): void {
  if (
    Number.isSafeInteger(offset) && Number.isSafeInteger(length) &&
    offset >= 0 && length >= 0 && offset + length <= sizeBytes
  ) return;
  throw new GranaryError(
    "granule",
    `${name}: asked for bytes ${offset} to ${
      offset + length
    } of ${sizeBytes}; the file is cut short or damaged ` +
      `(fetch it again)`,
    { details: { name, offset, length, sizeBytes } },
  );
}
