/** The links of a group, however it stores them (section IV.A.2.c, g and r). */
import { walkBtree1 } from "./btree1.ts";
import { walkBtree2 } from "./btree2.ts";
import { type Cursor, decodeText, type FileBytes, UNDEFINED } from "./cursor.ts";
import { openFractalHeap } from "./fractal_heap.ts";
import { MESSAGE, type ObjectHeader, openMessage } from "./object_header.ts";

export type Link =
  | { readonly kind: "hard"; readonly address: number }
  | { readonly kind: "soft"; readonly target: string }
  | { readonly kind: "external"; readonly file: string; readonly target: string };

/** The links by name; undefined where the object is not a group. */
export function readLinks(header: ObjectHeader): Map<string, Link> | undefined {
  const { file } = header;
  const table = header.message(MESSAGE.symbolTable, "symbol table message");
  if (table) return readSymbolTable(file, table.address(), table.address());
  const info = header.message(MESSAGE.linkInfo, "link info message");
  if (!info) return undefined;
  const links = new Map<string, Link>();
  for (const message of header.messages) {
    if (message.type === MESSAGE.link) addLink(links, openMessage(message, "link message"));
  }
  info.version(0);
  if (info.u8() & 1) info.skip(8);
  const heapAddress = info.address();
  const indexAddress = info.address();
  if (heapAddress === UNDEFINED || indexAddress === UNDEFINED) return links;
  const heap = openFractalHeap(file, heapAddress);
  walkBtree2(file, indexAddress, [5], (record) => {
    record.skip(4);
    addLink(links, heap.get(record.take(heap.idBytes)));
  });
  return links;
}

/** One link message (section IV.A.2.g). */
function addLink(links: Map<string, Link>, cursor: Cursor): void {
  cursor.version(1);
  const flags = cursor.u8();
  const type = flags & 0x08 ? cursor.u8() : 0;
  if (flags & 0x04) cursor.skip(8);
  if (flags & 0x10) cursor.skip(1);
  const name = decodeText(cursor.take(cursor.uint(1 << (flags & 3))));
  if (type === 0) links.set(name, { kind: "hard", address: cursor.address() });
  else if (type === 1) links.set(name, { kind: "soft", target: decodeText(cursor.take(cursor.u16())) });
  else if (type === 64) {
    // An external link: a byte of version and flags, the file's name, the path in it (IV.A.2.g).
    const value = cursor.take(cursor.u16()).subarray(1);
    const end = value.indexOf(0);
    links.set(name, {
      kind: "external",
      file: decodeText(value),
      target: end < 0 ? "" : decodeText(value.subarray(end + 1)),
    });
  } else links.set(name, { kind: "external", file: `a link of the kind ${type}`, target: "" });
}

/** A local heap holds the names of one old-style group; more than this is damage. */
const MOST_HEAP_BYTES = 64 << 20;

/** An old-style group: a B-tree of symbol nodes whose names lie in a local heap. */
function readSymbolTable(file: FileBytes, tree: number, heap: number): Map<string, Link> {
  const head = file.at(heap, 8 + 2 * file.lengthSize + file.offsetSize, "local heap").signature("HEAP");
  head.version(0);
  head.skip(3);
  const size = head.length();
  head.length();
  if (size < 0 || size > MOST_HEAP_BYTES) throw head.damage(`states ${size} bytes`);
  const names = file.at(head.address(), size, "local heap");
  const text = (offset: number): string => {
    if (offset < 0 || offset >= size) throw names.damage(`has no name at ${offset}`);
    return decodeText(names.goTo(offset).rest);
  };
  const links = new Map<string, Link>();
  const entryBytes = 2 * file.offsetSize + 24;
  const entry = (_key: Cursor, child: number): void => {
    const node = file.at(child, 8, "symbol table node").signature("SNOD");
    node.version(1);
    node.skip(1);
    const count = node.u16();
    const entries = file.at(child + 8, count * entryBytes, "symbol table node");
    for (let i = 0; i < count; i += 1) {
      const symbol = entries.goTo(i * entryBytes);
      const name = text(symbol.address());
      const address = symbol.address();
      const soft = symbol.u32() === 2;
      symbol.skip(4);
      links.set(name, soft ? { kind: "soft", target: text(symbol.u32()) } : { kind: "hard", address });
    }
  };
  walkBtree1(file, tree, 0, file.lengthSize, { entry });
  return links;
}
