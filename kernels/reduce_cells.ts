/** Reductions of float64 rows to one value a cell: cell k owns rows `starts[k]` to `starts[k + 1]`, which are uint32. */

/**
 * Sums in row order that give back what rounding took (Knuth's TwoSum; Ogita, Rump and Oishi 2005). Each addition waits
 * for the one before, so two cells are summed side by side, a lane each, as far as both have rows.
 */
export function sumCells(to: usize, x: usize, starts: usize, cells: i32): void {
  for (; cells > 1; cells -= 2, starts += 8, to += 16) {
    const middle = rowOf(x, starts + 4), end = rowOf(x, starts + 8);
    let sum = f64x2.splat(0), lost = f64x2.splat(0);
    let first = rowOf(x, starts), second = middle;
    const both = first + min(middle - first, end - second);
    for (; first < both; first += 8, second += 8) {
      const value = v128.load64_lane(second, v128.load64_zero(first), 1);
      const next = f64x2.add(sum, value), added = f64x2.sub(next, sum);
      lost = f64x2.add(lost, taken(sum, next, added, value));
      sum = next;
    }
    store<f64>(to, sumOn(first, middle, f64x2.extract_lane(sum, 0), f64x2.extract_lane(lost, 0)));
    store<f64>(to, sumOn(second, end, f64x2.extract_lane(sum, 1), f64x2.extract_lane(lost, 1)), 8);
  }
  if (cells > 0) store<f64>(to, sumOn(rowOf(x, starts), rowOf(x, starts + 4), 0, 0));
}

/** A sum that goes on with the rows from `at` to `end`. */
@inline
function sumOn(at: usize, end: usize, sum: f64, lost: f64): f64 {
  for (; at < end; at += 8) {
    const value = load<f64>(at), next = sum + value, added = next - sum;
    lost += (sum - (next - added)) + (value - added);
    sum = next;
  }
  return compensated(sum, lost);
}

/** The same of squared distances from each cell's mean. */
export function squaresCells(to: usize, x: usize, means: usize, starts: usize, cells: i32): void {
  for (; cells > 1; cells -= 2, starts += 8, to += 16, means += 16) {
    const middle = rowOf(x, starts + 4), end = rowOf(x, starts + 8), mean = v128.load(means);
    let sum = f64x2.splat(0), lost = f64x2.splat(0);
    let first = rowOf(x, starts), second = middle;
    const both = first + min(middle - first, end - second);
    for (; first < both; first += 8, second += 8) {
      const deviation = f64x2.sub(v128.load64_lane(second, v128.load64_zero(first), 1), mean);
      const value = f64x2.mul(deviation, deviation);
      const next = f64x2.add(sum, value), added = f64x2.sub(next, sum);
      lost = f64x2.add(lost, taken(sum, next, added, value));
      sum = next;
    }
    store<f64>(
      to,
      squaresOn(first, middle, load<f64>(means), f64x2.extract_lane(sum, 0), f64x2.extract_lane(lost, 0)),
    );
    store<f64>(
      to,
      squaresOn(second, end, load<f64>(means, 8), f64x2.extract_lane(sum, 1), f64x2.extract_lane(lost, 1)),
      8,
    );
  }
  if (cells > 0) {
    store<f64>(to, squaresOn(rowOf(x, starts), rowOf(x, starts + 4), load<f64>(means), 0, 0));
  }
}

@inline
function squaresOn(at: usize, end: usize, mean: f64, sum: f64, lost: f64): f64 {
  for (; at < end; at += 8) {
    const deviation = load<f64>(at) - mean, value = deviation * deviation;
    const next = sum + value, added = next - sum;
    lost += (sum - (next - added)) + (value - added);
    sum = next;
  }
  return compensated(sum, lost);
}

/** What rounding took from an addition of `value` to `sum`. */
@inline
function taken(sum: v128, next: v128, added: v128, value: v128): v128 {
  return f64x2.add(f64x2.sub(sum, f64x2.sub(next, added)), f64x2.sub(value, added));
}

/** The least and the greatest values; NaN if any is NaN. Of zeros the first: their signs may differ. */
export function extremeCells(leasts: usize, mosts: usize, x: usize, starts: usize, cells: i32): void {
  for (let k: i32 = 0; k < cells; k++, starts += 4, leasts += 8, mosts += 8) {
    const begin = rowOf(x, starts), end = rowOf(x, starts + 4);
    let at = begin, least = f64x2.splat(Infinity), most = f64x2.splat(-Infinity), clean = i64x2.splat(-1);
    for (; at + 8 < end; at += 16) {
      const values = v128.load(at);
      least = f64x2.pmin(least, values);
      most = f64x2.pmax(most, values);
      clean = v128.and(clean, f64x2.eq(values, values));
    }
    if (at < end) {
      const value = v128.load64_splat(at);
      least = f64x2.pmin(least, value);
      most = f64x2.pmax(most, value);
      clean = v128.and(clean, f64x2.eq(value, value));
    }
    store<f64>(leasts, extreme(min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1)), clean, begin));
    store<f64>(mosts, extreme(max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1)), clean, begin));
  }
}

/** What was found of the rows from `begin` on, of which those in `clean` are numbers. */
@inline
function extreme(found: f64, clean: v128, begin: usize): f64 {
  if (!i64x2.all_true(clean)) return NaN;
  return found == 0 ? firstZero(begin) : found;
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
