import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { loadPreset } from "../../../../../aggregate/config/load.ts";
import { startScanner } from "../../../../../catalog/discover/files/scanner.ts";
import { scanGranule } from "../../../../../catalog/discover/files/scan_granule.ts";
import { simulate } from "../../../../../products/simulate/simulate.ts";
import { openFileSyncSource } from "../../../../../core/access/file_source.ts";
import { assignNested } from "../../../../../core/cells/assign.ts";
import { GranaryError } from "../../../../../core/errors.ts";
import { openHdf5 } from "../../../../../core/observations/open_granule_file.ts";
import { scratchFolder } from "../../../aggregate/engine/granules.ts";

const { groups, latitude, longitude } = loadPreset("atl06").dataSource;
const request = { groups, latitude, longitude };
const folder = scratchFolder();
let made: Promise<string> | undefined;
const granule = () =>
  made ??= simulate(folder, { granules: 1, rows: 3000, seed: 9, sheet: "greenland" }).then(([file]) =>
    file.path
  );

Deno.test("a scan's cells are those of every coordinate, and its runs hold every row", async () => {
  const name = await granule();
  const scan = await scanGranule(openFileSyncSource(name), { request, cellOrder: 8, indexOrder: 10 });
  const file = await openHdf5(openFileSyncSource(name));
  const cells = new Set<number>();
  let rows = 0;
  for (const group of scan.groups.present) {
    const read = (kind: string) => {
      const dataset = file.dataset(`/${group}/land_ice_segments/${kind}`)!;
      return Float64Array.from(dataset.read(0, dataset.shape[0]) as Float64Array);
    };
    const longitude = read("longitude"), latitude = read("latitude");
    const coarse = new Float64Array(longitude.length), fine = new Float64Array(longitude.length);
    assignNested(longitude, latitude, 8, "authalic", coarse);
    assignNested(longitude, latitude, 10, "authalic", fine);
    coarse.forEach((cell) => cells.add(cell));
    rows += longitude.length;
    const runs = scan.runs.find((runs) => runs.group === group)!;
    const decoded = new Float64Array(fine.length);
    runs.cell.forEach((cell, i) => decoded.fill(cell, runs.first[i], runs.first[i] + runs.rows[i]));
    assert.deepEqual(decoded, fine);
  }
  file.close();
  assert.equal(scan.rows, rows);
  const found = new Set([...scan.summary.cells].map(Number));
  assert.ok([...cells].every((cell) => found.has(cell)), "no cell with observations is missing");
});

Deno.test("a scan reads coordinates only, and of a file that is no granule says so", async () => {
  const name = await granule();
  const source = openFileSyncSource(name);
  await scanGranule(source, { request, cellOrder: 8, indexOrder: null });
  assert.equal(source.counters.opens, 1);
  const text = path.join(folder, "notes.h5");
  fs.writeFileSync(text, "not HDF5 at all ".repeat(100));
  await assert.rejects(
    scanGranule(openFileSyncSource(text), { request, cellOrder: 8, indexOrder: null }),
    (error: unknown) =>
      error instanceof GranaryError && error.tag === "granule" && error.message.includes("notes.h5"),
  );
});

Deno.test("a scanner answers each file by itself, failures among them", async () => {
  const name = await granule();
  const scanner = startScanner(0);
  const at = (file: string) => scanner.run({ file, request, cellOrder: 8, indexOrder: null });
  const results = await Promise.allSettled([at(name), at(path.join(folder, "absent.h5")), at(name)]);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  const [first, , third] = results.map((result) => result.status === "fulfilled" ? result.value : undefined);
  assert.deepEqual(third, first);
  await scanner.close();
});
