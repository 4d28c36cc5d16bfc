/** Version 1 B-trees (section III.A.1): symbol tables of groups, and chunks of most datasets. */
import { type Cursor, damaged, type FileBytes, UNDEFINED } from "./cursor.ts";

/** A tree this deep indexes more chunks than any file holds. */
const MOST_LEVELS = 32;

/**
 * Walks a version 1 B-tree in key order. `visit` gets a cursor at each leaf entry's key and its child's
 * address. Levels must fall by one from a node to its children, and no node is visited twice.
 */
export function walkBtree1(
  file: FileBytes,
  root: number,
  type: 0 | 1,
  keyBytes: number,
  visit: (key: Cursor, child: number) => void,
): void {
  const what = "version 1 B-tree";
  const seen = new Set<number>();
  const walk = (address: number, level: number | null): void => {
    if (seen.has(address)) throw damaged(file.name, `its ${what} contains itself`);
    seen.add(address);
    const headBytes = 8 + 2 * file.offsetSize;
    const head = file.at(address, headBytes, what).signature("TREE");
    const nodeType = head.u8();
    const nodeLevel = head.u8();
    const entries = head.u16();
    const wrongLevel = level === null ? nodeLevel > MOST_LEVELS : nodeLevel !== level;
    if (nodeType !== type || wrongLevel) {
      throw head.damage(`has a node of type ${nodeType} at level ${nodeLevel}`);
    }
    const node = file.at(
      address + headBytes,
      entries * (keyBytes + file.offsetSize) + keyBytes,
      what,
    );
    for (let i = 0; i < entries; i += 1) {
      const key = node.part(keyBytes, what);
      const child = node.address();
      if (child === UNDEFINED) throw node.damage("has an entry without an address");
      if (nodeLevel === 0) visit(key, child);
      else walk(child, nodeLevel - 1);
    }
  };
  walk(root, null);
}
