/** Blosc 1 (c-blosc's README_CHUNK_FORMAT): chunks of HDF5's filter 32001, with any of its five compressors. */
import { unshuffleBits } from "./bitshuffle.ts";
import { unpackBloscLz } from "./blosclz.ts";
import { checkRoom, CodecFault } from "./bytes.ts";
import { unpackLz4Block } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";
import { unpackZlib, unpackZstd } from "./zstd.ts";

const HEADER_BYTES = 16;
/** Formats of chunks that are read; 3 and later are Blosc 2's. */
const NEWEST_FORMAT = 2;
/** Bits of the header's flags; the upper three are the compressor. */
const SHUFFLED = 1;
const STORED = 2;
const BITSHUFFLED = 4;
const UNSPLIT = 16;
/** A block is split into a stream for each byte of its elements, up to so many, of so many bytes at least. */
const MOST_STREAMS = 16;
const LEAST_STREAM = 128;

const COMPRESSORS = [unpackBloscLz, unpackLz4Block, unpackSnappy, unpackZlib, unpackZstd];

/** The bytes of a chunk, `size` of them. @throws CodecFault */
export function unpackBlosc(input: Uint8Array, size: number): Uint8Array {
  checkRoom(HEADER_BYTES, input.length, "input");
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const [format, , flags, typeSize] = input;
  const [bytes, blockBytes, packedBytes] = [4, 8, 12].map((at) => view.getUint32(at, true));
  if (format > NEWEST_FORMAT) throw new CodecFault(`is of Blosc's format ${format} (wanted 1 or 2)`);
  if (bytes !== size) throw new CodecFault(`states ${bytes} bytes (wanted ${size})`);
  checkRoom(packedBytes, input.length, "input");
  if ((flags & STORED) !== 0) {
    checkRoom(size, input.length - HEADER_BYTES, "input");
    return input.slice(HEADER_BYTES, HEADER_BYTES + size);
  }
  const unpack = COMPRESSORS[flags >> 5];
  if (unpack === undefined || typeSize === 0 || (blockBytes === 0 && size > 0)) {
    throw new CodecFault("has a header that Blosc does not write");
  }
  const out = new Uint8Array(size);
  const blocks = Math.ceil(size / blockBytes);
  checkRoom(4 * blocks, input.length - HEADER_BYTES, "input");
  for (let block = 0; block < blocks; block++) {
    const begin = block * blockBytes;
    const length = Math.min(blockBytes, size - begin);
    const isSplit = (flags & UNSPLIT) === 0 && typeSize <= MOST_STREAMS && length === blockBytes &&
      length / typeSize >= LEAST_STREAM;
    const streams = isSplit ? typeSize : 1;
    const plain = new Uint8Array(length);
    let from = view.getUint32(HEADER_BYTES + 4 * block, true);
    for (let stream = 0; stream < streams; stream++) {
      const streamBytes = Math.floor(length / streams);
      checkRoom(from + 4, input.length, "input");
      const packed = view.getUint32(from, true);
      checkRoom(packed, input.length - from - 4, "input");
      const stored = input.subarray(from + 4, from + 4 + packed);
      const found = packed === streamBytes ? stored : unpack(stored, streamBytes);
      if (found.length !== streamBytes) {
        throw new CodecFault(`makes ${found.length} bytes (wanted ${streamBytes})`);
      }
      plain.set(found, stream * streamBytes);
      from += 4 + packed;
    }
    unshuffle(plain, out.subarray(begin, begin + length), typeSize, flags);
  }
  return out;
}

/** Puts a block's elements together again, by bytes or by bits; what is no whole element stays last. */
function unshuffle(block: Uint8Array, out: Uint8Array, typeSize: number, flags: number): void {
  const count = Math.floor(block.length / typeSize);
  const byBytes = (flags & SHUFFLED) !== 0 && typeSize > 1;
  const byBits = !byBytes && (flags & BITSHUFFLED) !== 0 && count % 8 === 0;
  out.set(block);
  if (byBits) unshuffleBits(block, out, count, typeSize);
  if (!byBytes) return;
  for (let k = 0; k < typeSize; k++) {
    for (let i = 0, to = k, from = k * count; i < count; i++, to += typeSize) out[to] = block[from + i];
  }
}
