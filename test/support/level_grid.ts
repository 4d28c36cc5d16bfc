/** Grids of several levels that lie in memory, and count what is read of them. */
import type { Affine, Crs, Grid, GridValues, GridWindow, WindowRequest } from "../../core/raster/grid.ts";

export interface GridLevelArrays {
  readonly width: number;
  readonly height: number;
  /** One array a band. */
  readonly bands: readonly GridValues[];
  readonly mask?: Uint8Array;
}

export interface LevelGrid extends Grid {
  /** Every request, in order. */
  readonly requests: WindowRequest[];
}

export function levelGrid(
  { crs, affine, levels, nodata = null }: {
    crs: Crs;
    affine: Affine;
    levels: readonly GridLevelArrays[];
    nodata?: number | null;
  },
): LevelGrid {
  const [{ width, height, bands }] = levels;
  const requests: WindowRequest[] = [];
  return {
    name: "memory",
    width,
    height,
    affine,
    crs,
    dtype: bands[0].constructor.name.replace("Array", "").toLowerCase() as Grid["dtype"],
    nodata,
    bands: bands.map((_, index) => ({
      name: `b${index + 1}`,
      description: null,
      scale: 1,
      offset: 0,
      unit: null,
      time: null,
    })),
    levels: levels.map((level) => ({
      width: level.width,
      height: level.height,
      blockWidth: 256,
      blockHeight: 256,
    })),
    notes: [],
    requests,
    readWindow(request) {
      requests.push(request);
      return Promise.resolve(cut(levels[request.level], request));
    },
  };
}

function cut(level: GridLevelArrays, { x, y, width, height, bands }: WindowRequest): GridWindow {
  if (x < 0 || y < 0 || width < 1 || height < 1 || x + width > level.width || y + height > level.height) {
    throw new RangeError(`window ${x},${y} ${width}x${height} of ${level.width}x${level.height}`);
  }
  const part = <T extends GridValues>(values: T): T => {
    const out = new (values.constructor as new (length: number) => T)(width * height);
    for (let row = 0; row < height; row++) {
      const from = (y + row) * level.width + x;
      out.set(values.subarray(from, from + width), row * width);
    }
    return out;
  };
  const chosen = bands === undefined ? level.bands : bands.map((band) => level.bands[band]);
  return {
    width,
    height,
    bands: chosen.map(part),
    mask: level.mask === undefined ? null : part(level.mask),
  };
}
