/** Coordinates along an axis as equal steps: whether they are, and the numbers that were meant. */

/** An axis of equal cells: the outer edge of the first and the step to the next, negative where it descends. */
export interface Spacing {
  readonly edge: number;
  readonly step: number;
}

/** Coordinates that are no equal steps: the first place where that shows. */
export interface Unevenness {
  readonly index: number;
  /** The step there and the step that was expected. */
  readonly found: number;
  readonly wanted: number;
}

/** Of a step, by which single steps may differ and still be meant as equal. */
const STEP_TOLERANCE = 1e-3;

/** Units in the last place of the stored type that a coordinate may be off by. */
const ULPS = 4;

/** Of a step, by which numbers of degrees may be moved to the round ones that were meant, over the whole axis. */
const SNAP_TOLERANCE = 1e-4;

/** The gap between neighbouring values of the stored type at `value`. */
function ulp(value: number, bits: 24 | 53): number {
  const size = Math.abs(value);
  return size === 0 ? 0 : 2 ** (Math.floor(Math.log2(size)) - bits + 1);
}

/** What rounding to the stored type may have moved the largest coordinate by, with some room. */
function roundingOf(values: ArrayLike<number>, single: boolean): number {
  const largest = Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
  return ULPS * ulp(largest, single ? 24 : 53);
}

/**
 * The steps of cell centres, two at least. `single` says that they were stored as float32. The steps must be
 * equal within a thousandth, or within the rounding of the stored type where that is coarser.
 */
export function evenSpacing(
  centres: ArrayLike<number>,
  single: boolean,
  degrees: boolean,
): Spacing | Unevenness {
  const last = centres.length - 1;
  const step = (centres[last] - centres[0]) / last;
  const uneven = firstUneven(centres, step, roundingOf(centres, single));
  if (uneven !== undefined) return uneven;
  return snapped(centres[0] - step / 2, step, centres.length, roundingOf(centres, single), degrees);
}

/**
 * The steps of cell edges: `lower` and `upper` bounds of each cell, in the order of the cells. Cells must
 * touch each other; one cell is enough.
 */
export function evenBounds(
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
  single: boolean,
  degrees: boolean,
): Spacing | Unevenness {
  const cells = lower.length;
  const edges = new Float64Array(cells + 1);
  const ascending = lower[0] <= upper[cells - 1];
  for (let i = 0; i < cells; i++) {
    const before = ascending ? Math.min(lower[i], upper[i]) : Math.max(lower[i], upper[i]);
    const after = ascending ? Math.max(lower[i], upper[i]) : Math.min(lower[i], upper[i]);
    const rounding = roundingOf([before, after], single);
    if (
      i > 0 && !(Math.abs(before - edges[i]) <= Math.max(rounding, STEP_TOLERANCE * Math.abs(after - before)))
    ) {
      return { index: i, found: before - edges[i - 1], wanted: edges[i] - edges[i - 1] };
    }
    edges[i] = before;
    edges[i + 1] = after;
  }
  const step = (edges[cells] - edges[0]) / cells;
  const rounding = roundingOf(edges, single);
  const uneven = firstUneven(edges, step, rounding);
  return uneven ?? snapped(edges[0], step, cells, rounding, degrees);
}

export function isSpacing(found: Spacing | Unevenness): found is Spacing {
  return "edge" in found;
}

function firstUneven(values: ArrayLike<number>, step: number, rounding: number): Unevenness | undefined {
  if (!Number.isFinite(step) || step === 0) return { index: 0, found: step, wanted: NaN };
  const tolerance = Math.max(STEP_TOLERANCE * Math.abs(step), rounding);
  // Steps finer than the rounding of their type show nothing; the whole axis must still go one way.
  for (let i = 1; i < values.length; i++) {
    const found = values[i] - values[i - 1];
    const off = values[i] - values[0] - i * step;
    if (!(Math.abs(found - step) <= tolerance) || !(Math.abs(off) <= Math.abs(step) / 2 + rounding)) {
      return { index: i, found, wanted: step };
    }
  }
  return undefined;
}

/**
 * The round numbers that were meant: the step becomes 1/k degrees or a decimal of few digits, and the edge a
 * multiple of half the step, where the rounding of the stored coordinates allows it.
 */
function snapped(edge: number, step: number, cells: number, rounding: number, degrees: boolean): Spacing {
  const size = Math.abs(step);
  const allowed = Math.max(rounding, degrees ? SNAP_TOLERANCE * size : 0);
  const round = (degrees ? [unitFraction(size)] : []).concat(decimals(size))
    .find((meant) => Math.abs(meant - size) * cells <= allowed);
  if (round === undefined) return { edge, step };
  const parts = Math.round(1 / round);
  const halves = Math.round(edge / (round / 2));
  // Dividing by a whole number of parts loses no digit: 180 comes out as 180.
  const meant = 1 / parts === round ? halves / (2 * parts) : tidied(halves * (round / 2));
  return { edge: Math.abs(meant - edge) <= allowed ? meant : edge, step: Math.sign(step) * round };
}

function unitFraction(size: number): number {
  return 1 / Math.max(1, Math.round(1 / size));
}

/** The number with 1 to 7 digits. */
function decimals(size: number): number[] {
  return [1, 2, 3, 4, 5, 6, 7].map((digits) => Number(size.toPrecision(digits)));
}

function tidied(value: number): number {
  return Number(value.toPrecision(14));
}
