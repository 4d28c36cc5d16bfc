/**
 * Rows put in the order of their cells: a stable counting sort, no comparison. Along a track neighbours lie in one cell:
 * eight rows of one are counted and listed at once.
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
  for (let row: i32 = 0; row < rows; row += 8) {
    const at = children + <usize>row * sizeof<T>(), count = min(rows - row, 8);
    if (count == 8 && areEqual<T>(at)) {
      const slot = slotOf<T>(at, 0, slots);
      store<i32>(slot, load<i32>(slot) + 8);
    } else {
      for (let i = 0; i < count; i++) {
        const slot = slotOf<T>(at, i, slots);
        store<i32>(slot, load<i32>(slot) + 1);
      }
    }
  }
  const found = listCells(slots, most, cells, starts);
  store<i32>(starts + (<usize>found << 2), rows);
  for (let row: i32 = 0; row < rows; row += 8) {
    const at = children + <usize>row * sizeof<T>(), count = min(rows - row, 8);
    if (count == 8 && areEqual<T>(at)) {
      const slot = slotOf<T>(at, 0, slots), place = load<i32>(slot), to = order + (<usize>place << 2);
      v128.store(to, i32x4.add(i32x4.splat(row), i32x4(0, 1, 2, 3)));
      v128.store(to, i32x4.add(i32x4.splat(row), i32x4(4, 5, 6, 7)), 16);
      store<i32>(slot, place + 8);
    } else {
      for (let i = 0; i < count; i++) {
        const slot = slotOf<T>(at, i, slots), place = load<i32>(slot);
        store<i32>(order + (<usize>place << 2), row + i);
        store<i32>(slot, place + 1);
      }
    }
  }
  return found;
}

@inline
function slotOf<T>(children: usize, row: i32, slots: usize): usize {
  return slots + (<usize>load<T>(children + <usize>row * sizeof<T>()) << 2);
}

/** Whether eight children are the same. */
@inline
function areEqual<T>(at: usize): bool {
  const child = v128.splat<T>(load<T>(at)), areSame = v128.eq<T>(v128.load(at), child);
  return sizeof<T>() == 2
    ? v128.all_true<T>(areSame)
    : v128.all_true<T>(v128.and(areSame, v128.eq<T>(v128.load(at, 16), child)));
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
