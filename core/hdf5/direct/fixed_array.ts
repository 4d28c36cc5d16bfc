/** The fixed array index (section VII.C): one entry a chunk, in pages where there are many. */
import { verifyChecksum } from "./checksum.ts";
import { type Cursor, type FileBytes, UNDEFINED } from "./cursor.ts";

const CHECKSUM_BYTES = 4;

/** Calls `visit` with every entry's number and a cursor over it. */
export function readFixedArray(
  file: FileBytes,
  address: number,
  visit: (index: number, entry: Cursor) => void,
): void {
  const what = "fixed array";
  const head = file.at(address, 8 + file.lengthSize + file.offsetSize + CHECKSUM_BYTES, what).signature(
    "FAHD",
  );
  head.version(0);
  head.skip(1);
  const entryBytes = head.u8();
  const pageBits = head.u8();
  const entries = head.length();
  const block = head.address();
  verifyChecksum(head);
  if (block === UNDEFINED) return;
  if (entryBytes < file.offsetSize || entries < 0 || entries * entryBytes > file.source.sizeBytes) {
    throw head.damage(`states ${entries} entries of ${entryBytes} bytes`);
  }
  const prefixBytes = 6 + file.offsetSize;
  const pageEntries = 2 ** pageBits;
  if (entries <= pageEntries) {
    const data = file.at(block, prefixBytes + entries * entryBytes + CHECKSUM_BYTES, what).signature("FADB");
    data.version(0);
    data.skip(1 + file.offsetSize);
    const list = data.part(entries * entryBytes, what);
    verifyChecksum(data);
    for (let i = 0; i < entries; i += 1) visit(i, list.part(entryBytes, what));
    return;
  }
  const pages = Math.ceil(entries / pageEntries);
  const bitmapBytes = Math.ceil(pages / 8);
  const data = file.at(block, prefixBytes + bitmapBytes + CHECKSUM_BYTES, what).signature("FADB");
  data.version(0);
  data.skip(1 + file.offsetSize);
  const bitmap = data.take(bitmapBytes);
  verifyChecksum(data);
  let at = block + data.place;
  for (let page = 0; page < pages; page += 1) {
    const count = Math.min(pageEntries, entries - page * pageEntries);
    // Pages that were never written keep their place but hold nothing.
    if (bitmap[page >> 3] & (0x80 >> (page & 7))) {
      visitPage(
        file.at(at, count * entryBytes + CHECKSUM_BYTES, what),
        count,
        entryBytes,
        page * pageEntries,
        visit,
      );
    }
    at += count * entryBytes + CHECKSUM_BYTES;
  }
}

/** Visits the entries of one page, which ends with its checksum. */
export function visitPage(
  page: Cursor,
  count: number,
  entryBytes: number,
  first: number,
  visit: (index: number, entry: Cursor) => void,
): void {
  const list = page.part(count * entryBytes, page.what);
  verifyChecksum(page);
  for (let i = 0; i < count; i += 1) visit(first + i, list.part(entryBytes, page.what));
}
