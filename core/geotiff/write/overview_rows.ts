/** Levels of a pyramid made while the full one comes, row of tiles by row of tiles, from the top. */
import { copyRows } from "../../kernels/copy_rows.ts";
import type { GridDtype, GridValues } from "../../raster/grid.ts";
import type { CellMemory } from "./cell_memory.ts";
import { fold, type OverviewMethod } from "./fold.ts";
import type { PyramidLevel } from "./pyramid.ts";

/** What is done with a tile of any level. */
type TakeTile = (
  level: number,
  index: number,
  bands: readonly GridValues[],
  width: number,
  height: number,
) => Promise<void>;

interface OverviewOptions {
  readonly levels: readonly PyramidLevel[];
  readonly tileSize: number;
  readonly method: OverviewMethod;
  readonly dtype: GridDtype;
  readonly nodata: number | null;
  readonly bandCount: number;
}

/** Cells of a band that {@linkcode OverviewRows} holds: those of a row of tiles of each level, and of a tile. */
export function overviewLengths(
  levels: readonly PyramidLevel[],
  tileSize: number,
): { rows: readonly number[]; tile: number } {
  return {
    rows: levels.map(({ width, height }, level) => level === 0 ? 0 : width * Math.min(height, tileSize)),
    tile: levels.length > 1 ? tileSize * tileSize : 0,
  };
}

/**
 * Memory is one row of tiles a level. Tiles of level 0 are given to {@linkcode add} in rows from the top;
 * {@linkcode endRow} follows each row.
 */
export class OverviewRows {
  readonly #options: OverviewOptions;
  readonly #take: TakeTile;
  /** Of each level but the full one: `tileSize` rows of every band. */
  readonly #rows: readonly (readonly GridValues[])[];
  readonly #tile: readonly GridValues[];

  constructor(options: OverviewOptions, memory: CellMemory, take: TakeTile) {
    const { levels, tileSize, bandCount } = options;
    this.#options = options;
    this.#take = take;
    const { rows, tile } = overviewLengths(levels, tileSize);
    const planes = (length: number) => Array.from({ length: bandCount }, () => memory.cells(length));
    this.#rows = rows.map(planes);
    this.#tile = planes(tile);
  }

  /** Takes a tile of `width * height` cells a band, and folds it into the level below. */
  async add(
    level: number,
    tileRow: number,
    tileColumn: number,
    bands: readonly GridValues[],
    width: number,
    height: number,
  ): Promise<void> {
    const { levels, tileSize, method, dtype, nodata } = this.#options;
    if (level + 1 < levels.length) {
      const half = tileSize / 2;
      const stride = levels[level + 1].width;
      const start = (tileRow % 2) * half * stride + tileColumn * half;
      bands.forEach((values, band) =>
        fold(method, dtype, nodata, width, height, { values, start: 0, stride: width }, {
          values: this.#rows[level + 1][band],
          start,
          stride,
        })
      );
    }
    await this.#take(level, tileRow * levels[level].tilesAcross + tileColumn, bands, width, height);
  }

  /** All tiles of a row were added: the level below may have a row of its own now. */
  async endRow(level: number, tileRow: number): Promise<void> {
    const { levels, tileSize } = this.#options;
    const last = tileRow === levels[level].tilesDown - 1;
    const below = level + 1;
    if (below >= levels.length || (tileRow % 2 === 0 && !last)) return;
    const row = tileRow >> 1;
    const { width, height, tilesAcross } = levels[below];
    const rows = Math.min(tileSize, height - row * tileSize);
    for (let column = 0; column < tilesAcross; column++) {
      const x = column * tileSize;
      const cells = Math.min(tileSize, width - x);
      const bands = this.#rows[below].map((values, band) => {
        const tile = this.#tile[band];
        copyRows(
          { values, start: x, stride: width },
          { values: tile, start: 0, stride: cells },
          cells,
          rows,
        );
        return tile.subarray(0, rows * cells);
      });
      await this.add(below, row, column, bands, cells, rows);
    }
    await this.endRow(below, row);
  }
}
