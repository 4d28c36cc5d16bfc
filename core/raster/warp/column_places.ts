/** Places of an output's pixels by few exact ones: down each column that is asked for, by cubics through some of its rows. */
import type { Place } from "./mesh.ts";

/** Rows from one exact place to the next: of these the first that is good enough. */
const STEPS = [64, 16];
/** Source cells by which a cubic may be off half way between its places; a column with a larger error stays exact. */
const TOLERANCE = 1e-3;

/** `place` for whole numbers x, and y from 0 to below `height`; good to a thousandth of a cell. */
export function columnPlaces(place: Place, height: number): Place {
  const steps = STEPS.filter((step) => height >= 4 * step);
  if (steps.length === 0) return place;
  const columns = new Map<number, Place>();
  const columnOf = (x: number): Place => {
    for (const step of steps) {
      const cubic = cubicColumn(place, x, height, step);
      if (cubic !== undefined) return cubic;
    }
    return place;
  };
  return (x, y) => {
    let column = columns.get(x);
    if (column === undefined) columns.set(x, column = columnOf(x));
    return column(x, y);
  };
}

/** The column `x`, by Lagrange's cubics through four places around; undefined where they are not good enough. */
function cubicColumn(place: Place, x: number, height: number, step: number): Place | undefined {
  const intervals = Math.ceil(height / step);
  // A place before the first interval and one behind the last.
  const nodes = Array.from({ length: intervals + 3 }, (_, i) => place(x, (i - 1) * step));
  const cubic: Place = (_, y) => {
    const i = Math.floor(y / step);
    const t = y / step - i;
    const [before, begin, end, after] = [nodes[i], nodes[i + 1], nodes[i + 2], nodes[i + 3]];
    const wBefore = -t * (t - 1) * (t - 2) / 6;
    const wBegin = (t + 1) * (t - 1) * (t - 2) / 2;
    const wEnd = -(t + 1) * t * (t - 2) / 2;
    const wAfter = (t + 1) * t * (t - 1) / 6;
    return [
      wBefore * before[0] + wBegin * begin[0] + wEnd * end[0] + wAfter * after[0],
      wBefore * before[1] + wBegin * begin[1] + wEnd * end[1] + wAfter * after[1],
    ];
  };
  for (let i = 0; i < intervals; i++) {
    const y = (i + 0.5) * step;
    const [u, v] = place(x, y);
    const [cubicU, cubicV] = cubic(x, y);
    // NaN, where a place is off the Earth, is no good.
    if (!(Math.abs(u - cubicU) <= TOLERANCE && Math.abs(v - cubicV) <= TOLERANCE)) return undefined;
  }
  return cubic;
}
