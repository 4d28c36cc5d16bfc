/** The one pass over a grid: tiles packed, overviews made, statistics taken; and a second one for histograms. */
import { elementBytes } from "../../element_types.ts";
import {
  type BandHistogram,
  type BandStatistics,
  HistogramSum,
  StatisticsSum,
} from "../../raster/band_statistics.ts";
import type { Grid, GridValues, GridWindow } from "../../raster/grid.ts";
import { isCountable, ValueCounts } from "../../raster/value_counts.ts";
import { CellMemory } from "./cell_memory.ts";
import { overviewLengths, OverviewRows } from "./overview_rows.ts";
import { type Panel, panelsOf } from "./panels.ts";
import type { CogPlan } from "./plan.ts";
import type { Predictor } from "./predictor.ts";
import { TilePacker } from "./tile_packer.ts";
import type { TileStore } from "./tile_store.ts";

/** What was counted of a band. */
export interface BandCount {
  readonly statistics: BandStatistics;
  readonly histogram: BandHistogram | null;
  readonly nanFilled: number;
}

/** Fills the store with the packed tiles of all levels. */
export async function encodeTiles(
  grid: Grid,
  plan: CogPlan,
  store: TileStore,
  signal?: AbortSignal,
): Promise<{ counts: BandCount[]; predictor: Predictor }> {
  const { bands, dtype, levels, tileSize } = plan;
  const tile = tileSize * tileSize;
  const { rows, tile: overviewTile } = overviewLengths(levels, tileSize);
  const panels = panelsOfPlan(grid, plan);
  const windows = windowLengths(grid, plan, panels);
  const lengths = bands.flatMap(() => [tile, tile, ...rows, overviewTile, ...windows]);
  const memory = new CellMemory(dtype, lengths);
  const into = windows.map((length) => bands.map(() => memory.cells(length)));
  const encoded = await encodeIn(memory, new PanelReader(grid, plan, panels, into, signal), plan, store);
  // What failed is not given back: reads that are under way may still write there.
  memory.close();
  return encoded;
}

async function encodeIn(
  memory: CellMemory,
  panels: PanelReader,
  plan: CogPlan,
  store: TileStore,
): Promise<{ counts: BandCount[]; predictor: Predictor }> {
  const { bands, dtype, nodata, cells, tileSize, levels } = plan;
  const tiles = bands.map(() => memory.cells(tileSize * tileSize));
  const { buffer, byteOffset, byteLength } = memory.cells(tileSize * tileSize * bands.length);
  const packer = new TilePacker(store, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength), plan);
  const overviews = new OverviewRows(
    {
      levels,
      tileSize,
      method: plan.overviews === "none" ? "nearest" : plan.overviews,
      dtype,
      nodata,
      bandCount: bands.length,
    },
    memory,
    (level, index, tile, width, height) => packer.pack(level, index, tile, width, height),
  );
  const counts = isCountable(dtype) ? bands.map(() => new ValueCounts(dtype, nodata)) : null;
  const sums = bands.map(() => new StatisticsSum(nodata));
  let predictor: Predictor;
  try {
    for await (const { panel, window } of panels.read()) {
      for (let y = 0; y < panel.height; y += tileSize) {
        const height = Math.min(tileSize, panel.height - y);
        const row = (panel.y + y) / tileSize;
        for (let x = 0; x < panel.width; x += tileSize) {
          const width = Math.min(tileSize, panel.width - x);
          const tile = cells.take(window, x, y, width, height, tiles);
          tile.forEach((values, band) => {
            if (counts !== null) counts[band].add(values);
            else if (sums[band].add(values).nan > 0) cells.fillNaN(values, band);
          });
          await overviews.add(0, row, (panel.x + x) / tileSize, tile, width, height);
        }
        if (panel.x + panel.width === levels[0].width) await overviews.endRow(0, row);
      }
    }
  } finally {
    // Tiles that are under way write to the store: they end before it does.
    predictor = await packer.finish();
  }
  const nanFilled = [...cells.nanFilled];
  if (counts !== null) {
    return {
      predictor,
      counts: counts.map((count, band) => ({
        statistics: count.result(),
        histogram: count.histogram(),
        nanFilled: nanFilled[band],
      })),
    };
  }
  const statistics = sums.map((sum) => sum.result());
  const histograms = await countBuckets(panels, plan, tiles, statistics);
  return {
    predictor,
    counts: statistics.map((found, band) => ({
      statistics: found,
      histogram: histograms[band],
      nanFilled: nanFilled[band],
    })),
  };
}

/** Buckets reach from the minimum to the maximum, which are known only after a first pass. */
async function countBuckets(
  panels: PanelReader,
  { cells, tileSize, nodata }: CogPlan,
  tiles: readonly GridValues[],
  statistics: readonly BandStatistics[],
): Promise<(BandHistogram | null)[]> {
  const sums = statistics.map(({ minimum, maximum }) =>
    minimum === null || maximum === null || !Number.isFinite(maximum - minimum)
      ? null
      : new HistogramSum(nodata, minimum, maximum)
  );
  if (sums.every((sum) => sum === null)) return sums.map(() => null);
  for await (const { panel, window } of panels.read()) {
    if (cells.keeps(window)) {
      window.bands.forEach((values, band) => sums[band]?.add(values));
      continue;
    }
    for (let y = 0; y < panel.height; y += tileSize) {
      const height = Math.min(tileSize, panel.height - y);
      for (let x = 0; x < panel.width; x += tileSize) {
        const width = Math.min(tileSize, panel.width - x);
        cells.take(window, x, y, width, height, tiles).forEach((values, band) => sums[band]?.add(values));
      }
    }
  }
  return sums.map((sum) => sum?.result() ?? null);
}

/** Two panels are there at a time where there are several. */
function panelsOfPlan(grid: Grid, { bands, tileSize, memoryBytes }: CogPlan): Panel[] {
  const cellBytes = elementBytes(grid.dtype) * bands.length;
  const whole = grid.width * grid.height * cellBytes;
  const budget = memoryBytes / 2;
  return panelsOf(
    grid.width,
    grid.height,
    tileSize,
    cellBytes,
    whole <= budget ? Math.max(budget, tileSize * grid.width * cellBytes) : budget / 2,
  );
}

/** Cells of a band in each of the windows that are there at a time; none where cells are read in another type. */
function windowLengths(grid: Grid, { dtype }: CogPlan, panels: readonly Panel[]): number[] {
  if (dtype !== grid.dtype) return [];
  const [{ width, height }] = panels;
  return panels.slice(0, 2).map(() => width * height);
}

interface ReadPanel {
  readonly panel: Panel;
  readonly window: GridWindow;
}

/** Windows of a grid in order, the next one asked for while one is at work. A lone panel is read once. */
class PanelReader {
  readonly #grid: Grid;
  readonly #bands: readonly number[];
  readonly #panels: readonly Panel[];
  readonly #into: readonly (readonly GridValues[])[];
  readonly #signal: AbortSignal | undefined;
  #only: GridWindow | undefined;

  /** @param into arrays of every band for windows, which take turns; may be none */
  constructor(
    grid: Grid,
    plan: CogPlan,
    panels: readonly Panel[],
    into: readonly (readonly GridValues[])[],
    signal: AbortSignal | undefined,
  ) {
    this.#grid = grid;
    this.#bands = plan.bands;
    this.#panels = panels;
    this.#into = into;
    this.#signal = signal;
  }

  async *read(): AsyncIterable<ReadPanel> {
    let next: Promise<GridWindow> | undefined;
    for (let i = 0; i < this.#panels.length; i++) {
      this.#signal?.throwIfAborted();
      const window = this.#only ?? await (next ?? this.#ask(i));
      if (this.#panels.length === 1) this.#only = window;
      next = i + 1 < this.#panels.length ? this.#ask(i + 1) : undefined;
      // Its failure is met when its turn comes.
      next?.catch(() => {});
      yield { panel: this.#panels[i], window };
    }
  }

  #ask(index: number): Promise<GridWindow> {
    const { x, y, width, height } = this.#panels[index];
    const into = this.#into[index % 2]?.map((values) => values.subarray(0, width * height));
    return this.#grid.readWindow(
      { level: 0, x, y, width, height, bands: this.#bands, ...(into === undefined ? {} : { into }) },
      this.#signal,
    );
  }
}
