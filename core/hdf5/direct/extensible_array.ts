/** The extensible array index (section VII.D): for datasets that may grow along one dimension. */
import { verifyChecksum } from "./checksum.ts";
import { type Cursor, type FileBytes, UNDEFINED } from "./cursor.ts";
import { visitPage } from "./fixed_array.ts";

const CHECKSUM_BYTES = 4;

interface Shape {
  readonly entryBytes: number;
  readonly offsetBytes: number;
  readonly pageEntries: number;
  /** One past the last entry that was ever set. */
  readonly used: number;
}

/** Calls `visit` with the number of every entry that was set and a cursor over it. */
export function readExtensibleArray(
  file: FileBytes,
  address: number,
  visit: (index: number, entry: Cursor) => void,
): void {
  const what = "extensible array";
  const headBytes = 12 + 6 * file.lengthSize + file.offsetSize + CHECKSUM_BYTES;
  const head = file.at(address, headBytes, what).signature("EAHD");
  head.version(0);
  head.skip(1);
  const entryBytes = head.u8();
  const indexBits = head.u8();
  const directEntries = head.u8();
  const leastBlockEntries = head.u8();
  const leastPointers = head.u8();
  const pageBits = head.u8();
  head.skip(4 * file.lengthSize);
  const used = head.length();
  head.length();
  const index = head.address();
  verifyChecksum(head);
  if (index === UNDEFINED) return;
  const powers = [leastBlockEntries, leastPointers].every((n) => n > 0 && (n & (n - 1)) === 0);
  if (!powers || entryBytes < file.offsetSize || indexBits === 0 || indexBits > 64) {
    throw head.damage(`states entries of ${entryBytes} bytes in blocks of ${leastBlockEntries}`);
  }
  const shape: Shape = {
    entryBytes,
    offsetBytes: Math.ceil(indexBits / 8),
    pageEntries: 2 ** pageBits,
    used,
  };

  // Super block u holds 2^(u/2) data blocks of 2^((u+1)/2) times the least entries each; the first few
  // have their data blocks' addresses in the index block itself.
  const superBlocks = 1 + indexBits - Math.log2(leastBlockEntries);
  const inline = Math.min(superBlocks, 2 * Math.log2(leastPointers));
  const inlineBlocks = 2 * (leastPointers - 1);
  const superAddresses = superBlocks - inline;
  const blockBytes = 6 + file.offsetSize + directEntries * entryBytes +
    (inlineBlocks + superAddresses) * file.offsetSize + CHECKSUM_BYTES;
  const block = file.at(index, blockBytes, what).signature("EAIB");
  block.version(0);
  block.skip(1 + file.offsetSize);
  const direct = block.part(directEntries * entryBytes, what);
  const addresses: number[] = [];
  for (let i = 0; i < inlineBlocks + superAddresses; i += 1) addresses.push(block.address());
  verifyChecksum(block);

  for (let i = 0; i < directEntries && i < used; i += 1) visit(i, direct.part(entryBytes, what));
  let first = directEntries;
  let next = 0;
  for (let u = 0; u < superBlocks && first < used; u += 1) {
    const blocks = 2 ** Math.floor(u / 2);
    const entries = leastBlockEntries * 2 ** Math.floor((u + 1) / 2);
    if (u < inline) {
      for (let k = 0; k < blocks; k += 1) {
        readDataBlock(file, addresses[next++], entries, first + k * entries, () => true, shape, visit);
      }
    } else {
      readSuperBlock(file, addresses[next++], blocks, entries, first, shape, visit);
    }
    first += blocks * entries;
  }
}

function readSuperBlock(
  file: FileBytes,
  address: number,
  blocks: number,
  entries: number,
  first: number,
  shape: Shape,
  visit: (index: number, entry: Cursor) => void,
): void {
  if (address === UNDEFINED) return;
  const what = "extensible array";
  const pages = entries > shape.pageEntries ? entries / shape.pageEntries : 0;
  const bitmapBytes = Math.ceil(pages / 8);
  const bytes = 6 + file.offsetSize + shape.offsetBytes + blocks * (bitmapBytes + file.offsetSize) +
    CHECKSUM_BYTES;
  const block = file.at(address, bytes, what).signature("EASB");
  block.version(0);
  block.skip(1 + file.offsetSize + shape.offsetBytes);
  // One bit a page, counted through all blocks, though room is kept for whole bytes a block.
  const bitmap = block.take(blocks * bitmapBytes);
  const written = (page: number): boolean => (bitmap[page >> 3] & (0x80 >> (page & 7))) !== 0;
  const addresses: number[] = [];
  for (let k = 0; k < blocks; k += 1) addresses.push(block.address());
  verifyChecksum(block);
  for (let k = 0; k < blocks; k += 1) {
    const inBlock = (page: number) => written(k * pages + page);
    readDataBlock(file, addresses[k], entries, first + k * entries, inBlock, shape, visit);
  }
}

function readDataBlock(
  file: FileBytes,
  address: number,
  entries: number,
  first: number,
  written: (page: number) => boolean,
  shape: Shape,
  visit: (index: number, entry: Cursor) => void,
): void {
  if (address === UNDEFINED || first >= shape.used) return;
  const what = "extensible array";
  const { entryBytes, offsetBytes, pageEntries, used } = shape;
  const prefixBytes = 6 + file.offsetSize + offsetBytes;
  const paged = entries > pageEntries;
  const bytes = prefixBytes + (paged ? 0 : entries * entryBytes) + CHECKSUM_BYTES;
  const block = file.at(address, bytes, what).signature("EADB");
  block.version(0);
  block.skip(1 + file.offsetSize + offsetBytes);
  const seen = (index: number, entry: Cursor): void => {
    if (index < used) visit(index, entry);
  };
  if (!paged) {
    visitPage(block, entries, entryBytes, first, seen);
    return;
  }
  verifyChecksum(block);
  let at = address + block.place;
  for (let page = 0; page < entries / pageEntries; page += 1) {
    if (written(page)) {
      const cursor = file.at(at, pageEntries * entryBytes + CHECKSUM_BYTES, what);
      visitPage(cursor, pageEntries, entryBytes, first + page * pageEntries, seen);
    }
    at += pageEntries * entryBytes + CHECKSUM_BYTES;
  }
}
