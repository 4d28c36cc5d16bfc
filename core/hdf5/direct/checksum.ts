/** The two checksums of HDF5: Jenkins' lookup3 over metadata, Fletcher's over chunks. */
import type { Cursor } from "./cursor.ts";

/** Verifies the lookup3 checksum that follows the bytes read so far (section III, "Checksum"). */
export function verifyChecksum(cursor: Cursor): void {
  const { passed } = cursor;
  if (cursor.u32() !== lookup3(passed)) throw cursor.damage("fails its checksum");
}

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/**
 * Bob Jenkins' hashlittle of lookup3.c (public domain), with the initial value 0: also the hash of names in
 * dense groups.
 */
export function lookup3(bytes: Uint8Array): number {
  const n = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, n);
  let a = (0xdeadbeef + n) | 0;
  let b = a;
  let c = a;
  let at = 0;
  for (; n - at > 12; at += 12) {
    a = (a + view.getUint32(at, true)) | 0;
    b = (b + view.getUint32(at + 4, true)) | 0;
    c = (c + view.getUint32(at + 8, true)) | 0;
    a = (a - c) | 0, a ^= rotate(c, 4), c = (c + b) | 0;
    b = (b - a) | 0, b ^= rotate(a, 6), a = (a + c) | 0;
    c = (c - b) | 0, c ^= rotate(b, 8), b = (b + a) | 0;
    a = (a - c) | 0, a ^= rotate(c, 16), c = (c + b) | 0;
    b = (b - a) | 0, b ^= rotate(a, 19), a = (a + c) | 0;
    c = (c - b) | 0, c ^= rotate(b, 4), b = (b + a) | 0;
  }
  if (n === at) return c >>> 0;
  const tail = (from: number): number => {
    let word = 0;
    for (let i = Math.min(4, n - at - from) - 1; i >= 0; i -= 1) word = (word << 8) | bytes[at + from + i];
    return word;
  };
  a = (a + tail(0)) | 0;
  b = (b + tail(4)) | 0;
  c = (c + tail(8)) | 0;
  c ^= b, c = (c - rotate(b, 14)) | 0;
  a ^= c, a = (a - rotate(c, 11)) | 0;
  b ^= a, b = (b - rotate(a, 25)) | 0;
  c ^= b, c = (c - rotate(b, 16)) | 0;
  a ^= c, a = (a - rotate(c, 4)) | 0;
  b ^= a, b = (b - rotate(a, 14)) | 0;
  c ^= b, c = (c - rotate(b, 24)) | 0;
  return c >>> 0;
}

/** HDF5's Fletcher-32: big-endian 16-bit words, sums modulo 65,535, an odd last byte as a high byte. */
export function fletcher32(bytes: Uint8Array): number {
  const words = bytes.length >> 1;
  let low = 0;
  let high = 0;
  let at = 0;
  for (let left = words; left > 0;) {
    // 360 words is the most that the sums hold in 32 bits before they are folded.
    const block = Math.min(left, 360);
    left -= block;
    for (let i = 0; i < block; i += 1, at += 2) {
      low += (bytes[at] << 8) | bytes[at + 1];
      high += low;
    }
    low = (low & 0xffff) + (low >>> 16);
    high = (high & 0xffff) + (high >>> 16);
  }
  if (bytes.length & 1) {
    low += bytes[at] << 8;
    high += low;
    low = (low & 0xffff) + (low >>> 16);
    high = (high & 0xffff) + (high >>> 16);
  }
  low = (low & 0xffff) + (low >>> 16);
  high = (high & 0xffff) + (high >>> 16);
  return ((high << 16) | low) >>> 0;
}
