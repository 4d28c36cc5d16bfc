/** How TIFFs begin: the byte order, then 42, or 43 of a BigTIFF. */
const BEGINNINGS = ["II*\0", "MM\0*", "II+\0", "MM\0+"];

/** Bytes that tell a TIFF. */
export const TIFF_HEAD_BYTES = 4;

/** Whether the first bytes of a file are those of a TIFF. */
export function beginsAsTiff(head: Uint8Array): boolean {
  return BEGINNINGS.includes(String.fromCharCode(...head.subarray(0, TIFF_HEAD_BYTES)));
}
