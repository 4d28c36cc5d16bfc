/**
 * Rows put in the order of their cells: a stable counting sort, no comparison. Along a track neighbours lie in one cell,
 * so that runs of rows are counted and listed, not rows.
 */

/**
 * Lists at `order` the rows by their `children` (uint16, the cells), rows of one cell in their own order; at `cells` the
 * cells that have rows, ascending, and at `starts` where each begins in the list, one more at the end: all uint32. `slots`
 * has room for `most` uint32 and a vector, `most` being more than any child; up to 14 bytes behind the children are read.
 * Returns how many cells have rows.
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
  memory.fill(slots, 0, <usize>(most + 3) << 2);
  for (let row: i32 = 0; row < rows;) {
    const slot = slotOf<T>(children, row, slots), end = endOfRun<T>(children, row, rows);
    store<i32>(slot, load<i32>(slot) + end - row);
    row = end;
  }
  const found = listCells(slots, most, cells, starts);
  store<i32>(starts + (<usize>found << 2), rows);
  for (let row: i32 = 0; row < rows;) {
    const slot = slotOf<T>(children, row, slots), end = endOfRun<T>(children, row, rows);
    const first = load<i32>(slot);
    listRun(order + (<usize>first << 2), row, end);
    store<i32>(slot, first + end - row);
    row = end;
  }
  return found;
}

@inline
function slotOf<T>(children: usize, row: i32, slots: usize): usize {
  return slots + (<usize>load<T>(children + <usize>row * sizeof<T>()) << 2);
}

/** The first row behind `row` that has another child. */
@inline
function endOfRun<T>(children: usize, row: i32, rows: i32): i32 {
  const lanes: i32 = 16 / sizeof<T>(), all: i32 = (1 << lanes) - 1;
  const at = children + <usize>row * sizeof<T>(), child = v128.splat<T>(load<T>(at));
  let end = row;
  for (let from = at; end < rows; from += 16, end += lanes) {
    const equal = v128.bitmask<T>(v128.eq<T>(v128.load(from), child));
    if (equal != all) return min(rows, end + ctz(~equal));
  }
  return rows;
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

/** Writes the numbers from `row` to before `end`. */
@inline
function listRun(to: usize, row: i32, end: i32): void {
  let four = i32x4.add(i32x4.splat(row), i32x4(0, 1, 2, 3));
  for (; row + 4 <= end; row += 4, to += 16) {
    v128.store(to, four);
    four = i32x4.add(four, i32x4.splat(4));
  }
  for (; row < end; row++, to += 4) store<i32>(to, row);
}
