/** Values looked up by place are those that the store has for the cell there, in every layout. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { cellCentre } from "../../../../core/cells/place.ts";
import { CellValues } from "../../../../core/store/cell_values.ts";
import { openStore } from "../../../../core/store/open.ts";
import { localReader } from "../../../../core/zarr/reader.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../../interop/store_fixture.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-values-"));
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

for (const layout of ["compact", "sphere"] as const) {
  for (const latitude of ["authalic", "geodetic"] as const) {
    for (const noted of [true, false]) {
      const name = `a ${layout} store of ${latitude} cells ${noted ? "of ours" : "of others"}`;
      Deno.test(`${name}: each cell's centre gives its value, other cells none`, () =>
        inFolder(async (folder) => {
          const spec = fixtureSpec(layout, latitude);
          await writeFixture(spec, new FolderTarget(folder));
          if (!noted) {
            const file = path.join(folder, "zarr.json");
            const document = JSON.parse(fs.readFileSync(file, "utf8"));
            delete document.attributes.granary;
            fs.writeFileSync(file, JSON.stringify(document));
          }
          const store = await openStore(folder);
          for (const order of spec.levels) {
            const cells = await CellValues.open(store, order);
            const valued = new Set(fixtureIds(spec, order));
            // All of some parents, and cells of parents that the store does not have.
            const count = 12 * 4 ** order;
            const ids = Array.from({ length: 3000 }, (_, i) => (i * 7919) % count)
              .concat([...valued]).concat([...valued].map((id) => (id + 1) % count));
            const places = ids.map((id) => cellCentre(id, order, latitude));
            const longitude = Float64Array.from(places, ([x]) => x);
            const found = await cells.at("h_best", longitude, Float64Array.from(places, ([, y]) => y));
            assert.deepEqual([...found.ids], ids);
            for (const [i, id] of ids.entries()) {
              assert.equal(found.mask[i], valued.has(id) ? 1 : 0, `${order}/${id}`);
              if (valued.has(id)) assert.equal(found.values[i], id / 3);
            }
          }
          await store.close();
        }));
    }
  }
}

Deno.test("a block is read once while it is kept, and no block without a place in it", () =>
  inFolder(async (folder) => {
    const spec = fixtureSpec("compact");
    await writeFixture(spec, new FolderTarget(folder));
    const reader = localReader(folder);
    const asked: string[] = [];
    const store = await openStore({
      ...reader,
      get: (key) => reader.get(key),
      list: (prefix) => reader.list(prefix),
      sizes: (prefix) => reader.sizes(prefix),
      close: () => reader.close(),
      getRange: (key, window) => {
        asked.push(`${key} ${JSON.stringify(window)}`);
        return reader.getRange(key, window);
      },
    });
    const cells = await CellValues.open(store, 9);
    const kept = new Map<string, Float64Array>();
    const cache = {
      get: (key: string) => kept.get(key),
      put: (key: string, one: Float64Array) => void kept.set(key, one),
    };
    const [x, y] = cellCentre(17 * 1024 + 5, 9, "authalic");
    asked.length = 0;
    await cells.at("h_best", Float64Array.of(x), Float64Array.of(y), cache);
    // The shard's index, then one chunk.
    assert.equal(asked.filter((one) => one.startsWith("9/h_best/")).length, 2, asked.join("\n"));
    asked.length = 0;
    await cells.at("h_best", Float64Array.of(x, x), Float64Array.of(y, y), cache);
    assert.deepEqual(asked, []);
    const nowhere = await cells.at("h_best", Float64Array.of(NaN, 0), Float64Array.of(NaN, NaN), cache);
    assert.deepEqual([...nowhere.mask], [0, 0]);
    await store.close();
  }));
