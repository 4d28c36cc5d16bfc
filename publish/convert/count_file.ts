/** What a raster file that exists holds: its checksum, and exact statistics of its bands. */
import { createHash } from "node:crypto";
import type { Source } from "../../core/access/source.ts";
import {
  type BandHistogram,
  type BandStatistics,
  HistogramSum,
  StatisticsSum,
} from "../../core/raster/band_statistics.ts";
import type { Grid, GridWindow } from "../../core/raster/grid.ts";

/** Cells that are read at once. */
const WINDOW_CELLS = 4_000_000;
const HASH_BYTES = 8 * 1024 * 1024;

export async function hashOf(source: Source, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  for (let offset = 0; offset < source.sizeBytes; offset += HASH_BYTES) {
    hash.update(await source.read(offset, Math.min(HASH_BYTES, source.sizeBytes - offset), signal));
  }
  return hash.digest("hex");
}

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
