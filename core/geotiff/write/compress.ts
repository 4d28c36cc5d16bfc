/** Compression of tiles, in this thread or, by node:zlib, in its thread pool, with the same bytes. */
import zlib from "node:zlib";
import { deflate, DEFLATE_SLACK_BYTES } from "../../deflate.ts";
import { inputError } from "../../errors.ts";
import { runtimeLibdeflate } from "../../libdeflate.ts";

type CompressionName = "deflate" | "zstd" | "none";

export interface Compression {
  readonly name: CompressionName;
  /** Of deflate 1 to 9, of zstd 1 to 22; of no meaning for `none`. */
  readonly level: number;
}

/** Levels where a higher one costs much time and saves few bytes. */
export const DEFAULT_LEVELS: Readonly<Record<CompressionName, number>> = { deflate: 4, zstd: 3, none: 0 };

const HIGHEST_LEVELS: Readonly<Record<CompressionName, number>> = { deflate: 9, zstd: 22, none: 0 };

export const DEFAULT_COMPRESSION: Compression = { name: "deflate", level: DEFAULT_LEVELS.deflate };

/** TIFF's Compression: 8 Adobe deflate, 50000 zstd, 1 none. */
export const COMPRESSION_TAGS: Readonly<Record<CompressionName, number>> = {
  deflate: 8,
  zstd: 50000,
  none: 1,
};

/** `deflate`, `zstd:9`, `none`. Throws an input error for anything else. */
export function parseCompression(text: string): Compression {
  const [, name, level] = /^(deflate|zstd|none)(?::(\d{1,2}))?$/.exec(text) ?? [];
  if (name === undefined) {
    throw inputError(
      `"${text}" is no compression of granary's (wanted deflate, zstd or none, with a level as in deflate:6)`,
    );
  }
  const codec = name as CompressionName;
  if (level === undefined) return { name: codec, level: DEFAULT_LEVELS[codec] };
  const number = Number(level);
  if (number < 1 || number > HIGHEST_LEVELS[codec]) {
    throw inputError(
      codec === "none"
        ? `"${text}": none has no level`
        : `"${text}": the levels of ${codec} are 1 to ${HIGHEST_LEVELS[codec]}`,
    );
  }
  return { name: codec, level: number };
}

/** Room for what does not shrink: zstd's worst case is within it. */
const ZSTD_SLACK_BYTES = 1024;

/** Whether {@linkcode compressLater} does it: node:zlib has a thread pool, libdeflate has none. */
export function hasOwnThreads({ name }: Compression): boolean {
  return name === "zstd" || (name === "deflate" && runtimeLibdeflate() === undefined);
}

/** What was compressed, in parts that follow on each other. */
export type Packed = readonly Uint8Array[];

/** Compresses by node:zlib's thread pool. The array must not change until the promise is done. */
export function compressLater(bytes: Uint8Array, { name, level }: Compression): Promise<Packed> {
  if (name === "none") return Promise.resolve([bytes]);
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, packed: Uint8Array) =>
      error === null ? resolve([tight(packed)]) : reject(error);
    if (name === "deflate") {
      // One chunk of output: each further one is a way to the pool and back.
      zlib.deflate(bytes, { level, chunkSize: bytes.length + DEFLATE_SLACK_BYTES }, done);
    } else zlib.zstdCompress(bytes, zstdOptions(bytes, level), done);
  });
}

/** The same at once, in this thread. */
export function compressNow(bytes: Uint8Array, { name, level }: Compression): Packed {
  if (name === "none") return [bytes];
  if (name === "deflate") return deflate(bytes, level).map(tight);
  return [tight(zlib.zstdCompressSync(bytes, zstdOptions(bytes, level)))];
}

/** Bytes of all parts. */
export function packedLength(packed: Packed): number {
  return packed.reduce((sum, part) => sum + part.length, 0);
}

function zstdOptions(bytes: Uint8Array, level: number) {
  return {
    params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
    chunkSize: bytes.length + ZSTD_SLACK_BYTES,
  };
}

/** What was packed, without the room around it that it would keep alive. */
function tight(packed: Uint8Array): Uint8Array {
  return packed.byteLength * 2 < packed.buffer.byteLength ? new Uint8Array(packed) : packed;
}
