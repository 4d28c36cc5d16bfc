/** Cells as they are written: those without a value get the one nodata value, packed numbers are unpacked by wish. */
import { inputError } from "../../errors.ts";
import { copyRows } from "../../kernels/copy_rows.ts";
import type { Grid, GridDtype, GridValues, GridWindow } from "../../raster/grid.ts";
import { INTEGER_RANGES } from "../../raster/integer_range.ts";

/** `stored` keeps the file's elements; `physical` applies scale and offset and gives float32. */
export type CellValues = "stored" | "physical";

/** A value as an element of a type, or null where the type has no such element. */
export function elementOf(value: number, dtype: GridDtype): number | null {
  const range = INTEGER_RANGES[dtype];
  if (range === undefined) return dtype === "float32" ? Math.fround(value) : value;
  const [least, most] = range;
  return Number.isInteger(value) && value >= least && value <= most ? value : null;
}

/** Turns windows of a grid into tiles of the file to be written. */
export class CellWriter {
  readonly dtype: GridDtype;
  /** Of the file; null for none. */
  readonly nodata: number | null;
  /** Of each written band: cells that held NaN beside another nodata value, and were given that one. */
  readonly nanFilled: number[];
  readonly #grid: Grid;
  readonly #bands: readonly number[];
  readonly #physical: boolean;

  /**
   * @param bands indices of the grid's bands
   * @param nodata stands in where the grid has none
   */
  constructor(
    grid: Grid,
    bands: readonly number[],
    values: CellValues,
    nodata: number | null,
  ) {
    this.#grid = grid;
    this.#bands = bands;
    this.#physical = values === "physical";
    this.dtype = this.#physical ? "float32" : grid.dtype;
    const stated = grid.nodata ?? nodata;
    this.nodata = this.#physical ? NaN : stated === null ? null : elementOf(stated, grid.dtype);
    this.nanFilled = bands.map(() => 0);
  }

  /** Whether a window's cells are those of the file but for NaNs. */
  keeps({ mask }: GridWindow): boolean {
    return !this.#physical && mask === null;
  }

  /**
   * The cells of a rectangle of a window, each band at the begin of its own of `tiles`, without gaps between rows.
   * Throws an input error where a cell is masked and no value can say so.
   */
  take(
    window: GridWindow,
    x: number,
    y: number,
    width: number,
    height: number,
    tiles: readonly GridValues[],
  ): GridValues[] {
    return this.#bands.map((index, band) => {
      const source = window.bands[band];
      const tile = tiles[band].subarray(0, width * height);
      if (this.#physical) this.#unpack(source, window.width, x, y, width, height, index, tile);
      else {
        const from = { values: source, start: y * window.width + x, stride: window.width };
        copyRows(from, { values: tile, start: 0, stride: width }, width, height);
      }
      if (window.mask !== null) this.#hide(window.mask, window.width, x, y, width, height, tile);
      return tile;
    });
  }

  #unpack(
    source: GridValues,
    stride: number,
    x: number,
    y: number,
    width: number,
    height: number,
    index: number,
    tile: GridValues,
  ): void {
    const { scale, offset } = this.#grid.bands[index];
    const nodata = this.#grid.nodata;
    for (let row = 0; row < height; row++) {
      const start = (y + row) * stride + x;
      for (let column = 0; column < width; column++) {
        const value = source[start + column];
        tile[row * width + column] = value === nodata ? NaN : value * scale + offset;
      }
    }
  }

  /** Gives the nodata value to cells of a taken tile that hold NaN, where it is another value. */
  fillNaN(tile: GridValues, band: number): void {
    const { nodata } = this;
    if (nodata === null || nodata !== nodata) return;
    let filled = 0;
    for (let i = 0; i < tile.length; i++) {
      if (tile[i] === tile[i]) continue;
      tile[i] = nodata;
      filled++;
    }
    this.nanFilled[band] += filled;
  }

  #hide(
    mask: Uint8Array,
    stride: number,
    x: number,
    y: number,
    width: number,
    height: number,
    tile: GridValues,
  ): void {
    for (let row = 0; row < height; row++) {
      const start = (y + row) * stride + x;
      for (let column = 0; column < width; column++) {
        if (mask[start + column] !== 0) continue;
        if (this.nodata === null) {
          throw inputError(
            `${
              this.#grid.name || "the grid"
            }: cells are masked, and there is no nodata value to write in their ` +
              "place; name one that no valid cell has (--nodata)",
          );
        }
        tile[row * width + column] = this.nodata;
      }
    }
  }
}
