/**
 * Eight real granules, grouped by cell here in the plainest way, reduced by the preset atl06: every value
 * against the table that h5py, healpy and numpy made.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { loadPreset } from "../../../../aggregate/config/load.ts";
import { readGranule } from "../../../../core/observations/granule.ts";
import { openHdf5 } from "../../../../core/observations/open_granule_file.ts";
import { compileStatistics } from "../../../../aggregate/statistics/compile.ts";
import { openFileSyncSource } from "../../../../core/access/file_source.ts";
import { assignNested } from "../../../../core/cells/assign.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { relative } from "./cells.ts";

type Row = [cell: number, h: number, s: number];

/** Every row with a cell, of all granules. */
async function readRows(convention: "authalic" | "geodetic"): Promise<Row[]> {
  const rows: Row[] = [];
  const names = fs.readdirSync(sharedData("atl06")).filter((name) =>
    /^processed_ATL06_2019.*_002_01\.h5$/.test(name)
  );
  for (const name of names.sort()) {
    const file = await openHdf5(openFileSyncSource(sharedData(`atl06/${name}`)));
    for (const group of readGranule(file, loadPreset("atl06").dataSource)) {
      const cells = new Float64Array(group.rows);
      assignNested(group.longitude, group.latitude, 12, convention, cells, group.passes ?? undefined);
      const [h, s] = group.columns;
      for (let i = 0; i < group.rows; i++) if (cells[i] >= 0) rows.push([cells[i], h[i], s[i]]);
    }
    file.close();
  }
  return rows.sort((a, b) => a[0] - b[0]);
}

for (const convention of ["authalic", "geodetic"] as const) {
  Deno.test({
    name: `real ATL06 granules give the golden statistics of every ${convention} cell`,
    ignore: !hasSharedData,
    fn: async () => {
      const golden = JSON.parse(
        fs.readFileSync(sharedData(`golden/atl06_greenland_o12_${convention}.json`), "utf8"),
      );
      const rows = await readRows(convention);
      const cells: number[] = [];
      const starts: number[] = [];
      rows.forEach(([cell], i) => {
        if (cells[cells.length - 1] === cell) return;
        cells.push(cell);
        starts.push(i);
      });
      starts.push(rows.length);
      const { statistics } = loadPreset("atl06").aggregation;
      const columns = [Float64Array.from(rows, (row) => row[1]), Float64Array.from(rows, (row) => row[2])];
      const values = compileStatistics(statistics, ["h_li", "s_li"]).reduce(
        columns,
        Uint32Array.from(starts),
      );
      const counted = cells.map((cell, k) => ({ cell, k })).filter(({ k }) => values[0][k] > 0);
      assert.deepEqual(
        counted.map(({ cell }) => cell),
        golden.cells.map((each: { cell: number }) => each.cell),
      );
      for (const [g, { cell, k }] of counted.entries()) {
        statistics.forEach(({ name }, s) => {
          const exact = ["count", "h_min", "h_max", "h_q25", "h_q50", "h_q75"].includes(name);
          const off = relative(values[s][k], golden.cells[g][name]);
          // A cell of one row has variance 0 in both; others agree to what summing order leaves.
          assert.ok(
            off <= (exact ? 0 : 1e-9),
            `${name} of cell ${cell}: ${values[s][k]}, wanted ${golden.cells[g][name]}`,
          );
        });
      }
    },
  });
}
