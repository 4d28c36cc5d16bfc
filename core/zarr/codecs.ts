/**
 * Codecs for zarrita: zstd by node:zlib, several times faster than its own and limited in what it
 * unpacks; and a crc32c that is verified, where zarrita's own only cuts it off.
 */
import zlib from "node:zlib";
import { registry } from "zarrita";
import { crc32c } from "./crc32c.ts";

/** Bytes that a chunk may unpack to, whatever its header claims. */
const MAX_CHUNK_BYTES = 2 ** 30;

const CHECKSUM_BYTES = 4;

class NodeZstdCodec {
  readonly kind = "bytes_to_bytes";
  static fromConfig(): NodeZstdCodec {
    return new NodeZstdCodec();
  }
  encode(): Uint8Array {
    throw new Error("granary writes no store through zarrita");
  }
  decode(bytes: Uint8Array): Uint8Array {
    const decoded = zlib.zstdDecompressSync(bytes, { maxOutputLength: MAX_CHUNK_BYTES });
    // zarrita's own copy of unaligned bytes is none for a Buffer, whose slice() is a view.
    return decoded.byteOffset % 8 === 0 ? decoded : new Uint8Array(decoded);
  }
}

class VerifiedCrc32cCodec {
  readonly kind = "bytes_to_bytes";
  static fromConfig(): VerifiedCrc32cCodec {
    return new VerifiedCrc32cCodec();
  }
  encode(): Uint8Array {
    throw new Error("granary writes no store through zarrita");
  }
  computeEncodedSize(decodedSize: number): number {
    return decodedSize + CHECKSUM_BYTES;
  }
  decode(bytes: Uint8Array): Uint8Array {
    const end = bytes.length - CHECKSUM_BYTES;
    const stated = new DataView(bytes.buffer, bytes.byteOffset + end, CHECKSUM_BYTES).getUint32(0, true);
    const found = crc32c(bytes.subarray(0, end));
    if (found !== stated) {
      throw new Error(`crc32c is ${found.toString(16)}; its own note says ${stated.toString(16)}`);
    }
    return bytes.slice(0, end);
  }
}

/** Makes zarrita use them, once and for the whole process. */
export function registerCodecs(): void {
  registry.set("zstd", () => Promise.resolve(NodeZstdCodec as never));
  registry.set("crc32c", () => Promise.resolve(VerifiedCrc32cCodec as never));
}
