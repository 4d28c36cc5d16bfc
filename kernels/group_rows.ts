/**
 * Rows put in the order of their cells: a stable counting sort, no comparison. Along a track neighbours lie in one cell:
 * a run of rows of one is counted and listed at once.
 */

/**
 * Lists at `order` the rows by their `children` (uint16, the cells), rows of one cell in their own order; at `cells` the
 * cells that have rows, ascending, and at `starts` where each begins in the list, one more at the end: all uint32. `slots`
 * has room for `most` uint32 and a vector, `most` being more than any child. Returns how many cells have rows.
 */
export function groupHalves(
  children: usize,
  rows: i32,
  slots: usize,
  most: i32,
  order: usize,
  cells: usize,
  starts: usize,
): i32 {
  return group<u16>(children, rows, slots, most, order, cells, starts);
}

/** The same of uint32. */
export function groupWords(
  children: usize,
  rows: i32,
  slots: usize,
  most: i32,
  order: usize,
  cells: usize,
  starts: usize,
): i32 {
  return group<u32>(children, rows, slots, most, order, cells, starts);
}

@inline
function group<T>(
  children: usize,
  rows: i32,
  slots: usize,
  most: i32,
  order: usize,
  cells: usize,
  starts: usize,
): i32 {
  memory.fill(slots, 0, (<usize>most << 2) + 16);
  let first = 0;
  for (let row: i32 = 0; row < rows; row += 8) {
    let ends = runEnds<T>(children, row, rows);
    if (popcnt(ends) > MOST_RUNS && row + 8 < rows) {
      if (first < row) count(slotOf<T>(children, first, slots), row - first);
      for (let i = row; i < row + 8; i++) count(slotOf<T>(children, i, slots), 1);
      first = row + 8;
      continue;
    }
    for (; ends != 0; ends &= ends - 1) {
      const end = row + ctz(ends) + 1;
      count(slotOf<T>(children, first, slots), end - first);
      first = end;
    }
  }
  const found = listCells(slots, most, cells, starts);
  store<i32>(starts + (<usize>found << 2), rows);
  first = 0;
  for (let row: i32 = 0; row < rows; row += 8) {
    let ends = runEnds<T>(children, row, rows);
    if (popcnt(ends) > MOST_RUNS && row + 8 < rows) {
      if (first < row) listRun(order, count(slotOf<T>(children, first, slots), row - first), first, row - first);
      for (let i = row; i < row + 8; i++) {
        store<i32>(order + (<usize>count(slotOf<T>(children, i, slots), 1) << 2), i);
      }
      first = row + 8;
      continue;
    }
    for (; ends != 0; ends &= ends - 1) {
      const end = row + ctz(ends) + 1;
      listRun(order, count(slotOf<T>(children, first, slots), end - first), first, end - first);
      first = end;
    }
  }
  return found;
}

/** Where more runs end among eight rows, those are taken one by one: it is less work. */
const MOST_RUNS: i32 = 1;

/** Adds rows to those of a slot. Returns how many it had. */
@inline
function count(slot: usize, rows: i32): i32 {
  const before = load<i32>(slot);
  store<i32>(slot, before + rows);
  return before;
}

/** Lists rows from `first` on at a place; the last four, of as many or more, whether listed already or not. */
@inline
function listRun(order: usize, place: i32, first: i32, rows: i32): void {
  let to = order + (<usize>place << 2);
  const end = to + (<usize>rows << 2);
  if (rows < 4) {
    for (; to < end; to += 4) store<i32>(to, first++);
    return;
  }
  let four = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  for (; to + 16 < end; to += 16) {
    v128.store(to, four);
    four = i32x4.add(four, i32x4.splat(4));
  }
  v128.store(end - 16, i32x4.add(i32x4.splat(first + rows - 4), i32x4(0, 1, 2, 3)));
}

/** Which of eight rows, as bits, are the last of a run of rows of one cell. */
@inline
function runEnds<T>(children: usize, row: i32, rows: i32): i32 {
  const at = children + <usize>row * sizeof<T>(), left = rows - row;
  if (left > 8) {
    if (sizeof<T>() == 2) return i16x8.bitmask(i16x8.ne(v128.load(at), v128.load(at, 2)));
    const low = i32x4.ne(v128.load(at), v128.load(at, 4)), high = i32x4.ne(v128.load(at, 16), v128.load(at, 20));
    return i16x8.bitmask(i16x8.narrow_i32x4_s(low, high));
  }
  let ends = 1 << (left - 1);
  for (let i = 0; i < left - 1; i++) {
    const one = at + <usize>i * sizeof<T>();
    if (load<T>(one) != load<T>(one, sizeof<T>())) ends |= 1 << i;
  }
  return ends;
}

@inline
function slotOf<T>(children: usize, row: i32, slots: usize): usize {
  return slots + (<usize>load<T>(children + <usize>row * sizeof<T>()) << 2);
}

/** Turns counts into where each cell begins, and lists the cells that have any. */
@inline
function listCells(slots: usize, most: i32, cells: usize, starts: usize): i32 {
  let found: usize = 0, row: i32 = 0;
  for (let four: i32 = 0; four < most; four += 4) {
    if (!v128.any_true(v128.load(slots + (<usize>four << 2)))) continue;
    for (let cell = four; cell < four + 4; cell++) {
      const slot = slots + (<usize>cell << 2), count = load<i32>(slot);
      if (count == 0) continue;
      store<i32>(cells + found, cell);
      store<i32>(starts + found, row);
      store<i32>(slot, row);
      found += 4;
      row += count;
    }
  }
  return <i32>(found >> 2);
}
