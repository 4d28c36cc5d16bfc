/**
 * A catalog of many granules: `deno task bench catalog [--rows 1000000] [--folder FOLDER]`. Builds it from rows along ICESat-2-like orbits (some 170 cells a granule at order 8),
 * merges it, and selects from it; prints seconds, the file's size and the greatest resident memory.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { writeCellIndex } from "../../catalog/cell_index/write_index.ts";
import { cellIndexPath } from "../../catalog/file/cell_index_path.ts";
import { buildCatalog } from "../../catalog/write/build.ts";
import { mergeCatalogs } from "../../catalog/write/merge.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import { catalogInfo } from "../../catalog/query/info.ts";
import { countParents, select } from "../../catalog/query/select.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { missionRows } from "../support/mission_granules.ts";
import { addRow } from "./table.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    folder: { type: "string", default: os.tmpdir() },
    // Each is measured once, whatever the others are asked.
    runs: { type: "string" },
  },
});
const GRANULES = Number(values.rows);
const FOLDER = values.folder;
/** Granules of an update. */
const UPDATE = 1000;

async function timed<T>(what: string, wanted: string | null, run: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await run();
  const seconds = (performance.now() - start) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(`${what.padEnd(44)} ${seconds.toFixed(2).padStart(8)} s   peak ${peak.toFixed(0)} MiB`);
  addRow({
    what: `catalog of ${GRANULES} granules: ${what}`,
    figure: `${seconds.toFixed(2)} s, once; process at most ${peak.toFixed(0)} MiB`,
    wanted,
  });
  return result;
}

const folder = fs.mkdtempSync(path.join(FOLDER, "granary-bench-"));
try {
  const file = path.join(folder, "catalog.parquet");
  const written = await timed(
    "build from rows, with its cell index",
    "60 s, 1.2 GB for a million",
    async () => {
      const result = await writeCatalog(file, missionRows(GRANULES));
      await writeCellIndex(file);
      return result;
    },
  );
  console.log(`${written.rows} rows, ${(written.sizeBytes / 1e6).toFixed(1)} MB`);
  const updated = path.join(folder, "updated.parquet");
  fs.copyFileSync(file, updated);
  fs.copyFileSync(cellIndexPath(file), cellIndexPath(updated));
  const added = [...missionRows(UPDATE, { from: GRANULES })];
  const update = { rows: added, output: updated, onto: updated, cellOrder: 8, queries: [] };
  await timed(`${UPDATE} new granules laid onto it`, "5 s", () => buildCatalog(update));
  await timed(
    "merge with itself",
    null,
    () => mergeCatalogs([file, file], path.join(folder, "merged.parquet")),
  );
  const catalog = await timed("open", null, () => openCatalog(file));
  await timed("say what it holds", "0.3 s", () => catalogInfo(catalog));
  const region = Array.from({ length: 64 }, (_, i) => 41_216 + i);
  const base = { order: 6, convention: "authalic", withoutCells: true } as const;
  for (const state of ["cold", "warm"]) {
    const found = await timed(
      `select a region of 64 parents, ${state}`,
      state === "cold" ? "1.0 s" : "0.3 s",
      () => select(catalog, { ...base, cells: region }),
    );
    console.log(`${found.parents.length} parents, ${found.granules.length} granules`);
    await timed(
      `select one parent, ${state}`,
      null,
      () => select(catalog, { ...base, cells: region.slice(0, 1) }),
    );
    await timed(`count every parent's granules, ${state}`, null, () => countParents(catalog, base));
  }
  catalog.close();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
