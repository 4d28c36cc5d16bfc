/** What will be written, before a cell is read. */
import { elementBytes } from "../../element_types.ts";
import { inputError } from "../../errors.ts";
import type { Grid, GridBand, GridDtype } from "../../raster/grid.ts";
import { type CellValues, CellWriter, elementOf } from "./cells.ts";
import { type Compression, DEFAULT_COMPRESSION } from "./compress.ts";
import type { Field } from "./directory.ts";
import type { OverviewMethod } from "./fold.ts";
import { geoKeys, placeFields } from "./geokeys.ts";
import { type PyramidLevel, pyramidLevels } from "./pyramid.ts";

/** Cells along a tile's edge. */
export const DEFAULT_TILE_SIZE = 512;

/** Memory for cells that are read and for packed tiles, each about a half of it. */
export const DEFAULT_COG_MEMORY_BYTES = 64 * 1024 * 1024;

/** A tile's length is a number of 32 bits. */
const LARGEST_TILE_BYTES = 2 ** 30;

/** TIFF counts bands in 16 bits. */
const MOST_BANDS = 65535;

/** How overviews are chosen: the average, or the mode where the grid holds classes. */
export type OverviewChoice = OverviewMethod | "auto" | "none";

export interface CogOptions {
  /** Indices of the grid's bands; default all. */
  readonly bands?: readonly number[];
  readonly values?: CellValues;
  readonly compression?: Compression;
  readonly overviews?: OverviewChoice;
  /** A multiple of 16. */
  readonly tileSize?: number;
  /** Stands in where the grid has no nodata value: for cells that its file masks. */
  readonly nodata?: number | null;
  /** Metadata items of the file, as GDAL's programs show them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Threads that pack tiles; the bytes are the same for any number. */
  readonly workers?: number;
  readonly memoryBytes?: number;
  /** A BigTIFF whatever the size. */
  readonly bigTiff?: boolean;
  /** Whether an object of that name may be replaced; else it is an error, and it stays as it is. */
  readonly replace?: boolean;
  /** A folder for packed tiles beyond the memory; default the system's. */
  readonly scratch?: string;
  readonly signal?: AbortSignal;
}

export interface CogPlan {
  readonly bands: readonly number[];
  readonly dtype: GridDtype;
  readonly nodata: number | null;
  readonly values: CellValues;
  readonly levels: readonly PyramidLevel[];
  readonly tileSize: number;
  readonly overviews: OverviewMethod | "none";
  readonly compression: Compression;
  /** Tiles of only this value are not stored; null for none such. */
  readonly sparse: number | null;
  /** Of every value that an element can hold; null where values are no numbers of colours. */
  readonly colourTable: readonly number[] | null;
  readonly workers: number;
  readonly memoryBytes: number;
  readonly cells: CellWriter;
  /** The fields that place the grid on the Earth. */
  readonly place: readonly Field[];
  readonly notes: readonly string[];
}

/** Throws an input error for what no GeoTIFF can hold. */
export function planCog(grid: Grid, options: CogOptions): CogPlan {
  const tileSize = options.tileSize ?? DEFAULT_TILE_SIZE;
  if (!Number.isInteger(tileSize) || tileSize < 16 || tileSize % 16 !== 0) {
    throw inputError(`a tile of ${tileSize} cells: TIFF wants a multiple of 16`);
  }
  const bands = options.bands ?? grid.bands.map((_, index) => index);
  for (const band of bands) {
    if (grid.bands[band] === undefined) {
      throw inputError(`${grid.name || "the grid"}: has no band ${band + 1} (it has ${grid.bands.length})`);
    }
  }
  const values = options.values ?? "stored";
  const cells = new CellWriter(grid, bands, values, options.nodata ?? null);
  const { dtype, nodata } = cells;
  const tileBytes = tileSize * tileSize * bands.length * elementBytes(dtype);
  if (bands.length === 0 || bands.length > MOST_BANDS || tileBytes > LARGEST_TILE_BYTES) {
    throw inputError(
      `${grid.name || "the grid"}: ${bands.length} bands in one file are ${
        bands.length === 0 ? "none" : "too many"
      }` +
        " (name fewer, or write one file a step)",
    );
  }
  const compression = options.compression ?? DEFAULT_COMPRESSION;
  const overviews = overviewMethod(options.overviews ?? "auto", grid, bands, values);
  const levels = pyramidLevels(grid.width, grid.height, tileSize, overviews !== "none");
  const notes: string[] = [];
  if (values === "stored" && grid.nodata !== null && elementOf(grid.nodata, dtype) === null) {
    notes.push(`the nodata value ${grid.nodata} is none of ${dtype}: no cell holds it, and it is left out`);
  }
  return {
    bands,
    dtype,
    nodata,
    values,
    levels,
    tileSize,
    overviews: levels.length === 1 ? "none" : overviews,
    compression,
    // Some readers take a tile that is not there for zeros where nodata is NaN.
    sparse: nodata === null || Number.isNaN(nodata) ? null : nodata,
    colourTable: values === "stored" ? wholeColourTable(grid.colourTable ?? null, dtype) : null,
    workers: Math.max(1, options.workers ?? 1),
    memoryBytes: options.memoryBytes ?? DEFAULT_COG_MEMORY_BYTES,
    cells,
    place: [...placeFields(grid.affine), ...geoKeys(grid.crs)],
    notes,
  };
}

/** The colours, black for values past those that have one: TIFF wants one for each that an element can hold. */
function wholeColourTable(table: readonly number[] | null, dtype: GridDtype): number[] | null {
  const values = dtype === "uint8" ? 256 : dtype === "uint16" ? 65536 : 0;
  if (table === null || values === 0) return null;
  const known = table.length / 3;
  return [0, 1, 2].flatMap((colour) =>
    Array.from({ length: values }, (_, value) => value < known ? table[colour * known + value] : 0)
  );
}

/** A band as the file will have it. */
export function writtenBand(grid: Grid, index: number, values: CellValues): GridBand {
  const band = grid.bands[index];
  return values === "physical" ? { ...band, scale: 1, offset: 0 } : band;
}

/** Names and units of what is given by numbers that have no order. */
const CLASSES =
  /(^|[^a-z])(class(es)?|classification|categor(y|ies)|flags?|mask|fmask|qa|qc|quality|landcover|land_cover|bitfield|bits)([^a-z]|$)/i;

function overviewMethod(
  choice: OverviewChoice,
  grid: Grid,
  bands: readonly number[],
  values: CellValues,
): OverviewMethod | "none" {
  if (choice !== "auto") return choice;
  const packed = bands.some((band) => grid.bands[band].scale !== 1 || grid.bands[band].offset !== 0);
  if (grid.dtype === "float32" || grid.dtype === "float64" || values === "physical" || packed) {
    return "average";
  }
  if (grid.colourTable) return "mode";
  const words = [
    lastPart(grid.name),
    ...bands.flatMap((band) => {
      const { name, description, unit } = grid.bands[band];
      return [name, description ?? "", unit ?? ""];
    }),
  ];
  return words.some((text) => CLASSES.test(splitCamelCase(text))) ? "mode" : "average";
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** `QualityFlags` as `Quality Flags`. */
function splitCamelCase(text: string): string {
  return text.replace(/([a-z])([A-Z])/g, "$1 $2");
}
