/**
 * In which zones observations lie. Zones may overlap, so that each observation has a bit for every zone; the bits travel
 * beside its columns, as whole numbers of float64.
 */
import { assignNested } from "../../core/cells/assign.ts";
import { coverageRanges } from "../../core/cells/coverage.ts";
import type { LatitudeConvention } from "../../core/cells/convention.ts";
import { areaFrom } from "../../core/geometry/area.ts";
import { type InsideTest, insideTest } from "../../core/geometry/inside.ts";
import type { Zone } from "../pipeline.ts";
import { holdsCell } from "./row_cut.ts";

/** Bits of one column: whole numbers are exact to 2^53. */
const BITS = 48;

/** As fine as areas of a run are decided by cell. */
const ORDER = 9;

/** Columns that the marks of so many zones take. */
export function markColumns(zones: readonly unknown[] | undefined): number {
  return Math.ceil((zones?.length ?? 0) / BITS);
}

/** The zones of a cell: those that it lies wholly in, as bits, and those whose edge may pass through it. */
interface CellZones {
  bits: number[];
  open: { column: number; bit: number; test: InsideTest }[];
}

/** Marks observations, a group at a time. */
export class ZoneMarks {
  readonly #zones: { inside: Float64Array; edge: ReadonlySet<number>; test: InsideTest }[];
  readonly #known = new Map<number, CellZones>();
  readonly #columns: number;

  constructor(zones: readonly Zone[], readonly convention: LatitudeConvention) {
    this.#columns = markColumns(zones);
    this.#zones = zones.map((zone) => {
      const { inside, edge } = coverageRanges(areaFrom(zone).cover(ORDER, convention));
      return { inside, edge: new Set(edge), test: insideTest(zone) };
    });
  }

  /** The columns of marks of places in degrees. */
  mark(longitude: Float64Array, latitude: Float64Array): Float64Array[] {
    const rows = longitude.length;
    const cells = new Float64Array(rows);
    assignNested(longitude, latitude, ORDER, this.convention, cells);
    const columns = Array.from({ length: this.#columns }, () => new Float64Array(rows));
    for (let i = 0; i < rows; i++) {
      if (cells[i] < 0) continue;
      const { bits, open } = this.#zonesOf(cells[i]);
      for (let c = 0; c < columns.length; c++) columns[c][i] = bits[c];
      for (const { column, bit, test } of open) {
        if (test(longitude[i], latitude[i])) columns[column][i] += bit;
      }
    }
    return columns;
  }

  #zonesOf(cell: number): CellZones {
    let own = this.#known.get(cell);
    if (own === undefined) {
      own = { bits: new Array<number>(this.#columns).fill(0), open: [] };
      for (const [z, { inside, edge, test }] of this.#zones.entries()) {
        const column = Math.floor(z / BITS), bit = 2 ** (z % BITS);
        if (edge.has(cell)) own.open.push({ column, bit, test });
        else if (holdsCell(inside, cell)) own.bits[column] += bit;
      }
      this.#known.set(cell, own);
    }
    return own;
  }
}

/** The rows of each zone that has any, by its number, ascending. */
export function rowsOfZones(
  marks: readonly ArrayLike<number>[],
  rows: number,
): [zone: number, rows: number[]][] {
  const found = new Map<number, number[]>();
  marks.forEach((column, c) => {
    for (let i = 0; i < rows; i++) {
      let rest = column[i];
      for (let bit = 0; rest > 0; bit++) {
        if (rest % 2 === 1) {
          const zone = c * BITS + bit;
          const own = found.get(zone);
          if (own === undefined) found.set(zone, [i]);
          else own.push(i);
        }
        rest = Math.floor(rest / 2);
      }
    }
  });
  return [...found].sort((a, b) => a[0] - b[0]);
}
