/** What it takes to decode a block, as plain data: it can be sent to a worker. */
import type { GridDtype } from "../../raster/grid.ts";

export interface BlockLayout {
  /** TIFF's number of the compression. */
  readonly compression: number;
  /** What LERC's bytes are packed in: TIFF's number of deflate or zstd, 1 for none. */
  readonly outerCompression: number;
  readonly predictor: number;
  readonly dtype: GridDtype;
  /** Of a sample: 1, 2 and 4 come from elements of 8 bits. */
  readonly bits: number;
  readonly width: number;
  readonly height: number;
  /** Samples that lie side by side for a cell: all bands, or one where each band has blocks of its own. */
  readonly samples: number;
  readonly littleEndian: boolean;
  readonly photometric: number;
  /** Tables that all JPEG blocks share; null where each has its own. */
  readonly jpegTables: Uint8Array | null;
}

/** Bytes of a row of samples, each row beginning with a byte of its own. */
export function rowBytes({ width, samples, bits }: BlockLayout): number {
  return Math.ceil(width * samples * bits / 8);
}

/** Bytes of the block once decompressed. */
export function decodedBytes(layout: BlockLayout): number {
  return rowBytes(layout) * layout.height;
}
