/**
 * A catalog of many granules: `deno task bench catalog [--rows 1000000] [--folder FOLDER]`. Builds it from rows along ICESat-2-like orbits (some 170 cells a granule at order 8),
 * merges it, and selects from it; prints seconds, the file's size and the greatest resident memory.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import type { GranuleRow } from "../../catalog/granule.ts";
import { buildCatalog } from "../../catalog/write/build.ts";
import { mergeCatalogs } from "../../catalog/write/merge.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import { countParents, select } from "../../catalog/query/select.ts";
import { encodeWkb } from "../../core/geometry/wkb.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { coverTrack } from "../support/cells.ts";
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
const ORBITS = 300;
const SEGMENTS = 12;
const ROWS = 3000;
/** Granules of an update. */
const UPDATE = 1000;

/** Footprints of the segments of a few hundred orbits; granules repeat them. */
function footprints(): Pick<GranuleRow, "geometry" | "bbox" | "cells">[] {
  const all: Pick<GranuleRow, "geometry" | "bbox" | "cells">[] = [];
  const tilt = 92 * Math.PI / 180;
  for (let orbit = 0; orbit < ORBITS; orbit++) {
    for (let segment = 0; segment < SEGMENTS; segment++) {
      const longitude = new Float64Array(ROWS);
      const latitude = new Float64Array(ROWS);
      for (let i = 0; i < ROWS; i++) {
        const along = 2 * Math.PI * (segment * ROWS + i) / (SEGMENTS * ROWS);
        latitude[i] = Math.asin(Math.sin(tilt) * Math.sin(along)) * 180 / Math.PI;
        const turned = Math.atan2(Math.cos(tilt) * Math.sin(along), Math.cos(along)) * 180 / Math.PI;
        longitude[i] = ((turned + orbit * 360 / ORBITS + 180) % 360 + 360) % 360 - 180;
      }
      const ends = [0, ROWS - 1].map((i) => [longitude[i], latitude[i]]);
      all.push({
        geometry: encodeWkb({ type: "LineString", coordinates: ends }),
        bbox: { xmin: -180, xmax: 180, ymin: Math.min(...latitude), ymax: Math.max(...latitude) },
        cells: coverTrack(longitude, latitude, 8, "authalic"),
      });
    }
  }
  return all;
}

function* rows(from = 0, to = GRANULES): Generator<GranuleRow> {
  const pool = footprints();
  for (let i = from; i < to; i++) {
    const start = Date.UTC(2018, 9, 14) + i * 240_000;
    const id = `ATL06_${i}_006_01.h5`;
    yield {
      id,
      collection: `ATL0${3 + i % 6}.006`,
      provider: "NSIDC_CPRD",
      concept_id: `G${i}-NSIDC_CPRD`,
      revision: 1,
      start_datetime: start,
      end_datetime: start + 500_000,
      datetime: null,
      cell_order: 8,
      ...pool[(i * 7919) % pool.length],
      s3_base: "s3://bucket/",
      https_base: "https://host.example/bucket/",
      local_base: null,
      path: `ATL06/${i}/${id}`,
      s3_credentials: "https://host.example/s3credentials",
      s3_region: "us-west-2",
      s3_endpoint: null,
      s3_access: "signed",
      size_bytes: 10_000_000 + i,
      checksum: "md5:0123456789abcdef0123456789abcdef",
      assets: [],
      properties: { cycle: i % 20 },
    };
  }
}

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
    "build from rows",
    "60 s, 1.2 GB for a million",
    () => writeCatalog(file, rows()),
  );
  console.log(`${written.rows} rows, ${(written.sizeBytes / 1e6).toFixed(1)} MB`);
  const updated = path.join(folder, "updated.parquet");
  fs.copyFileSync(file, updated);
  const added = [...rows(GRANULES, GRANULES + UPDATE)];
  const update = { rows: added, output: updated, onto: updated, cellOrder: 8, queries: [] };
  await timed(`${UPDATE} new granules laid onto it`, "5 s", () => buildCatalog(update));
  await timed(
    "merge with itself",
    null,
    () => mergeCatalogs([file, file], path.join(folder, "merged.parquet")),
  );
  const catalog = await timed("open", null, () => openCatalog(file));
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
