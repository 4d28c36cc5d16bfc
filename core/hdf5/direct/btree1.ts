/** Version 1 B-trees (section III.A.1): symbol tables of groups, and chunks of most datasets. */
import { type Cursor, damaged, type FileBytes, UNDEFINED } from "./cursor.ts";

/** A tree this deep indexes more chunks than any file holds. */
const MOST_LEVELS = 32;

/** What a walk tells. A key is the node's cursor at the key's place: it is read at once, and no further. */
interface Btree1Visitor {
  /** An entry of a leaf: its key and its child's address. */
  entry(key: Cursor, child: number): void;
  /** The key before the subtree that follows, and the key after the subtree or the leaf that was walked. */
  lower?(key: Cursor): void;
  upper?(key: Cursor): void;
}

/**
 * Walks a version 1 B-tree in key order. Levels must fall by one from a node to its children, and no node
 * is visited twice.
 */
export function walkBtree1(
  file: FileBytes,
  root: number,
  type: 0 | 1,
  keyBytes: number,
  visitor: Btree1Visitor,
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
    const entryBytes = keyBytes + file.offsetSize;
    const node = file.at(address + headBytes, entries * entryBytes + keyBytes, what);
    for (let i = 0; i < entries; i += 1) {
      const at = i * entryBytes;
      const child = node.goTo(at + keyBytes).address();
      if (child === UNDEFINED) throw node.damage("has an entry without an address");
      if (nodeLevel === 0) visitor.entry(node.goTo(at), child);
      else {
        visitor.lower?.(node.goTo(at));
        walk(child, nodeLevel - 1);
      }
      // Within a leaf it is the next entry's.
      if (nodeLevel > 0 || i + 1 === entries) visitor.upper?.(node.goTo(at + entryBytes));
    }
  };
  walk(root, null);
}
