import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import type { StoreSpec } from "../../../../core/store/contract.ts";
import { diffStores } from "../../../../core/store/diff.ts";
import { openStore } from "../../../../core/store/open.ts";
import { storeMetadata } from "../../../../core/store/metadata.ts";
import { encodeLevelShard, fixtureIds, fixtureSpec, writeFixture } from "../../../interop/store_fixture.ts";

const EXACT = { absolute: 0, relative: 0 };

async function withFolders(body: (a: string, b: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-diff-"));
  try {
    await body(path.join(folder, "a"), path.join(folder, "b"));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** One level of one parent with the given cells. */
async function writeCells(folder: string, cells: number[], values: (number | null)[][]): Promise<void> {
  const spec: StoreSpec = { ...fixtureSpec("compact"), parents: [0], parentsPerShard: 1, levels: [9] };
  const target = new FolderTarget(folder);
  const columns = values.map((column) => Float64Array.from(column, (value) => value ?? NaN));
  for (const [key, bytes] of encodeLevelShard(spec, 9, 0, () => ({ cells, values: columns }))) {
    await target.put(key, bytes);
  }
  for (const [key, text] of storeMetadata(spec)) await target.put(key, new TextEncoder().encode(text));
}

Deno.test("the same cells in both layouts are the same, at every level", () =>
  withFolders(async (a, b) => {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(a));
    await writeFixture(fixtureSpec("sphere"), new FolderTarget(b));
    const diff = await diffStores(await openStore(a), await openStore(b), { tolerance: EXACT });
    assert.equal(diff.same, true);
    assert.deepEqual(diff.levels.map(({ order }) => order), [9, 6, 4, 2]);
    for (const level of diff.levels) {
      const both = fixtureIds(fixtureSpec("compact"), level.order).length;
      assert.deepEqual(level.cells, { both, onlyA: 0, onlyB: 0 });
      for (const one of level.variables) assert.equal(one.worst, null, one.name);
    }
  }));

Deno.test("cells of one store, values of one store and the worst differences are reported", () =>
  withFolders(async (a, b) => {
    await writeCells(a, [1, 2, 5, 9], [[1, 1, 1, 1], [10, 20, null, 40], [100, 2, 3, 4], [1, 2, 3, 4]]);
    await writeCells(b, [2, 5, 9, 11], [[1, 1, 1, 1], [20.5, 30, 38, 1], [2.2, 3, 4, 9], [2, 3, 4, 5]]);
    const diff = await diffStores(await openStore(a), await openStore(b), { tolerance: EXACT });
    assert.equal(diff.same, false);
    const [level] = diff.levels;
    assert.deepEqual(level.cells, { both: 3, onlyA: 1, onlyB: 1 });
    const [, mean, best, total] = level.variables.filter(({ name }) => name !== "morton");
    assert.deepEqual(
      { compared: mean.compared, different: mean.different, onlyA: mean.onlyA, onlyB: mean.onlyB },
      { compared: 2, different: 2, onlyA: 0, onlyB: 1 },
    );
    assert.deepEqual(mean.worst, { cell: "9", a: 40, b: 38, difference: 2 });
    assert.deepEqual(mean.worstRelative, { cell: "9", a: 40, b: 38, difference: 2 / 38 });
    assert.equal(best.different, 1);
    assert.equal(best.worst?.cell, "2");
    assert.equal(total.worst, null);

    const near = await diffStores(await openStore(a), await openStore(b), {
      tolerance: { absolute: 0.1, relative: 0.05 },
      variables: ["h_best"],
    });
    // 0.2 <= 0.1 + 0.05 * 2.2; the cells still differ.
    assert.deepEqual(near.levels[0].variables.map(({ name, different }) => [name, different]), [[
      "h_best",
      0,
    ]]);
    assert.equal(near.same, false);
  }));

Deno.test("levels of one store are reported; a level or variable of neither is refused", () =>
  withFolders(async (a, b) => {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(a));
    await writeFixture({ ...fixtureSpec("compact"), levels: [9, 4, 3] }, new FolderTarget(b));
    const [left, right] = [await openStore(a), await openStore(b)];
    const diff = await diffStores(left, right, { tolerance: EXACT });
    assert.deepEqual([diff.levelsOnlyA, diff.levelsOnlyB, diff.same], [[6, 2], [3], false]);
    const only = await diffStores(left, right, { tolerance: EXACT, order: 4 });
    assert.deepEqual([only.levelsOnlyA, only.levelsOnlyB, only.same], [[], [], true]);
    await assert.rejects(diffStores(left, right, { tolerance: EXACT, order: 8 }), /no level of order 8/);
    await assert.rejects(
      diffStores(left, right, { tolerance: EXACT, variables: ["h_meen"] }),
      /no? ?.*variable "h_meen".*h_mean/,
    );
  }));

Deno.test("another latitude convention is a difference: ids name other places", () =>
  withFolders(async (a, b) => {
    await writeFixture(fixtureSpec("compact", "authalic"), new FolderTarget(a));
    await writeFixture(fixtureSpec("compact", "geodetic"), new FolderTarget(b));
    const diff = await diffStores(await openStore(a), await openStore(b), { tolerance: EXACT, order: 4 });
    assert.deepEqual(diff.levels[0].latitudes, { a: "authalic", b: "geodetic" });
    assert.equal(diff.same, false);
  }));
