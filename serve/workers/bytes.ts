/** Bytes on their way to another thread: moved, not copied, where they alone fill their memory. */

/** An array that may be given away, and what is given with it. Views of larger memory are copied out of it. */
export function movable(bytes: Uint8Array): { bytes: Uint8Array<ArrayBuffer>; memory: ArrayBuffer } {
  const { buffer, byteLength } = bytes;
  const owned = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength &&
      Object.getPrototypeOf(bytes) === Uint8Array.prototype
    ? bytes as Uint8Array<ArrayBuffer>
    : Uint8Array.from(bytes);
  return { bytes: owned, memory: owned.buffer };
}
