/** The element types that are read as numbers, their numpy names and their typed arrays. */
import type { Hdf5Values } from "./contract.ts";

/** A fixed-point or IEEE float type as it is stored. */
export interface ElementType {
  readonly kind: "integer" | "float";
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  readonly littleEndian: boolean;
}

/** The element type, or undefined where no typed array holds it. */
export function elementType(
  kind: "integer" | "float" | "other",
  size: number,
  signed: boolean,
  littleEndian: boolean,
): ElementType | undefined {
  if (kind === "integer" && (size === 1 || size === 2 || size === 4 || size === 8)) {
    return { kind, size, signed, littleEndian };
  }
  if (kind === "float" && (size === 2 || size === 4 || size === 8)) {
    return { kind, size, signed: true, littleEndian };
  }
  return undefined;
}

/** `<f8`, `>i4`, `|u1`. */
export function numpyName(type: ElementType): string {
  const order = type.size === 1 ? "|" : type.littleEndian ? "<" : ">";
  return `${order}${type.kind === "float" ? "f" : type.signed ? "i" : "u"}${type.size}`;
}

/**
 * A typed array over `bytes`, which hold elements in the platform's byte order, the first at a place that fits it.
 * Floats of 16 bits become float32, which holds them exactly.
 */
export function typedArrayOver(type: ElementType, bytes: Uint8Array): Hdf5Values {
  const { buffer, byteOffset: at, byteLength } = bytes;
  const length = byteLength / type.size;
  if (type.kind === "float" && type.size === 2) return widenHalves(new Uint16Array(buffer, at, length));
  if (type.kind === "float") {
    return type.size === 4 ? new Float32Array(buffer, at, length) : new Float64Array(buffer, at, length);
  }
  switch (type.size) {
    case 1:
      return type.signed ? new Int8Array(buffer, at, length) : bytes;
    case 2:
      return type.signed ? new Int16Array(buffer, at, length) : new Uint16Array(buffer, at, length);
    case 4:
      return type.signed ? new Int32Array(buffer, at, length) : new Uint32Array(buffer, at, length);
    case 8:
      return type.signed ? new BigInt64Array(buffer, at, length) : new BigUint64Array(buffer, at, length);
  }
}

/** binary16 of IEEE 754 to float32. */
function widenHalves(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i += 1) {
    const half = halves[i];
    const exponent = half >> 10 & 31;
    const fraction = half & 1023;
    const size = exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
      ? (fraction === 0 ? Infinity : NaN)
      : (1 + fraction / 1024) * 2 ** (exponent - 15);
    values[i] = half & 0x8000 ? -size : size;
  }
  return values;
}
