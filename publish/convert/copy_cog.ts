/** A file that is a cloud-optimized GeoTIFF already, copied byte for byte, with what its item says of it. */
import { createHash } from "node:crypto";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { Source } from "../../core/access/source.ts";
import { validateCog } from "../../core/geotiff/validate/validate.ts";
import type { Grid } from "../../core/raster/grid.ts";
import { countBands } from "./count_file.ts";
import type { FileSummary } from "./items.ts";

const PIECE_BYTES = 8 * 1024 * 1024;

/** Whether a grid's file may stay as it is: one grid, all of its bands, in the form that servers want. */
export async function isCog(source: Source, grid: Grid, signal: AbortSignal | undefined): Promise<boolean> {
  if (grid.name !== "") return false;
  const verdict = await validateCog(source, {
    externalOverviews: false,
    blocks: false,
    ...(signal === undefined ? {} : { signal }),
  });
  return verdict.valid;
}

/** Replaces what is at `key`. */
export async function copyCog(
  source: Source,
  grid: Grid,
  target: ObjectTarget,
  key: string,
  signal: AbortSignal | undefined,
): Promise<FileSummary> {
  const counted = await countBands(grid, signal);
  const hash = createHash("sha256");
  const { sizeBytes } = source;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < sizeBytes; offset += PIECE_BYTES) {
      const piece = await source.read(offset, Math.min(PIECE_BYTES, sizeBytes - offset), signal);
      hash.update(piece);
      yield piece;
    }
  }
  await target.putPieces(key, sizeBytes, pieces(), { replace: true });
  const { width, height, affine, crs, dtype, nodata } = grid;
  return {
    key,
    sizeBytes,
    sha256: hash.digest("hex"),
    width,
    height,
    affine,
    crs,
    dtype,
    nodata,
    bands: grid.bands.map((band, i) => ({ ...band, ...counted[i] })),
  };
}
