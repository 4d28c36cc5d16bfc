/** LZ4: its blocks (the LZ4 block format description), and the frames of HDF5's filter 32004 around them. */
import { checkRoom, CodecFault, copyMatch, whole } from "./bytes.ts";

/** The bytes of one block, `size` of them. @throws CodecFault */
export function unpackLz4Block(input: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let i = 0;
  let at = 0;
  const length = (first: number): number => {
    if (first < 15) return first;
    for (let sum = first;;) {
      checkRoom(1, input.length - i, "input");
      const more = input[i++];
      sum += more;
      if (more < 255) return sum;
    }
  };
  while (i < input.length) {
    const token = input[i++];
    const literals = length(token >> 4);
    checkRoom(literals, input.length - i, "input");
    checkRoom(literals, size - at, "output");
    out.set(input.subarray(i, i + literals), at);
    i += literals;
    at += literals;
    if (i === input.length) break;
    checkRoom(2, input.length - i, "input");
    const distance = input[i] | (input[i + 1] << 8);
    i += 2;
    at = copyMatch(out, 0, at, distance, length(token & 15) + 4);
  }
  return whole(out, at);
}

/** What blocks that each state their length become; one that is as long as what it holds is stored as it is. */
export function unpackBlocks(
  input: Uint8Array,
  from: number,
  out: Uint8Array,
  blockBytes: (left: number) => number,
  unpack: (bytes: Uint8Array, size: number) => Uint8Array,
  storesRaw: boolean,
): { read: number; written: number } {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let [i, at] = [from, 0];
  for (let size = blockBytes(out.length); size > 0; size = blockBytes(out.length - at)) {
    checkRoom(4, input.length - i, "input");
    const length = view.getUint32(i);
    checkRoom(length, input.length - i - 4, "input");
    const block = input.subarray(i + 4, i + 4 + length);
    out.set(storesRaw && length === size ? block : unpack(block, size), at);
    i += 4 + length;
    at += size;
  }
  return { read: i, written: at };
}

/** The length of what a frame holds, and of its blocks: 8 and 4 bytes, big-endian. */
export function frameHeader(input: Uint8Array, size: number): number {
  checkRoom(12, input.length, "input");
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const total = view.getBigUint64(0);
  if (total !== BigInt(size)) throw new CodecFault(`states ${total} bytes (wanted ${size})`);
  return view.getUint32(8);
}

/** A chunk of the filter 32004, `size` bytes of it. @throws CodecFault */
export function unpackLz4Frame(input: Uint8Array, size: number): Uint8Array {
  const blockBytes = frameHeader(input, size);
  if (blockBytes === 0 && size > 0) throw new CodecFault("states blocks of no bytes");
  const out = new Uint8Array(size);
  unpackBlocks(input, 12, out, (left) => Math.min(left, blockBytes), unpackLz4Block, true);
  return out;
}
