/** Arrays as numpy saves them, for tests that compare with what others saved. */
export interface NpyArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export function parseNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, 10 + length));
  const dtype = /'descr': '[<|>=]?(\w+)'/.exec(header)?.[1] ?? "";
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").filter((part) =>
    part.trim() !== ""
  )
    .map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const at = 10 + length;
  const read: Readonly<Record<string, (index: number) => number>> = {
    u1: (i) => view.getUint8(at + i),
    i1: (i) => view.getInt8(at + i),
    u2: (i) => view.getUint16(at + 2 * i, true),
    i2: (i) => view.getInt16(at + 2 * i, true),
    u4: (i) => view.getUint32(at + 4 * i, true),
    i4: (i) => view.getInt32(at + 4 * i, true),
    f4: (i) => view.getFloat32(at + 4 * i, true),
    f8: (i) => view.getFloat64(at + 8 * i, true),
  };
  return { dtype, shape, values: Float64Array.from({ length: count }, (_, i) => read[dtype](i)) };
}
