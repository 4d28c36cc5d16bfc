/** Items of rasters that exist already, with exact statistics: what `granary stac item` makes. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { locationOf } from "../core/access/location.ts";
import type { SourceOpener } from "../core/access/open.ts";
import { openNamed } from "../core/access/open_named.ts";
import { safeName } from "../core/access/redact.ts";
import { inputError } from "../core/errors.ts";
import { fileName } from "../core/geotiff/write/outputs.ts";
import { openGrids } from "../core/grids/open_grids.ts";
import { type ItemTime, type RasterAsset, rasterItem } from "../core/stac/raster_item.ts";
import type { StacItem } from "../core/stac/values.ts";
import { granuleFromName } from "../products/file_names.ts";
import { countBands } from "../core/raster/count_bands.ts";
import { hashOf } from "./convert/file_hash.ts";
import { itemTime } from "./convert/item_time.ts";
import { itemStem } from "./convert/names.ts";
import { footprintAround, resolutionMetres } from "./convert/place.ts";

export interface ItemRequest {
  /** Paths or addresses of GeoTIFFs. */
  readonly files: readonly string[];
  /** The item's id; default the first file's name without its ending. */
  readonly id: string | null;
  readonly collection: string | null;
  /** As stated; null to look into the files' names. */
  readonly time: ItemTime | null;
  /** A pattern over the files' names with the groups year, month, day, …. */
  readonly pattern: string | null;
  readonly opener: SourceOpener;
  readonly signal?: AbortSignal | undefined;
}

/** One item with an asset a file. Throws an input error where a file is no grid, or nothing tells its time. */
export async function itemOfFiles(request: ItemRequest): Promise<StacItem> {
  const assets: RasterAsset[] = [];
  const times: ItemTime[] = [];
  for (const file of request.files) {
    const name = fileName(file);
    const time = request.time ?? timeOfName(name, request.pattern);
    if (time === null) {
      throw inputError(
        `${
          safeName(file)
        }: nothing tells its time (say --datetime, --start and --end, or --time-name, a pattern)`,
      );
    }
    times.push(time);
    const key = request.files.length === 1 ? "data" : itemStem(name);
    if (assets.some((asset) => asset.key === key)) throw inputError(`two files are called ${key}`);
    assets.push(await assetOf(file, key, request));
  }
  return rasterItem({
    id: request.id ?? itemStem(fileName(request.files[0])),
    collection: request.collection,
    time: around(times),
    footprint: footprintAround(assets.map(({ raster }) => raster)),
    assets,
    created: null,
    updated: null,
    software: {},
    lineage: null,
    links: request.collection === null
      ? []
      : [{ rel: "collection", href: "collection.json", type: "application/json" }],
    properties: {},
  });
}

/** By a declared pattern, else by the name's convention where its product has one. */
function timeOfName(name: string, pattern: string | null): ItemTime | null {
  const { start, end } = granuleFromName(name);
  const row = { start_datetime: start, end_datetime: end, datetime: null };
  return itemTime({ from: pattern === null ? ["cmr"] : ["name"], pattern }, row, null, name);
}

function around(times: readonly ItemTime[]): ItemTime {
  const start = Math.min(...times.map((time) => "instant" in time ? time.instant : time.start));
  const end = Math.max(...times.map((time) => "instant" in time ? time.instant : time.end));
  return end > start ? { start, end } : { instant: start };
}

async function assetOf(file: string, key: string, request: ItemRequest): Promise<RasterAsset> {
  const location = locationOf(file);
  const source = await openNamed(request.opener, file, location);
  const isLocal = location.kind === "local";
  const sizeBytes = source.sizeBytes;
  // A remote file is not fetched whole for its checksum.
  const sha256 = isLocal ? await hashOf(source, request.signal) : null;
  const opened = await openGrids(source, safeName(file), request.signal ? { signal: request.signal } : {})
    .catch(async (error) => {
      await source.close();
      throw error;
    });
  try {
    const [grid] = opened.grids;
    if (grid === undefined) {
      const [why] = opened.refused;
      throw inputError(`${safeName(file)}: is no grid${why === undefined ? "" : ` (${why.reason})`}`);
    }
    if (opened.grids.length > 1) {
      throw inputError(
        `${safeName(file)}: holds ${opened.grids.length} grids (make COGs of them first: granary cog)`,
      );
    }
    const counted = await countBands(grid, request.signal);
    return {
      key,
      // A query may hold a signature, which is nobody's who reads the item.
      href: isLocal ? pathToFileURL(path.resolve(file)).href : safeName(file),
      title: null,
      roles: ["data"],
      sizeBytes,
      sha256,
      raster: {
        width: grid.width,
        height: grid.height,
        affine: grid.affine,
        crs: grid.crs,
        dtype: grid.dtype,
        nodata: grid.nodata,
        bands: grid.bands.map((band, i) => ({ ...band, ...counted[i] })),
        resolutionMetres: resolutionMetres(grid),
      },
    };
  } finally {
    await opened.close();
  }
}
