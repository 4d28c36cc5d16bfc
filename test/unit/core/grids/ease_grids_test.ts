/** EASE-Grid 2.0 by NSIDC's figures, and a real product's cells. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { openFileSource } from "../../../../core/access/file_source.ts";
import { NAMED_GRIDS } from "../../../../core/grids/ease_grids.ts";
import { openGrids } from "../../../../core/grids/open_grids.ts";
import type { OpenGridsOptions } from "../../../../core/grids/open_options.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

const SMAP = sharedData("grids/SC_SPL3SMP_subsetted_without_maskfill.nc4");

Deno.test("the named grids have the sizes and cells that NSIDC publishes", () => {
  const published: [string, number, number, number, number, number][] = [
    ["EASE2_M36km", 964, 406, 36032.220840584, -17367530.4451615, 7314540.8306386],
    ["EASE2_M09km", 3856, 1624, 9008.055210146, -17367530.4451615, 7314540.8306386],
    ["EASE2_M03km", 11568, 4872, 3002.6850700487, -17367530.4451615, 7314540.8306386],
    ["EASE2_M01km", 34704, 14616, 1000.89502334956, -17367530.4451615, 7314540.8306386],
    ["EASE2_N36km", 500, 500, 36000, -9000000, 9000000],
    ["EASE2_S25km", 720, 720, 25000, -9000000, 9000000],
    ["EASE2_N09km", 2000, 2000, 9000, -9000000, 9000000],
  ];
  for (const [name, columns, rows, cell, west, north] of published) {
    const grid = NAMED_GRIDS.find((one) => one.name === name);
    assert.ok(grid !== undefined, name);
    assert.deepEqual([grid.columns, grid.rows], [columns, rows]);
    for (const [found, wanted] of [[grid.cell, cell], [grid.west, west], [grid.north, north]]) {
      assert.ok(Math.abs(found - wanted) < 1e-3, `${name}: ${found}, wanted ${wanted}`);
    }
  }
});

async function opened(options: OpenGridsOptions) {
  return await openGrids(await openFileSource(SMAP), SMAP, options);
}

Deno.test({
  name: "cells with latitudes and longitudes of their own are placed on the grid that the user names",
  ignore: !hasSharedData || !fs.existsSync(SMAP),
  fn: async () => {
    const silent = await opened({});
    assert.equal(silent.grids.length, 0);
    for (const { reason } of silent.refused) {
      assert.match(reason, /27 rows and 162 columns .* --grid EASE2_M36km/);
    }
    const placed = await opened({ grid: "EASE2_M36km" });
    const fraction = placed.grids.find(({ name }) => name.endsWith("/landcover_class_fraction"));
    assert.ok(fraction !== undefined);
    assert.equal(fraction.crs.code, "EPSG:6933");
    // The same subset of the same grid as another product's, whose x and y h5py gave.
    const published = [36032.22084058, 0, -6774057.518031, 0, -36032.22084058, 7314540.830639];
    fraction.affine.forEach((value, i) =>
      assert.ok(Math.abs(value - published[i]) < 1, `${fraction.affine}`)
    );
    assert.deepEqual([fraction.width, fraction.height, fraction.bands.length], [162, 27, 3]);
    const wrong = await opened({ grid: "EASE2_M09km" });
    for (const { rule, reason } of wrong.refused) {
      assert.equal(rule, "curvilinear");
      assert.match(reason, /not those of EASE2_M09km \(they are those of EASE2_M36km\)/);
    }
    await assert.rejects(
      opened({ grid: "EASE3" }),
      /EASE3: no grid has this name \(wanted one of EASE2_M01km/,
    );
    for (const file of [silent, placed, wrong]) await file.close();
  },
});
