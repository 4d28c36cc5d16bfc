/**
 * How values of source cells make the value of an output pixel. Names are GDAL's.
 *
 * - `nearest`: the cell in which the pixel's centre lies.
 * - kernels (`bilinear`, `cubic`, `cubic_spline`, `lanczos`, `gauss`): a weighted mean of the cells around the
 *   centre; where pixels are larger than cells the kernel is widened by as much.
 * - areas (`average`, `rms`, `mode`, `sum`, `min`, `max`, `q1`, `med`, `q3`): of the cells that the pixel's
 *   rectangle covers, weighted by the covered part.
 */

/** A kernel: how far it reaches and its weight at a distance, both in cells or, if larger, pixels. */
export interface Kernel {
  readonly radius: number;
  weight(distance: number): number;
}

/** Keys (1981), a = -1/2: Catmull and Rom's spline. */
function cubic(distance: number): number {
  const d = Math.abs(distance);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

/** The cubic B-spline. */
function spline(distance: number): number {
  const d = Math.abs(distance);
  if (d < 1) return ((3 * d - 6) * d * d + 4) / 6;
  return d < 2 ? (2 - d) ** 3 / 6 : 0;
}

function lanczos(distance: number): number {
  const d = Math.abs(distance);
  if (d === 0) return 1;
  if (d >= 3) return 0;
  const x = Math.PI * d;
  return 3 * Math.sin(x) * Math.sin(x / 3) / (x * x);
}

const KERNELS = {
  bilinear: { radius: 1, weight: (d: number) => Math.max(0, 1 - Math.abs(d)) },
  cubic: { radius: 2, weight: cubic },
  cubic_spline: { radius: 2, weight: spline },
  lanczos: { radius: 3, weight: lanczos },
  // Half the weight half a pixel off.
  gauss: { radius: 1, weight: (d: number) => 2 ** (-4 * d * d) },
} as const satisfies Record<string, Kernel>;

/** Methods of the covered area; `exact` ones would be falsified by overviews, which have lost extremes. */
const AREAS = {
  average: { exact: false },
  rms: { exact: false },
  mode: { exact: true },
  sum: { exact: true },
  min: { exact: true },
  max: { exact: true },
  q1: { exact: true },
  med: { exact: true },
  q3: { exact: true },
} as const;

type KernelName = keyof typeof KERNELS;
export type AreaName = keyof typeof AREAS;
export type Resampling = "nearest" | KernelName | AreaName;

export function kernelOf(name: Resampling): Kernel | undefined {
  return Object.hasOwn(KERNELS, name) ? KERNELS[name as KernelName] : undefined;
}

/** Whether a method wants the cells themselves: nothing that was made of them. */
export function wantsCells(name: Resampling): boolean {
  return Object.hasOwn(AREAS, name) && AREAS[name as AreaName].exact;
}
