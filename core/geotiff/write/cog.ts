/**
 * Writing a grid as a cloud-optimized GeoTIFF: tiles and overviews in one pass from the top, all headers
 * before the data, the smallest overview first. rio-cogeo and GDAL call the result valid, and GDAL
 * recognizes the order of its tiles by the structural metadata behind the header.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import type { ObjectTarget } from "../../access/object_target.ts";
import { type GranaryError, inputError } from "../../errors.ts";
import { temporaryName } from "../../files/atomic.ts";
import type { Affine, Crs, Grid, GridBand, GridDtype } from "../../raster/grid.ts";
import type { Compression, Packed } from "./compress.ts";
import { headerBytes, writeHeader } from "./directory.ts";
import { type BandCount, encodeTiles } from "./encode.ts";
import { cogDirectories, type TilePlaces } from "./fields.ts";
import { CLASSIC_LIMIT_BYTES, framedTiles, placeTiles } from "./framed_tiles.ts";
import type { OverviewMethod } from "./fold.ts";
import { metadataXml } from "./metadata.ts";
import { type CogOptions, type CogPlan, planCog, writtenBand } from "./plan.ts";
import type { Predictor } from "./predictor.ts";
import { TileStore } from "./tile_store.ts";
import { temporaryRoot } from "../../files/folders.ts";

/** A band as it was written. Statistics are of the full level, in the elements of the file. */
export type CogBand = GridBand & BandCount;

/** What was written: all that an item or a report says of the file. */
export interface CogSummary {
  readonly key: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly affine: Affine;
  readonly crs: Crs;
  readonly dtype: GridDtype;
  readonly nodata: number | null;
  readonly bands: readonly CogBand[];
  /** Sizes of the levels, the full one first. */
  readonly levels: readonly { readonly width: number; readonly height: number }[];
  readonly tileSize: number;
  readonly compression: Compression;
  readonly overviews: OverviewMethod | "none";
  readonly bigTiff: boolean;
  /** What was assumed or corrected, for people. */
  readonly notes: readonly string[];
}

/**
 * Writes a grid to `key` of a target, whole or not at all. Throws an input error where there is an object of
 * that name already (unless `replace`), or where no GeoTIFF can hold the grid.
 */
export async function writeCog(
  grid: Grid,
  target: ObjectTarget,
  key: string,
  options: CogOptions = {},
): Promise<CogSummary> {
  const plan = planCog(grid, options);
  const scratch = temporaryName(path.join(options.scratch ?? temporaryRoot(), "granary-tiles"));
  const tiles = plan.levels.map(({ tilesAcross, tilesDown }) => tilesAcross * tilesDown);
  const store = new TileStore(tiles, scratch, plan.memoryBytes / 2);
  try {
    const { counts, predictor } = await encodeTiles(grid, plan, store, options.signal);
    const bands = plan.bands.map((index, band) => ({
      ...writtenBand(grid, index, plan.values),
      ...counts[band],
    }));
    const { header, sizeBytes, bigTiff } = layOut(plan, predictor, store, bands, options);
    const hash = createHash("sha256");
    const bytes = framedTiles(header, tilesOf(store, plan.levels.length), hash, options.signal);
    const written = await target.putChunks(key, sizeBytes, bytes, { replace: options.replace ?? false });
    if (!written) throw existsAlready(target, key);
    return {
      key,
      sizeBytes,
      sha256: hash.digest("hex"),
      width: grid.width,
      height: grid.height,
      affine: grid.affine,
      crs: grid.crs,
      dtype: plan.dtype,
      nodata: plan.nodata,
      bands,
      levels: plan.levels.map(({ width, height }) => ({ width, height })),
      tileSize: plan.tileSize,
      compression: plan.compression,
      overviews: plan.overviews,
      bigTiff,
      notes: [...grid.notes, ...plan.notes],
    };
  } finally {
    store.close();
  }
}

/** Of a file that is there, and may not be replaced. */
export function existsAlready(target: ObjectTarget, key: string): GranaryError {
  return inputError(
    `${target.name}/${key}: exists already; nothing was changed (say --overwrite to replace it)`,
  );
}

/** Places for every tile, and the bytes before the first. */
function layOut(
  plan: CogPlan,
  predictor: Predictor,
  store: TileStore,
  bands: readonly CogBand[],
  options: CogOptions,
): { header: Uint8Array; sizeBytes: number; bigTiff: boolean } {
  const places = plan.levels.map((_, level): TilePlaces => {
    const lengths = store.lengths(level);
    return { lengths, offsets: new Float64Array(lengths.length) };
  });
  const resampling = plan.overviews === "none" ? null : plan.overviews.toUpperCase();
  const metadata = metadataXml(options.tags ?? {}, bands, resampling);
  const directories = cogDirectories(plan, predictor, bands, metadata, places);
  const size = (bigTiff: boolean) => placeTiles([...places].reverse(), headerBytes(directories, bigTiff));
  const bigTiff = options.bigTiff === true || size(false) > CLASSIC_LIMIT_BYTES;
  const sizeBytes = size(bigTiff);
  return { header: writeHeader(directories, bigTiff), sizeBytes, bigTiff };
}

/** All tiles that are stored, in the order of the file. */
function* tilesOf(store: TileStore, levels: number): Iterable<Packed> {
  for (let level = levels - 1; level >= 0; level--) yield* store.read(level);
}
