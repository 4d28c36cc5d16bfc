/** Values computed with 60 digits by generate_reference.py. */
import reference from "./precise_reference.json" with { type: "json" };

/** A value as a double and what the double leaves. */
export type Precise = [head: number, rest: number];

interface Convention {
  belt: [degrees: number, height: Precise][];
  cap: [degrees: number, width: Precise][];
  cells: [longitude: number, latitude: number, nested: string][];
}

export const PRECISE = reference as unknown as {
  sine: [degrees: number, sine: Precise, cosine: Precise][];
  authalic: Convention;
  geodetic: Convention;
};

/** How far `value` is from the precise one, in units in the last place of the latter. */
export function ulpsFrom(value: number, [head, rest]: Precise): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(head));
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  const ulp = bits.getFloat64(0) - Math.abs(head);
  return Math.abs((value - head) - rest) / ulp;
}
