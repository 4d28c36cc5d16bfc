/** Cells in the order of how many rows they have: those that are done side by side are about the same work. */

/** Of cells with so many rows or more no order is made. */
const MANY: i32 = 128;

/**
 * Lists cells as uint32 at `order`, those of few rows first: cell k owns rows `starts[k]` to `starts[k + 1]`, which are
 * uint32. At `slots` is room for 132.
 */
export function orderCells(order: usize, starts: usize, cells: i32, slots: usize): void {
  const end = slots + (<usize>(MANY + 1) << 2), zero = i32x4.splat(0);
  for (let slot = slots; slot < end; slot += 16) v128.store(slot, zero);
  for (let k: i32 = 0; k < cells; k++) {
    const slot = slotOf(starts, k, slots);
    store<i32>(slot, load<i32>(slot) + 1);
  }
  let place = order;
  for (let slot = slots; slot < end; slot += 4) {
    const count = load<u32>(slot);
    store<u32>(slot, <u32>place);
    place += <usize>count << 2;
  }
  for (let k: i32 = 0; k < cells; k++) {
    const slot = slotOf(starts, k, slots), at = <usize>load<u32>(slot);
    store<i32>(at, k);
    store<u32>(slot, <u32>at + 4);
  }
}

/** What belongs to the number of rows of cell k. */
@inline
function slotOf(starts: usize, k: i32, slots: usize): usize {
  const at = starts + (<usize>k << 2);
  return slots + (<usize>min(load<i32>(at, 4) - load<i32>(at), MANY) << 2);
}
