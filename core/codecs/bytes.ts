/** What decompressors share: faults of their input, and copies of what they have already made. */

/** Bytes that no compressor made, or that make more than was wanted. */
export class CodecFault extends Error {}

/** Refuses a count of bytes that the input has not, or the output has no room for. */
export function checkRoom(count: number, left: number, of: "input" | "output"): void {
  if (count > left) throw new CodecFault(of === "input" ? "ends too early" : "makes more than it states");
}

/**
 * Copies `count` bytes of `out` from `distance` before `at` to `at`; where the two overlap, what was just
 * copied is copied again. Nothing before `start` is read. Returns the end of the copy.
 */
export function copyMatch(
  out: Uint8Array,
  start: number,
  at: number,
  distance: number,
  count: number,
): number {
  if (distance < 1 || distance > at - start) throw new CodecFault("points before its beginning");
  checkRoom(count, out.length - at, "output");
  if (distance >= count) out.copyWithin(at, at - distance, at - distance + count);
  else for (let i = at; i < at + count; i++) out[i] = out[i - distance];
  return at + count;
}

/** A whole output, or a fault. */
export function whole(out: Uint8Array, at: number): Uint8Array {
  if (at !== out.length) throw new CodecFault(`makes ${at} bytes (wanted ${out.length})`);
  return out;
}
