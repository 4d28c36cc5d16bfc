/** Catalogs of real and simulated granules, and stores as bytes, for tests of whole runs. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { rowIndexPath } from "../../../../catalog/row_index/paths.ts";
import { localGranules } from "../../../../aggregate/local_granules.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
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
  const found = localGranules(files, {
    config: "atl06",
    cellOrder: CELL_ORDER,
    checksum: "none",
    workers: 0,
    rowIndex: indexOrder === null ? undefined : { file: rowIndexPath(output), order: indexOrder },
  });
  try {
    await buildCatalog({ rows: found.rows, output, cellOrder: CELL_ORDER, queries: [] });
  } finally {
    await found.close();
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
