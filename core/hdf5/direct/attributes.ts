/** Attributes (section IV.A.2.m): numbers and text; others are left out. */
import type { Hdf5Scalar, Hdf5Values } from "../contract.ts";
import { type ElementType, typedArrayOver } from "../elements.ts";
import { walkBtree2 } from "./btree2.ts";
import { Cursor, decodeText, type FileBytes, UNDEFINED } from "./cursor.ts";
import { type Datatype, readDatatype } from "./datatype.ts";
import { openFractalHeap } from "./fractal_heap.ts";
import { readDataspace } from "./messages.ts";
import { MESSAGE, type ObjectHeader, openMessage, openShared } from "./object_header.ts";

export type Attributes = Record<string, Hdf5Scalar | Hdf5Scalar[]>;

/** The attributes of an object whose values are numbers or text. */
export function readAttributes(header: ObjectHeader): Attributes {
  const { file } = header;
  const attributes: Attributes = {};
  for (const message of header.messages) {
    if (message.type === MESSAGE.attribute) {
      addAttribute(attributes, openMessage(file, message, "attribute message"));
    }
  }
  const info = header.message(MESSAGE.attributeInfo, "attribute info message");
  if (!info) return attributes;
  info.version(0);
  if (info.u8() & 1) info.skip(2);
  const heapAddress = info.address();
  const indexAddress = info.address();
  if (heapAddress === UNDEFINED || indexAddress === UNDEFINED) return attributes;
  const heap = openFractalHeap(file, heapAddress);
  walkBtree2(file, indexAddress, [8], (record) => {
    const id = record.take(heap.idBytes);
    // Bit 1 of the flags: the attribute is shared, and its id is one of another heap.
    if (record.u8() & 2) return;
    addAttribute(attributes, heap.get(id));
  });
  return attributes;
}

function addAttribute(attributes: Attributes, cursor: Cursor): void {
  const { file } = cursor;
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
  if (shape === null || type.kind === "other") return;
  const count = shape.reduce((product, n) => product * n, 1);
  const values = readValues(type, count, cursor.take(count * type.size), file);
  attributes[name] = shape.length === 0 ? values[0] : values;
}

function readValues(type: Datatype, count: number, bytes: Uint8Array, file: FileBytes): Hdf5Scalar[] {
  if (type.kind === "number") return [...toElements(bytes, type.element)];
  const values: Hdf5Scalar[] = [];
  for (let i = 0; i < count; i += 1) {
    const element = bytes.subarray(i * type.size, (i + 1) * type.size);
    values.push(decodeText(type.kind === "string" ? element : variableText(element, file)));
  }
  return values;
}

/** Stored elements as a typed array of their own, in the platform's byte order. */
function toElements(bytes: Uint8Array, element: ElementType): Hdf5Values {
  const copy = bytes.slice();
  if (!element.littleEndian) swapBytes(copy, element.size);
  return typedArrayOver(element, copy.buffer);
}

/** Reverses the bytes of each element of `size` bytes. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** A collection of the global heap is at most this long in practice; past it is damage. */
const MOST_COLLECTION_BYTES = 256 << 20;

/** The bytes that a variable-length element points to in the global heap (section III.E). */
function variableText(element: Uint8Array, file: FileBytes): Uint8Array {
  const pointer = new Cursor(file, element, "variable-length element");
  const length = pointer.u32();
  const address = pointer.address();
  const wanted = pointer.u32();
  if (length === 0 || address === UNDEFINED || address === 0) return new Uint8Array(0);
  const what = "global heap";
  const headBytes = 8 + file.lengthSize;
  const head = file.at(address, headBytes, what).signature("GCOL");
  head.version(1);
  head.skip(3);
  const size = head.length();
  if (size < headBytes || size > MOST_COLLECTION_BYTES) throw head.damage(`states ${size} bytes`);
  const objects = file.at(address + headBytes, size - headBytes, what);
  while (objects.left >= 8 + file.lengthSize) {
    const index = objects.u16();
    objects.skip(6);
    const bytes = objects.length();
    if (index === 0) break;
    if (index === wanted) {
      if (bytes < length) throw objects.damage(`has ${bytes} bytes where ${length} are wanted`);
      return objects.take(length);
    }
    objects.skip(Math.min(Math.ceil(bytes / 8) * 8, objects.left));
  }
  throw objects.damage(`lacks the object ${wanted}`);
}
