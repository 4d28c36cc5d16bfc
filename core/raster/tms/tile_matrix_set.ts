/**
 * Tile matrix sets (OGC 17-083r4, "Two Dimensional Tile Matrix Set and Tile Set Metadata" 2.0): how a plane
 * is cut into tiles at each zoom. `definitions.json` holds the facts of each set as short as they go: OGC's
 * published scales and cell sizes, which are rounded and so can't be computed, and for most sets one matrix
 * size that doubles with the zoom.
 */
import definitions from "./definitions.json" with { type: "json" };
import { inputError } from "../../errors.ts";
import { nearest } from "../../suggest.ts";

/** Tiles of some rows are as wide as several: near the poles of global grids. */
interface VariableMatrixWidth {
  readonly coalesce: number;
  readonly minTileRow: number;
  readonly maxTileRow: number;
}

/** One zoom; the field names are those of the standard's JSON. */
export interface TileMatrix {
  readonly id: string;
  readonly scaleDenominator: number;
  /** Units of the CRS a pixel. */
  readonly cellSize: number;
  readonly cornerOfOrigin: "topLeft";
  /** The upper left corner of tile 0, 0, in the order of `orderedAxes`. */
  readonly pointOfOrigin: readonly [number, number];
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly matrixWidth: number;
  readonly matrixHeight: number;
  readonly variableMatrixWidths?: readonly VariableMatrixWidth[];
}

/** A set as the standard's JSON: what `JSON.stringify` writes is the document. */
export interface TileMatrixSet {
  readonly title: string;
  readonly id: string;
  readonly uri?: string;
  readonly orderedAxes: readonly string[];
  /** A URI of the CRS. */
  readonly crs: string;
  readonly wellKnownScaleSet?: string;
  /** Zooms in ascending order, without gaps. */
  readonly tileMatrices: readonly TileMatrix[];
}

interface Definition {
  readonly id: string;
  readonly title: string;
  readonly uri?: string;
  readonly orderedAxes: readonly string[];
  readonly crs: string;
  readonly wellKnownScaleSet?: string;
  readonly pointOfOrigin: readonly number[];
  /** The first zoom. */
  readonly first: number;
  readonly levels: number;
  /** Pixels of a tile's side: one number a zoom, or one for all. */
  readonly tile: readonly number[];
  /** Columns and rows: one pair a zoom, or those of the first, doubling. */
  readonly matrix: readonly (readonly number[])[];
  /** One number a zoom, or that of the first, halving. */
  readonly scaleDenominator: readonly number[];
  readonly cellSize: readonly number[];
}

const DEFINITIONS = definitions as readonly Definition[];

/** The names of all sets, in the order in which they are listed. */
export const TILE_MATRIX_SET_NAMES: readonly string[] = DEFINITIONS.map(({ id }) => id);

const known = new Map<string, TileMatrixSet>();

/** The set of a name. Throws an input error that lists the names for another. */
export function tileMatrixSet(id: string): TileMatrixSet {
  const found = known.get(id);
  if (found !== undefined) return found;
  const definition = DEFINITIONS.find((one) => one.id === id);
  if (definition === undefined) {
    const near = nearest(id, TILE_MATRIX_SET_NAMES);
    throw inputError(
      `tile matrix set "${id}" is unknown${
        near === undefined ? "" : ` (did you mean ${near}?)`
      }; wanted one of ` +
        TILE_MATRIX_SET_NAMES.join(", "),
    );
  }
  const made = expand(definition);
  known.set(id, made);
  return made;
}

/** The CRS of a set as an authority's code; its coordinates here are always x (longitude), y (latitude). */
export function crsCodeOf(set: TileMatrixSet): string {
  const code = /(?:\/|::)([0-9A-Z]+)$/.exec(set.crs)?.[1];
  if (code === undefined) throw new Error(`${set.id}: no code in ${set.crs}`);
  return code === "CRS84" ? "EPSG:4326" : `EPSG:${code}`;
}

function expand(definition: Definition): TileMatrixSet {
  const { title, id, uri, orderedAxes, crs, wellKnownScaleSet, first } = definition;
  const tileMatrices = Array.from({ length: definition.levels }, (_, index): TileMatrix => {
    const tile = definition.tile[definition.tile.length === 1 ? 0 : index];
    const height = doubled(definition.matrix.map((size) => size[1]), index, 2);
    const widths = variableWidths(id, first + index, height);
    return {
      id: String(first + index),
      scaleDenominator: doubled(definition.scaleDenominator, index, 0.5),
      cellSize: doubled(definition.cellSize, index, 0.5),
      cornerOfOrigin: "topLeft",
      pointOfOrigin: [definition.pointOfOrigin[0], definition.pointOfOrigin[1]],
      tileWidth: tile,
      tileHeight: tile,
      matrixWidth: doubled(definition.matrix.map((size) => size[0]), index, 2),
      matrixHeight: height,
      ...(widths.length === 0 ? {} : { variableMatrixWidths: widths }),
    };
  });
  return {
    title,
    id,
    ...(uri === undefined ? {} : { uri }),
    orderedAxes,
    crs,
    ...(wellKnownScaleSet === undefined ? {} : { wellKnownScaleSet }),
    tileMatrices,
  };
}

/** The number of a zoom: from the list, or the only one times a power. */
function doubled(numbers: readonly number[], index: number, factor: number): number {
  return numbers.length === 1 ? numbers[0] * factor ** index : numbers[index];
}

/** CDB's zones as rows of one degree from the north: last row, tiles in one. The south mirrors them. */
const CDB_ZONES = [[0, 12], [9, 6], [14, 4], [19, 3], [39, 2]] as const;

/** The rule of each global grid: CDB joins tiles by zones of latitude, GNOSIS halves them toward the poles. */
function variableWidths(id: string, zoom: number, rows: number): VariableMatrixWidth[] {
  const north: VariableMatrixWidth[] = [];
  if (id === "CDB1GlobalGrid") {
    const perDegree = 2 ** Math.max(0, zoom);
    let next = 0;
    for (const [last, coalesce] of CDB_ZONES) {
      north.push({ coalesce, minTileRow: next, maxTileRow: (last + 1) * perDegree - 1 });
      next = (last + 1) * perDegree;
    }
  } else if (id === "GNOSISGlobalGrid") {
    for (let step = 0; step < zoom; step++) {
      const minTileRow = step === 0 ? 0 : 2 ** (step - 1);
      north.push({ coalesce: 2 ** (zoom - step), minTileRow, maxTileRow: 2 ** step - 1 });
    }
  }
  const south = north.toReversed().map(({ coalesce, minTileRow, maxTileRow }) => ({
    coalesce,
    minTileRow: rows - 1 - maxTileRow,
    maxTileRow: rows - 1 - minTileRow,
  }));
  return [...north, ...south];
}
