/** What every grid has in common: its header as its own fields, whatever its cells come from. */
import type {
  Affine,
  Crs,
  Grid,
  GridBand,
  GridDtype,
  GridHeader,
  GridLevel,
  GridWindow,
  WindowRequest,
} from "./grid.ts";

export abstract class HeaderGrid implements Grid {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly affine: Affine;
  readonly crs: Crs;
  readonly dtype: GridDtype;
  readonly nodata: number | null;
  readonly bands: readonly GridBand[];
  readonly levels: readonly GridLevel[];
  readonly colourTable: readonly number[] | null;
  readonly notes: readonly string[];

  constructor(header: GridHeader) {
    this.name = header.name;
    this.width = header.width;
    this.height = header.height;
    this.affine = header.affine;
    this.crs = header.crs;
    this.dtype = header.dtype;
    this.nodata = header.nodata;
    this.bands = header.bands;
    this.levels = header.levels;
    this.colourTable = header.colourTable ?? null;
    this.notes = header.notes;
  }

  abstract readWindow(request: WindowRequest, signal?: AbortSignal): Promise<GridWindow>;
}
