/** The superblock: where the root group is and how wide addresses are (section II.A). */
import type { CachedSource } from "../../access/sync_block_cache.ts";
import { verifyChecksum } from "./checksum.ts";
import { type Cursor, FileBytes, UnsupportedHdf5 } from "./cursor.ts";

interface Superblock {
  readonly file: FileBytes;
  /** The address of the root group's object header. */
  readonly root: number;
}

/** A superblock of version 0 with 8-byte addresses, its root entry included, is the longest. */
const MOST_BYTES = 104;

/** Reads the superblock at `offset`, which findSuperblock found. */
export function readSuperblock(source: CachedSource, offset: number): Superblock {
  const length = Math.min(MOST_BYTES, source.sizeBytes - offset);
  const cursorOf = (file: FileBytes): Cursor => file.at(0, length, "superblock");
  const head = cursorOf(new FileBytes(source, offset, 8, 8)).skip(8);
  const version = head.version(0, 1, 2, 3);
  if (version < 2) {
    head.skip(4);
    const { offsetSize, lengthSize } = widths(head);
    head.skip(version === 0 ? 1 + 2 + 2 + 4 : 1 + 2 + 2 + 4 + 4);
    const file = new FileBytes(source, offset, offsetSize, lengthSize);
    const fields = cursorOf(file).skip(head.place);
    const base = fields.address();
    fields.skip(3 * offsetSize); // free space, end of file (checked by findSuperblock), driver block
    fields.skip(offsetSize); // the root's link name
    return { file: withBase(file, base, offset), root: fields.address() };
  }
  const { offsetSize, lengthSize } = widths(head);
  head.skip(1);
  const file = new FileBytes(source, offset, offsetSize, lengthSize);
  const all = cursorOf(file).skip(12);
  const base = all.address();
  all.skip(2 * offsetSize); // extension, end of file
  const root = all.address();
  verifyChecksum(all);
  return { file: withBase(file, base, offset), root };
}

function widths(cursor: Cursor): { offsetSize: number; lengthSize: number } {
  const offsetSize = cursor.u8();
  const lengthSize = cursor.u8();
  for (const width of [offsetSize, lengthSize]) {
    if (width !== 4 && width !== 8) throw new UnsupportedHdf5(`addresses of ${width} bytes`);
  }
  return { offsetSize, lengthSize };
}

/** A file that got its user block afterwards states the old base; the signature's place is the truth. */
function withBase(file: FileBytes, stated: number, found: number): FileBytes {
  if (stated !== found) throw new UnsupportedHdf5(`a base address of ${stated} in a superblock at ${found}`);
  return file;
}
