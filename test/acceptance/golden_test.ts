/**
 * The main job on real granules: eight ATL06 granules over West Greenland, cataloged and aggregated by
 * the binary, read back by zarrita, and compared with what h5py, healpy and numpy made of them.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { temporaryFolder } from "../support/binary.ts";
import { buildCatalogOf, greenlandGranules, succeed } from "../support/real_granules.ts";
import { readCells } from "../support/read_zarr.ts";

interface Golden {
  observations: number;
  cells: ({ cell: number } & Record<string, number>)[];
}

const EXACT = ["count", "h_min", "h_max"];
const ROUNDED = ["h_mean", "h_sigma", "h_variance", "h_q25", "h_q50", "h_q75"];

/** Two steps of float32: one for the store's rounding, one for the order of the golden's sums. */
const FLOAT32_ROUNDING = 2 ** -22;

let made: Promise<string> | undefined;

/** A folder with the granules' catalog, made once. */
function world(): Promise<string> {
  made ??= (async () => {
    const folder = temporaryFolder("granary-golden-");
    await buildCatalogOf(folder, "catalog.parquet", "atl06", greenlandGranules());
    return folder;
  })();
  return made;
}

function goldenOf(latitude: string): Golden {
  return JSON.parse(fs.readFileSync(sharedData(`golden/atl06_greenland_o12_${latitude}.json`), "utf8"));
}

async function compare(store: string, golden: Golden): Promise<void> {
  const cells = await readCells(store, 12, [...EXACT, ...ROUNDED]);
  assert.deepEqual([...cells.keys()], golden.cells.map(({ cell }) => cell).sort((a, b) => a - b));
  for (const expected of golden.cells) {
    const found = cells.get(expected.cell)!;
    for (const name of EXACT) assert.equal(found[name], expected[name], `${name} of ${expected.cell}`);
    for (const name of ROUNDED) {
      const limit = FLOAT32_ROUNDING * Math.max(Math.abs(expected[name]), 1e-30);
      assert.ok(
        Math.abs(found[name] - expected[name]) <= limit,
        `${name} of ${expected.cell}: ${found[name]}, wanted ${expected[name]}`,
      );
    }
  }
}

for (const latitude of ["authalic", "geodetic"] as const) {
  for (const layout of ["compact", "sphere"] as const) {
    Deno.test({
      name: `cells and statistics of real granules are the golden ones, ${latitude}, ${layout}`,
      ignore: !hasSharedData,
      fn: async () => {
        const folder = await world();
        const store = `${latitude}-${layout}.zarr`;
        // In a sphere the order 12 level has 201 million positions: too many for this test to read whole.
        const orders = layout === "sphere" ? ["--parent-order", "3", "--child-order", "8"] : [];
        const { stdout } = await succeed(
          folder,
          "aggregate",
          ...["-c", "atl06", "--catalog", "catalog.parquet", "-o", store, "--json"],
          ...["--latitude", latitude, "--layout", layout, ...orders],
        );
        const golden = goldenOf(latitude);
        assert.equal(JSON.parse(stdout).observations.kept, golden.observations);
        if (layout === "compact") return await compare(path.join(folder, store), golden);
        // Counts, lows and highs of coarser cells follow from the golden's own.
        const coarse = new Map<number, { count: number; h_min: number; h_max: number }>();
        for (const { cell, count, h_min, h_max } of golden.cells) {
          const parent = Math.floor(cell / 4 ** 4);
          const now = coarse.get(parent) ?? { count: 0, h_min: Infinity, h_max: -Infinity };
          coarse.set(parent, {
            count: now.count + count,
            h_min: Math.min(now.h_min, h_min),
            h_max: Math.max(now.h_max, h_max),
          });
        }
        const found = await readCells(path.join(folder, store), 8, EXACT);
        assert.deepEqual([...found], [...coarse].sort(([a], [b]) => a - b));
      },
    });
  }
}

Deno.test({
  name: "every level from 0 to 12 holds the observations of the finest, with the golden's lows and highs",
  ignore: !hasSharedData,
  fn: async () => {
    const folder = await world();
    // Medians of many parents can't be merged exactly: levels above the parent are for what can be.
    const config = path.join(folder, "mergeable.yaml");
    const { stdout: text } = await succeed(folder, "config", "show", "atl06");
    fs.writeFileSync(config, text.replace(/^ {4}h_q25:[\s\S]*?(?=^output:)/m, ""));
    await succeed(
      folder,
      ...["aggregate", "-c", config, "--catalog", "catalog.parquet", "-o", "levels.zarr"],
      ...["--levels", "0-12"],
    );
    const golden = goldenOf("authalic");
    for (let order = 0; order <= 12; order++) {
      const expected = new Map<number, number[]>();
      for (const { cell, count, h_min, h_max } of golden.cells) {
        const parent = Math.floor(cell / 4 ** (12 - order));
        const now = expected.get(parent) ?? [0, Infinity, -Infinity];
        expected.set(parent, [now[0] + count, Math.min(now[1], h_min), Math.max(now[2], h_max)]);
      }
      const found = await readCells(path.join(folder, "levels.zarr"), order, EXACT);
      assert.deepEqual(
        [...found].map(([cell, row]) => [cell, [row.count, row.h_min, row.h_max]]),
        [...expected].sort(([a], [b]) => a - b),
        `order ${order}`,
      );
    }
  },
});
