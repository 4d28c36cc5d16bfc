/**
 * Which observations of the wanted cells a run takes by their own time and place: a window of time, and areas.
 * A cell that lies wholly inside an area, or outside, decides for all of its observations.
 */
import { coverageRanges } from "../../core/cells/coverage.ts";
import type { LatitudeConvention } from "../../core/cells/convention.ts";
import { nestedOf } from "../../core/cells/healpix.ts";
import { cellCentre, type LonLat } from "../../core/cells/place.ts";
import { areaFrom, type AreaSpec } from "../../core/geometry/area.ts";
import { type InsideTest, insideTest } from "../../core/geometry/inside.ts";
import type { ProjectedGrid } from "../../core/projected/grid.ts";
import type { StoreTime } from "../../core/store/contract.ts";
import type { ClipRule } from "../pipeline.ts";

/** Seconds since 1970 UTC; `end` belongs to the window unless it is exclusive. */
export interface TimeWindow {
  start: number;
  end: number;
  endExclusive: boolean;
}

/** The windows of a store's time dimension, looked up one observation after the other. */
export class WindowFinder {
  readonly count: number;
  #last = 0;

  constructor(readonly time: StoreTime) {
    this.count = time.starts.length;
  }

  /** The window of a time in seconds since 1970 UTC; -1 for none, and for NaN. */
  find(seconds: number): number {
    const { starts, ends } = this.time;
    if (seconds >= starts[this.#last] && seconds < ends[this.#last]) return this.#last;
    let low = 0, high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle] <= seconds) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || !(seconds < ends[low - 1])) return -1;
    return this.#last = low - 1;
  }
}

/** Plain data, made once and sent to workers. */
export interface RowCut {
  window: TimeWindow | null;
  clip: ClipCells | null;
}

interface ClipCells {
  rule: Exclude<ClipRule, "none">;
  /** The order of the cells below. */
  order: number;
  areas: {
    spec: AreaSpec;
    /** Cells inside, as first, end, first, end, … ascending. */
    inside: Float64Array;
    /** Cells that an edge may touch, ascending. */
    edge: Float64Array;
  }[];
}

/** Fine enough that few observations need a test of their own, coarse enough to be covered in a moment. */
const CLIP_ORDER = 9;

/** The HEALPix cells of areas, for a store of such cells, or of those of a projected grid. */
export function clipCells(
  areas: readonly AreaSpec[],
  rule: ClipRule,
  { childOrder, convention, projected }: {
    childOrder: number;
    convention: LatitudeConvention;
    projected?: ProjectedGrid | undefined;
  },
): ClipCells | null {
  if (rule === "none" || areas.length === 0) return null;
  const order = projected === undefined ? Math.min(childOrder, CLIP_ORDER) : CLIP_ORDER;
  const cover = (spec: AreaSpec) => coverageRanges(areaFrom(spec).cover(order, convention));
  return { rule, order, areas: areas.map((spec) => ({ spec, ...cover(spec) })) };
}

/** The cells that observations are given. */
interface ClipGrid {
  parentOrder: number;
  childOrder: number;
  convention: LatitudeConvention;
  /** Where the cells of another grid than HEALPix lie. */
  places?: CellCentres | undefined;
}

interface CellCentres {
  centre(id: number): LonLat;
}

/** Tests observations one after the other; neighbours in a granule cost next to nothing. */
export class Clip {
  readonly #rule: ClipCells["rule"];
  readonly #areas: { inside: Float64Array; edge: ReadonlySet<number>; test: InsideTest }[];
  readonly #childrenPerParent: number;
  readonly #childrenPerCell: number;
  readonly #order: number;
  #cell = -1;
  /** Areas whose edge may touch the cell; null where the cell lies outside one. */
  #open: InsideTest[] | null = null;
  #child = -1;
  #childKept = false;
  readonly #places: CellCentres | null;

  constructor({ rule, order, areas }: ClipCells, readonly grid: ClipGrid) {
    this.#rule = rule;
    this.#areas = areas.map(({ spec, inside, edge }) => ({
      inside,
      edge: new Set(edge),
      test: insideTest(spec),
    }));
    this.#childrenPerParent = 4 ** (grid.childOrder - grid.parentOrder);
    this.#childrenPerCell = 4 ** (grid.childOrder - order);
    this.#order = order;
    this.#places = grid.places ?? null;
  }

  /** Whether places themselves are asked for, or cells alone. */
  get needsPlaces(): boolean {
    return this.#rule === "observations";
  }

  /** Whether an observation in the child cell, at longitude and latitude in degrees, is taken. */
  keeps(parent: number, child: number, longitude: number, latitude: number): boolean {
    const id = parent * this.#childrenPerParent + child;
    if (this.#places !== null) return this.#keepsOnPlane(this.#places, id, longitude, latitude);
    const open = this.#openIn(Math.floor(id / this.#childrenPerCell));
    if (open === null) return false;
    if (open.length === 0) return true;
    if (this.#rule === "observations") return open.every((test) => test(longitude, latitude));
    if (id !== this.#child) {
      this.#child = id;
      const centre = cellCentre(id, this.grid.childOrder, this.grid.convention);
      this.#childKept = open.every((test) => test(...centre));
    }
    return this.#childKept;
  }

  /** The same of a cell of a projected grid: the HEALPix cell of the place that decides is looked up. */
  #keepsOnPlane(places: CellCentres, id: number, longitude: number, latitude: number): boolean {
    if (this.#rule === "observations") return this.#isInside(longitude, latitude);
    if (id !== this.#child) {
      this.#child = id;
      this.#childKept = this.#isInside(...places.centre(id));
    }
    return this.#childKept;
  }

  #isInside(longitude: number, latitude: number): boolean {
    if (!Number.isFinite(longitude)) return false;
    const open = this.#openIn(nestedOf(longitude, latitude, this.#order, "authalic"));
    return open !== null && open.every((test) => test(longitude, latitude));
  }

  #openIn(cell: number): InsideTest[] | null {
    if (cell !== this.#cell) {
      this.#cell = cell;
      this.#open = this.#openAreas(cell);
    }
    return this.#open;
  }

  #openAreas(cell: number): InsideTest[] | null {
    const open: InsideTest[] = [];
    for (const { inside, edge, test } of this.#areas) {
      if (edge.has(cell)) open.push(test);
      else if (!holdsCell(inside, cell)) return null;
    }
    return open;
  }
}

/** Whether one of the ranges holds the cell. */
export function holdsCell(ranges: Float64Array, cell: number): boolean {
  let low = 0, high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[2 * middle + 1] <= cell) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length / 2 && ranges[2 * low] <= cell;
}
