/**
 * The edge of a grid that reaches beyond the globe, as tiles at the limb of a sinusoidal map do: what of each
 * row lies on the globe. Such projections have whole rows of the globe in whole rows of the map.
 */
import type { Position } from "../geometry/geometry.ts";

/** Whether a place of the grid, as column and row, is one of the globe. */
type OnGlobe = (column: number, row: number) => boolean;

/** Rows that are looked at, and columns that are tried for one on the globe. */
const ROWS = 23, TRIED = 64;

/** Halvings of the step between a place on the globe and one beyond it: past them roundings put it beyond. */
const HALVINGS = 24;

/** A row of a grid, and its first and last column on the globe. */
export interface RowOnGlobe {
  readonly row: number;
  readonly first: number;
  readonly last: number;
}

/** Rows from the top to the bottom of the part on the globe; none where there is no such part. */
export function rowsOnGlobe(width: number, height: number, onGlobe: OnGlobe): RowOnGlobe[] {
  const spanOf = (row: number) => columnsOnGlobe(width, (column) => onGlobe(column, row));
  const rows = Array.from({ length: ROWS }, (_, k) => height * k / (ROWS - 1));
  return onTheGlobe(rows, (row) => spanOf(row) !== undefined).flatMap((row) => {
    const span = spanOf(row);
    return span === undefined ? [] : [{ row, ...span }];
  });
}

/** Columns and rows around these rows, clockwise in pixels. */
export function edgeAround(rows: readonly RowOnGlobe[]): Position[] {
  const [top, bottom] = [rows[0], rows[rows.length - 1]];
  const between = (from: number, to: number, row: number): Position[] =>
    Array.from({ length: ROWS }, (_, k) => [from + (to - from) * k / (ROWS - 1), row]);
  return [
    ...between(top.first, top.last, top.row),
    ...rows.slice(1, -1).map(({ row, last }): Position => [last, row]),
    ...between(bottom.last, bottom.first, bottom.row),
    ...rows.slice(1, -1).reverse().map(({ row, first }): Position => [first, row]),
  ];
}

function columnsOnGlobe(
  width: number,
  onGlobe: (column: number) => boolean,
): { first: number; last: number } | undefined {
  const columns = onTheGlobe(Array.from({ length: TRIED + 1 }, (_, k) => width * k / TRIED), onGlobe);
  return columns.length === 0 ? undefined : { first: columns[0], last: columns[columns.length - 1] };
}

/** Those of rising places that are on the globe, from limb to limb. */
function onTheGlobe(places: readonly number[], onGlobe: (place: number) => boolean): number[] {
  const first = places.findIndex(onGlobe), last = places.findLastIndex(onGlobe);
  if (first < 0) return [];
  return [
    ...(first === 0 ? [] : [limb(places[first], places[first - 1], onGlobe)]),
    ...places.slice(first, last + 1),
    ...(last === places.length - 1 ? [] : [limb(places[last], places[last + 1], onGlobe)]),
  ];
}

/** The last place on the globe on the way from `on` to `beyond`. */
function limb(on: number, beyond: number, onGlobe: (place: number) => boolean): number {
  let [inside, outside] = [on, beyond];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (inside + outside) / 2;
    if (onGlobe(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}
