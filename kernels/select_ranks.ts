/**
 * Order statistics of cells. Cells of few rows are sorted four at a time where their values are float32, else two at a
 * time, others as two halves. In cells of many rows only the ranks that quantiles ask for are put in place, by selection:
 * quickselect with a median of three, insertion sort for small parts, a full sort of a part that resists (introselect,
 * Musser 1997).
 */
import { orderCells } from "./order_cells";
import { SORTED_AT_ONCE, sortLanes } from "./sort_lanes";

/** Most rows of a cell that is sorted beside others. */
const PAIRED: i32 = 128;

/** Most rows of a cell whose halves are sorted beside each other. */
const HALVED: i32 = 1024;

/** Rows that there is room for where there are fewer. */
const LEAST_SCRATCH: i32 = 256;

/** Parts up to this length are sorted by insertion. */
const SMALL: i32 = 24;

/**
 * Writes the requested order statistics of every cell of the float64 rows at `x`; NaN for a cell that is empty or has a
 * NaN. `scratch` has room for all rows, or 256, and 16 more, and for a uint32 a cell. The table at `requests` holds of each
 * request, one kind after the other: its q as float64 (negative for a median), room for two ranks of 4 bytes, and as uint32
 * where its values go.
 */
export function selectRanks(
  x: usize,
  starts: usize,
  cells: i32,
  scratch: usize,
  requests: usize,
  count: i32,
): void {
  let order = scratch + (<usize>(max(load<i32>(starts + (<usize>cells << 2)), LEAST_SCRATCH) + 16) << 3);
  orderCells(order, starts, cells, scratch);
  let isSingle = true;
  for (const end = order + (<usize>cells << 2); order < end;) {
    const most = order + 12 < end ? mostRows(starts, order) : 0;
    if (isSingle && most > 0 && most <= PAIRED) {
      isSingle = sortFour(x, starts, order, scratch, padded(most));
      if (isSingle) {
        for (let lane: usize = 0; lane < 16; lane += 4, order += 4) {
          const k = load<i32>(order);
          writeStatistics<f32>(scratch + lane, 16, rowsOf(starts, k), k, requests, count);
        }
        continue;
      }
    }
    const k = load<i32>(order);
    order += 4;
    if (order < end) {
      const other = load<i32>(order);
      if (sortTwo(x, starts, k, other, scratch)) {
        writeStatistics<f64>(scratch, 16, rowsOf(starts, k), k, requests, count);
        writeStatistics<f64>(scratch + 8, 16, rowsOf(starts, other), other, requests, count);
        order += 4;
        continue;
      }
    }
    if (sortHalves(x, starts, k, scratch)) {
      writeOfHalves(scratch, rowsOf(starts, k), k, requests, count);
    } else {
      const rows = selectOne(x, starts, k, scratch, requests, count);
      writeStatistics<f64>(scratch, 8, rows, k, requests, count);
    }
  }
}

/** The most rows of the four cells that are listed next; 0 where one has none. */
@inline
function mostRows(starts: usize, order: usize): i32 {
  const a = rowsOf(starts, load<i32>(order)), b = rowsOf(starts, load<i32>(order, 4));
  const c = rowsOf(starts, load<i32>(order, 8)), d = rowsOf(starts, load<i32>(order, 12));
  return min(min(a, b), min(c, d)) > 0 ? max(max(a, b), max(c, d)) : 0;
}

/** Sorts the four cells that are listed next, interleaved at `to`. False where a value is no float32, or a zero. */
function sortFour(x: usize, starts: usize, order: usize, to: usize, most: i32): bool {
  for (const end = to + 16; to < end; to += 4, order += 4) {
    const k = load<i32>(order);
    if (!interleaveSingle(firstOf(x, starts, k), rowsOf(starts, k), to, most)) return false;
  }
  sortLanes<f32>(to - 16, most);
  return true;
}

/** Writes values as float32 to every fourth place, then infinity up to `most`. False where one is not the same so, or 0. */
@inline
function interleaveSingle(from: usize, rows: i32, to: usize, most: i32): bool {
  const zero = f64x2.splat(0), pairs = to + (<usize>(rows & ~1) << 4), last = to + (<usize>most << 4);
  let plain = i64x2.splat(-1);
  for (; to < pairs; to += 32, from += 16) {
    const values = v128.load(from), single = f32x4.demote_f64x2_zero(values);
    const isSame = f64x2.eq(f64x2.promote_low_f32x4(single), values);
    plain = v128.and(plain, v128.andnot(isSame, f64x2.eq(values, zero)));
    v128.store32_lane(to, single, 0);
    v128.store32_lane(to + 16, single, 1);
  }
  let isPlain = i64x2.all_true(plain);
  if (rows & 1) {
    const value = load<f64>(from), single = <f32>value;
    isPlain = isPlain && value == <f64>single && value != 0;
    store<f32>(to, single);
    to += 16;
  }
  for (; to < last; to += 16) store<f32>(to, Infinity);
  return isPlain;
}

/** Sorts two cells interleaved at `to`. False where one has no rows, many, a NaN, or a zero, which has a sign. */
function sortTwo(x: usize, starts: usize, k: i32, other: i32, to: usize): bool {
  const rows = rowsOf(starts, k), otherRows = rowsOf(starts, other);
  const most = padded(max(rows, otherRows));
  if (most > PAIRED || min(rows, otherRows) == 0) return false;
  if (!interleave(firstOf(x, starts, k), rows, to, most)) return false;
  if (!interleave(firstOf(x, starts, other), otherRows, to + 8, most)) return false;
  sortLanes<f64>(to, most);
  return true;
}

/** Sorts both halves of cell k interleaved at `to`, the first the longer. False as of {@linkcode sortTwo}. */
function sortHalves(x: usize, starts: usize, k: i32, to: usize): bool {
  const rows = rowsOf(starts, k), second = rows >> 1, first = rows - second, most = padded(first);
  if (rows > HALVED || rows == 0) return false;
  const from = firstOf(x, starts, k);
  if (!interleave(from, first, to, most)) return false;
  if (!interleave(from + (<usize>first << 3), second, to + 8, most)) return false;
  sortLanes<f64>(to, most);
  return true;
}

@inline
function firstOf(x: usize, starts: usize, k: i32): usize {
  return x + (<usize>load<u32>(starts + (<usize>k << 2)) << 3);
}

@inline
function padded(rows: i32): i32 {
  return (rows + SORTED_AT_ONCE - 1) & -SORTED_AT_ONCE;
}

/** Writes values to every other place, then infinity up to `most`. False where one is NaN or zero. */
@inline
function interleave(from: usize, rows: i32, to: usize, most: i32): bool {
  const zero = f64x2.splat(0), pairs = to + (<usize>(rows & ~1) << 4), last = to + (<usize>most << 4);
  // Of values that are neither, all are below or above zero.
  let plain = i64x2.splat(-1);
  for (; to < pairs; to += 32, from += 16) {
    const values = v128.load(from);
    plain = v128.and(plain, f64x2.gt(f64x2.abs(values), zero));
    v128.store64_lane(to, values, 0);
    v128.store64_lane(to + 16, values, 1);
  }
  let isPlain = i64x2.all_true(plain);
  if (rows & 1) {
    const value = load<f64>(from);
    isPlain = isPlain && abs(value) > 0;
    store<f64>(to, value);
    to += 16;
  }
  for (; to < last; to += 16) store<f64>(to, Infinity);
  return isPlain;
}

/** Puts the ranks of one cell in place at `scratch`. Returns its rows; none where one is NaN. */
function selectOne(
  x: usize,
  starts: usize,
  k: i32,
  scratch: usize,
  requests: usize,
  count: i32,
): i32 {
  const rows = rowsOf(starts, k);
  if (!copyRows(x + (<usize>load<u32>(starts + (<usize>k << 2)) << 3), scratch, rows)) return 0;
  const ranks = requests + (<usize>count << 3);
  for (let r: i32 = 0; r < count; r++) {
    const lower = lowerRank(load<f64>(requests + (<usize>r << 3)), rows);
    insertRank(ranks, 2 * r, lower);
    insertRank(ranks, 2 * r + 1, min(lower + 1, rows - 1));
  }
  select(scratch, 0, rows - 1, ranks, 0, 2 * count);
  return rows;
}

/** Writes the statistics of cell k, whose values lie `step` bytes apart; NaN without rows. */
@inline
function writeStatistics<T>(sorted: usize, step: usize, rows: i32, k: i32, requests: usize, count: i32): void {
  const outs = requests + (<usize>count << 4);
  for (let r: i32 = 0; r < count; r++) {
    const q = load<f64>(requests + (<usize>r << 3));
    const value = rows > 0 ? orderStatistic<T>(q, sorted, step, rows) : NaN;
    store<f64>(<usize>load<u32>(outs + (<usize>r << 2)) + (<usize>k << 3), value);
  }
}

/** The same of halves that {@linkcode sortHalves} sorted. */
function writeOfHalves(sorted: usize, rows: i32, k: i32, requests: usize, count: i32): void {
  const outs = requests + (<usize>count << 4), second = rows >> 1, first = rows - second;
  for (let r: i32 = 0; r < count; r++) {
    const q = load<f64>(requests + (<usize>r << 3)), lower = lowerRank(q, rows), taken = lower + 1;
    // How many of the first half are among the lowest.
    let i = max(0, taken - second);
    for (let most = min(taken, first); i < most;) {
      const middle = (i + most) >>> 1;
      if (ofHalf(sorted, middle) < ofHalf(sorted + 8, taken - middle - 1)) i = middle + 1;
      else most = middle;
    }
    const j = taken - i;
    const a = max(i > 0 ? ofHalf(sorted, i - 1) : -Infinity, j > 0 ? ofHalf(sorted + 8, j - 1) : -Infinity);
    const next = min(i < first ? ofHalf(sorted, i) : Infinity, j < second ? ofHalf(sorted + 8, j) : Infinity);
    const value = between(q, lower, rows, a, taken < rows ? next : a);
    store<f64>(<usize>load<u32>(outs + (<usize>r << 2)) + (<usize>k << 3), value);
  }
}

@inline
function ofHalf(sorted: usize, i: i32): f64 {
  return load<f64>(sorted + (<usize>i << 4));
}

@inline
function rowsOf(starts: usize, k: i32): i32 {
  const at = starts + (<usize>k << 2);
  return load<i32>(at, 4) - load<i32>(at);
}

/** Whether there are rows and none is NaN. */
@inline
function copyRows(from: usize, to: usize, rows: i32): bool {
  let isClean = rows > 0;
  for (const end = from + (<usize>rows << 3); from < end; from += 8, to += 8) {
    const value = load<f64>(from);
    isClean = isClean && value == value;
    store<f64>(to, value);
  }
  return isClean;
}

@inline
function lowerRank(q: f64, rows: i32): i32 {
  return q < 0 ? (rows - 1) >>> 1 : min(<i32>Math.floor(<f64>(rows - 1) * q), rows - 1);
}

/** Keeps the first `length` ranks ascending while `rank` joins. */
@inline
function insertRank(ranks: usize, length: i32, rank: i32): void {
  let i = length;
  while (i > 0 && load<i32>(ranks + (<usize>(i - 1) << 2)) > rank) {
    store<i32>(ranks + (<usize>i << 2), load<i32>(ranks + (<usize>(i - 1) << 2)));
    i -= 1;
  }
  store<i32>(ranks + (<usize>i << 2), rank);
}

/** The request's value from rows that are sorted at least at its ranks. */
@inline
function orderStatistic<T>(q: f64, sorted: usize, step: usize, rows: i32): f64 {
  const lower = lowerRank(q, rows), upper = min(lower + 1, rows - 1);
  const a = <f64>load<T>(sorted + <usize>lower * step), b = <f64>load<T>(sorted + <usize>upper * step);
  return between(q, lower, rows, a, b);
}

/**
 * The request's value from those of its ranks, in numpy's arithmetic: a quantile is interpolated from the nearer end
 * (numpy's _lerp), a median is the mean of the middle two.
 */
@inline
function between(q: f64, lower: i32, rows: i32, a: f64, b: f64): f64 {
  if (q < 0) return (rows & 1) == 1 ? a : (a + b) / 2;
  const t = <f64>(rows - 1) * q - <f64>lower, difference = b - a;
  return t >= 0.5 ? b - difference * (1 - t) : a + difference * t;
}

@inline
function at(x: usize, i: i32): f64 {
  return load<f64>(x + (<usize>i << 3));
}

@inline
function put(x: usize, i: i32, value: f64): void {
  store<f64>(x + (<usize>i << 3), value);
}

/** Puts every rank of `ranks[from..to)` (ascending) of rows `left` to `right` where a full sort would put it. */
function select(x: usize, left: i32, right: i32, ranks: usize, from: i32, to: i32): void {
  let budget = 4 * (32 - clz(right - left + 1));
  while (from < to) {
    if (right - left < SMALL) {
      insertionSort(x, left, right);
      return;
    }
    if (budget-- == 0) {
      heapSort(x + (<usize>left << 3), right - left + 1);
      return;
    }
    const pivot = medianOfThree(at(x, left), at(x, (left + right) >>> 1), at(x, right));
    let i = left - 1, j = right + 1;
    while (true) {
      do i += 1; while (at(x, i) < pivot);
      do j -= 1; while (at(x, j) > pivot);
      if (i >= j) break;
      const value = at(x, i);
      put(x, i, at(x, j));
      put(x, j, value);
    }
    // x[left..j] <= pivot <= x[j+1..right]
    let middle = from;
    while (middle < to && load<i32>(ranks + (<usize>middle << 2)) <= j) middle += 1;
    if (middle > from && middle < to) {
      select(x, left, j, ranks, from, middle);
      left = j + 1;
      from = middle;
    } else if (middle > from) {
      right = j;
    } else {
      left = j + 1;
    }
  }
}

@inline
function medianOfThree(a: f64, b: f64, c: f64): f64 {
  if (a < b) return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}

function insertionSort(x: usize, left: i32, right: i32): void {
  const first = x + (<usize>left << 3), last = x + (<usize>right << 3);
  for (let next = first + 8; next <= last; next += 8) {
    const value = load<f64>(next);
    let to = next;
    while (to > first && load<f64>(to - 8) > value) {
      store<f64>(to, load<f64>(to - 8));
      to -= 8;
    }
    store<f64>(to, value);
  }
}

/** Sorts keys that ascend with the numbers, -0 before 0. */
function heapSort(x: usize, length: i32): void {
  for (let i: i32 = 0; i < length; i++) putKey(x, i, turned(keyAt(x, i)));
  for (let root = (length >>> 1) - 1; root >= 0; root--) sink(x, root, length);
  for (let end = length - 1; end > 0; end--) {
    const last = keyAt(x, end);
    putKey(x, end, keyAt(x, 0));
    putKey(x, 0, last);
    sink(x, 0, end);
  }
  for (let i: i32 = 0; i < length; i++) putKey(x, i, turned(keyAt(x, i)));
}

function sink(x: usize, root: i32, length: i32): void {
  const key = keyAt(x, root);
  for (let child = 2 * root + 1; child < length; child = 2 * root + 1) {
    if (child + 1 < length && keyAt(x, child + 1) > keyAt(x, child)) child += 1;
    if (keyAt(x, child) <= key) break;
    putKey(x, root, keyAt(x, child));
    root = child;
  }
  putKey(x, root, key);
}

/** Its own inverse. */
@inline
function turned(bits: i64): i64 {
  return bits ^ ((bits >> 63) & 0x7fffffffffffffff);
}

@inline
function keyAt(x: usize, i: i32): i64 {
  return load<i64>(x + (<usize>i << 3));
}

@inline
function putKey(x: usize, i: i32, key: i64): void {
  store<i64>(x + (<usize>i << 3), key);
}
