/** Version 2 B-trees (section III.A.2): names of dense groups, dense attributes, some chunk indexes. */
import { verifyChecksum } from "./checksum.ts";
import { type Cursor, damaged, type FileBytes, UNDEFINED } from "./cursor.ts";

/** Signature, version, type and checksum of a node. */
const NODE_OVERHEAD_BYTES = 10;

const MOST_LEVELS = 32;

/** Walks every record of a version 2 B-tree in order; `visit` gets a cursor over one record. */
export function walkBtree2(
  file: FileBytes,
  address: number,
  types: readonly number[],
  visit: (record: Cursor) => void,
): void {
  const what = "version 2 B-tree";
  const head = file.at(address, 22 + file.offsetSize + file.lengthSize, what).signature("BTHD");
  head.version(0);
  const type = head.u8();
  const nodeBytes = head.u32();
  const recordBytes = head.u16();
  const depth = head.u16();
  head.skip(2);
  const root = head.address();
  const rootRecords = head.u16();
  head.length();
  verifyChecksum(head);
  if (!types.includes(type)) throw head.damage(`has the type ${type}`);
  if (depth > MOST_LEVELS || recordBytes === 0 || nodeBytes <= NODE_OVERHEAD_BYTES + recordBytes) {
    throw head.damage(`has ${depth} levels of nodes of ${nodeBytes} bytes`);
  }
  if (root === UNDEFINED) return;

  // What a node of each level can hold decides how wide the counts in its parent are (section III.A.2,
  // "Version 2 B-tree internal node").
  const most = [Math.floor((nodeBytes - NODE_OVERHEAD_BYTES) / recordBytes)];
  const countBytes = encodedBytes(most[0]);
  const totalBytes = [0];
  let total = most[0];
  for (let level = 1; level <= depth; level += 1) {
    const pointerBytes = file.offsetSize + countBytes + totalBytes[level - 1];
    most[level] = Math.floor((nodeBytes - NODE_OVERHEAD_BYTES - pointerBytes) / (recordBytes + pointerBytes));
    if (most[level] < 1) throw head.damage(`has nodes of ${nodeBytes} bytes`);
    total = (most[level] + 1) * total + most[level];
    totalBytes[level] = encodedBytes(total);
  }

  const seen = new Set<number>();
  const walk = (at: number, records: number, level: number): void => {
    if (seen.has(at)) throw damaged(file.name, `its ${what} contains itself`);
    seen.add(at);
    if (records > most[level]) throw damaged(file.name, `its ${what} has ${records} records in a node`);
    const node = file.at(at, nodeBytesOf(level, records), what).signature(level === 0 ? "BTLF" : "BTIN");
    node.version(0);
    if (node.u8() !== type) throw node.damage("mixes types");
    const list = node.part(records * recordBytes, what);
    const children: [number, number][] = [];
    for (let i = 0; level > 0 && i <= records; i += 1) {
      const child = node.address();
      const count = node.uint(countBytes);
      node.skip(totalBytes[level - 1]);
      children.push([child, count]);
    }
    verifyChecksum(node);
    for (let i = 0; i <= records; i += 1) {
      if (level > 0) walk(children[i][0], children[i][1], level - 1);
      if (i < records) visit(list.part(recordBytes, what));
    }
  };
  const nodeBytesOf = (level: number, records: number): number =>
    NODE_OVERHEAD_BYTES + records * recordBytes +
    (level === 0 ? 0 : (records + 1) * (file.offsetSize + countBytes + totalBytes[level - 1]));
  walk(root, rootRecords, depth);
}

/** Bytes that hold any number up to `limit`. */
export function encodedBytes(limit: number): number {
  return Math.floor(Math.log2(limit) / 8) + 1;
}
