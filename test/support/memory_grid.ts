/** Grids in memory, with what a test wants of them; windows that were read are counted. */
import type { Affine, Crs, Grid, GridBand, GridDtype, GridValues } from "../../core/raster/grid.ts";

export const WGS84: Crs = {
  code: "EPSG:4326",
  proj4: "+proj=longlat +datum=WGS84 +no_defs",
  geographic: true,
  name: "WGS 84",
  wkt: null,
};

export interface MemoryGridFacts {
  name?: string;
  width: number;
  height: number;
  dtype: GridDtype;
  /** Row-major planes, one a band. */
  planes: readonly GridValues[];
  nodata?: number | null;
  affine?: Affine;
  crs?: Crs;
  bands?: readonly Partial<GridBand>[];
  /** 0 where a cell is masked. */
  mask?: Uint8Array;
  notes?: readonly string[];
}

export interface MemoryGrid extends Grid {
  /** Cells asked for, over all windows and bands. */
  cellsRead: number;
}

export function memoryGrid(facts: MemoryGridFacts): MemoryGrid {
  const { width, height, planes } = facts;
  const grid: MemoryGrid = {
    name: facts.name ?? "",
    width,
    height,
    affine: facts.affine ?? [0.1, 0, -180, 0, -0.1, 90],
    crs: facts.crs ?? WGS84,
    dtype: facts.dtype,
    nodata: facts.nodata ?? null,
    bands: planes.map((_, i): GridBand => ({
      name: `b${i + 1}`,
      description: null,
      scale: 1,
      offset: 0,
      unit: null,
      time: null,
      ...facts.bands?.[i],
    })),
    levels: [{ width, height, blockWidth: width, blockHeight: 1 }],
    notes: facts.notes ?? [],
    cellsRead: 0,
    readWindow(request) {
      const { x, y } = request;
      const cut = <T extends GridValues>(plane: T): T => {
        const part = plane.slice(0, request.width * request.height) as T;
        for (let row = 0; row < request.height; row++) {
          const start = (y + row) * width + x;
          part.set(plane.subarray(start, start + request.width), row * request.width);
        }
        return part;
      };
      const bands = (request.bands ?? planes.map((_, i) => i)).map((band) => cut(planes[band]));
      grid.cellsRead += request.width * request.height * bands.length;
      const mask = facts.mask === undefined ? null : cut(facts.mask);
      return Promise.resolve({ width: request.width, height: request.height, bands, mask });
    },
  };
  return grid;
}
