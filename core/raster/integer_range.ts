import type { GridDtype } from "./grid.ts";

/** The least and the greatest integer of each integer type. */
export const INTEGER_RANGES: Readonly<Partial<Record<GridDtype, readonly [least: number, most: number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
};
