/** What the bands of a grid that exists hold. */
import { type BandHistogram, type BandStatistics, HistogramSum, StatisticsSum } from "./band_statistics.ts";
import type { Grid, GridWindow } from "./grid.ts";

/** Cells that are read at once. */
const WINDOW_CELLS = 4_000_000;

/** Exact statistics of every band, and histograms once their extremes are known: two passes in one order. */
export async function countBands(
  grid: Grid,
  signal: AbortSignal | undefined,
): Promise<{ statistics: BandStatistics; histogram: BandHistogram | null }[]> {
  const sums = grid.bands.map(() => new StatisticsSum(grid.nodata));
  for await (const { bands, mask } of stripes(grid, signal)) {
    bands.forEach((values, i) => sums[i].add(values, mask));
  }
  const statistics = sums.map((sum) => sum.result());
  const histograms = statistics.map(({ minimum, maximum }) =>
    minimum === null || maximum === null ? null : new HistogramSum(grid.nodata, minimum, maximum)
  );
  if (histograms.some((one) => one !== null)) {
    for await (const { bands, mask } of stripes(grid, signal)) {
      bands.forEach((values, i) => histograms[i]?.add(values, mask));
    }
  }
  return statistics.map((one, i) => ({ statistics: one, histogram: histograms[i]?.result() ?? null }));
}

async function* stripes(grid: Grid, signal: AbortSignal | undefined): AsyncGenerator<GridWindow> {
  const [{ blockHeight }] = grid.levels;
  const most = Math.max(1, Math.floor(WINDOW_CELLS / grid.width / grid.bands.length));
  const rows = most <= blockHeight ? most : most - most % blockHeight;
  for (let y = 0; y < grid.height; y += rows) {
    signal?.throwIfAborted();
    const height = Math.min(rows, grid.height - y);
    yield await grid.readWindow({ level: 0, x: 0, y, width: grid.width, height }, signal);
  }
}
