/** The eight neighbours of a cell, across base cells too. */
import { type FaceXY, faceXYFromNested, nestedFromFaceXY } from "./face_xy.ts";

/** Steps to the neighbours in healpy's order: SW, W, NW, N, NE, E, SE, S. */
const NEIGHBOUR_STEPS: readonly (readonly [dx: number, dy: number])[] = [
  [-1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
  [1, 0],
  [1, -1],
  [0, -1],
  [-1, -1],
];

/**
 * The cell `dx`, `dy` (-1, 0 or 1) away, or undefined where only three base cells meet and there is
 * none.
 */
function stepFrom(cell: FaceXY, nside: number, dx: number, dy: number): FaceXY | undefined {
  const zone = cell.face >> 2;
  let column = cell.face & 3;
  let row = zone;
  let x = cell.x + dx;
  let y = cell.y + dy;
  const outX = x < 0 ? -1 : x >= nside ? 1 : 0;
  const outY = y < 0 ? -1 : y >= nside ? 1 : 0;
  if (outX !== 0 && outY !== 0) {
    // Corners of base cells. Three cells meet at the ends of the belt's edges: the east and west
    // corners of polar faces, the north and south corners of belt faces.
    if (zone === 1 ? outX === outY : outX !== outY) return undefined;
    const last = nside - 1;
    if (zone === 1) {
      return { face: 4 + ((column + outX) & 3), x: outX > 0 ? 0 : last, y: outX > 0 ? last : 0 };
    }
    const polar = (zone === 0) === (outX > 0);
    if (polar) return { face: zone * 4 + ((column + 2) & 3), x: outX > 0 ? last : 0, y: outX > 0 ? last : 0 };
    return { face: (2 - zone) * 4 + column, x: outX > 0 ? 0 : last, y: outX > 0 ? 0 : last };
  }
  if (outX !== 0) {
    // North-east edge (1) or south-west edge (-1).
    if (zone === 0 && outX > 0) [column, x, y] = [column + 1, y, 2 * nside - 1 - x];
    else if (zone === 2 && outX < 0) [column, x, y] = [column - 1, y, -1 - x];
    else {
      x -= outX * nside;
      row = zone - outX;
      if (zone === 2) column += 1;
      else if (zone === 1 && outX < 0) column -= 1;
    }
  } else if (outY !== 0) {
    // North-west edge (1) or south-east edge (-1).
    if (zone === 0 && outY > 0) [column, x, y] = [column - 1, 2 * nside - 1 - y, x];
    else if (zone === 2 && outY < 0) [column, x, y] = [column + 1, -1 - y, x];
    else {
      y -= outY * nside;
      row = zone - outY;
      if (zone === 1 && outY > 0) column -= 1;
      else if (zone === 0) column += 1;
    }
  }
  return { face: row * 4 + (column & 3), x, y };
}

/**
 * The neighbours of a cell, orders 0 to 24, in healpy's order SW, W, NW, N, NE, E, SE, S; -1 where
 * there is none.
 */
export function neighbours(nested: number, order: number): number[] {
  const cell = faceXYFromNested(nested, order);
  return NEIGHBOUR_STEPS.map(([dx, dy]) => {
    const next = stepFrom(cell, 2 ** order, dx, dy);
    return next === undefined ? -1 : nestedFromFaceXY(next, order);
  });
}
