/** What choosing granules costs where a catalog has very many. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import type { GranuleRow } from "../../catalog/granule.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { encodeWkb } from "../../core/geometry/wkb.ts";
import { CatalogIndex } from "../../serve/search/catalog_index.ts";
import { sampleRow } from "../unit/catalog/sample.ts";

const TILES = 1000;
const DAY = 86_400_000;

/** Squares of a degree over the Earth and three years, as tiles of an optical mission are. */
function* rows(count: number): Generator<GranuleRow> {
  for (let i = 0; i < count; i++) {
    // Multiples of the golden ratio's fractions lie evenly and in no order.
    const [x, y] = [-180 + 358.9 * ((i * 0.6180339887) % 1), -80 + 158.9 * ((i * 0.7548776662) % 1)];
    const start = Date.UTC(2022, 0, 1) + (i % 1096) * DAY;
    const [e, n] = [x + 1, y + 1];
    const ring = [[x, y], [e, y], [e, n], [x, n], [x, y]];
    yield sampleRow({
      id: `g${i}.tif`,
      path: `a/g${i}.tif`,
      start_datetime: start,
      end_datetime: start + 60_000,
      geometry: encodeWkb({ type: "Polygon", coordinates: [ring] }),
      bbox: { xmin: x, ymin: y, xmax: e, ymax: n },
    });
  }
}

export async function millionGranules(count: number): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-million-"));
  try {
    const file = path.join(folder, "many.parquet");
    await writeCatalog(file, rows(count));
    const before = process.memoryUsage().rss;
    const begun = performance.now();
    const index = await CatalogIndex.load(file);
    const loaded = performance.now() - begun;
    const megabytes = (process.memoryUsage().rss - before) / 1e6;
    const boxes = Array.from({ length: TILES }, (_, i) => {
      const [x, y] = [-170 + 340 * ((i * 0.7548776662) % 1), -70 + 140 * ((i * 0.6180339887) % 1)];
      return [{ xmin: x, ymin: y, xmax: x + 0.35, ymax: y + 0.35 }];
    });
    const interval = { start: Date.UTC(2023, 5, 1), end: Date.UTC(2023, 6, 1), collections: null };
    const asked = performance.now();
    let found = 0;
    for (const box of boxes) found += index.find({ ...interval, boxes: box }).length;
    const tile = (performance.now() - asked) / TILES;
    const some = index.find({ start: null, end: null, collections: null, boxes: boxes[0] });
    const fetched = performance.now();
    await index.rows(some.slice(0, 4));
    console.log(
      `${index.size} granules: loaded in ${(loaded / 1000).toFixed(1)} s, ${
        megabytes.toFixed(0)
      } MB; a tile's are ` +
        `chosen in ${tile.toFixed(3)} ms (${
          (found / TILES).toFixed(1)
        } of a month); rows of four new ones in ` +
        `${(performance.now() - fetched).toFixed(0)} ms`,
    );
    index.retire();
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
