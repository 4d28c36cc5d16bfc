/**
 * libdeflate, where the runtime has it: faster than node:zlib on the same streams. Everything works without it,
 * too; who asks for it keeps node:zlib for that.
 */

/** The calls of the runtime that are used, as it documents them. */
export interface Libdeflate {
  /** Undoes a raw stream (RFC 1951); bytes after it are of no meaning. Its first room is as long as `bytes`. */
  inflateSync(bytes: Uint8Array, options: { library: "libdeflate" }): Uint8Array;
  /** Makes a raw stream; levels are 1 to 12. */
  deflateSync(bytes: Uint8Array, options: { library: "libdeflate"; level: number }): Uint8Array;
}

/** Undefined where the runtime has none. */
export function runtimeLibdeflate(): Libdeflate | undefined {
  return (globalThis as { Bun?: Libdeflate }).Bun;
}
