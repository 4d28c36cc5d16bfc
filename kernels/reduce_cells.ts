/** Reductions of float64 rows to one value a cell: cell k owns rows `starts[k]` to `starts[k + 1]`, which are uint32. */

/** Sums in row order that give back what rounding took (Knuth's TwoSum; Ogita, Rump and Oishi 2005). */
export function sumCells(to: usize, x: usize, starts: usize, cells: i32): void {
  for (let k: i32 = 0; k < cells; k++, starts += 4, to += 8) {
    let sum: f64 = 0, lost: f64 = 0;
    for (let at = rowOf(x, starts), end = rowOf(x, starts + 4); at < end; at += 8) {
      const value = load<f64>(at), next = sum + value, added = next - sum;
      lost += (sum - (next - added)) + (value - added);
      sum = next;
    }
    store<f64>(to, compensated(sum, lost));
  }
}

/** The same of squared distances from each cell's mean. */
export function squaresCells(to: usize, x: usize, means: usize, starts: usize, cells: i32): void {
  for (let k: i32 = 0; k < cells; k++, starts += 4, to += 8, means += 8) {
    const mean = load<f64>(means);
    let sum: f64 = 0, lost: f64 = 0;
    for (let at = rowOf(x, starts), end = rowOf(x, starts + 4); at < end; at += 8) {
      const deviation = load<f64>(at) - mean, value = deviation * deviation;
      const next = sum + value, added = next - sum;
      lost += (sum - (next - added)) + (value - added);
      sum = next;
    }
    store<f64>(to, compensated(sum, lost));
  }
}

/** The least values; NaN if any is NaN. Of zeros the first: their signs may differ. */
export function minCells(to: usize, x: usize, starts: usize, cells: i32): void {
  for (let k: i32 = 0; k < cells; k++, starts += 4, to += 8) {
    const begin = rowOf(x, starts), end = rowOf(x, starts + 4);
    let at = begin, pair = f64x2.splat(Infinity);
    for (; at + 8 < end; at += 16) pair = f64x2.min(pair, v128.load(at));
    let least = min(f64x2.extract_lane(pair, 0), f64x2.extract_lane(pair, 1));
    if (at < end) least = min(least, load<f64>(at));
    store<f64>(to, least == 0 ? firstZero(begin) : least);
  }
}

/** The greatest values; NaN if any is NaN. Of zeros the first. */
export function maxCells(to: usize, x: usize, starts: usize, cells: i32): void {
  for (let k: i32 = 0; k < cells; k++, starts += 4, to += 8) {
    const begin = rowOf(x, starts), end = rowOf(x, starts + 4);
    let at = begin, pair = f64x2.splat(-Infinity);
    for (; at + 8 < end; at += 16) pair = f64x2.max(pair, v128.load(at));
    let greatest = max(f64x2.extract_lane(pair, 0), f64x2.extract_lane(pair, 1));
    if (at < end) greatest = max(greatest, load<f64>(at));
    store<f64>(to, greatest == 0 ? firstZero(begin) : greatest);
  }
}

@inline
function rowOf(x: usize, start: usize): usize {
  return x + (<usize>load<u32>(start) << 3);
}

/** Where a sum overflowed there is nothing to give back. */
@inline
function compensated(sum: f64, lost: f64): f64 {
  return lost - lost == 0 ? sum + lost : sum;
}

function firstZero(at: usize): f64 {
  while (load<f64>(at) != 0) at += 8;
  return load<f64>(at);
}
