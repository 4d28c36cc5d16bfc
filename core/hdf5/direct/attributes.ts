/** Attributes (section IV.A.2.m): numbers and text; others are left out. */
import type { Hdf5Scalar, Hdf5Values } from "../contract.ts";
import { type ElementType, typedArrayOver } from "../elements.ts";
import { walkBtree2 } from "./btree2.ts";
import { Cursor, decodeText, type FileBytes, UNDEFINED } from "./cursor.ts";
import { type Datatype, readDatatype } from "./datatype.ts";
import { openFractalHeap } from "./fractal_heap.ts";
import { GlobalHeap } from "./global_heap.ts";
import { readDataspace } from "./messages.ts";
import { MESSAGE, type ObjectHeader, openMessage, openShared } from "./object_header.ts";

export type Attributes = Record<string, Hdf5Scalar | Hdf5Scalar[]>;

/** The attributes of an object whose values are numbers or text. */
export function readAttributes(header: ObjectHeader): Attributes {
  const attributes: Attributes = {};
  forEachAttribute(header, (attribute) => {
    const { name, type, shape, bytes } = attribute;
    if (shape === null || type.kind === "other" || type.kind === "reference") return;
    if (type.kind === "variable references") return;
    const values = readValues(type, elementsOf(shape), bytes, header.file);
    attributes[name] = shape.length === 0 ? values[0] : values;
  });
  return attributes;
}

/** The types of the attributes that are numbers, in numpy's spelling. */
export function readAttributeTypes(header: ObjectHeader): Record<string, string> {
  const types: Record<string, string> = {};
  forEachAttribute(header, ({ name, type }) => {
    if (type.kind === "number") types[name] = type.name;
  });
  return types;
}

/** Addresses of the objects that an attribute of object references names, a list for each element. */
export function readReferences(header: ObjectHeader, wanted: string): number[][] | undefined {
  const { file } = header;
  let found: number[][] | undefined;
  forEachAttribute(header, ({ name, type, shape, bytes }) => {
    if (name !== wanted || shape === null) return;
    const { offsetSize } = file;
    const addresses = (of: Uint8Array): number[] => {
      const cursor = new Cursor(file, of, "object reference");
      const list: number[] = [];
      while (cursor.left >= offsetSize) list.push(cursor.address());
      return list;
    };
    if (type.kind === "reference" && type.size === offsetSize) {
      found = addresses(bytes).map((address) => [address]);
    } else if (type.kind === "variable references") {
      const heap = new GlobalHeap(file);
      found = [];
      for (let at = 0; at + type.size <= bytes.length; at += type.size) {
        found.push(addresses(heap.get(bytes.subarray(at, at + type.size), offsetSize)));
      }
    }
  });
  return found;
}

/** An attribute as it is stored. */
interface StoredAttribute {
  readonly name: string;
  readonly type: Datatype;
  /** Null for an attribute without elements. */
  readonly shape: readonly number[] | null;
  readonly bytes: Uint8Array;
}

function forEachAttribute(header: ObjectHeader, take: (attribute: StoredAttribute) => void): void {
  const { file } = header;
  for (const message of header.messages) {
    if (message.type === MESSAGE.attribute) {
      take(readAttribute(openMessage(message, "attribute message")));
    }
  }
  const info = header.message(MESSAGE.attributeInfo, "attribute info message");
  if (!info) return;
  info.version(0);
  if (info.u8() & 1) info.skip(2);
  const heapAddress = info.address();
  const indexAddress = info.address();
  if (heapAddress === UNDEFINED || indexAddress === UNDEFINED) return;
  const heap = openFractalHeap(file, heapAddress);
  walkBtree2(file, indexAddress, [8], (record) => {
    const id = record.take(heap.idBytes);
    // Bit 1 of the flags: the attribute is shared, and its id is one of another heap.
    if (record.u8() & 2) return;
    take(readAttribute(heap.get(id)));
  });
}

function readAttribute(cursor: Cursor): StoredAttribute {
  const version = cursor.version(1, 2, 3);
  const flags = cursor.u8();
  const nameBytes = cursor.u16();
  const typeBytes = cursor.u16();
  const spaceBytes = cursor.u16();
  if (version === 3) cursor.skip(1);
  const padded = (bytes: number): number => version === 1 ? Math.ceil(bytes / 8) * 8 : bytes;
  const name = decodeText(cursor.take(padded(nameBytes)));
  let typeMessage = cursor.part(padded(typeBytes), "attribute's datatype");
  if (version > 1 && flags & 1) {
    typeMessage = openShared(typeMessage, MESSAGE.datatype, "attribute's datatype");
  }
  let spaceMessage = cursor.part(padded(spaceBytes), "attribute's dataspace");
  if (version > 1 && flags & 2) {
    spaceMessage = openShared(spaceMessage, MESSAGE.dataspace, "attribute's dataspace");
  }
  const type = readDatatype(typeMessage);
  const { shape } = readDataspace(spaceMessage);
  const known = shape !== null && type.kind !== "other";
  return { name, type, shape, bytes: known ? cursor.take(elementsOf(shape) * type.size) : new Uint8Array(0) };
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

function readValues(type: Datatype, count: number, bytes: Uint8Array, file: FileBytes): Hdf5Scalar[] {
  if (type.kind === "number") return [...toElements(bytes, type.element)];
  return readTexts(type, count, bytes, new GlobalHeap(file));
}

/**
 * Text elements, of fixed length or in the global heap. `check` is given the bytes of text so far: many
 * elements may point to one long text.
 */
export function readTexts(
  type: Datatype,
  count: number,
  bytes: Uint8Array,
  heap: GlobalHeap,
  check: (bytes: number) => void = () => {},
): string[] {
  const values: string[] = [];
  let total = 0;
  for (let i = 0; i < count; i += 1) {
    const element = bytes.subarray(i * type.size, (i + 1) * type.size);
    const text = type.kind === "string" ? element : heap.get(element, 1);
    total += text.length;
    check(total);
    values.push(decodeText(text));
  }
  return values;
}

/** Stored elements as a typed array of their own, in the platform's byte order. */
export function toElements(bytes: Uint8Array, element: ElementType): Hdf5Values {
  const copy = bytes.slice();
  if (!element.littleEndian) swapBytes(copy, element.size);
  return typedArrayOver(element, copy);
}

/** Reverses the bytes of each element of `size` bytes. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
