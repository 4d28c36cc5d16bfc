/** Ring index of a nested cell: cells counted along circles of latitude from the north pole. */
import { checkOrder, MAX_NUMBER_ORDER } from "./convention.ts";
import { faceXYFromNested } from "./face_xy.ts";

/** Ring id of the cell `nested`, orders 0 to 24. @throws RangeError when there is no such cell. */
export function ringFromNested(nested: number, order: number): number {
  checkOrder(order, MAX_NUMBER_ORDER);
  const { face, x, y } = faceXYFromNested(nested, order);
  const nside = 2 ** order;
  const zone = face >> 2;
  const circle = (zone + 2) * nside - x - y - 1;
  const eighths = 2 * (face & 3) + (zone === 1 ? 0 : 1);
  const place = (length: number, shift: number): number => {
    const index = (eighths * length + x - y - 1 + shift) / 2;
    return index < 0 ? index + 4 * length : index;
  };
  if (circle < nside) return 2 * circle * (circle - 1) + place(circle, 0);
  if (circle > 3 * nside) {
    const fromSouth = 4 * nside - circle;
    return 12 * nside * nside - 2 * fromSouth * (fromSouth + 1) + place(fromSouth, 0);
  }
  return 2 * nside * (nside - 1) + (circle - nside) * 4 * nside + place(nside, (circle - nside) % 2);
}
