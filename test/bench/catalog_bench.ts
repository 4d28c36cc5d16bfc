/**
 * A catalog of many granules: `deno task bench catalog [--rows 1000000] [--folder FOLDER]`. Builds it from rows along ICESat-2-like orbits (some 170 cells a granule at order 8),
 * merges it, selects regions from it, each first in a process of its own and then after others, and validates it; prints seconds,
 * the file's size and the greatest resident memory.
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
import { validateCatalog } from "../../catalog/validate/validate.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { missionRows } from "../support/mission_granules.ts";
import { REGION_STARTS, regionAt } from "./catalog_regions.ts";
import { formatSpread, measure, spreadOf } from "./measure.ts";
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
/** Granules whose footprints are polygons: each is covered, which a line is not. */
const OUTLINES = Math.min(GRANULES, 100_000);

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

/** A selection of one of the regions. */
interface Run {
  seconds: number;
  granules: number;
}

/** What is selected of each region: its name, parents, and what is wanted of the first selection and of others. */
const SELECTIONS = [
  ["select a region of 64 parents", 64, { first: "1.0 s", later: "0.3 s" }],
  ["select one parent", 1, { first: null, later: null }],
] as const;

const ELSEWHERE = 10_000;

function inItsOwnProcess(file: string, first: number, parents: number): Run & { peakBytes: number | null } {
  const options = "Deno" in globalThis ? ["run", "--allow-all", "--no-check"] : [];
  const script = path.join(import.meta.dirname!, "catalog_select.ts");
  const root = path.resolve(import.meta.dirname!, "..", "..");
  const { stdout, peakBytes } = measure(
    process.execPath,
    [...options, script, file, String(first), String(parents)],
    root,
  );
  return { ...JSON.parse(stdout) as Run, peakBytes };
}

function report(what: string, runs: readonly Run[], wanted: string | null, besides: string): void {
  const seconds = formatSpread(spreadOf(runs.map((run) => run.seconds)));
  const granules = spreadOf(runs.map((run) => run.granules));
  const figure =
    `${seconds} s, ${runs.length} regions of ${granules.min} to ${granules.max} granules${besides}`;
  console.log(`${what.padEnd(44)} ${figure}`);
  addRow({ what: `catalog of ${GRANULES} granules: ${what}`, figure, wanted });
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
  for (const [what, parents, wanted] of SELECTIONS) {
    const runs = REGION_STARTS.map((first) => inItsOwnProcess(file, first, parents));
    const peak = Math.max(...runs.map(({ peakBytes }) => peakBytes ?? 0)) / 2 ** 20;
    report(`${what}, the first of a process`, runs, wanted.first, `; process at most ${peak.toFixed(0)} MiB`);
  }
  for (const [what, parents, wanted] of SELECTIONS) {
    // Of somewhere else, so that none of the places has been read.
    await select(catalog, regionAt(ELSEWHERE, parents));
    const runs: Run[] = [];
    for (const first of REGION_STARTS) {
      const start = performance.now();
      const { granules } = await select(catalog, regionAt(first, parents));
      runs.push({ seconds: (performance.now() - start) / 1000, granules: granules.length });
    }
    report(`${what}, later ones`, runs, wanted.later, "");
  }
  const { order, convention } = regionAt(0, 1);
  await timed("count every parent's granules", null, () => countParents(catalog, { order, convention }));
  const { valid } = await timed("validate", "120 s for a million", () => validateCatalog(catalog));
  if (!valid) throw new Error("the catalog breaks its contract");
  catalog.close();
  const outlines = path.join(folder, "polygons.parquet");
  await writeCatalog(outlines, missionRows(OUTLINES, { polygons: true }));
  const outlined = await openCatalog(outlines);
  await timed(`validate ${OUTLINES} with polygons`, null, () => validateCatalog(outlined));
  outlined.close();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
