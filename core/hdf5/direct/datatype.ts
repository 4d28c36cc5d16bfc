/** Datatype messages (section IV.A.2.d) as far as values are read: numbers and text. */
import { type ElementType, elementType, numpyName } from "../elements.ts";
import { TYPE_CLASSES } from "../type_classes.ts";
import type { Cursor } from "./cursor.ts";

export type Datatype =
  | { readonly kind: "number"; readonly name: string; readonly size: number; readonly element: ElementType }
  | { readonly kind: "string"; readonly name: string; readonly size: number }
  | { readonly kind: "variable string"; readonly name: string; readonly size: number }
  | { readonly kind: "reference"; readonly name: string; readonly size: number }
  | { readonly kind: "variable references"; readonly name: string; readonly size: number }
  | { readonly kind: "other"; readonly name: string; readonly size: number };

/** Bit positions and bias of IEEE 754 half, single and double: sign, exponent, mantissa. */
const IEEE: Readonly<Record<number, readonly number[]>> = {
  2: [0, 16, 10, 5, 0, 10, 15],
  4: [0, 32, 23, 8, 0, 23, 127],
  8: [0, 64, 52, 11, 0, 52, 1023],
};

/** Reads a datatype. Enumerations are the integers that they store. */
export function readDatatype(cursor: Cursor, depth = 0): Datatype {
  const head = cursor.u8();
  const bits = cursor.u8();
  const moreBits = cursor.u16();
  const size = cursor.u32();
  const name = TYPE_CLASSES[head & 0x0f] ?? "unknown";
  if (size === 0) throw cursor.damage("has elements of no bytes");
  const other: Datatype = { kind: "other", name, size };
  switch (name) {
    case "bitfield": {
      const offset = cursor.u16();
      const precision = cursor.u16();
      const element = elementType("integer", size, false, (bits & 1) === 0);
      if (element === undefined || offset !== 0 || precision !== size * 8) return other;
      return { kind: "number", name: numpyName(element), size, element };
    }
    case "integer": {
      const offset = cursor.u16();
      const precision = cursor.u16();
      const element = elementType("integer", size, (bits & 0x08) !== 0, (bits & 1) === 0);
      if (element === undefined || offset !== 0 || precision !== size * 8) {
        return { kind: "other", name: `integer of ${precision} bits`, size };
      }
      return { kind: "number", name: numpyName(element), size, element };
    }
    case "float": {
      const found = [
        cursor.u16(),
        cursor.u16(),
        cursor.u8(),
        cursor.u8(),
        cursor.u8(),
        cursor.u8(),
        cursor.u32(),
      ];
      const wanted = IEEE[size];
      const element = elementType("float", size, true, (bits & 1) === 0);
      // Bit 6 is VAX order; bits 4 and 5 must say that the mantissa's first bit is implied; then the sign.
      const plain = (bits & 0x40) === 0 && ((bits >> 4) & 3) === 2 && (moreBits & 0xff) === size * 8 - 1;
      if (element === undefined || !plain || !wanted?.every((value, i) => value === found[i])) {
        return { kind: "other", name: `float of ${found[1]} bits`, size };
      }
      return { kind: "number", name: numpyName(element), size, element };
    }
    case "string":
      return { kind: "string", name, size };
    case "enum": {
      if (depth > 0) return other;
      const base = readDatatype(cursor, depth + 1);
      return base.kind === "number" && base.size === size ? base : other;
    }
    case "vlen": {
      if ((bits & 0x0f) === 1) return { kind: "variable string", name: "string", size };
      const of = depth === 0 && cursor.left >= 8 ? readDatatype(cursor, depth + 1) : other;
      return of.kind === "reference" ? { kind: "variable references", name, size } : other;
    }
    case "reference":
      // Type 0: an object reference, which is the address of an object's header.
      return (bits & 0x0f) === 0 ? { kind: "reference", name, size } : other;
    default:
      return other;
  }
}
