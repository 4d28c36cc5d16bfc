/**
 * Gives the memory of arrays back at once; they are empty afterwards. A garbage collector sees small objects and lets
 * their memory pile up, and each new array then costs the system a page at a time. Arrays that share their buffer with
 * others are left alone.
 */
export function release(arrays: readonly (ArrayBufferView | undefined)[]): void {
  for (const array of arrays) {
    if (array === undefined) continue;
    const { buffer, byteLength } = array;
    if (buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength) {
      buffer.transfer(0);
    }
  }
}
