/**
 * Grids: rectangles of equally spaced cells with a place on the Earth, whatever file they lie in. A GeoTIFF,
 * a COG and a variable of an HDF5 or netCDF-4 file all become one; nothing above this line knows the format.
 *
 * Rows and columns are those of the oriented grid: row 0 is the northernmost (the largest y), column 0 the
 * westernmost (the smallest x), however the file stores them.
 */
import type { NumberDtype, NumberValues } from "../element_types.ts";

/** Element types of grids, by numpy's names. */
export type GridDtype = NumberDtype;

export type GridValues = NumberValues;

/**
 * `[a, b, c, d, e, f]`: x = a * column + b * row + c, y = d * column + e * row + f, of a cell's upper left
 * corner, in units of the CRS (rasterio's order).
 */
export type Affine = readonly [number, number, number, number, number, number];

/** A coordinate reference system. At least one of `code` and `proj4` is known. */
export interface Crs {
  /** `EPSG:32615`, `ESRI:102001`; null for one that has no code. */
  readonly code: string | null;
  /** The definition as a proj4 string, as the projection library takes it. */
  readonly proj4: string;
  /** Whether its axes are longitude and latitude in degrees. */
  readonly geographic: boolean;
  /** For messages and for writers: `WGS 84 / UTM zone 15N`. */
  readonly name: string;
  /** WKT, where the file or the table has it. */
  readonly wkt: string | null;
}

/** One plane of a grid: a band of a TIFF; a step of a variable's further axes. */
export interface GridBand {
  /** `b1`, `red`, `time=2024-01-01T00:00:00Z`. */
  readonly name: string;
  readonly description: string | null;
  readonly scale: number;
  readonly offset: number;
  readonly unit: string | null;
  /** Milliseconds since 1970 UTC, where the band is a step of time. */
  readonly time: number | null;
}

/** The grid at one resolution. Level 0 is the full one; others are the file's own overviews, coarser in order. */
export interface GridLevel {
  readonly width: number;
  readonly height: number;
  /** The unit of decoding: a tile, a strip, a chunk, in cells of this level. */
  readonly blockWidth: number;
  readonly blockHeight: number;
}

/** A part of one level: `bands[i]` holds `width * height` values, row-major, in the file's own elements. */
export interface GridWindow {
  readonly width: number;
  readonly height: number;
  readonly bands: readonly GridValues[];
  /** 0 where a cell is masked by the file (an internal mask, an alpha band, a missing block); null for none. */
  readonly mask: Uint8Array | null;
}

export interface WindowRequest {
  readonly level: number;
  /** The first column and row, in cells of the level; the window lies within it. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Indices of bands; default all. */
  readonly bands?: readonly number[];
  /** Arrays of `width * height` values, one a band, where a reader may put them instead of into new ones. */
  readonly into?: readonly GridValues[];
}

/** All that is known of a grid before anything of it is read. */
export interface GridHeader {
  /** The variable's path, `/Grid/precipitation`; empty for a TIFF. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly affine: Affine;
  readonly crs: Crs;
  readonly dtype: GridDtype;
  /** In the file's own elements; NaN is a value here; null where no value means "none". */
  readonly nodata: number | null;
  readonly bands: readonly GridBand[];
  readonly levels: readonly GridLevel[];
  /**
   * Where the values of the only band are classes with colours of their own: the reds of all values from 0,
   * then the greens, then the blues, of 16 bits each.
   */
  readonly colourTable?: readonly number[] | null;
  /** What was assumed or corrected in placing it, for people. */
  readonly notes: readonly string[];
}

export interface Grid extends GridHeader {
  /** Reads and decodes the blocks that the window touches. Throws RangeError for one outside its level. */
  readWindow(request: WindowRequest, signal?: AbortSignal): Promise<GridWindow>;
}

/** A variable that is no grid, with the rule that refused it. */
export interface RefusedVariable {
  readonly name: string;
  /** The rule's short name: `curvilinear`, `uneven`, `swath`, `no-axes`, `dtype`. */
  readonly rule: string;
  /** What was found, what was wanted, what to do. */
  readonly reason: string;
}

/** A coordinate of a file's grids: of an axis, of a scalar, or of a grid mapping. */
export interface FileCoordinate {
  readonly path: string;
  /** Elements. */
  readonly size: number;
  /** numpy's name; `datetime64[ns]` for times. */
  readonly dtype: string;
  /** Null for times, and for what has no number or too many to look through. */
  readonly least: number | null;
  readonly most: number | null;
}

/** Dimensions and coordinates by name. */
export interface FileAxes {
  readonly dimensions: ReadonlyMap<string, number>;
  readonly coordinates: ReadonlyMap<string, FileCoordinate>;
}

/** All that a file offers as grids. */
export interface GridFile {
  readonly name: string;
  readonly grids: readonly Grid[];
  readonly refused: readonly RefusedVariable[];
  /** What its grids are named along; only of files whose variables have named dimensions. Reads the coordinates. */
  axes?(signal?: AbortSignal): Promise<FileAxes>;
  close(): Promise<void>;
}
