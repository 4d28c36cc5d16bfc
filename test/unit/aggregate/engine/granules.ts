/** Catalogs of real and simulated granules, and stores as bytes, for tests of whole runs. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { loadPreset } from "../../../../aggregate/config/load.ts";
import { InlineExecutor } from "../../../../aggregate/schedule/executor.ts";
import { rowIndexPath } from "../../../../catalog/row_index/paths.ts";
import { teeRowIndex } from "../../../../catalog/row_index/tee.ts";
import { startLocalScanner } from "../../../../aggregate/local/local_scan.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
import { localRows } from "../../../../catalog/discover/files/local.ts";
import { findLocalFiles } from "../../../../catalog/discover/files/local_files.ts";
import { sharedData } from "../../../shared_data.ts";

const CELL_ORDER = 8;

/** A new folder that goes when the test process does. */
export function scratchFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-engine-"));
  globalThis.addEventListener("unload", () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The real granules of one product version: Greenland, with beams that are missing or empty. */
export function realGranules(): string[] {
  const folder = sharedData("atl06");
  return fs.readdirSync(folder).filter((name) => name.endsWith("_002_01.h5")).map((name) =>
    path.join(folder, name)
  );
}

/** Builds a catalog of files; with an order also the row index beside it. */
export async function catalogOf(files: readonly string[], output: string, indexOrder: number | null = null) {
  const scanner = startLocalScanner(loadPreset("atl06"), 0, indexOrder, new InlineExecutor());
  try {
    const found = localRows(findLocalFiles(files), {
      scan: scanner.scan,
      cellOrder: CELL_ORDER,
      checksum: "none",
      concurrency: 1,
    });
    const runsOf = (row: { local_base: string | null; path: string }) =>
      scanner.takeRuns(`${row.local_base}${row.path}`);
    const teed = indexOrder === null
      ? undefined
      : teeRowIndex(found, runsOf, rowIndexPath(output), { order: indexOrder });
    await buildCatalog({ rows: teed?.rows ?? found, output, cellOrder: CELL_ORDER, queries: [] });
    await teed?.index;
  } finally {
    await scanner.close();
  }
}

/** A digest of every object of a store, by key. */
export function digests(store: string): Record<string, string> {
  const keys = fs.readdirSync(store, { recursive: true, encoding: "utf8" })
    .filter((key) => fs.statSync(path.join(store, key)).isFile()).sort();
  return Object.fromEntries(
    keys.map((
      key,
    ) => [key, createHash("sha256").update(fs.readFileSync(path.join(store, key))).digest("hex")]),
  );
}
