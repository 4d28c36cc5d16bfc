/** Stores over y and x: written by ids, read by ids, and seen by zarrita as the rectangles that they are. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as zarr from "zarrita";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { columnAndRow } from "../../../../core/projected/grid.ts";
import { cellRows } from "../../../../core/store/cell_rows.ts";
import { CellValues } from "../../../../core/store/cell_values.ts";
import { openStore } from "../../../../core/store/open.ts";
import { planeLevel } from "../../../../core/store/plane.ts";
import { isPlane } from "../../../../core/store/layout.ts";
import { localReader, targetReader } from "../../../../core/zarr/reader.ts";
import { fixtureIds, planeSpec, writeFixture } from "../../../interop/store_fixture.ts";

const TIME = { starts: [0, 86400, 172800], ends: [86400, 172800, 259200] };

async function inFolder(time: boolean, body: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-plane-"));
  try {
    await writeFixture({ ...planeSpec(), ...time ? { time: TIME } : {} }, new FolderTarget(folder));
    await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const zarrita = (folder: string) => {
  const reader = localReader(folder);
  return zarr.root({
    get: (key: string) => reader.get(key.slice(1)),
    getRange: (key: string, range) => reader.getRange(key.slice(1), range),
  } as zarr.AsyncReadable);
};

Deno.test("every level gives the cells that have values, by ids, and only these", () =>
  inFolder(false, async (folder) => {
    const spec = planeSpec();
    for (const place of [folder, targetReader(new FolderTarget(folder))]) {
      const store = await openStore(place);
      assert.deepEqual(store.levels.map(({ order }) => order), spec.levels);
      for (const { order } of store.levels) {
        const ids: number[] = [];
        for await (const part of store.cells("h_best", order)) {
          part.ids.forEach((id, i) => assert.equal(part.values[i], id / 3));
          ids.push(...part.ids);
        }
        assert.deepEqual(ids, fixtureIds(spec, order));
        const rows: bigint[] = [];
        for await (const part of cellRows(store, store.level(order), store.level(order).variables)) {
          rows.push(...part.ids);
          part.ids.forEach((id, i) => assert.equal(part.columns[3].values[i], id));
        }
        assert.deepEqual(rows.map(Number), ids);
      }
      await store.close();
    }
  }));

Deno.test("arrays are rectangles of rows from north to south, and x and y are the middles of cells", () =>
  inFolder(false, async (folder) => {
    const spec = planeSpec();
    assert.ok(isPlane(spec));
    for (const order of spec.levels) {
      const { column, row, width, height, corner: [x0, y0], side } = planeLevel(spec, order);
      const root = zarrita(folder);
      const open = async (name: string) =>
        await zarr.get(await zarr.open.v3(root.resolve(`${order}/${name}`), { kind: "array" }));
      const best = await open("h_best");
      assert.deepEqual(best.shape, [height, width]);
      const wanted = new Float64Array(width * height).fill(-9999);
      for (const id of fixtureIds(spec, order)) {
        const [ownColumn, ownRow] = columnAndRow(id);
        wanted[(ownRow - row) * width + ownColumn - column] = id / 3;
      }
      assert.deepEqual(best.data, wanted);
      assert.equal(side, 1000 * 2 ** (16 - order));
      const [x, y] = [(await open("x")).data as Float64Array, (await open("y")).data as Float64Array];
      assert.deepEqual([...x.subarray(0, 2)], [x0 + side / 2, x0 + 3 * side / 2]);
      assert.deepEqual([y[0], y[height - 1]], [y0 - side / 2, y0 - height * side + side / 2]);
      assert.ok(Number.isInteger((x0 - 500) / side));
      assert.ok(Number.isInteger((y0 + 250) / side));
    }
  }));

Deno.test("windows of time lead, and each has its own values", () =>
  inFolder(true, async (folder) => {
    const spec = planeSpec();
    const store = await openStore(folder);
    assert.deepEqual(await store.windows(), TIME);
    for (const step of [0, 1, 2]) {
      for (const order of [16, 8]) {
        const ids: number[] = [];
        for await (const part of store.at(step).cells("h_best", order)) {
          part.ids.forEach((id, i) => assert.equal(part.values[i], id / 3 + 1000 * step));
          ids.push(...part.ids);
        }
        assert.deepEqual(ids, fixtureIds(spec, order));
      }
    }
  }));

Deno.test("values at places are those of the cells that hold them", () =>
  inFolder(false, async (folder) => {
    const spec = planeSpec();
    const store = await openStore(folder);
    for (const order of spec.levels) {
      const { cells } = store.level(order);
      const ids = fixtureIds(spec, order).filter((_, i) => i % 11 === 0);
      const places = [...ids.map((id) => cells.centre(id)), [0, -45]];
      const [lon, lat] = [0, 1].map((axis) => Float64Array.from(places, (place) => place[axis]));
      const found = await (await CellValues.open(store, order)).at("h_best", lon, lat);
      assert.deepEqual([...found.values], [...ids.map((id) => id / 3), NaN]);
      assert.deepEqual([...found.ids.subarray(0, ids.length)], ids);
    }
  }));

Deno.test("a store whose notes of its grid cannot be is refused", () =>
  inFolder(false, async (folder) => {
    const file = path.join(folder, "zarr.json");
    const text = fs.readFileSync(file, "utf8");
    // deno-lint-ignore no-explicit-any
    type Notes = any;
    const changes: [(notes: Notes) => void, RegExp][] = [
      [({ plane }) => plane.grid.crs = "EPSG:4267", /longitudes and latitudes/],
      [({ plane }) => plane.grid.resolution = -1, /what it says of its projected grid cannot be/],
      [({ plane }) => plane.grid.origin = ["0", 0], /what it says of its projected grid cannot be/],
      [({ plane }) => plane.extent.columns = -4, /what it says of its projected grid cannot be/],
      [({ plane }) => plane.extent.columns = 4000, /what it says of its projected grid cannot be/],
      [({ plane }) => plane.extent.row += 1, /what it says of its projected grid cannot be/],
      [(notes) => notes.parents_per_shard = 3, /what it says of its projected grid cannot be/],
      [(notes) => notes.parent_order = 17, /what it says of its projected grid cannot be/],
      [(notes) => delete notes.plane, /what it says of its projected grid cannot be/],
    ];
    for (const [change, message] of changes) {
      const document = JSON.parse(text);
      change(document.attributes.granary);
      fs.writeFileSync(file, JSON.stringify(document));
      await assert.rejects(openStore(folder), message, String(change));
    }
  }));
