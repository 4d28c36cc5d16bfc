/** Fractal heaps (section III.G): links of dense groups, dense attributes. */
import { encodedBytes, walkBtree2 } from "./btree2.ts";
import { verifyChecksum } from "./checksum.ts";
import { Cursor, damaged, type FileBytes, UNDEFINED, UnsupportedHdf5 } from "./cursor.ts";

/** An open heap: objects by heap id. */
interface FractalHeap {
  readonly idBytes: number;
  get(id: Uint8Array): Cursor;
}

const MOST_DEPTH = 32;

/** One link or attribute; past this size it is damage. */
const MOST_OBJECT_BYTES = 256 << 20;

export function openFractalHeap(file: FileBytes, address: number): FractalHeap {
  const what = "fractal heap";
  const head = file.upTo(address, 26 + 12 * file.lengthSize + 3 * file.offsetSize, what).signature("FRHP");
  head.version(0);
  const idBytes = head.u16();
  if (head.u16() !== 0) throw new UnsupportedHdf5("filtered fractal heaps");
  head.skip(1);
  const mostManaged = head.u32();
  head.skip(file.lengthSize);
  const hugeObjects = head.address();
  head.skip(file.lengthSize + file.offsetSize); // free space
  head.skip(8 * file.lengthSize); // space and object counts
  const width = head.u16();
  const startBytes = head.length();
  const mostDirect = head.length();
  const heapBits = head.u16();
  head.skip(2);
  const root = head.address();
  const rootRows = head.u16();
  verifyChecksum(head);
  if (width === 0 || startBytes <= 0 || mostDirect < startBytes || heapBits === 0 || heapBits > 64) {
    throw head.damage(`states ${width} blocks of ${startBytes} bytes a row`);
  }
  const offsetBytes = Math.ceil(heapBits / 8);
  const lengthBytes = Math.min(Math.ceil(Math.log2(mostDirect) / 8), encodedBytes(Math.max(1, mostManaged)));
  const directRows = Math.log2(mostDirect) - Math.log2(startBytes) + 2;
  if (!Number.isInteger(directRows)) throw head.damage("has blocks whose sizes are no powers of two");
  const rowBytes = (row: number): number => row === 0 ? startBytes : startBytes * 2 ** (row - 1);

  /** The file address of heap offset `offset`, in the block at `at`, which covers offsets from `from`. */
  const locate = (at: number, from: number, rows: number, offset: number, depth: number): number => {
    if (at === UNDEFINED || depth > MOST_DEPTH) throw damaged(file.name, `its ${what} is missing a block`);
    let row = 0;
    let start = from;
    while (row < rows && offset >= start + rowBytes(row) * width) start += rowBytes(row++) * width;
    if (row >= rows) throw damaged(file.name, `its ${what} is missing an object`);
    const column = Math.floor((offset - start) / rowBytes(row));
    const blockStart = start + column * rowBytes(row);
    const entries = 5 + file.offsetSize + offsetBytes;
    const index = row * width + column;
    const block = file.at(at, entries + (index + 1) * file.offsetSize, what).signature("FHIB");
    block.version(0);
    block.skip(file.offsetSize + offsetBytes + index * file.offsetSize);
    const child = block.address();
    if (child === UNDEFINED) throw damaged(file.name, `its ${what} is missing a block`);
    if (row < directRows) return child + (offset - blockStart);
    const childRows = Math.log2(rowBytes(row)) - Math.log2(startBytes * width) + 1;
    return locate(child, blockStart, childRows, offset, depth + 1);
  };

  /** Objects too large for the heap's blocks, by number: an address and a size (III.A.2, type 1). */
  let huge: Map<number, [number, number]> | undefined;
  const hugeObject = (number: number): Cursor => {
    if (huge === undefined) {
      huge = new Map();
      if (hugeObjects !== UNDEFINED) {
        walkBtree2(file, hugeObjects, [1], (record) => {
          const place: [number, number] = [record.address(), record.length()];
          huge!.set(record.length(), place);
        });
      }
    }
    const found = huge.get(number);
    if (!found) throw damaged(file.name, `its ${what} is missing the object ${number}`);
    if (found[1] > MOST_OBJECT_BYTES) {
      throw damaged(file.name, `its ${what} has an object of ${found[1]} bytes`);
    }
    return file.at(found[0], found[1], what);
  };

  return {
    idBytes,
    get(id) {
      const cursor = new Cursor(file, id, "heap id");
      const flags = cursor.u8();
      if (flags >> 6 !== 0) throw new UnsupportedHdf5("heap ids of another version");
      const kind = (flags >> 4) & 3;
      if (kind === 2) return cursor.part((flags & 0x0f) + 1, what);
      if (kind === 1) {
        const direct = idBytes - 1 >= file.offsetSize + file.lengthSize;
        if (direct) throw new UnsupportedHdf5("huge objects named by address");
        return hugeObject(cursor.uint(Math.min(8, cursor.left)));
      }
      if (kind !== 0) throw cursor.damage(`has the kind ${kind}`);
      const offset = cursor.uint(offsetBytes);
      const length = cursor.uint(lengthBytes);
      if (length > mostManaged) throw cursor.damage(`states ${length} bytes`);
      const at = rootRows === 0
        ? (offset + length <= startBytes ? root + offset : UNDEFINED)
        : locate(root, 0, rootRows, offset, 0);
      if (root === UNDEFINED || at === UNDEFINED) throw cursor.damage("points past its heap");
      return file.at(at, length, what);
    },
  };
}
