/** Whether a grid's axes can be longitudes and latitudes. */
import type { Affine } from "./grid.ts";

/**
 * What is wrong with an upright grid whose axes are said to be degrees: lengths under a system of degrees, as
 * a rule. Null where nothing is: cells at the poles may be centred on them.
 */
export function beyondDegrees(
  [dx, , west, , dy, north]: Affine,
  width: number,
  height: number,
): string | null {
  const south = north + height * dy;
  const east = west + width * dx;
  const cell = Math.abs(dy);
  if (north <= 90 + cell && south >= -90 - cell && west >= -360 - dx && east <= 720 + dx) return null;
  return `its axes go from ${west} to ${east} and from ${south} to ${north}, which are no longitudes and ` +
    `latitudes (name the reference system that they are in, as crs: EPSG:…)`;
}
